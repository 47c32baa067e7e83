package bureau

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/announcement"
	"citygraph/internal/viewer"
)

// Stats is how far a notice has come, over all schools.
type Stats struct {
	Schools      int // that have passed it on
	Delivered    int // guardians it was delivered to, at each of their children's schools
	Read         int // of these, who have read it
	Acknowledged int // of these, who have taken note
}

// Notices narrows a query to what an administrator may list. Returns UNAUTHENTICATED, FORBIDDEN.
func (o *Office) Notices(ctx context.Context, q *db.BureauNoticeQuery) (*db.BureauNoticeQuery, error) {
	return q, speaks(ctx)
}

// Stats are the figures of notices, in one statement; nil unless the viewer is an administrator.
func (o *Office) Stats(ctx context.Context, notices []*db.BureauNotice) ([]*Stats, error) {
	all := make([]*Stats, len(notices))
	if !viewer.From(ctx).Has(viewer.Admin) {
		return all, nil
	}
	ids, at := make([]string, len(notices)), make(map[string]*Stats, len(notices))
	for i, n := range notices {
		all[i] = &Stats{}
		ids[i], at[n.ID] = n.ID, all[i]
	}
	build := sql.Dialect(o.Store.Dialect())
	said := build.Table(announcement.Table)
	q := build.Select(said.C(announcement.FieldBureauNoticeID), sql.Count("*"), sql.Sum(said.C(announcement.FieldDelivered)),
		sql.Sum(said.C(announcement.FieldRead)), sql.Sum(said.C(announcement.FieldAcknowledged))).From(said)
	o.Store.OneOf(announcement.FieldBureauNoticeID, ids)(q)
	query, args := q.GroupBy(said.C(announcement.FieldBureauNoticeID)).Query()
	rows, err := o.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sum over schools: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var noticeID string
		var s Stats
		if err := rows.Scan(&noticeID, &s.Schools, &s.Delivered, &s.Read, &s.Acknowledged); err != nil {
			return nil, fmt.Errorf("sum over schools: %w", err)
		}
		*at[noticeID] = s
	}
	return all, rows.Err()
}
