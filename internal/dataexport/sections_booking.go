package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

type appointmentFile struct {
	ID           string                     `json:"id"`
	Clinic       lang.Text                  `json:"clinic"`
	SlotID       string                     `json:"slotId"`
	Start        time.Time                  `json:"start"`
	End          time.Time                  `json:"end"`
	Status       appointment.Status         `json:"status"`
	Channel      appointment.Channel        `json:"channel"`
	BookedByID   string                     `json:"bookedById"`
	CreatedAt    time.Time                  `json:"createdAt"`
	CancelReason *appointment.CancelReason  `json:"cancelReason"`
	QueueNumber  *int                       `json:"queueNumber"`
	Priority     *appointment.QueuePriority `json:"queuePriority"`
	CheckedInAt  *time.Time                 `json:"checkedInAt"`
	CalledAt     *time.Time                 `json:"calledAt"`
	EndedAt      *time.Time                 `json:"endedAt"`
	SharedAt     *time.Time                 `json:"sharedAt"`
}

func (e *Exports) appointments(ctx context.Context) (any, error) {
	rows, err := e.DB.Appointment.Query().Where(appointment.PatientID(viewer.From(ctx).PersonID)).WithClinic().Order(appointment.ByID()).All(ctx)
	return each(rows, err, func(r *db.Appointment) appointmentFile {
		return appointmentFile{
			r.ID, r.Edges.Clinic.Name, r.SlotID, r.StartsAt, r.EndsAt, r.Status, r.Channel, r.BookedByID, r.CreatedAt, r.CancelReason,
			r.QueueNumber, r.QueuePriority, r.CheckedInAt, r.CalledAt, r.EndedAt, r.SharedAt,
		}
	})
}

type waitlistFile struct {
	ID            string               `json:"id"`
	SlotID        string               `json:"slotId"`
	Start         time.Time            `json:"start"`
	Status        waitlistentry.Status `json:"status"`
	AppointmentID *string              `json:"appointmentId"` // the place that was offered
	CreatedAt     time.Time            `json:"createdAt"`
}

func (e *Exports) waitlist(ctx context.Context) (any, error) {
	rows, err := e.DB.WaitlistEntry.Query().Where(waitlistentry.PatientID(viewer.From(ctx).PersonID)).Order(waitlistentry.ByID()).All(ctx)
	return each(rows, err, func(r *db.WaitlistEntry) waitlistFile {
		return waitlistFile{r.ID, r.SlotID, r.StartsAt, r.Status, r.AppointmentID, r.CreatedAt}
	})
}
