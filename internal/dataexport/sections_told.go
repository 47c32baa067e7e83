package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/notificationpreference"
	"citygraph/ent/db/wechatgrant"
	"citygraph/internal/lang"
	"citygraph/internal/notice/preference"
	"citygraph/internal/viewer"
)

type notificationFile struct {
	ID        string             `json:"id"`
	Seq       int64              `json:"seq"`
	Topic     notification.Topic `json:"topic"`
	Title     lang.Text          `json:"title"`
	Body      lang.Text          `json:"body"`
	Target    string             `json:"target"`
	CreatedAt time.Time          `json:"createdAt"`
	ReadAt    *time.Time         `json:"readAt"`
	Pushes    []pushFile         `json:"pushes"`
}

type pushFile struct {
	DeviceID  string                  `json:"deviceId"`
	Channel   deliveryattempt.Channel `json:"channel"`
	Outcome   deliveryattempt.Outcome `json:"outcome"`
	CreatedAt time.Time               `json:"createdAt"`
}

func (e *Exports) notifications(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	attempts, err := e.DB.DeliveryAttempt.Query().Where(deliveryattempt.PersonID(me)).Order(deliveryattempt.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	pushes := map[string][]pushFile{}
	for _, a := range attempts {
		pushes[a.NotificationID] = append(pushes[a.NotificationID], pushFile{a.DeviceID, a.Channel, a.Outcome, a.CreatedAt})
	}
	rows, err := e.DB.Notification.Query().Where(notification.PersonID(me)).Order(notification.BySeq()).All(ctx)
	return each(rows, err, func(r *db.Notification) notificationFile {
		return notificationFile{r.ID, r.Seq, r.Topic, r.Title, r.Body, r.Target.ID(), r.CreatedAt, r.ReadAt, pushes[r.ID]}
	})
}

type preferenceFile struct {
	Topic      notificationpreference.Topic `json:"topic"`
	Channels   []preference.Channel         `json:"channels"`
	QuietHours *preference.QuietHours       `json:"quietHours"`
	Pace       notificationpreference.Pace  `json:"pace"`
	DigestAt   string                       `json:"digestAt"`
	Zone       string                       `json:"zone"`
	CreatedAt  time.Time                    `json:"createdAt"`
}

func (e *Exports) preferences(ctx context.Context) (any, error) {
	rows, err := e.DB.NotificationPreference.Query().Where(notificationpreference.PersonID(viewer.From(ctx).PersonID)).
		Order(notificationpreference.ByID()).All(ctx)
	return each(rows, err, func(r *db.NotificationPreference) preferenceFile {
		return preferenceFile{r.Topic, r.Channels, r.QuietHours, r.Pace, r.DigestAt, r.Zone, r.CreatedAt}
	})
}

type grantFile struct {
	Template  string    `json:"template"`
	Remaining int       `json:"remaining"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func (e *Exports) grants(ctx context.Context) (any, error) {
	rows, err := e.DB.WechatGrant.Query().Where(wechatgrant.PersonID(viewer.From(ctx).PersonID)).Order(wechatgrant.ByID()).All(ctx)
	return each(rows, err, func(r *db.WechatGrant) grantFile { return grantFile{r.Template, r.Remaining, r.CreatedAt, r.UpdatedAt} })
}
