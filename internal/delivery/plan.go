package delivery

import (
	"context"
	"slices"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/notification"
	"citygraph/internal/id"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/store"
)

// lifetime is how long after it may first be sent a notice is worth showing on a phone.
const lifetime = 24 * time.Hour

// route is the way of one notification to its recipient.
type route struct {
	channels  []deliveryattempt.Channel // the next is tried when one reaches nobody; none leaves it to the inbox
	at, until time.Time                 // not before, and not from then on
}

// wanted gives each notification the route its recipient wants: over their channels, at their hour, for a day
// from then and never past its own end. It asks once for each topic.
func (c *Courier) wanted(ctx context.Context, told []*db.Notification) ([]route, error) {
	people := map[notification.Topic][]string{}
	for _, n := range told {
		people[n.Topic] = append(people[n.Topic], n.PersonID)
	}
	choices := map[notification.Topic]map[string]preference.Preference{}
	for topic, some := range people {
		found, err := notice.Wanted(ctx, c.DB, preference.Topic(topic), some...)
		if err != nil {
			return nil, err
		}
		choices[topic] = found
	}
	routes, now := make([]route, len(told)), c.Clock.Now()
	for i, n := range told {
		item := preference.Item{Topic: preference.Topic(n.Topic), Priority: preference.Priority(n.Priority), ToldAt: n.CreatedAt}
		choice := choices[n.Topic][n.PersonID]
		dispatch := c.dispatch(n.Template, item, choice, now)
		routes[i] = route{at: dispatch.At, until: c.dispatch(n.Template, item, choice, n.CreatedAt).At.Add(lifetime)}
		if n.ExpiresAt != nil && n.ExpiresAt.Before(routes[i].until) {
			routes[i].until = *n.ExpiresAt
		}
		for _, channel := range dispatch.Channels {
			routes[i].channels = append(routes[i].channels, deliveryattempt.Channel(channel))
		}
	}
	return routes, nil
}

// mostWaits is how often quiet hours and the hours of a template may put off one another before the push goes all the same.
const mostWaits = 14

// dispatch is what the recipient wants of an item at the instant, at an hour in which its template may be pushed.
func (c *Courier) dispatch(template string, item preference.Item, choice preference.Preference, now time.Time) preference.Dispatch {
	d := preference.Plan(item, choice, now)
	hours := c.Hours[template]
	if hours == nil || item.Priority == preference.Urgent {
		return d
	}
	for range mostWaits {
		at := hours(d.At)
		if at.Equal(d.At) {
			break
		}
		d = preference.Plan(item, choice, at)
	}
	return d
}

// plan writes the batch's deliveries down, once. Those beyond the size of a batch go to a job of their own, in
// the same transaction.
func (c *Courier) plan(ctx context.Context, batch string, notificationIDs []string) error {
	planned, err := c.DB.DeliveryAttempt.Query().Where(deliveryattempt.Batch(batch)).Exist(ctx)
	if err != nil || planned {
		return err
	}
	rows, err := c.routed(ctx, notificationIDs, nil)
	if err != nil || len(rows) == 0 {
		return err
	}
	mine, rest := split(rows, notificationIDs)
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if len(rest) > 0 {
			if err := Enqueue(ctx, c.Jobs, rest...); err != nil {
				return err
			}
		}
		return c.insert(ctx, batch, mine)
	})
}

// split keeps the deliveries of as many notifications as fit a batch, one at least; the others' ids are the rest.
func split(rows []planned, notificationIDs []string) (mine []planned, rest []string) {
	if len(rows) <= BatchSize {
		return rows, nil
	}
	cut := BatchSize
	for cut > 0 && rows[cut-1].NotificationID == rows[cut].NotificationID {
		cut--
	}
	if cut == 0 {
		for cut = BatchSize; cut < len(rows) && rows[cut].NotificationID == rows[0].NotificationID; {
			cut++
		}
	}
	if cut == len(rows) {
		return rows, nil
	}
	return rows[:cut], notificationIDs[slices.Index(notificationIDs, rows[cut].NotificationID):]
}

// planned is a delivery to be written down.
type planned struct {
	ID             string                  `json:"id"`
	NotificationID string                  `json:"n"`
	PersonID       string                  `json:"p"`
	DeviceID       string                  `json:"d"`
	Channel        deliveryattempt.Channel `json:"c"`
	Made           store.Stamp             `json:"made"`
	Due            store.Stamp             `json:"due"`
	Until          store.Stamp             `json:"until"`
}

// routed plans the notifications in the order of their ids: each over the first channel of its route, after
// those it has tried, on which its recipient can be reached at all.
func (c *Courier) routed(ctx context.Context, notificationIDs []string, tried map[string][]deliveryattempt.Channel) ([]planned, error) {
	told, err := c.DB.Notification.Query().Where(c.Store.OneOf(notification.FieldID, notificationIDs)).
		Select(notification.FieldPersonID, notification.FieldTemplate, notification.FieldTopic, notification.FieldPriority, notification.FieldCreatedAt, notification.FieldExpiresAt).
		All(ctx)
	if err != nil || len(told) == 0 {
		return nil, err
	}
	order := make(map[string]int, len(notificationIDs))
	for i, notificationID := range notificationIDs {
		order[notificationID] = i
	}
	slices.SortFunc(told, func(a, b *db.Notification) int { return order[a.ID] - order[b.ID] })
	routes, err := c.wanted(ctx, told)
	if err != nil {
		return nil, err
	}
	reach := reach{courier: c, people: make([]string, len(told)), known: map[deliveryattempt.Channel]map[string][]string{}}
	for i, n := range told {
		reach.people[i] = n.PersonID
	}
	var rows []planned
	for i, n := range told {
		found, err := c.reached(ctx, &reach, n, routes[i], tried[n.ID])
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// reached are the deliveries of one notification.
func (c *Courier) reached(ctx context.Context, r *reach, n *db.Notification, way route, tried []deliveryattempt.Channel) ([]planned, error) {
	made := c.Store.Stamp(c.Clock.Now())
	for _, channel := range way.channels {
		if slices.Contains(tried, channel) || c.Channels[channel] == nil {
			continue
		}
		addresses, err := r.on(ctx, channel)
		if err != nil {
			return nil, err
		}
		var rows []planned
		for _, address := range addresses[n.PersonID] {
			rows = append(rows, planned{
				ID: id.New(id.DeliveryAttempt), NotificationID: n.ID, PersonID: n.PersonID, DeviceID: address, Channel: channel,
				Made: made, Due: c.Store.Stamp(way.at), Until: c.Store.Stamp(way.until),
			})
		}
		if len(rows) > 0 {
			return rows, nil
		}
	}
	return nil, nil
}

// reach knows where people can be reached, one statement a channel.
type reach struct {
	courier *Courier
	people  []string
	known   map[deliveryattempt.Channel]map[string][]string
}

// on gives the devices or accounts of each person on a channel.
func (r *reach) on(ctx context.Context, channel deliveryattempt.Channel) (map[string][]string, error) {
	if found, ok := r.known[channel]; ok {
		return found, nil
	}
	found := map[string][]string{}
	r.known[channel] = found
	switch channel {
	case deliveryattempt.ChannelFcm:
		devices, err := r.courier.DB.Device.Query().Where(r.courier.Store.OneOf(device.FieldPersonID, r.people)).Order(device.ByID()).
			Select(device.FieldID, device.FieldPersonID).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range devices {
			found[d.PersonID] = append(found[d.PersonID], d.ID)
		}
	case deliveryattempt.ChannelWechat:
		accounts, err := r.courier.DB.Identity.Query().
			Where(r.courier.Store.OneOf(identity.FieldPersonID, r.people), identity.ProviderEQ(identity.ProviderWechat)).Order(identity.ByID()).
			Select(identity.FieldID, identity.FieldPersonID).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range accounts {
			found[a.PersonID] = append(found[a.PersonID], a.ID)
		}
	case deliveryattempt.ChannelSms:
		for _, personID := range r.people {
			found[personID] = []string{personID}
		}
	}
	return found, nil
}

// fallBack plans the next channel for every notification of the batch that has reached nobody, and reports
// whether there is any.
func (c *Courier) fallBack(ctx context.Context, batch string) (bool, error) {
	tried, err := c.unreached(ctx, batch)
	if err != nil || len(tried) == 0 {
		return false, err
	}
	ids := make([]string, 0, len(tried))
	for notificationID := range tried {
		ids = append(ids, notificationID)
	}
	slices.Sort(ids)
	rows, err := c.routed(ctx, ids, tried)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	return true, c.Store.InTx(ctx, func(ctx context.Context) error { return c.insert(ctx, batch, rows) })
}

// unreached are the notifications whose every delivery was refused, and on which channels. One that was
// withdrawn or has expired is left alone.
func (c *Courier) unreached(ctx context.Context, batch string) (map[string][]deliveryattempt.Channel, error) {
	refused, err := c.DB.DeliveryAttempt.Query().
		Where(deliveryattempt.Batch(batch), deliveryattempt.OutcomeIn(
			deliveryattempt.OutcomeTokenDropped, deliveryattempt.OutcomeNoCredit, deliveryattempt.OutcomeRejected)).
		Select(deliveryattempt.FieldNotificationID, deliveryattempt.FieldChannel).All(ctx)
	if err != nil || len(refused) == 0 {
		return nil, err
	}
	others, err := c.DB.DeliveryAttempt.Query().
		Where(deliveryattempt.Batch(batch), deliveryattempt.OutcomeNotIn(
			deliveryattempt.OutcomeTokenDropped, deliveryattempt.OutcomeNoCredit, deliveryattempt.OutcomeRejected)).
		Select(deliveryattempt.FieldNotificationID).Strings(ctx)
	if err != nil {
		return nil, err
	}
	tried := map[string][]deliveryattempt.Channel{}
	for _, a := range refused {
		tried[a.NotificationID] = append(tried[a.NotificationID], a.Channel)
	}
	for _, notificationID := range others {
		delete(tried, notificationID)
	}
	return tried, nil
}

// plannedColumns are those of planned.
var plannedColumns = []string{"id text", "made timestamptz", "n text", "p text", "d text", "c text", "due timestamptz", "until timestamptz"}

// insert writes planned deliveries down. One that is there already, by another job, stays that job's.
func (c *Courier) insert(ctx context.Context, batch string, plan []planned) error {
	_, err := c.Store.ExecRows(ctx, c.DB, plannedColumns, `INSERT INTO delivery_attempts
		(id, created_at, notification_id, person_id, device_id, channel, batch, outcome, tries, due_at, expires_at, provider_message_id, provider_code)
		SELECT id, made, n, p, d, c, CAST(? AS text), 'PENDING', 0, due, until, '', '' FROM r
		WHERE true ON CONFLICT (notification_id, channel, device_id) DO NOTHING`, plan, batch)
	return err
}
