package notice

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	choice "citygraph/ent/db/notificationpreference"
	"citygraph/internal/fault"
	"citygraph/internal/notice/preference"
	"citygraph/internal/viewer"
)

// Preferences are how the viewer wants every topic, chosen or by default, in the table's order.
// UNAUTHENTICATED for a visitor.
func (d *Desk) Preferences(ctx context.Context) ([]*preference.Preference, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	rows, err := d.DB.NotificationPreference.Query().Where(choice.PersonID(v.PersonID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load preferences: %w", err)
	}
	all := make([]*preference.Preference, len(preference.Rules))
	for i, rule := range preference.Rules {
		p := preference.Default(rule.Topic)
		for _, row := range rows {
			if preference.Topic(row.Topic) == rule.Topic {
				p = chosen(row)
			}
		}
		all[i] = &p
	}
	return all, nil
}

// SetPreference sets how the viewer wants a topic. Returns UNAUTHENTICATED, BAD_USER_INPUT.
func (d *Desk) SetPreference(ctx context.Context, p preference.Preference) (*preference.Preference, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		if err := d.Store.Lock(ctx, "preferences of "+v.PersonID); err != nil {
			return err
		}
		if _, err := d.DB.NotificationPreference.Delete().
			Where(choice.PersonID(v.PersonID), choice.TopicEQ(choice.Topic(p.Topic))).
			Exec(viewer.AsSystem(ctx, "the condition holds it to the viewer's own choice")); err != nil {
			return fmt.Errorf("forget preference: %w", err)
		}
		err := d.DB.NotificationPreference.Create().
			SetPersonID(v.PersonID).SetTopic(choice.Topic(p.Topic)).SetChannels(p.Channels).SetQuietHours(p.QuietHours).
			SetPace(choice.Pace(p.Pace)).SetDigestAt(p.DigestAt).SetZone(p.Zone).
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("keep preference: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// Wanted tells how each of the people wants a topic, chosen or by default, for whoever pushes to them: the
// system. It is one statement.
func Wanted(ctx context.Context, c *db.Client, topic preference.Topic, people ...string) (map[string]preference.Preference, error) {
	wanted := make(map[string]preference.Preference, len(people))
	for _, p := range people {
		wanted[p] = preference.Default(topic)
	}
	rows, err := c.NotificationPreference.Query().
		Where(choice.PersonIDIn(people...), choice.TopicEQ(choice.Topic(topic))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load preferences: %w", err)
	}
	for _, row := range rows {
		wanted[row.PersonID] = chosen(row)
	}
	return wanted, nil
}

func chosen(row *db.NotificationPreference) preference.Preference {
	return preference.Preference{
		Topic: preference.Topic(row.Topic), Channels: row.Channels, QuietHours: row.QuietHours,
		Pace: preference.Pace(row.Pace), DigestAt: row.DigestAt, Zone: row.Zone,
	}
}
