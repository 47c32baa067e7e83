package journey_test

import (
	"slices"
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

// attempts are what was tried on a device, oldest first.
func attempts(t *testing.T, city *citytest.City, deviceID string) []*db.DeliveryAttempt {
	t.Helper()
	tried, err := city.DB.DeliveryAttempt.Query().
		Where(deliveryattempt.DeviceID(deviceID)).Order(deliveryattempt.ByID()).All(system(t))
	if err != nil {
		t.Fatal(err)
	}
	return tried
}

func outcomes(tried []*db.DeliveryAttempt) []string {
	said := make([]string, len(tried))
	for i, a := range tried {
		said[i] = string(a.Outcome)
		if a.ProviderCode != "" {
			said[i] += " " + a.ProviderCode
		}
	}
	return said
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
	want := map[string][]string{
		"well":           {"DELIVERED"},
		"uninstalled":    {"TOKEN_DROPPED UNREGISTERED"},
		"of-another-app": {"TOKEN_DROPPED SENDER_ID_MISMATCH"},
		"refused":        {"REJECTED INVALID_ARGUMENT"},
		"hiccup":         {"RETRY INTERNAL", "DELIVERED"},
	}
	citytest.Eventually(t, "the hiccup passes", func() bool { return len(attempts(t, city, ids["hiccup"])) == 2 })
	for token, said := range want {
		if got := outcomes(attempts(t, city, ids[token])); !slices.Equal(got, said) {
			t.Errorf("%s: %v, want %v", token, got, said)
		}
		if got := received(city, token); got != len(said) {
			t.Errorf("%s was sent to %d times", token, got)
		}
	}
	left, err := city.DB.Device.Query().Where(device.PersonID(member(t, "chenjing").PersonID())).Select(device.FieldPushToken).Strings(system(t))
	slices.Sort(left)
	if err != nil || !slices.Equal(left, []string{"hiccup", "refused", "well"}) {
		t.Errorf("devices left: %v, %v", left, err)
	}
	if delivered := attempts(t, city, ids["well"])[0]; delivered.ProviderMessageID == "" {
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
	citytest.Eventually(t, "the busy phone is tried", func() bool { return len(attempts(t, city, busy)) == 1 })
	told(t, city, other)
	citytest.Eventually(t, "the others are pushed to", func() bool {
		return received(city, "tablet") == 1 && received(city, "others") == 1
	})
	if got := outcomes(attempts(t, city, busy)); !slices.Equal(got, []string{"RETRY UNAVAILABLE"}) {
		t.Errorf("the others waited for the busy phone: %v", got)
	}
	citytest.Eventually(t, "the busy phone is pushed to", func() bool { return len(attempts(t, city, busy)) == 2 })
	tried := attempts(t, city, busy)
	if waited := tried[1].CreatedAt.Sub(tried[0].CreatedAt); waited < 2*time.Second-50*time.Millisecond {
		t.Errorf("tried again after %s", waited)
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
	citytest.Eventually(t, "the phone is tried", func() bool { return len(attempts(t, city, never)) > 0 })
	watch.by.Store(int64(24 * time.Hour))
	citytest.Eventually(t, "the job is given up", func() bool {
		return counted(t, city, "SELECT count(*) FROM river_job WHERE state = 'cancelled'") == 1
	})
	if waiting := counted(t, city, "SELECT count(*) FROM river_job WHERE finalized_at IS NULL"); waiting != 0 {
		t.Errorf("%d jobs wait", waiting)
	}
}
