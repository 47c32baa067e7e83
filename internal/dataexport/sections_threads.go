package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	"citygraph/ent/db/messagereport"
	"citygraph/ent/db/threadread"
	"citygraph/internal/viewer"
)

type threadsFile struct {
	Written  []messageFile       `json:"written"`
	Read     []threadReadFile    `json:"read"`
	Reported []messageReportFile `json:"reported"`
}

// The body is the person's own, and is here though it was taken back.
type messageFile struct {
	ID          string          `json:"id"`
	ThreadID    string          `json:"threadId"`
	Seq         int             `json:"seq"`
	Body        string          `json:"body"`
	Language    string          `json:"language"`
	Urgency     message.Urgency `json:"urgency"`
	CreatedAt   time.Time       `json:"createdAt"`
	EditedAt    *time.Time      `json:"editedAt"`
	RetractedAt *time.Time      `json:"retractedAt"`
}

type threadReadFile struct {
	ThreadID string `json:"threadId"`
	Seq      int    `json:"seq"`
}

type messageReportFile struct {
	MessageID string               `json:"messageId"`
	Reason    messagereport.Reason `json:"reason"`
	Status    messagereport.Status `json:"status"`
	CreatedAt time.Time            `json:"createdAt"`
	DecidedAt *time.Time           `json:"decidedAt"`
}

// threads are what the person wrote to schools or families, how far they have read, and what they reported. What others wrote
// is theirs to export.
func (e *Exports) threads(ctx context.Context) (any, error) {
	me, system := viewer.From(ctx).PersonID, viewer.AsSystem(ctx, "the conditions are the rule itself")
	own, err := e.DB.Message.Query().Where(message.AuthorID(me)).Order(message.ByID()).All(system)
	written, err := each(own, err, func(m *db.Message) messageFile {
		return messageFile{m.ID, m.ThreadID, m.Seq, m.Body, m.Language, m.Urgency, m.CreatedAt, m.EditedAt, m.RetractedAt}
	})
	if err != nil {
		return nil, err
	}
	reads, err := e.DB.ThreadRead.Query().Where(threadread.PersonID(me)).Order(threadread.ByID()).All(system)
	read, err := each(reads, err, func(r *db.ThreadRead) threadReadFile { return threadReadFile{r.ThreadID, r.Seq} })
	if err != nil {
		return nil, err
	}
	reports, err := e.DB.MessageReport.Query().Where(messagereport.ReporterID(me)).Order(messagereport.ByID()).All(system)
	reported, err := each(reports, err, func(r *db.MessageReport) messageReportFile {
		return messageReportFile{r.MessageID, r.Reason, r.Status, r.CreatedAt, r.DecidedAt}
	})
	return threadsFile{written, read, reported}, err
}
