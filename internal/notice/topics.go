package notice

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// TopicGroup is what an inbox has on one topic.
type TopicGroup struct {
	Topic  notification.Topic
	Unread int
	Latest *db.Notification
}

// Topics groups the viewer's notifications, the topic with the newest first. UNAUTHENTICATED for a visitor.
func (d *Desk) Topics(ctx context.Context) ([]*TopicGroup, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	latest, err := d.DB.Notification.Query().
		Where(notification.PersonID(v.PersonID), newestOfEachTopic(v.PersonID)).
		Order(notification.BySeq(sql.OrderDesc())).WithSubjectPerson().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the newest of each topic: %w", err)
	}
	var unread []struct {
		Topic notification.Topic
		Count int
	}
	err = d.DB.Notification.Query().Where(notification.PersonID(v.PersonID), Unread(d.Clock.Now())).
		GroupBy(notification.FieldTopic).Aggregate(db.Count()).Scan(ctx, &unread)
	if err != nil {
		return nil, fmt.Errorf("count unread of each topic: %w", err)
	}
	groups := make([]*TopicGroup, len(latest))
	for i, n := range latest {
		groups[i] = &TopicGroup{Topic: n.Topic, Latest: n}
		for _, u := range unread {
			if u.Topic == n.Topic {
				groups[i].Unread = u.Count
			}
		}
	}
	return groups, nil
}

func newestOfEachTopic(personID string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		mine := d.Table(notification.Table)
		s.Where(sql.In(s.C(notification.FieldSeq),
			d.Select(sql.Max(mine.C(notification.FieldSeq))).From(mine).
				Where(sql.EQ(mine.C(notification.FieldPersonID), personID)).
				GroupBy(mine.C(notification.FieldTopic))))
	}
}
