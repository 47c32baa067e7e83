package thread

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	"citygraph/ent/db/messagereport"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Accuse reports a message of somebody else's as abuse, once: again it returns the first report. Who sees the message may. Returns
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN for one's own message.
func (t *Talk) Accuse(ctx context.Context, messageID string, reason messagereport.Reason) (*db.MessageReport, error) {
	var made string
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		m, err := t.message(ctx, messageID)
		if err != nil {
			return err
		}
		me := viewer.From(ctx).PersonID
		if m.AuthorID == me {
			return fault.New(fault.Forbidden)
		}
		if err := t.Store.Lock(ctx, "report/"+m.ID+"/"+me); err != nil {
			return err
		}
		there, err := t.DB.MessageReport.Query().Where(messagereport.MessageID(m.ID), messagereport.ReporterID(me)).IDs(system(ctx))
		if err != nil {
			return fmt.Errorf("look for a report: %w", err)
		}
		if len(there) > 0 {
			made = there[0]
			return nil
		}
		report, err := t.DB.MessageReport.Create().SetMessageID(m.ID).SetReporterID(me).SetReason(reason).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		made = report.ID
		return audit.Record(ctx, t.DB, audit.Deed{Action: "reportMessage", Subject: me, TargetID: m.ID})
	})
	if err != nil {
		return nil, err
	}
	return t.DB.MessageReport.Get(ctx, made)
}

// Reports narrows a query to the reports that stand somewhere. UNAUTHENTICATED for a visitor, FORBIDDEN for who is no administrator.
func (t *Talk) Reports(ctx context.Context, q *db.MessageReportQuery, status *messagereport.Status) (*db.MessageReportQuery, error) {
	if err := administrators(ctx); err != nil {
		return nil, err
	}
	if status != nil {
		q.Where(messagereport.StatusEQ(*status))
	}
	return q, nil
}

func administrators(ctx context.Context) error {
	if err := signedIn(ctx); err != nil {
		return err
	}
	if !viewer.From(ctx).Has(viewer.Admin) {
		return fault.New(fault.Forbidden)
	}
	return nil
}

// Reported are the messages that reports are about, as administrators see them; nil for others.
func (t *Talk) Reported(ctx context.Context, reports []*db.MessageReport) ([]*Reported, error) {
	if !viewer.From(ctx).Has(viewer.Admin) {
		return make([]*Reported, len(reports)), nil
	}
	found, err := t.DB.Message.Query().Where(message.IDIn(each(reports, func(r *db.MessageReport) string { return r.MessageID })...)).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load what was reported: %w", err)
	}
	by := make(map[string]*Reported, len(found))
	for _, m := range found {
		by[m.ID] = &Reported{m}
	}
	return each(reports, func(r *db.MessageReport) *Reported { return by[r.MessageID] }), nil
}

// Decide decides about a report that is open; one that is upheld retracts the message, however old it is. Administrators may.
// Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, INVALID_TRANSITION.
func (t *Talk) Decide(ctx context.Context, reportID string, decision Decision) (*db.MessageReport, error) {
	if err := administrators(ctx); err != nil {
		return nil, err
	}
	if !id.Is(reportID, id.MessageReport) {
		return nil, fault.New(fault.NotFound)
	}
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		report, err := t.DB.MessageReport.Get(ctx, reportID)
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound).Because(err)
		}
		if err != nil {
			return fmt.Errorf("load report: %w", err)
		}
		n, err := t.DB.MessageReport.Update().Where(messagereport.ID(report.ID), messagereport.StatusEQ(messagereport.StatusOpen)).
			SetStatus(messagereport.Status(decision)).SetDecidedAt(t.Clock.Now()).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("decide report: %w", err)
		}
		if n == 0 {
			return fault.NotNow("举报", "The report", report.Status)
		}
		m, err := t.DB.Message.Get(system(ctx), report.MessageID)
		if err != nil {
			return fmt.Errorf("load what was reported: %w", err)
		}
		if decision == Uphold {
			if _, err := t.bury(ctx, m); err != nil { // who took it back before has done the same
				return err
			}
		}
		return audit.Record(ctx, t.DB, audit.Deed{Action: "decideMessageReport", Subject: m.AuthorID, TargetID: m.ID, Reason: string(decision)})
	})
	if err != nil {
		return nil, err
	}
	return t.DB.MessageReport.Get(ctx, reportID)
}
