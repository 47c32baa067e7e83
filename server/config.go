package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"citygraph/internal/paycode"
	"citygraph/internal/scope"
	"citygraph/internal/vault"
)

// Config is everything an operator can set, read from the environment once at start. Tags say the
// rest: `default` holds everywhere, `development` replaces it outside production, `secret` keeps the
// value out of every print (`url` hides only what a URL carries besides its place), and `doc` is what
// `server config` prints. An empty variable counts as absent unless it is tagged `empty:"kept"`.
type Config struct {
	Environment Environment `env:"APP_ENV" default:"development" doc:"development or production; production refuses unsafe settings"`

	HTTP      HTTPConfig
	Storage   StorageConfig
	SignIn    SignInConfig
	Personal  PersonalConfig
	Card      CardConfig
	Transit   TransitConfig
	Health    HealthConfig
	ClinicDay ClinicDayConfig
	School    SchoolConfig
	Help      HelpConfig
	Booking   BookingConfig
	Firebase  FirebaseConfig
	Wechat    WechatConfig
	WechatPay WechatPayConfig
	Graph     GraphConfig
	Telemetry TelemetryConfig
}

// Environment is the mode the process runs in.
type Environment string

// The modes.
const (
	Development Environment = "development"
	Production  Environment = "production"
)

// HTTPConfig is where the process listens and how much it takes from one client.
type HTTPConfig struct {
	Addr           string        `env:"HTTP_ADDR" default:":8080" doc:"address of the public endpoint"`
	AdminAddr      string        `env:"ADMIN_ADDR" default:"127.0.0.1:9090" empty:"kept" doc:"address of metrics and pprof, never public; empty turns them off"`
	PublicURL      string        `env:"PUBLIC_URL" doc:"scheme and host clients reach the city at, for links to files, such as https://city.example.cn; empty makes them relative to the endpoint"`
	PublicOrigins  []string      `env:"PUBLIC_ORIGINS" doc:"browser origins that may call and open sockets, by comma, such as https://app.example.cn"`
	TrustedProxies Proxies       `env:"TRUSTED_PROXIES" doc:"proxies whose X-Forwarded-For is believed, by comma, as addresses or CIDR ranges"`
	MaxBody        int64         `env:"MAX_BODY_BYTES" default:"262144" doc:"largest request body"`
	MaxHeader      int           `env:"MAX_HEADER_BYTES" default:"16384" doc:"largest request header"`
	RequestTimeout time.Duration `env:"REQUEST_TIMEOUT" default:"10s" doc:"deadline of one query or mutation"`
	DrainDelay     time.Duration `env:"DRAIN_DELAY" default:"2s" development:"0s" doc:"how long /readyz says 503 before shutdown begins, so that balancers notice"`
	Shutdown       time.Duration `env:"SHUTDOWN_TIMEOUT" default:"20s" doc:"how long requests and jobs may take to finish at shutdown"`
}

// StorageConfig is where rows and shared short-lived state are kept.
type StorageConfig struct {
	DataDir           string `env:"DATA_DIR" default:"./data" doc:"folder of the embedded database and of files"`
	DatabaseURL       string `env:"DATABASE_URL" secret:"url" doc:"postgres://…, sqlite://path or file:path; empty is SQLite under DATA_DIR"`
	SQLiteSynchronous string `env:"SQLITE_SYNCHRONOUS" default:"FULL" doc:"FULL or EXTRA; OFF and NORMAL can lose acknowledged rows and are refused in production"`
	MaxConns          int    `env:"DB_MAX_CONNS" default:"0" doc:"largest number of database connections; 0 is two for each core"`
	BlobURL           string `env:"BLOB_URL" secret:"url" doc:"bucket of files such as data exports, s3://bucket?region=…, shared by replicas; empty keeps them under DATA_DIR"`
	RedisURL          string `env:"REDIS_URL" secret:"url" doc:"redis://… or rediss://…, shared by replicas; empty keeps cache, limits and wake-ups in process"`
}

// SignInConfig is how sessions are issued.
type SignInConfig struct {
	SigningKey    Secret        `env:"TOKEN_SIGNING_KEY" secret:"true" development:"unsafe-development-key-never-use-in-production" doc:"key that signs access tokens, 32 bytes or more"`
	CursorKey     Secret        `env:"CURSOR_KEY" secret:"true" doc:"key that seals page cursors, 32 bytes or more; empty derives it from TOKEN_SIGNING_KEY"`
	PayCodeKeys   Secret        `env:"PAY_CODE_KEYS" secret:"true" doc:"keys that sign pay codes, as suite:base64 by comma, suite ed25519 or sm2, 32 bytes each; the first signs, all are published for gates; empty derives one from TOKEN_SIGNING_KEY"`
	AccessTTL     time.Duration `env:"ACCESS_TOKEN_TTL" default:"15m" doc:"life of an access token"`
	RefreshTTL    time.Duration `env:"REFRESH_TOKEN_TTL" default:"720h" doc:"life of a refresh token, renewed at each use"`
	DevelopmentOn bool          `env:"DEV_SIGN_IN" default:"false" development:"true" doc:"sign in as the named cast without proof; refused in production"`
}

// PersonalConfig is how personal data are sealed.
type PersonalConfig struct {
	Keys     Secret `env:"PERSONAL_DATA_KEYS" secret:"true" development:"development:dW5zYWZlLWRldmVsb3BtZW50LWtleS1uZXZlci11c2U=" doc:"keys that wrap the data keys of people, as id:base64 by comma, 32 bytes each; the first seals, all open; after a change run server keys rotate"`
	IndexKey Secret `env:"BLIND_INDEX_KEY" secret:"true" development:"unsafe-development-key-never-use-in-production" doc:"key of the look-up of id numbers, 32 bytes or more; it never changes"`
	Suite    string `env:"PERSONAL_DATA_SUITE" default:"AES-256-GCM" doc:"cipher of new values, AES-256-GCM or SM4-GCM; all open"`

	JointConsent  []string      `env:"JOINT_CONSENT_SCOPES" default:"READ_RECORD,PAY" doc:"what a minor's delegate may do only if every guardian consents, by comma, as scopes of delegations"`
	DeletionGrace time.Duration `env:"ACCOUNT_DELETION_GRACE" default:"360h" doc:"from asking for the deletion of an account to its end, while it can be taken back"`
}

// CardConfig is what holds for citizen cards.
type CardConfig struct {
	TopUpMost  int64         `env:"TOP_UP_MAX_FEN" default:"100000" doc:"the most that one top-up of a citizen card may be, in fen"`
	TopUpLife  time.Duration `env:"TOP_UP_TTL" default:"30m" doc:"from ordering a top-up to its being closed, when nobody pays"`
	CapNamed   int64         `env:"CARD_CAP_NAMED_FEN" default:"500000" doc:"the most that a card bound to a person may hold, in fen; cards issued before keep theirs"`
	CapNobodys int64         `env:"CARD_CAP_ANONYMOUS_FEN" default:"100000" doc:"the most that a card bound to nobody may hold, in fen; cards issued before keep theirs"`
	HoldLife   time.Duration `env:"CARD_HOLD_TTL" default:"168h" doc:"from a merchant's holding money on a card to its being let go, when nobody captures it"`
	LowBalance int64         `env:"CARD_LOW_BALANCE_FEN" default:"2000" doc:"balance below which a charge has the holder told that little is left, in fen; 0 is never"`

	CreditCap    int64 `env:"CREDIT_LINE_CAP_FEN" default:"300000" doc:"the most that may be owed on a credit line that is opened now, in fen"`
	CreditDays   int   `env:"CREDIT_LINE_DUE_DAYS" default:"30" doc:"days from the first draw on a credit line to when all that is owed must be repaid"`
	CreditNotice int   `env:"CREDIT_LINE_NOTICE_DAYS" default:"3" doc:"days before that on which the holder is told"`

	InsurancePatience time.Duration `env:"INSURANCE_TIMEOUT" default:"300ms" doc:"how long a card, or the payment of a bill, waits for the insurance bureau"`

	BillDays int `env:"BILL_DUE_DAYS" default:"7" doc:"days from the day on which a clinic issues a bill to when it must be paid"`
}

// HealthConfig is what holds for health records.
type HealthConfig struct {
	RecordDays int `env:"HEALTH_RECORD_DAYS" default:"7" doc:"days after the end of a visit in which its clinic may still write and read health records for it"`
}

// TransitConfig is what holds for rides with codes that were fetched before. A stolen phone can ride for TRANSIT_CODES_OUT
// times TRANSIT_FARE_CAP_FEN at most.
type TransitConfig struct {
	Operators  Secret        `env:"TRANSIT_OPERATORS" secret:"true" development:"bus=杭州公交,Hangzhou Bus,unsafe-development-key-never-use-in-production" doc:"who uploads rides, as id=Chinese name,English name,key by semicolon, each key 32 characters or more; empty takes none"`
	Codes      int           `env:"TRANSIT_CODES" default:"10" doc:"codes of a batch for gates without a network"`
	Out        int           `env:"TRANSIT_CODES_OUT" default:"20" doc:"codes of one card that are good and not used, at most"`
	Life       time.Duration `env:"TRANSIT_CODE_TTL" default:"24h" doc:"life of such a code, in whole hours"`
	FareCap    int64         `env:"TRANSIT_FARE_CAP_FEN" default:"1500" doc:"the most that one ride with such a code may cost, in fen"`
	Within     time.Duration `env:"TRANSIT_UPLOAD_WITHIN" default:"72h" doc:"from a scan to its upload; later ones are refused"`
	PersonOwes int64         `env:"TRANSIT_PERSON_OWES_FEN" default:"6000" doc:"the most that one person may owe for rides, in fen; 0 is nothing"`
	CityOwes   int64         `env:"TRANSIT_CITY_OWES_FEN" default:"10000000" doc:"the most that all people together may owe for rides, in fen; 0 is nothing"`
}

// HelpConfig is how fast a call for help that nobody answers is told to more people.
type HelpConfig struct {
	Clinic   time.Duration `env:"HELP_TELL_CLINIC_AFTER" default:"2m" doc:"from a call for help that nobody answers to its being told to all the staff of the clinic"`
	Everyone time.Duration `env:"HELP_TELL_ALL_AFTER" default:"5m" doc:"from such a call to its being told again to those who act for the person, with the staff"`
	Again    time.Duration `env:"HELP_TELL_AGAIN_EVERY" default:"5m" doc:"from then on between one telling and the next, three times more"`
}

// FirebaseConfig is the project that knows the citizen app's users and carries its pushes.
type FirebaseConfig struct {
	ProjectID       string `env:"FIREBASE_PROJECT_ID" doc:"project whose ID tokens are accepted; empty turns Firebase sign-in off"`
	CredentialsFile string `env:"FIREBASE_CREDENTIALS_FILE" doc:"service account file, for FCM and to notice accounts that were revoked or disabled; production needs it with a project"`
	CredentialsJSON Secret `env:"FIREBASE_CREDENTIALS_JSON" secret:"true" doc:"the service account itself, where files are awkward"`
	KeysURL         string `env:"FIREBASE_KEYS_URL" default:"https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com" doc:"where the keys of ID tokens are published, as a JWK set"`
	EmulatorHost    string `env:"FIREBASE_AUTH_EMULATOR_HOST" doc:"Firebase emulator, whose tokens are unsigned; refused in production"`
	AuthEndpoint    string `env:"FIREBASE_AUTH_ENDPOINT" secret:"url" doc:"replaces the address where accounts are looked up, to notice those revoked or disabled, for tests and relays; https only in production"`
	FCMEndpoint     string `env:"FCM_ENDPOINT" secret:"url" doc:"replaces the FCM address, for tests and relays; https only in production"`
}

// WechatConfig is the mini-programs' app account.
type WechatConfig struct {
	AppID     string `env:"WECHAT_APP_ID" doc:"app id of the mini-program; empty turns WeChat sign-in off"`
	AppSecret Secret `env:"WECHAT_APP_SECRET" secret:"true" doc:"app secret of the mini-program"`
	Templates string `env:"WECHAT_TEMPLATES" development:"CITY_CASE=development-city-case:thing1,thing2,time3" doc:"subscribe messages, as topic=template:title,body,time by semicolon with the keys of the template's fields, such as CITY_CASE=Ab3x:thing1,thing2,time3; empty sends none"`
	BaseURL   string `env:"WECHAT_BASE_URL" default:"https://api.weixin.qq.com" secret:"url" doc:"address of the WeChat API; https only in production"`
}

// WechatPayConfig is the merchant account at WeChat Pay to which WECHAT_APP_ID is bound.
type WechatPayConfig struct {
	MerchantID    string `env:"WECHAT_PAY_MCH_ID" doc:"merchant number at WeChat Pay; empty turns topping up through it off"`
	Serial        string `env:"WECHAT_PAY_SERIAL" doc:"serial number of the merchant's API certificate"`
	KeyFile       string `env:"WECHAT_PAY_PRIVATE_KEY_FILE" doc:"private key of the merchant's API certificate, a PEM file (apiclient_key.pem)"`
	KeyPEM        Secret `env:"WECHAT_PAY_PRIVATE_KEY" secret:"true" doc:"the private key itself, where files are awkward"`
	APIv3Key      Secret `env:"WECHAT_PAY_APIV3_KEY" secret:"true" doc:"APIv3 key of the merchant, 32 bytes: opens certificates and notices"`
	PublicKeyID   string `env:"WECHAT_PAY_PUBLIC_KEY_ID" doc:"PUB_KEY_ID_… of WeChat Pay's public key, for merchants that were given one; empty relies on platform certificates"`
	PublicKeyFile string `env:"WECHAT_PAY_PUBLIC_KEY_FILE" doc:"that public key, a PEM file (pub_key.pem)"`
	NotifyURL     string `env:"WECHAT_PAY_NOTIFY_URL" doc:"address at which WeChat Pay finds /payments/wechat/notify; empty is PUBLIC_URL with that path"`
	APIAddress    string `env:"WECHAT_PAY_BASE_URL" default:"https://api.mch.weixin.qq.com" secret:"url" doc:"address of WeChat Pay; another one for tests, in development only"`
}

// GraphConfig is what the GraphQL endpoint tells about itself.
type GraphConfig struct {
	Introspection bool `env:"INTROSPECTION" default:"false" development:"true" doc:"answer schema queries and run documents outside the manifest; refused in production"`
}

// TelemetryConfig is what operators see.
type TelemetryConfig struct {
	LogLevel     string `env:"LOG_LEVEL" default:"info" doc:"debug, info, warn or error"`
	LogFormat    string `env:"LOG_FORMAT" doc:"json or console; empty is console in development on a terminal, else json"`
	OTLPEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" secret:"url" doc:"OpenTelemetry collector over HTTP, such as http://collector:4318; empty turns traces off"`
}

// IsProduction reports whether unsafe settings are refused.
func (c Config) IsProduction() bool { return c.Environment == Production }

// Database returns where rows are kept: dialect "postgres" with its URL, or "sqlite" with a file path.
// It is false when DATABASE_URL is neither.
func (s StorageConfig) Database() (dialect, place string, ok bool) {
	if s.DatabaseURL == "" {
		return "sqlite", filepath.Join(s.DataDir, "citygraph.db"), true
	}
	for _, scheme := range []string{"sqlite://", "file:"} {
		if path, found := strings.CutPrefix(s.DatabaseURL, scheme); found {
			return "sqlite", path, path != "" && !strings.Contains(path, "?")
		}
	}
	return "postgres", s.DatabaseURL, isRemote(s.DatabaseURL, "postgres", "postgresql")
}

// CursorSealKey returns the 32 byte key of page cursors.
func (s SignInConfig) CursorSealKey() ([]byte, error) {
	source := s.CursorKey
	if source == "" {
		source = s.SigningKey
	}
	return derived(source, "citygraph page cursors")
}

// LinkKey returns the 32 byte key of links to files.
func (s SignInConfig) LinkKey() ([]byte, error) { return derived(s.SigningKey, "citygraph file links") }

// PayCodeRing returns the keys of pay codes.
func (s SignInConfig) PayCodeRing() (*paycode.Ring, error) {
	if s.PayCodeKeys == "" {
		seed, err := derived(s.SigningKey, "citygraph pay codes")
		if err != nil {
			return nil, err
		}
		return paycode.NewRing(seed), nil
	}
	ring, err := paycode.ParseRing(string(s.PayCodeKeys))
	if err != nil {
		return nil, fmt.Errorf("PAY_CODE_KEYS: %w", err)
	}
	return ring, nil
}

// CheckInKey returns the 32 byte key of the codes at clinics' desks.
func (s SignInConfig) CheckInKey() ([]byte, error) {
	return derived(s.SigningKey, "citygraph check-in codes")
}

func derived(source Secret, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(source), nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of %s: %w", purpose, err)
	}
	return key, nil
}

// Joint returns the scopes every guardian must agree to give away; false when one is unknown.
func (p PersonalConfig) Joint() (joint scope.Set, ok bool) {
	for _, name := range p.JointConsent {
		s := scope.Scope(strings.TrimSpace(name))
		if !s.IsValid() {
			return 0, false
		}
		joint |= scope.Of(s)
	}
	return joint, true
}

// Vault returns what seals personal data by the settings.
func (p PersonalConfig) Vault() (*vault.Vault, error) {
	ring, err := vault.ParseRing(string(p.Keys))
	if err != nil {
		return nil, fmt.Errorf("PERSONAL_DATA_KEYS: %w", err)
	}
	suite, err := vault.SuiteNamed(p.Suite)
	if err != nil {
		return nil, fmt.Errorf("PERSONAL_DATA_SUITE: %w", err)
	}
	return vault.New(ring, suite, []byte(p.IndexKey))
}

// Secret is a value that no formatter prints. Convert it to string where it is used.
type Secret string

const hidden = "[redacted]"

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

var _ encoding.TextMarshaler = Secret("")

// MarshalText hides the value from JSON and loggers.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
