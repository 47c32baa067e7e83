package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"citygraph/internal/edge"
	"citygraph/internal/firebase"
	"citygraph/internal/identity"
	"citygraph/internal/observe"
	"citygraph/internal/push"
	"citygraph/internal/store"
	"citygraph/internal/wechat"
	"citygraph/server/wiring"
)

// service names the process in logs and traces.
const service = "citygraph"

func newLogger(cfg Config) (zerolog.Logger, error) {
	console := cfg.Telemetry.LogFormat == "console" ||
		cfg.Telemetry.LogFormat == "" && !cfg.IsProduction() && isatty.IsTerminal(os.Stderr.Fd())
	return observe.NewLogger(os.Stderr, observe.LogOptions{
		Level: cfg.Telemetry.LogLevel, Console: console, Service: service, Version: version,
	})
}

// cityOptions translates the settings for the wiring.
func cityOptions(ctx context.Context, cfg Config, log zerolog.Logger) (wiring.Options, error) {
	cursorKey, err := cfg.SignIn.CursorSealKey()
	if err != nil {
		return wiring.Options{}, err
	}
	sealing, err := cfg.Personal.Vault()
	if err != nil {
		return wiring.Options{}, err
	}
	o := wiring.Options{
		Database: databaseOptions(cfg), RedisURL: cfg.Storage.RedisURL,
		SigningKey: []byte(cfg.SignIn.SigningKey), CursorKey: cursorKey,
		AccessTTL: cfg.SignIn.AccessTTL, RefreshTTL: cfg.SignIn.RefreshTTL,
		Vault:       sealing,
		Development: cfg.SignIn.DevelopmentOn, Introspection: cfg.Graph.Introspection,
		Origins: cfg.HTTP.PublicOrigins, Address: clientAddress,
		Limits: edge.Limits{BodyBytes: int(cfg.HTTP.MaxBody), Timeout: cfg.HTTP.RequestTimeout},
		Log:    log,
	}
	if cfg.SignIn.DevelopmentOn {
		o.Verifier = identity.Sandbox{}
	}
	if cfg.Firebase.ProjectID != "" {
		o.Firebase = &firebase.Options{
			ProjectID: cfg.Firebase.ProjectID, KeysURL: cfg.Firebase.KeysURL, Log: log,
			Emulator: cfg.Firebase.EmulatorHost != "",
		}
	}
	switch {
	case cfg.Wechat.AppID != "":
		o.Wechat = &wechat.Options{
			AppID: cfg.Wechat.AppID, Secret: wechat.NewSecret(string(cfg.Wechat.AppSecret)), BaseURL: cfg.Wechat.BaseURL,
		}
	case cfg.SignIn.DevelopmentOn:
		o.WechatAPI = wechat.Sandbox{}
	}
	o.Push, err = pushSender(ctx, cfg)
	return o, err
}

func databaseOptions(cfg Config) store.Options {
	dialect, place, _ := cfg.Storage.Database() // checked when the settings were loaded
	url := place
	if dialect == "sqlite" {
		url = "sqlite://" + place
	}
	return store.Options{URL: url, Synchronous: cfg.Storage.SQLiteSynchronous, MaxConns: cfg.Storage.MaxConns}
}

// pushSender is FCM where it is configured, and nil where not.
func pushSender(ctx context.Context, cfg Config) (push.Sender, error) {
	credentials := []byte(cfg.Firebase.CredentialsJSON)
	if cfg.Firebase.CredentialsFile != "" {
		file, err := os.ReadFile(cfg.Firebase.CredentialsFile)
		if err != nil {
			return nil, fmt.Errorf("FIREBASE_CREDENTIALS_FILE: %w", err)
		}
		credentials = file
	}
	if cfg.Firebase.ProjectID == "" || len(credentials) == 0 && cfg.Firebase.FCMEndpoint == "" {
		return nil, nil //nolint:nilnil // no channel is a way to run
	}
	fcm, err := push.NewFCM(ctx, push.FCMOptions{
		ProjectID: cfg.Firebase.ProjectID, CredentialsJSON: credentials, Endpoint: cfg.Firebase.FCMEndpoint,
	})
	if err != nil {
		return nil, fmt.Errorf("set up FCM: %w", err)
	}
	return fcm, nil
}

// both sends through the second channel, and shows every message in the outbox viewer.
type both struct {
	outbox *push.Outbox
	next   push.Sender
}

// alsoInto shows in the outbox what goes through a channel; without one the outbox is the channel.
func alsoInto(outbox *push.Outbox, next push.Sender) push.Sender {
	if next == nil {
		return outbox
	}
	return both{outbox, next}
}

func (b both) Send(ctx context.Context, m push.Message) push.Result {
	b.outbox.Send(ctx, m)
	return b.next.Send(ctx, m)
}

// developmentAccess is how long a token printed for development lasts.
const developmentAccess = 12 * time.Hour
