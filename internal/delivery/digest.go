package delivery

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/wording"
)

// day is the time whose notices on a topic a person hears of in one digest.
type day struct {
	personID    string
	topic       notification.Topic
	from, until time.Time
}

// digests tells, of the deliveries that belong to a daily digest, how many notices each speaks for: the newest
// unread of a day for all of them, the others for none. What it asks does not depend on their number.
func (c *Courier) digests(ctx context.Context, found []*envelope, now time.Time) (map[string]int, error) {
	days, err := c.days(ctx, found, now)
	if err != nil || len(days) == 0 {
		return nil, err
	}
	var people []string
	var topics []notification.Topic
	var from, until time.Time
	for _, d := range days {
		people, topics = append(people, d.personID), append(topics, d.topic)
		if from.IsZero() || d.from.Before(from) {
			from = d.from
		}
		if d.until.After(until) {
			until = d.until
		}
	}
	unread, err := c.DB.Notification.Query().Where(
		notification.PersonIDIn(people...), notification.TopicIn(topics...), notification.PriorityNEQ(notification.PriorityUrgent),
		notification.CreatedAtGTE(from), notification.CreatedAtLT(until), notice.Unread(now), predicate.Notification(rule.ToldOf),
	).Order(notification.BySeq()).
		Select(notification.FieldID, notification.FieldPersonID, notification.FieldTopic, notification.FieldCreatedAt).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load digests: %w", err)
	}
	covers := map[string]int{}
	for _, e := range found {
		d, daily := days[e.id]
		if !daily {
			continue
		}
		count, newest := d.holds(unread)
		if newest != e.notificationID.String {
			count = 0
		}
		covers[e.id] = count
	}
	return covers, nil
}

// holds counts the notices of a day, and names the newest.
func (d day) holds(unread []*db.Notification) (count int, newest string) {
	for _, n := range unread {
		if n.PersonID == d.personID && n.Topic == d.topic && !n.CreatedAt.Before(d.from) && n.CreatedAt.Before(d.until) {
			count, newest = count+1, n.ID
		}
	}
	return count, newest
}

// days are those of the deliveries whose recipients want a digest, by delivery.
func (c *Courier) days(ctx context.Context, found []*envelope, now time.Time) (map[string]day, error) {
	people := map[notification.Topic][]string{}
	for _, e := range found {
		topic := preference.Topic(e.topics.String)
		if rule, _ := preference.RuleOf(topic); rule.Obligation == preference.Optional {
			people[notification.Topic(topic)] = append(people[notification.Topic(topic)], e.personID)
		}
	}
	days := map[string]day{}
	for topic, some := range people {
		wanted, err := notice.Wanted(ctx, c.DB, preference.Topic(topic), some...)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if notification.Topic(e.topics.String) != topic {
				continue
			}
			item := preference.Item{Topic: preference.Topic(topic), Priority: preference.Priority(e.priority.String), ToldAt: e.told.Time}
			choice := wanted[e.personID]
			if !preference.Plan(item, choice, now).Digest {
				continue
			}
			from, until := choice.DigestWindow(e.told.Time)
			days[e.id] = day{e.personID, topic, from, until}
		}
	}
	return days, nil
}

// summary is the text of a digest.
func summary(topic preference.Topic, count int) (wording.Written, error) {
	rule, _ := preference.RuleOf(topic)
	return wording.Texts.Write("common/digest", wording.Params{"count": wording.ACount(count), "topic": wording.ALabel(rule.Name)})
}
