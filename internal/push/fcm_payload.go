package push

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"strconv"
	"time"

	"firebase.google.com/go/v4/messaging"
)

const (
	notificationIDKey = "notificationId"
	longestTTL        = 28 * 24 * time.Hour // FCM refuses more
	longestAPNSKey    = 64                  // bytes of an apns-collapse-id
	longestTopic      = 32                  // characters of a web push Topic
)

// fcmPayload returns the SDK's form of the message, or nil and the reason why it must not be sent.
func fcmPayload(m Message, now time.Time) (payload *messaging.Message, refusal string) {
	if m.TTL < 0 {
		return nil, codeExpired
	}
	m.TTL = min(m.TTL, longestTTL)
	data := map[string]string{}
	maps.Copy(data, m.Data)
	data[notificationIDKey] = m.NotificationID
	p := &messaging.Message{
		Token:        m.Token,
		Data:         data,
		Notification: &messaging.Notification{Title: m.Title, Body: m.Body},
	}
	switch m.Platform {
	case Android:
		p.Android = androidPayload(m)
	case IOS:
		p.APNS = apnsPayload(m, now)
	case Web:
		p.Webpush = webPayload(m)
	default:
		return nil, codeUnknownPlatform
	}
	return p, ""
}

func androidPayload(m Message) *messaging.AndroidConfig {
	a := &messaging.AndroidConfig{
		CollapseKey:  m.CollapseKey,
		Priority:     "normal",
		Notification: &messaging.AndroidNotification{Tag: m.CollapseKey, NotificationCount: m.Badge},
	}
	if m.Priority == High {
		a.Priority = "high"
	}
	if m.TTL > 0 {
		a.TTL = &m.TTL
	}
	return a
}

func apnsPayload(m Message, now time.Time) *messaging.APNSConfig {
	headers := map[string]string{"apns-push-type": "alert", "apns-priority": "5"}
	if m.Priority == High {
		headers["apns-priority"] = "10"
	}
	if m.TTL > 0 {
		headers["apns-expiration"] = strconv.FormatInt(now.Add(m.TTL).Unix(), 10)
	}
	if m.CollapseKey != "" {
		headers["apns-collapse-id"] = m.CollapseKey
		if len(m.CollapseKey) > longestAPNSKey {
			sum := sha256.Sum256([]byte(m.CollapseKey))
			headers["apns-collapse-id"] = hex.EncodeToString(sum[:])
		}
	}
	return &messaging.APNSConfig{Headers: headers, Payload: &messaging.APNSPayload{Aps: &messaging.Aps{
		Alert: &messaging.ApsAlert{Title: m.Title, Body: m.Body},
		Badge: m.Badge,
		Sound: "default",
	}}}
}

func webPayload(m Message) *messaging.WebpushConfig {
	headers := map[string]string{"Urgency": "normal"}
	if m.Priority == High {
		headers["Urgency"] = "high"
	}
	if m.TTL > 0 {
		headers["TTL"] = strconv.FormatInt(int64(m.TTL/time.Second), 10)
	}
	if m.CollapseKey != "" {
		sum := sha256.Sum256([]byte(m.CollapseKey)) // a Topic allows few characters
		headers["Topic"] = base64.RawURLEncoding.EncodeToString(sum[:])[:longestTopic]
	}
	return &messaging.WebpushConfig{
		Headers:      headers,
		Notification: &messaging.WebpushNotification{Tag: m.CollapseKey, Renotify: m.CollapseKey != ""},
	}
}
