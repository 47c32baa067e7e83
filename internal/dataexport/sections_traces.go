package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

type readingFile struct {
	At           time.Time `json:"at"`
	Category     string    `json:"category"`
	Purpose      string    `json:"purpose"`
	AccessorName string    `json:"accessorName"` // masked
	AccessorRole string    `json:"accessorRole"`
	Organisation lang.Text `json:"organisation"`
}

func (e *Exports) readings(ctx context.Context) (any, error) {
	rows, err := e.DB.RecordAccess.Query().Where(recordaccess.PersonID(viewer.From(ctx).PersonID)).Order(recordaccess.ByID()).All(ctx)
	return each(rows, err, func(r *db.RecordAccess) readingFile {
		return readingFile{
			r.CreatedAt, string(r.Category), string(r.Purpose), r.AccessorName.String(), string(r.AccessorRole), r.Organisation,
		}
	})
}

type exportFile struct {
	ID        string            `json:"id"`
	Status    dataexport.Status `json:"status"`
	CreatedAt time.Time         `json:"createdAt"`
	ExpiresAt *time.Time        `json:"expiresAt"`
}

func (e *Exports) exports(ctx context.Context) (any, error) {
	rows, err := e.DB.DataExport.Query().Where(dataexport.PersonID(viewer.From(ctx).PersonID)).Order(dataexport.ByID()).All(ctx)
	return each(rows, err, func(r *db.DataExport) exportFile { return exportFile{r.ID, r.Status, r.CreatedAt, r.ExpiresAt} })
}

type auditFile struct {
	At       time.Time `json:"at"`
	Action   string    `json:"action"`
	By       string    `json:"by"`
	TargetID string    `json:"targetId"`
}

// audit reads as the system: the log is closed to everybody but auditors, and a person has a right to
// what it says of them. Who else acted is named by kind alone.
func (e *Exports) audit(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	rows, err := e.DB.AuditEvent.Query().
		Where(auditevent.Or(auditevent.SubjectID(me), auditevent.ActorID(me))).Order(auditevent.ByID()).
		All(viewer.AsSystem(ctx, "a person is given what the audit log says of them"))
	return each(rows, err, func(r *db.AuditEvent) auditFile {
		by := "OTHER"
		switch r.ActorID {
		case me:
			by = "YOU"
		case "":
			by = "SYSTEM"
		}
		return auditFile{r.CreatedAt, r.Action, by, r.TargetID}
	})
}
