package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"citygraph/internal/blobstore"
	"citygraph/internal/card"
	"citygraph/internal/clinic/care"
	"citygraph/internal/delivery"
	"citygraph/internal/edge"
	"citygraph/internal/firebase"
	"citygraph/internal/identity"
	bureau "citygraph/internal/insurance/sandbox"
	"citygraph/internal/observe"
	"citygraph/internal/payment"
	"citygraph/internal/payment/sandbox"
	"citygraph/internal/push"
	"citygraph/internal/store"
	"citygraph/internal/transit"
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
	linkKey, err := cfg.SignIn.LinkKey()
	if err != nil {
		return wiring.Options{}, err
	}
	checkInKey, err := cfg.SignIn.CheckInKey()
	if err != nil {
		return wiring.Options{}, err
	}
	sealing, err := cfg.Personal.Vault()
	if err != nil {
		return wiring.Options{}, err
	}
	ring, err := cfg.SignIn.PayCodeRing()
	if err != nil {
		return wiring.Options{}, err
	}
	operators, err := transit.ParseOperators(string(cfg.Transit.Operators))
	if err != nil {
		return wiring.Options{}, fmt.Errorf("TRANSIT_OPERATORS: %w", err)
	}
	joint, _ := cfg.Personal.Joint() // checked when the settings were loaded
	o := wiring.Options{
		Database: databaseOptions(cfg), RedisURL: cfg.Storage.RedisURL,
		SigningKey: []byte(cfg.SignIn.SigningKey), CursorKey: cursorKey,
		AccessTTL: cfg.SignIn.AccessTTL, RefreshTTL: cfg.SignIn.RefreshTTL,
		Vault: sealing, JointConsent: joint, PayCodes: ring,
		TopUpMost: cfg.Card.TopUpMost, TopUpLife: cfg.Card.TopUpLife, LowBalance: cfg.Card.LowBalance, HoldLife: cfg.Card.HoldLife,
		CardCaps:         card.Caps{Named: cfg.Card.CapNamed, Anonymous: cfg.Card.CapNobodys},
		TransitOperators: operators, TransitTerms: cfg.Transit.terms(),
		Credit:            wiring.CreditOptions{Cap: cfg.Card.CreditCap, Days: cfg.Card.CreditDays, Notice: cfg.Card.CreditNotice},
		CheckInKey:        checkInKey,
		ClinicDay:         cfg.ClinicDay.rules(),
		SchoolHours:       cfg.School.hours(),
		HelpPace:          care.Pace{Clinic: cfg.Help.Clinic, Everyone: cfg.Help.Everyone, Again: cfg.Help.Again},
		RecordDays:        cfg.Health.RecordDays,
		InsurancePatience: cfg.Card.InsurancePatience, BillDueDays: cfg.Card.BillDays,
		Booking: cfg.Booking.terms(),
		Blobs:   blobstore.Options{URL: cfg.Storage.BlobURL, Dir: filepath.Join(cfg.Storage.DataDir, "files")},
		LinkKey: linkKey, Base: cfg.HTTP.PublicURL, Grace: cfg.Personal.DeletionGrace,
		Development: cfg.SignIn.DevelopmentOn, Introspection: cfg.Graph.Introspection,
		Origins: cfg.HTTP.PublicOrigins, Address: clientAddress,
		Limits: edge.Limits{BodyBytes: int(cfg.HTTP.MaxBody), Timeout: cfg.HTTP.RequestTimeout},
		Log:    log,
	}
	if cfg.SignIn.DevelopmentOn {
		o.Verifier = identity.Sandbox{}
		o.SMS = push.SandboxSMS{Log: log}
		o.Payments = []payment.Provider{sandbox.Provider{}}
		o.Insurance = bureau.New()
	}
	if cfg.Firebase.ProjectID != "" {
		o.Firebase = &firebase.Options{
			ProjectID: cfg.Firebase.ProjectID, KeysURL: cfg.Firebase.KeysURL, Log: log,
			Emulator: cfg.Firebase.EmulatorHost != "",
		}
	}
	credentials, err := firebaseCredentials(cfg.Firebase)
	if err != nil {
		return wiring.Options{}, err
	}
	o.FirebaseAccounts = firebaseAccounts(cfg.Firebase, credentials)
	switch {
	case cfg.Wechat.AppID != "":
		o.Wechat = &wechat.Options{
			AppID: cfg.Wechat.AppID, Secret: wechat.NewSecret(string(cfg.Wechat.AppSecret)), BaseURL: cfg.Wechat.BaseURL,
		}
	case cfg.SignIn.DevelopmentOn:
		o.WechatAPI = wechat.Sandbox{}
	}
	if o.WechatTemplates, err = delivery.ParseTemplates(cfg.Wechat.Templates); err != nil {
		return wiring.Options{}, fmt.Errorf("WECHAT_TEMPLATES: %w", err)
	}
	if o.WechatPay, err = wechatPay(cfg); err != nil {
		return wiring.Options{}, err
	}
	o.Push, err = pushSender(ctx, cfg.Firebase, credentials)
	return o, err
}

func (t TransitConfig) terms() transit.Terms {
	return transit.Terms{
		Codes: t.Codes, Out: t.Out, Life: t.Life, FareCap: t.FareCap, Within: t.Within, PersonOwes: t.PersonOwes, CityOwes: t.CityOwes,
	}
}

func databaseOptions(cfg Config) store.Options {
	dialect, place, _ := cfg.Storage.Database() // checked when the settings were loaded
	url := place
	if dialect == "sqlite" {
		url = "sqlite://" + place
	}
	return store.Options{URL: url, Synchronous: cfg.Storage.SQLiteSynchronous, MaxConns: cfg.Storage.MaxConns}
}

// firebaseCredentials is the service account, empty where there is none.
func firebaseCredentials(f FirebaseConfig) ([]byte, error) {
	if f.CredentialsFile == "" {
		return []byte(f.CredentialsJSON), nil
	}
	file, err := os.ReadFile(f.CredentialsFile)
	if err != nil {
		return nil, fmt.Errorf("FIREBASE_CREDENTIALS_FILE: %w", err)
	}
	return file, nil
}

// firebaseAccounts is where accounts are looked up, nil where they cannot be. The emulator's tokens are
// anybody's to make, so there is nothing to look up for them.
func firebaseAccounts(f FirebaseConfig, credentials []byte) *firebase.DirectoryOptions {
	if f.ProjectID == "" || f.EmulatorHost != "" || len(credentials) == 0 && f.AuthEndpoint == "" {
		return nil
	}
	return &firebase.DirectoryOptions{ProjectID: f.ProjectID, CredentialsJSON: credentials, Endpoint: f.AuthEndpoint}
}

// pushSender is FCM where it is configured, and nil where not.
func pushSender(ctx context.Context, f FirebaseConfig, credentials []byte) (push.Channel, error) {
	if f.ProjectID == "" || len(credentials) == 0 && f.FCMEndpoint == "" {
		return nil, nil //nolint:nilnil // no channel is a way to run
	}
	fcm, err := push.NewFCM(ctx, push.FCMOptions{
		ProjectID: f.ProjectID, CredentialsJSON: credentials, Endpoint: f.FCMEndpoint,
	})
	if err != nil {
		return nil, fmt.Errorf("set up FCM: %w", err)
	}
	return fcm, nil
}

// both sends through the second channel, and shows every message in the outbox viewer.
type both struct {
	outbox *push.Outbox
	next   push.Channel
}

// alsoInto shows in the outbox what goes through a channel; without one the outbox is the channel.
func alsoInto(outbox *push.Outbox, next push.Channel) push.Channel {
	if next == nil {
		return outbox
	}
	return both{outbox, next}
}

func (b both) Send(ctx context.Context, m push.Message) push.Result {
	b.outbox.Send(ctx, m)
	return b.next.Send(ctx, m)
}

// Probe asks the second channel where it can tell.
func (b both) Probe(ctx context.Context, token string, platform push.Platform) push.Result {
	if p, ok := b.next.(push.Prober); ok {
		return p.Probe(ctx, token, platform)
	}
	return b.outbox.Probe(ctx, token, platform)
}

// developmentAccess is how long a token printed for development lasts.
const developmentAccess = 12 * time.Hour
