package journey_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/internal/fake/fcmfake"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// delivery is how far the one delivery to a device has come.
func delivery(t *testing.T, city *citytest.City, deviceID string) *db.DeliveryAttempt {
	t.Helper()
	found, err := city.DB.DeliveryAttempt.Query().Where(deliveryattempt.DeviceID(deviceID)).Only(system(t))
	if db.IsNotFound(err) {
		return &db.DeliveryAttempt{}
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// outcome is a delivery's in words: what became of it, in how many tries, and the provider's word.
func outcome(a *db.DeliveryAttempt) string {
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", a.Outcome, a.Tries, a.ProviderCode))
}

// Every phone of a person has its own luck, and each attempt is written down.
func TestEveryPhoneHasItsOwnLuck(t *testing.T) {
	city := citytest.Start(t)
	citizen := city.As(t, "chenjing")
	for _, tc := range []struct {
		token   string
		answers []fcmfake.Answer
	}{
		{"well", nil},
		{"uninstalled", []fcmfake.Answer{fcmfake.Unregistered}},
		{"of-another-app", []fcmfake.Answer{fcmfake.SenderIDMismatch}},
		{"refused", []fcmfake.Answer{fcmfake.Invalid}},
		{"hiccup", []fcmfake.Answer{fcmfake.InternalError, fcmfake.OK}},
	} {
		city.FCM.Script(tc.token, tc.answers...)
	}
	ids := map[string]string{}
	for _, token := range []string{"well", "uninstalled", "of-another-app", "refused", "hiccup"} {
		ids[token] = register(t, citizen, "ANDROID", token)
	}
	told(t, city, citizen)
	want := map[string]string{
		"well":           "DELIVERED 1",
		"uninstalled":    "TOKEN_DROPPED 1 UNREGISTERED",
		"of-another-app": "TOKEN_DROPPED 1 SENDER_ID_MISMATCH",
		"refused":        "REJECTED 1 INVALID_ARGUMENT",
		"hiccup":         "DELIVERED 2",
	}
	citytest.Eventually(t, "the hiccup passes", func() bool { return delivery(t, city, ids["hiccup"]).Tries == 2 })
	for token, said := range want {
		tried := delivery(t, city, ids[token])
		if got := outcome(tried); got != said {
			t.Errorf("%s: %v, want %v", token, got, said)
		}
		if got := received(city, token); got != tried.Tries {
			t.Errorf("%s was sent to %d times", token, got)
		}
	}
	left, err := city.DB.Device.Query().Where(device.PersonID(member(t, "chenjing").PersonID())).Select(device.FieldPushToken).Strings(system(t))
	slices.Sort(left)
	if err != nil || !slices.Equal(left, []string{"hiccup", "refused", "well"}) {
		t.Errorf("devices left: %v, %v", left, err)
	}
	if delivered := delivery(t, city, ids["well"]); delivered.ProviderMessageID == "" {
		t.Error("the provider's name for the message was not kept")
	}
	for _, m := range city.FCM.Messages() {
		if first := city.FCM.Messages()[0]; m.Data["notificationId"] != first.Data["notificationId"] || m.Data["notificationId"] == "" {
			t.Errorf("messages of one notice name %q and %q", first.Data["notificationId"], m.Data["notificationId"])
		}
	}
}

// A provider that asks for patience with one phone gets it, and nobody else waits.
func TestPhoneThatAsksForPatienceKeepsNobodyWaiting(t *testing.T) {
	city := citytest.Start(t)
	citizen, other := city.As(t, "chenjing"), city.As(t, "maming")
	city.FCM.Script("busy", fcmfake.Unavailable("2"), fcmfake.OK)
	busy := register(t, citizen, "ANDROID", "busy")
	register(t, citizen, "IOS", "tablet")
	register(t, other, "ANDROID", "others")
	told(t, city, citizen)
	citytest.Eventually(t, "the busy phone is tried", func() bool { return delivery(t, city, busy).Tries == 1 })
	asked := delivery(t, city, busy)
	told(t, city, other)
	citytest.Eventually(t, "the others are pushed to", func() bool {
		return received(city, "tablet") == 1 && received(city, "others") == 1
	})
	if got := outcome(delivery(t, city, busy)); got != "RETRY 1 UNAVAILABLE" {
		t.Errorf("the others waited for the busy phone: %v", got)
	}
	citytest.Eventually(t, "the busy phone is pushed to", func() bool { return delivery(t, city, busy).Tries == 2 })
	if settled := delivery(t, city, busy).SettledAt; settled == nil || settled.Before(*asked.DueAt) {
		t.Errorf("asked to wait until %s, and tried again at %v", asked.DueAt, settled)
	}
	if n := received(city, "tablet"); n != 1 {
		t.Errorf("the tablet was pushed to %d times", n)
	}
}

// A provider that never stops asking for patience does not keep a job for ever.
func TestNoticeThatOutlivedItsWorthIsGivenUp(t *testing.T) {
	watch := later{&atomic.Int64{}}
	city := citytest.Start(t, func(o *wiring.Options) { o.Clock = watch })
	citizen := city.As(t, "chenjing")
	city.FCM.Script("never", fcmfake.Unavailable("1"))
	never := register(t, citizen, "ANDROID", "never")
	told(t, city, citizen)
	citytest.Eventually(t, "the phone is tried", func() bool { return delivery(t, city, never).Tries > 0 })
	watch.by.Store(int64(24 * time.Hour))
	citytest.Eventually(t, "the job is given up", func() bool {
		return delivery(t, city, never).Outcome == deliveryattempt.OutcomeExpired
	})
	citytest.Eventually(t, "no job waits", func() bool {
		return counted(t, city, "SELECT count(*) FROM river_job WHERE kind = 'push.notification' AND finalized_at IS NULL") == 0
	})
}
