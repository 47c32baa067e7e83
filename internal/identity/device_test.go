package identity_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/device"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/identity"
	"citygraph/internal/seed/seedtest"
)

func phone(token string) identity.Installation {
	return identity.Installation{Platform: device.PlatformAndroid, PushToken: token, AppVersion: "1.2.3 (45)"}
}

func TestRegisterDeviceRefreshesItsOwn(t *testing.T) {
	h := open(t)
	ctx := h.city.As(t, "chenjing")
	first, err := h.RegisterDevice(ctx, phone("token-1"))
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Turn(time.Hour)
	again, err := h.RegisterDevice(ctx, identity.Installation{Platform: device.PlatformIos, PushToken: "token-1", AppVersion: "2.0"})
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != first.ID || again.Platform != device.PlatformIos || again.AppVersion != "2.0" || !again.LastSeenAt.Equal(h.clock.Now()) {
		t.Errorf("registered %+v, refreshed %+v", first, again)
	}
	if n := h.DB.Device.Query().CountX(ctx); n != 1 {
		t.Errorf("chenjing has %d devices", n)
	}
}

// A phone that changes hands stops telling its former owner's news, and its former id means nothing.
func TestATokenBelongsToTheLastWhoRegisteredIt(t *testing.T) {
	h := open(t)
	before, after := h.city.As(t, "zhouwei"), h.city.As(t, "maming")
	first, err := h.RegisterDevice(before, phone("token-1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.RegisterDevice(after, phone("token-1"))
	if err != nil {
		t.Fatal(err)
	}
	if second.ID == first.ID || second.PersonID != seedtest.Person(t, "maming") {
		t.Errorf("the phone is %+v", second)
	}
	if n := h.DB.Device.Query().CountX(before); n != 0 {
		t.Errorf("its former owner still has %d devices", n)
	}
	code(t, h.UnregisterDevice(before, second.ID), fault.DeviceUnknown)
	code(t, h.UnregisterDevice(before, first.ID), fault.DeviceUnknown)
	if n := h.DB.Device.Query().CountX(after); n != 1 {
		t.Errorf("its new owner has %d devices", n)
	}
}

func TestRegisteringAtOnceMakesOneRow(t *testing.T) {
	h := open(t)
	var wg sync.WaitGroup
	for i := range 12 {
		ctx := h.city.As(t, []string{"chenjing", "maming"}[i%2])
		wg.Go(func() {
			if _, err := h.RegisterDevice(ctx, phone("token-1")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.DB.Device.Query().CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d rows for one token", n)
	}
}

func TestRegisterDeviceRefusesBadInput(t *testing.T) {
	h := open(t)
	for _, in := range []identity.Installation{
		phone(""), phone(" "), phone("two words"), phone("line\nbreak"), phone("nul\x00"), phone("令牌"),
		phone(strings.Repeat("t", 4097)),
		{Platform: device.PlatformWeb, PushToken: "t", AppVersion: strings.Repeat("1", 33)},
		{Platform: device.PlatformWeb, PushToken: "t", AppVersion: "1\x00"},
		{Platform: device.PlatformWeb, PushToken: "t", AppVersion: "1\n2"},
	} {
		got, err := h.RegisterDevice(h.city.As(t, "chenjing"), in)
		if fault.CodeOf(err) != fault.BadUserInput || got != nil {
			t.Errorf("%.40q at %q: %+v, %v", in.PushToken, in.AppVersion, got, err)
		}
	}
	if _, err := h.RegisterDevice(h.city.As(t, "chenjing"), phone(strings.Repeat("t", 4096))); err != nil {
		t.Errorf("the longest token is refused: %v", err)
	}
	_, err := h.RegisterDevice(t.Context(), phone("token-1"))
	code(t, err, fault.Unauthenticated)
}

func TestUnregisterDevice(t *testing.T) {
	h := open(t)
	ctx := h.city.As(t, "chenjing")
	mine, err := h.RegisterDevice(ctx, phone("token-1"))
	if err != nil {
		t.Fatal(err)
	}
	code(t, h.UnregisterDevice(t.Context(), mine.ID), fault.Unauthenticated)
	for _, unknown := range []string{"", "device", mine.ID + "0", id.New(id.Device), strings.Replace(mine.ID, "device", "case", 1)} {
		code(t, h.UnregisterDevice(ctx, unknown), fault.DeviceUnknown)
	}
	for _, other := range []string{"maming", "fanglei", "qianjun"} {
		code(t, h.UnregisterDevice(h.city.As(t, other), mine.ID), fault.DeviceUnknown)
	}
	if n := h.DB.Device.Query().CountX(ctx); n != 1 {
		t.Fatalf("somebody else took the device away")
	}
	if err := h.UnregisterDevice(ctx, mine.ID); err != nil {
		t.Fatal(err)
	}
	code(t, h.UnregisterDevice(ctx, mine.ID), fault.DeviceUnknown)
}
