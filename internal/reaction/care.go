package reaction

import (
	"context"
	"slices"

	"citygraph/ent/db/carevisit"
	"citygraph/internal/clinic/care"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// Care tells patients, and who is told with them, what a clinic does about their care; the staff on duty what patients ask for; and
// everybody who can come of calls for help, urgently. It ends the care of who has ended their account. A notice about a patient is
// seen as long as its recipient may be told of them; that of the staff is their own.
func Care(bus *event.Bus, desk *notice.Desk, register *household.Register, office *care.Office) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return office.Forget(ctx, e.PersonID) })

	// patients tells the patient's side but not who has done it.
	patients := func(ctx context.Context, patientID, key string, l notice.Letter) error {
		told, err := register.Told(ctx, patientID)
		if err != nil {
			return err
		}
		told = slices.DeleteFunc(told, func(p string) bool { return p == viewer.From(ctx).PersonID })
		return desk.Tell(ctx, toFamily(told, patientID, key, l)...)
	}
	event.On(bus, func(ctx context.Context, e care.ContractMoved) error {
		key, l := e.ContractID+"/"+string(e.To), notice.Letter{TargetID: e.ContractID}
		switch {
		case e.To == care.Proposed:
			l.Template = "clinic/care_contract_asked"
			return desk.Tell(ctx, toStaff(e.Staff, key, l)...)
		case !e.ByClinic:
			l.Template = "clinic/care_contract_left"
			return desk.Tell(ctx, toStaff(e.Staff, key, l)...)
		}
		l.Template = map[care.Status]string{
			care.Active: "clinic/care_contract_accepted", care.Declined: "clinic/care_contract_declined", care.Ended: "clinic/care_contract_ended",
		}[e.To]
		l.Params = wording.Params{"clinic": wording.ALabel(e.Clinic)}
		return patients(ctx, e.PatientID, key, l)
	})
	event.On(bus, func(ctx context.Context, e care.VisitMoved) error {
		key, l := e.VisitID+"/"+string(e.To), notice.Letter{TargetID: e.VisitID}
		switch e.To {
		case carevisit.StatusRequested:
			l.Template = "clinic/care_visit_asked"
			return desk.Tell(ctx, toStaff(e.Staff, key, l)...)
		case carevisit.StatusCancelled:
			l.Template = "clinic/care_visit_cancelled"
			return desk.Tell(ctx, toStaff(e.Staff, key, l)...)
		case carevisit.StatusScheduled:
			l.Template, l.Params = "clinic/care_visit_scheduled", wording.Params{"clinic": wording.ALabel(e.Clinic), "at": wording.AnInstant(e.At)}
		case carevisit.StatusCompleted:
			l.Template, l.Params = "clinic/care_visit_completed", wording.Params{"clinic": wording.ALabel(e.Clinic)}
		case carevisit.StatusDeclined:
			l.Template, l.Params = "clinic/care_visit_declined", wording.Params{"clinic": wording.ALabel(e.Clinic)}
		}
		return patients(ctx, e.PatientID, key, l)
	})
	help(bus, desk)
}

// help has calls for help told. Quiet hours do not hold back what is urgent.
func help(bus *event.Bus, desk *notice.Desk) {
	event.On(bus, func(ctx context.Context, e care.HelpCalled) error {
		l := notice.Letter{
			Template: "clinic/help_called", TargetID: e.CallID, Priority: preference.Urgent,
			Params: wording.Params{"name": wording.AName(e.Patient)},
		}
		key := e.CallID + "/" + e.What
		return desk.Tell(ctx, slices.Concat(toFamily(e.Family, e.PatientID, key, l), toStaff(e.Staff, key, l))...)
	})
	event.On(bus, func(ctx context.Context, e care.HelpAnswered) error {
		key := e.CallID + "/answered"
		l := notice.Letter{
			Template: "clinic/help_answered", TargetID: e.CallID, Priority: preference.Urgent,
			Params: wording.Params{"name": wording.AName(e.Patient), "by": wording.AName(e.By)},
		}
		notices := slices.Concat(toFamily(e.Family, e.PatientID, key, l), toStaff(e.Staff, key, l))
		for i, n := range notices {
			if n.Recipient == e.PatientID {
				notices[i].Template, notices[i].Params = "clinic/help_coming", wording.Params{"by": wording.AName(e.By)}
			}
		}
		return desk.Tell(ctx, notices...)
	})
	event.On(bus, func(ctx context.Context, e care.HelpEnded) error {
		key := e.CallID + "/ended"
		l := notice.Letter{Template: "clinic/help_ended", TargetID: e.CallID, Params: wording.Params{"name": wording.AName(e.Patient)}}
		return desk.Tell(ctx, slices.Concat(toFamily(e.Family, e.PatientID, key, l), toStaff(e.Staff, key, l))...)
	})
}

// toFamily is a letter about a patient to each of the people.
func toFamily(people []string, patientID, key string, l notice.Letter) []notice.Notice {
	notices := make([]notice.Notice, len(people))
	for i, p := range people {
		notices[i] = notice.Notice{Recipient: p, Subject: patientID, EventKey: key, Letter: l}
	}
	return notices
}

// toStaff is a letter to each of the staff, whose own matter it is.
func toStaff(people []string, key string, l notice.Letter) []notice.Notice {
	notices := make([]notice.Notice, len(people))
	for i, p := range people {
		notices[i] = notice.Notice{Recipient: p, Subject: p, EventKey: key, Letter: l}
	}
	return notices
}
