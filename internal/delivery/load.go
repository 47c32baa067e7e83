package delivery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/notification"
	"citygraph/ent/rule"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/push"
	"citygraph/internal/target"
)

// mayTell says, as a condition on a notification at the moment of sending, whether its recipient may still be
// told: what is gone, was read or put off on another device, was taken back, belongs to a broadcast that has been
// called off, or to a right that has ended, is not sent. It is the one place that says so.
func mayTell(s *entsql.Selector, now time.Time) *entsql.Predicate {
	counts(s, now)
	off := entsql.Table(broadcast.Table).As("b")
	s.Where(entsql.And(entsql.NotNull(s.C(notification.FieldID)), entsql.NotExists(
		entsql.Dialect(s.Dialect()).Select(off.C(broadcast.FieldID)).From(off).Where(entsql.And(
			entsql.ColumnsEQ(off.C(broadcast.FieldEventKey), s.C(notification.FieldEventKey)),
			entsql.NotNull(off.C(broadcast.FieldCancelledAt)),
		)))))
	return s.P()
}

// badge is what a recipient's badge counts, as a condition on a notification; see notice.Desk.UnreadCount.
func badge(s *entsql.Selector, now time.Time) *entsql.Predicate {
	counts(s, now)
	return s.P()
}

// counts narrows a statement to what is unread and still the recipient's to know.
func counts(s *entsql.Selector, now time.Time) {
	notice.Unread(now)(s)
	rule.ToldOf(s)
}

// letter is a delivery that is about to be sent.
type letter struct {
	id        string
	personID  string
	deviceID  string
	channel   deliveryattempt.Channel
	tries     int
	until     time.Time
	message   push.Message
	topic     notification.Topic
	notBefore time.Time // the provider wants nothing sent to the device before
}

// envelope is a letter as it is read from the database.
type envelope struct {
	letter
	may                              bool
	notificationID, targetID, tag    sql.NullString
	priority                         sql.NullString
	seq, badge                       sql.NullInt64
	title, body                      []byte
	told, expires, waits             sql.NullTime
	token, platform, account, topics sql.NullString
}

// load reads what is to be sent, at the moment it is sent: letters in their order, and notes on those
// deliveries that end without being sent. What has settled meanwhile is neither.
func (c *Courier) load(ctx context.Context, deliveryIDs []string) (letters []letter, unsent []note, err error) {
	now := c.Clock.Now()
	found, err := c.find(ctx, deliveryIDs, now)
	if err != nil {
		return nil, nil, err
	}
	covers, err := c.digests(ctx, found, now)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range found {
		outcome, code := e.ends(now)
		if covered, daily := covers[e.id]; outcome == "" && daily && covered == 0 {
			outcome, code = deliveryattempt.OutcomeCanceled, "IN_DIGEST"
		}
		if outcome != "" {
			unsent = append(unsent, note{ID: e.id, channel: e.channel, Outcome: outcome, Code: code})
			continue
		}
		if err := c.write(e, covers[e.id], now); err != nil {
			return nil, nil, err
		}
		letters = append(letters, e.letter)
	}
	return letters, unsent, nil
}

// find reads deliveries that have not settled, in the order of their ids.
func (c *Courier) find(ctx context.Context, deliveryIDs []string, now time.Time) ([]*envelope, error) {
	build := entsql.Dialect(c.Store.Dialect())
	notifications := func(alias string) *entsql.Selector {
		return build.Select().From(build.Table(notification.Table).As(alias))
	}
	query := &entsql.Builder{}
	query.SetDialect(c.Store.Dialect())
	query.WriteString(`SELECT a.id, a.person_id, a.device_id, a.channel, a.tries, a.expires_at,
			n.id, n.seq, n.topic, n.priority, n.title, n.body, n.target, n.created_at, p.language,
			d.push_token, d.platform, d.push_after, i.subject,
			(SELECT count(*) FROM notifications u WHERE u.person_id = a.person_id AND `)
	query.Join(badge(notifications("u"), now)).WriteString("), CASE WHEN ").Join(mayTell(notifications("n"), now))
	query.WriteString(` THEN 1 ELSE 0 END
		FROM delivery_attempts a
		LEFT JOIN notifications n ON n.id = a.notification_id
		LEFT JOIN people p ON p.id = n.person_id
		LEFT JOIN devices d ON a.channel = 'FCM' AND d.id = a.device_id AND d.person_id = a.person_id
		LEFT JOIN identities i ON a.channel = 'WECHAT' AND i.id = a.device_id AND i.person_id = a.person_id
		WHERE `)
	c.Store.Among(query, "a.id", deliveryIDs)
	query.WriteString(` AND a.outcome IN ('PENDING', 'RETRY') ORDER BY a.id`)
	statement, args := query.Query()
	rows, err := c.DB.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("load deliveries: %w", err)
	}
	defer rows.Close()
	var found []*envelope
	for rows.Next() {
		e := &envelope{}
		if err := rows.Scan(&e.id, &e.personID, &e.deviceID, &e.channel, &e.tries, &e.expires,
			&e.notificationID, &e.seq, &e.topics, &e.priority, &e.title, &e.body, &e.targetID, &e.told, &e.tag,
			&e.token, &e.platform, &e.waits, &e.account, &e.badge, &e.may); err != nil {
			return nil, fmt.Errorf("read delivery: %w", err)
		}
		found = append(found, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("load deliveries: %w", err)
	}
	return found, nil
}

// ends names the outcome of a delivery that is not to be sent any more, and why; none for the others.
func (e *envelope) ends(now time.Time) (outcome deliveryattempt.Outcome, code string) {
	switch {
	case !e.may:
		return deliveryattempt.OutcomeCanceled, "NOT_TO_BE_TOLD"
	case e.channel == deliveryattempt.ChannelFcm && !e.token.Valid, e.channel == deliveryattempt.ChannelWechat && !e.account.Valid:
		return deliveryattempt.OutcomeCanceled, "DEVICE_GONE"
	case e.expires.Valid && !now.Before(e.expires.Time):
		return deliveryattempt.OutcomeExpired, ""
	default:
		return "", ""
	}
}

// write puts the message into the recipient's language, with their badge, worth so much longer. One that speaks
// for several says how many.
func (c *Courier) write(e *envelope, covers int, now time.Time) error {
	var title, body lang.Text
	if err := errors.Join(json.Unmarshal(e.title, &title), json.Unmarshal(e.body, &body)); err != nil {
		return fmt.Errorf("read notification %s: %w", e.notificationID.String, err)
	}
	if covers > 1 {
		digest, err := summary(preference.Topic(e.topics.String), covers)
		if err != nil {
			return err
		}
		title, body = digest.Title, digest.Body
	}
	opens, tag, badge := target.Target(e.targetID.String), lang.Tag(e.tag.String), int(e.badge.Int64)
	e.until, e.notBefore, e.topic = e.expires.Time, e.waits.Time, notification.Topic(e.topics.String)
	if !e.expires.Valid {
		e.until = e.told.Time.Add(lifetime)
	}
	e.message = push.Message{
		NotificationID: e.notificationID.String, Token: e.token.String, Platform: push.Platform(e.platform.String),
		Title: title.In(tag), Body: body.In(tag),
		CollapseKey: opens.ID(), Priority: push.High, TTL: e.until.Sub(now), Badge: &badge,
		Data: map[string]string{
			"seq": strconv.FormatInt(e.seq.Int64, 10), "topic": e.topics.String,
			"targetId": opens.ID(), "link": opens.AppLink(),
		},
	}
	if e.channel == deliveryattempt.ChannelWechat {
		e.message.Token, e.message.Platform = e.account.String, ""
		if template, ok := c.Templates[e.topic]; ok {
			e.message.Template = template.fill(e.message.Title, e.message.Body, e.told.Time, opens.MiniProgramPath())
		}
	}
	return nil
}
