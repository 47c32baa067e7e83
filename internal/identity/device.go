package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"citygraph/ent/db"
	"citygraph/ent/db/device"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Installation is what a device tells of itself.
type Installation struct {
	Platform   device.Platform
	PushToken  string
	AppVersion string
}

const (
	maxPushToken  = 4096 // bytes, as the columns count
	maxAppVersion = 32
)

// RegisterDevice makes a device reachable for the viewer, or refreshes it. A push token belongs to the
// last who registered it. Anyone signed in may. Returns UNAUTHENTICATED, BAD_USER_INPUT.
func (a *Accounts) RegisterDevice(ctx context.Context, in Installation) (*db.Device, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if in.PushToken == "" || len(in.PushToken) > maxPushToken || strings.ContainsFunc(in.PushToken, unprintable) {
		return nil, fault.BadInput("pushToken", "推送令牌无效。", "The push token is not valid.")
	}
	if len(in.AppVersion) > maxAppVersion || strings.ContainsFunc(in.AppVersion, unicode.IsControl) {
		return nil, fault.BadInput("appVersion", "版本号无效。", "The version is not valid.")
	}
	registered, err := a.claim(ctx, v.PersonID, in)
	if err != nil {
		return nil, fmt.Errorf("register device: %w", err)
	}
	return registered, nil
}

// claim makes the token the person's. Those who claim one token at once follow one another.
func (a *Accounts) claim(ctx context.Context, personID string, in Installation) (claimed *db.Device, err error) {
	sum := sha256.Sum256([]byte(in.PushToken))
	hash, now := hex.EncodeToString(sum[:]), a.Clock.Now()
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		if err := a.Store.Lock(ctx, "push token "+hash); err != nil {
			return err
		}
		system := viewer.AsSystem(ctx, "a push token moves to whoever registers it, also from another person")
		// A row of another's goes: an id its former owner knows must not come to mean somebody else's phone.
		_, err := a.DB.Device.Delete().Where(device.PushTokenHash(hash), device.PersonIDNEQ(personID)).Exec(system)
		if err != nil {
			return err
		}
		refreshed, err := a.DB.Device.Update().Where(device.PushTokenHash(hash), device.PersonID(personID)).
			SetPlatform(in.Platform).SetAppVersion(in.AppVersion).SetLastSeenAt(now).Save(system)
		if err != nil {
			return err
		}
		if refreshed > 0 {
			claimed, err = a.DB.Device.Query().Where(device.PushTokenHash(hash)).Only(system)
			return err
		}
		claimed, err = a.DB.Device.Create().
			SetPersonID(personID).SetPlatform(in.Platform).SetPushToken(in.PushToken).SetPushTokenHash(hash).
			SetAppVersion(in.AppVersion).SetLastSeenAt(now).Save(system)
		return err
	})
	return claimed, err
}

// UnregisterDevice stops push to a device of the viewer's. Returns UNAUTHENTICATED, DEVICE_UNKNOWN.
func (a *Accounts) UnregisterDevice(ctx context.Context, deviceID string) error {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return fault.New(fault.Unauthenticated)
	}
	unknown := fault.New(fault.DeviceUnknown).At("deviceId")
	if !id.Is(deviceID, id.Device) {
		return unknown
	}
	gone, err := a.DB.Device.Delete().Where(device.ID(deviceID), device.PersonID(v.PersonID)).
		Exec(viewer.AsSystem(ctx, "the condition holds it to the viewer's own devices"))
	if err != nil {
		return fmt.Errorf("unregister device: %w", err)
	}
	if gone == 0 {
		return unknown
	}
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }
