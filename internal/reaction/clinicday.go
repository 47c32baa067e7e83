package reaction

import (
	"context"

	"citygraph/internal/clinic/day"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/wording"
)

// ClinicDays tells patients, and who is told with them, when their turn comes, when a practitioner is not there, and when they
// may not book; who has ended their account is suspended no longer. A lock screen shows the clinic's name, and nothing of what the visit is for.
func ClinicDays(bus *event.Bus, desk *notice.Desk, register *household.Register, days *day.Day) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return days.Forget(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e day.Called) error {
		return tellPatients(ctx, desk, register, tiding{e.PatientID, e.AppointmentID + "/called", notice.Letter{
			Template: "clinic/called", TargetID: e.AppointmentID, Priority: preference.Urgent,
			Params: wording.Params{"clinic": wording.ALabel(e.Clinic), "number": wording.ACount(e.Number)},
		}})
	})
	event.On(bus, func(ctx context.Context, e day.Near) error {
		tidings := make([]tiding, len(e.Turns))
		for i, turn := range e.Turns {
			tidings[i] = tiding{turn.PatientID, turn.AppointmentID + "/near", notice.Letter{
				Template: "clinic/turn_near", TargetID: turn.AppointmentID, Priority: preference.Urgent,
				Params: wording.Params{"clinic": wording.ALabel(e.Clinic), "ahead": wording.ACount(turn.Ahead)},
			}}
		}
		return tellPatients(ctx, desk, register, tidings...)
	})
	event.On(bus, func(ctx context.Context, e day.Stopped) error {
		tidings := make([]tiding, len(e.Losses))
		for i, loss := range e.Losses {
			tidings[i] = tiding{loss.PatientID, loss.ID + "/stopped", stopped(e, loss)}
		}
		return tellPatients(ctx, desk, register, tidings...)
	})
	event.On(bus, func(ctx context.Context, e day.Suspended) error {
		return tellPatients(ctx, desk, register, tiding{e.PatientID, e.SuspensionID + "/suspended", notice.Letter{
			Template: "clinic/booking_suspended", TargetID: e.SuspensionID,
			Params: wording.Params{"missed": wording.ACount(e.Missed), "until": wording.ADay(e.Until)},
		}})
	})
	event.On(bus, func(ctx context.Context, e day.AppealDecided) error {
		letter := notice.Letter{Template: "clinic/appeal_accepted", TargetID: e.SuspensionID}
		if !e.Accepted {
			letter.Template, letter.Params = "clinic/appeal_rejected", wording.Params{"until": wording.ADay(e.Until)}
		}
		return tellPatients(ctx, desk, register, tiding{e.PatientID, e.SuspensionID + "/decided", letter})
	})
}

// stopped is what a patient is told whose practitioner is not there, with what they could book instead.
func stopped(e day.Stopped, loss day.Loss) notice.Letter {
	l := notice.Letter{
		Template: "clinic/stopped", TargetID: loss.ID,
		Params: wording.Params{"clinic": wording.ALabel(e.Clinic), "start": wording.AnInstant(loss.Start)},
	}
	if loss.Waiting {
		l.Template = "clinic/waiting_stopped"
	}
	if loss.Next != nil {
		l.Template += "_next"
		l.Params["next"] = wording.AnInstant(*loss.Next)
	}
	return l
}

// tiding is what is told of one patient.
type tiding struct {
	patientID, key string
	letter         notice.Letter
}

// tellPatients tells patients, and who is told with them, in as few statements as one who is told of several allows.
func tellPatients(ctx context.Context, desk *notice.Desk, register *household.Register, tidings ...tiding) error {
	var rounds [][]notice.Notice
	nth := map[string]int{} // how often each is told already
	for _, t := range tidings {
		people, err := register.Told(ctx, t.patientID)
		if err != nil {
			return err
		}
		for _, personID := range people {
			n := nth[personID]
			nth[personID]++
			if n == len(rounds) {
				rounds = append(rounds, nil)
			}
			rounds[n] = append(rounds[n], notice.Notice{Recipient: personID, Subject: t.patientID, EventKey: t.key, Letter: t.letter})
		}
	}
	for _, round := range rounds {
		if err := desk.Tell(ctx, round...); err != nil {
			return err
		}
	}
	return nil
}
