package journey_test

import (
	"bytes"
	"sync"
	"testing"

	"citygraph/ent/db/device"
	"citygraph/server/citytest"
)

// register makes a phone reachable and returns its device id.
func register(t *testing.T, c *citytest.Client, platform, pushToken string) string {
	t.Helper()
	var answer struct {
		RegisterDevice struct {
			Device     *struct{ ID string }
			UserErrors []problem
		}
	}
	c.Do("RegisterDevice", citytest.Vars{"input": citytest.Vars{"platform": platform, "pushToken": pushToken}}).Decode(t, &answer)
	if answer.RegisterDevice.Device == nil {
		t.Fatalf("register: %+v", answer.RegisterDevice.UserErrors)
	}
	return answer.RegisterDevice.Device.ID
}

func unregister(t *testing.T, c *citytest.Client, deviceID string) citytest.Answer {
	t.Helper()
	return c.Do("UnregisterDevice", citytest.Vars{"input": citytest.Vars{"deviceId": deviceID}})
}

// told has a member's report accepted, so that they are told of it.
func told(t *testing.T, city *citytest.City, citizen *citytest.Client) {
	t.Helper()
	accept(t, city.As(t, "zhaoqiang"), submit(t, citizen, "路灯不亮").ID)
}

// received counts the messages that arrived for a push token.
func received(city *citytest.City, pushToken string) int {
	n := 0
	for _, m := range city.FCM.Messages() {
		if m.Token == pushToken {
			n++
		}
	}
	return n
}

func TestPhoneThatRegistersAgainIsTheSameDevice(t *testing.T) {
	city := citytest.Start(t)
	citizen := city.As(t, "chenjing")
	first := register(t, citizen, "ANDROID", "phone-1")
	seen := city.DB.Device.GetX(system(t), first).LastSeenAt
	if again := register(t, citizen, "IOS", "phone-1"); again != first {
		t.Errorf("registered as %s, again as %s", first, again)
	}
	now := city.DB.Device.GetX(system(t), first)
	if now.Platform != device.PlatformIos || !now.LastSeenAt.After(seen) {
		t.Errorf("not refreshed: %+v", now)
	}
}

// A phone that changes hands tells its new owner's news, and its former owner has no say in it.
func TestPhoneThatChangesHandsForgetsItsFormerOwner(t *testing.T) {
	city := citytest.Start(t)
	seller, buyer := city.As(t, "chenjing"), city.As(t, "maming")
	sold := register(t, seller, "ANDROID", "sold-phone")
	register(t, seller, "ANDROID", "new-phone")
	bought := register(t, buyer, "ANDROID", "sold-phone")
	if sold == bought {
		t.Error("the device id came to mean the buyer's phone")
	}

	told(t, city, seller)
	citytest.Eventually(t, "the seller's new phone is pushed to", func() bool { return received(city, "new-phone") == 1 })
	if received(city, "sold-phone") != 0 {
		t.Error("the seller's news went to the sold phone")
	}
	foreign, missing := unregister(t, seller, bought), unregister(t, seller, "device_01J00000000000000000000000")
	if found := problems(t, unregister(t, seller, sold)); len(found) != 1 || found[0].Code != "DEVICE_UNKNOWN" {
		t.Errorf("the old device id: %+v", found)
	}
	if !bytes.Equal(foreign.Body, missing.Body) || problems(t, foreign)[0].Code != "DEVICE_UNKNOWN" {
		t.Errorf("a foreign device %s, a missing one %s", foreign.Body, missing.Body)
	}

	told(t, city, buyer)
	citytest.Eventually(t, "the bought phone is pushed to", func() bool { return received(city, "sold-phone") == 1 })
	if found := problems(t, unregister(t, buyer, bought)); len(found) > 0 {
		t.Errorf("the buyer cannot unregister: %+v", found)
	}
}

// Two people fight over one phone from two replicas: each registration succeeds, and one of them is the last.
func TestPhoneHasOneOwnerHoweverManyRegisterItAtOnce(t *testing.T) {
	city := citytest.Start(t)
	replicas := []*citytest.City{city, city.Replica(t)}
	people := []*citytest.Client{city.As(t, "chenjing"), city.As(t, "maming"), city.As(t, "zhouwei")}
	var all sync.WaitGroup
	for i := range 36 {
		all.Go(func() {
			for range 3 {
				register(t, people[i%3].On(replicas[i%2]), "ANDROID", "fought-over")
			}
		})
	}
	all.Wait()
	if n := city.DB.Device.Query().Where(device.PushToken("fought-over")).CountX(system(t)); n != 1 {
		t.Errorf("%d devices have the token", n)
	}
}

func TestPushTokenThatCannotBeOneIsTheAppsToPutRight(t *testing.T) {
	city := citytest.Start(t)
	citizen := city.As(t, "chenjing")
	long := make([]byte, 4097)
	for i := range long {
		long[i] = 'a'
	}
	for name, token := range map[string]string{"empty": "", "blank": "a b", "not ASCII": "令牌", "too long": string(long)} {
		answer := citizen.Do("RegisterDevice", citytest.Vars{"input": citytest.Vars{"platform": "ANDROID", "pushToken": token}})
		if found := problems(t, answer); len(found) != 1 || found[0].Code != "BAD_USER_INPUT" {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
	if answer := city.Visitor(t).Do("RegisterDevice", citytest.Vars{"input": citytest.Vars{"platform": "ANDROID", "pushToken": "x"}}); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor: %s", answer.Body)
	}
}
