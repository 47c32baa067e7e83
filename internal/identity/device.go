package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

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
	maxPushToken  = 4096
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
	if len(in.AppVersion) > maxAppVersion {
		return nil, fault.BadInput("appVersion", "版本号过长。", "The version is too long.")
	}
	registered, err := a.upsert(ctx, v.PersonID, in)
	if err != nil {
		return nil, fmt.Errorf("register device: %w", err)
	}
	return registered, nil
}

func (a *Accounts) upsert(ctx context.Context, personID string, in Installation) (registered *db.Device, err error) {
	sum := sha256.Sum256([]byte(in.PushToken))
	hash, now := hex.EncodeToString(sum[:]), a.Clock.Now()
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		if err := a.Store.Lock(ctx, "push token "+hash); err != nil {
			return err
		}
		system := viewer.AsSystem(ctx, "a push token moves to whoever registers it, also from another person")
		found, err := a.DB.Device.Query().Where(device.PushTokenHash(hash)).Only(system)
		if err == nil && found.PersonID == personID {
			registered, err = found.Update().
				SetPlatform(in.Platform).SetAppVersion(in.AppVersion).SetLastSeenAt(now).Save(system)
			return err
		}
		if err == nil {
			// The row goes too: an id the former owner knows must not come to mean somebody else's phone.
			err = a.DB.Device.DeleteOne(found).Exec(system)
		}
		if err != nil && !db.IsNotFound(err) {
			return err
		}
		registered, err = a.DB.Device.Create().
			SetPersonID(personID).SetPlatform(in.Platform).SetPushToken(in.PushToken).SetPushTokenHash(hash).
			SetAppVersion(in.AppVersion).SetLastSeenAt(now).Save(system)
		return err
	})
	return registered, err
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
