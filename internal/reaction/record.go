package reaction

import (
	"context"
	"fmt"
	"slices"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/clinic/record"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/viewer"
)

// Records has a person and who is told with them know that somebody else read the person's health record: once for each reader and service
// day, and of each emergency loudly. Neither what was read nor where stands on a lock screen. What is left of who has ended their account goes.
func Records(bus *event.Bus, c *db.Client, desk *notice.Desk, register *household.Register, archive *record.Archive) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return archive.Forget(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e record.Opened) error {
		people, err := register.Told(ctx, e.PatientID)
		if err != nil {
			return err
		}
		letter, key := opened(e)
		told, err := c.Notification.Query().Where(notification.EventKey(key), notification.PersonIDIn(people...)).
			Select(notification.FieldPersonID).Strings(viewer.AsSystem(ctx, "nobody is told the same twice"))
		if err != nil {
			return fmt.Errorf("look for who was told: %w", err)
		}
		var notices []notice.Notice
		for _, personID := range people {
			if personID != e.AccessorID && !slices.Contains(told, personID) {
				notices = append(notices, notice.Notice{Recipient: personID, Subject: e.PatientID, EventKey: key, Letter: letter})
			}
		}
		return desk.Tell(ctx, notices...)
	})
}

// opened is what is told of a reading, and what makes it the same as another.
func opened(e record.Opened) (letter notice.Letter, key string) {
	letter = notice.Letter{Template: "clinic/record_opened", TargetID: e.PatientID}
	whose := "opened/" + e.PatientID
	switch e.Purpose {
	case recordaccess.PurposeGuardian, recordaccess.PurposeDelegation:
		letter.Template = "clinic/record_opened_for"
	case recordaccess.PurposeEmergency:
		letter.Template, letter.Priority = "clinic/record_emergency", preference.Urgent
		whose = "emergency/" + e.AppointmentID
	}
	return letter, whose + "/" + e.AccessorID + "/" + e.At.In(clock.Shanghai).Format(time.DateOnly)
}
