package reaction

import (
	"context"

	"citygraph/internal/clinic/booking"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/wording"
)

// Booking has patients, and who is told with them, told of what is booked, moved, given back and offered for them, and of what is
// near; and gives back what was booked for who ends their account. A lock screen shows who and when: neither clinic nor
// department, which say what somebody has.
func Booking(bus *event.Bus, desk *notice.Desk, register *household.Register, office *booking.Office) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return office.Forget(ctx, e.PersonID) })

	tell := func(ctx context.Context, a booking.About, template, what string, more wording.Params) error {
		people, err := register.Told(ctx, a.PatientID)
		if err != nil {
			return err
		}
		params := wording.Params{"name": wording.AName(a.PatientName), "start": wording.AnInstant(a.Start)}
		for name, value := range more {
			params[name] = value
		}
		notices := make([]notice.Notice, len(people))
		for i, personID := range people {
			notices[i] = notice.Notice{
				Recipient: personID, Subject: a.PatientID, EventKey: a.AppointmentID + "/" + what,
				Letter: notice.Letter{Template: template, TargetID: a.AppointmentID, Params: params, ExpiresAt: a.Start},
			}
		}
		return desk.Tell(ctx, notices...)
	}
	event.On(bus, func(ctx context.Context, e booking.Booked) error {
		if e.Moved {
			return tell(ctx, e.About, "clinic/rescheduled", "booked", nil)
		}
		return tell(ctx, e.About, "clinic/booked", "booked", nil)
	})
	event.On(bus, func(ctx context.Context, e booking.Cancelled) error {
		return tell(ctx, e.About, "clinic/cancelled", "cancelled", nil)
	})
	event.On(bus, func(ctx context.Context, e booking.Offered) error {
		return tell(ctx, e.About, "clinic/offered", "offered", wording.Params{"until": wording.AnInstant(e.Until)})
	})
	event.On(bus, func(ctx context.Context, e booking.Near) error {
		if e.Hour {
			return tell(ctx, e.About, "clinic/in_an_hour", "hour", nil)
		}
		return tell(ctx, e.About, "clinic/in_a_day", "day", nil)
	})
}
