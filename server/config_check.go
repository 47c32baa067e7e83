package main

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"citygraph/internal/blobstore"
	"citygraph/internal/delivery"
	"citygraph/internal/paycode"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/transit"
	"citygraph/internal/vault"
)

// minKey is the fewest bytes of a signing key: the output size of SHA-256.
const minKey = 32

// checker collects problems, so that an operator sees all of them at once.
type checker struct{ found Problems }

func (k *checker) require(ok bool, variable, reason string) {
	if !ok {
		k.found = append(k.found, Problem{variable, reason})
	}
}

// problems checks every setting and what they mean together.
func (c Config) problems() Problems {
	var k checker
	k.require(c.Environment == Development || c.Environment == Production,
		"APP_ENV", "must be development or production")
	c.HTTP.check(&k)
	c.Storage.check(&k)
	c.SignIn.check(&k)
	c.Personal.check(&k)
	c.Card.check(&k)
	c.Health.check(&k)
	c.Transit.check(&k)
	c.ClinicDay.check(&k)
	c.School.check(&k)
	c.Help.check(&k)
	c.Booking.check(&k)
	c.Firebase.check(&k)
	c.Wechat.check(&k)
	c.checkWechatPay(&k)
	c.Telemetry.check(&k)
	if c.IsProduction() {
		c.refuseUnsafe(&k)
	}
	return k.found
}

// refuseUnsafe holds production to settings that cannot let a stranger in or lose an acknowledged row.
func (c Config) refuseUnsafe(k *checker) {
	k.require(string(c.SignIn.SigningKey) != developmentDefault("TOKEN_SIGNING_KEY"), "TOKEN_SIGNING_KEY", "is the development default; production needs a key of its own")
	k.require(string(c.SignIn.CursorKey) != developmentDefault("TOKEN_SIGNING_KEY"), "CURSOR_KEY", "is the development default; production needs a key of its own")
	k.require(string(c.Personal.Keys) != developmentDefault("PERSONAL_DATA_KEYS"), "PERSONAL_DATA_KEYS", "is the development default; production needs keys of its own")
	k.require(string(c.Personal.IndexKey) != developmentDefault("BLIND_INDEX_KEY"), "BLIND_INDEX_KEY", "is the development default; production needs a key of its own")
	k.require(!strings.Contains(string(c.Transit.Operators), developmentDefault("TOKEN_SIGNING_KEY")), "TRANSIT_OPERATORS", "has the development key; production needs keys of its own")
	k.require(!c.SignIn.DevelopmentOn, "DEV_SIGN_IN", "lets anyone be anyone; it must be off in production")
	k.require(!c.Graph.Introspection, "INTROSPECTION", "shows the whole schema; it must be off in production")
	k.require(c.Firebase.EmulatorHost == "", "FIREBASE_AUTH_EMULATOR_HOST", "accepts unsigned tokens; it must be unset in production")
	k.require(slices.Contains([]string{"FULL", "EXTRA"}, strings.ToUpper(c.Storage.SQLiteSynchronous)),
		"SQLITE_SYNCHRONOUS", "must be FULL or EXTRA in production, or a power cut loses acknowledged rows")
	k.require(!strings.HasPrefix(c.Storage.BlobURL, "mem:"), "BLOB_URL", "keeps files in memory, where other replicas do not find them")
	k.require(c.Personal.DeletionGrace >= 24*time.Hour, "ACCOUNT_DELETION_GRACE", "must be at least 24h in production, or whoever asks by mistake cannot take it back")
	const onlyTLS = "must be https:// in production"
	k.require(c.HTTP.PublicURL == "" || isRemote(c.HTTP.PublicURL, "https"), "PUBLIC_URL", onlyTLS)
	k.require(c.Firebase.FCMEndpoint == "" || isRemote(c.Firebase.FCMEndpoint, "https"), "FCM_ENDPOINT", onlyTLS)
	k.require(isRemote(c.Firebase.KeysURL, "https"), "FIREBASE_KEYS_URL", onlyTLS)
	k.require(c.Firebase.AuthEndpoint == "" || isRemote(c.Firebase.AuthEndpoint, "https"), "FIREBASE_AUTH_ENDPOINT", onlyTLS)
	k.require(c.Firebase.ProjectID == "" || c.Firebase.CredentialsFile != "" || c.Firebase.CredentialsJSON != "",
		"FIREBASE_PROJECT_ID", "needs FIREBASE_CREDENTIALS_FILE in production, or an account revoked in Firebase goes on for an hour")
	k.require(isRemote(c.Wechat.BaseURL, "https"), "WECHAT_BASE_URL", onlyTLS)
	k.require(c.WechatPay.APIAddress == wechatpay.DefaultBaseURL, "WECHAT_PAY_BASE_URL", "must not be set in production")
	k.require(c.WechatPay.MerchantID == "" || isRemote(c.notifyURL(), "https"), "WECHAT_PAY_NOTIFY_URL", onlyTLS)
}

// developmentDefault is the published default of a variable.
func developmentDefault(name string) string {
	list := variables(Development)
	i := slices.IndexFunc(list, func(v variable) bool { return v.name == name })
	return list[i].fallback
}

func (h HTTPConfig) check(k *checker) {
	k.require(isListenAddress(h.Addr), "HTTP_ADDR", "must be host:port or :port")
	k.require(h.AdminAddr == "" || isListenAddress(h.AdminAddr), "ADMIN_ADDR", "must be host:port, or empty to turn it off")
	k.require(h.AdminAddr != h.Addr || strings.HasSuffix(h.Addr, ":0"), "ADMIN_ADDR", "must differ from HTTP_ADDR, because pprof must not be public")
	k.require(h.PublicURL == "" || isOrigin(h.PublicURL), "PUBLIC_URL", "must be a scheme and host such as https://city.example.cn, without a path")
	for _, origin := range h.PublicOrigins {
		k.require(isOrigin(origin), "PUBLIC_ORIGINS", "must be origins such as https://app.example.cn, without a path or *")
	}
	k.require(h.MaxBody >= 1024 && h.MaxBody <= 64<<20, "MAX_BODY_BYTES", "must be between 1024 and 67108864")
	k.require(h.MaxHeader >= 4096 && h.MaxHeader <= 1<<20, "MAX_HEADER_BYTES", "must be between 4096 and 1048576")
	k.require(h.RequestTimeout > 0 && h.RequestTimeout <= 5*time.Minute, "REQUEST_TIMEOUT", "must be more than 0 and at most 5m")
	k.require(h.DrainDelay >= 0 && h.DrainDelay <= time.Minute, "DRAIN_DELAY", "must be between 0s and 1m")
	k.require(h.Shutdown > 0 && h.Shutdown <= 10*time.Minute, "SHUTDOWN_TIMEOUT", "must be more than 0 and at most 10m")
}

func (s StorageConfig) check(k *checker) {
	k.require(s.DataDir != "", "DATA_DIR", "must name a folder")
	_, _, ok := s.Database()
	k.require(ok, "DATABASE_URL", "must be postgres://user@host/name, sqlite://path or file:path")
	k.require(s.BlobURL == "" || blobstore.Known(s.BlobURL), "BLOB_URL", "must be s3://bucket?region=…, file:///path or empty")
	k.require(s.RedisURL == "" || isRemote(s.RedisURL, "redis", "rediss"), "REDIS_URL", "must be redis://host:port or rediss://host:port")
	k.require(slices.Contains([]string{"OFF", "NORMAL", "FULL", "EXTRA"}, strings.ToUpper(s.SQLiteSynchronous)),
		"SQLITE_SYNCHRONOUS", "must be FULL or EXTRA")
	k.require(s.MaxConns >= 0 && s.MaxConns <= 1000, "DB_MAX_CONNS", "must be between 0 and 1000")
}

func (s SignInConfig) check(k *checker) {
	k.require(len(s.SigningKey) >= minKey, "TOKEN_SIGNING_KEY", "must be set to at least 32 bytes, such as the output of: openssl rand -hex 32")
	k.require(s.CursorKey == "" || len(s.CursorKey) >= minKey, "CURSOR_KEY", "must be at least 32 bytes, or empty")
	_, err := s.PayCodeRing()
	k.require(err == nil, "PAY_CODE_KEYS", "must be suite:base64 by comma, suite ed25519 or sm2, each key 32 bytes, such as the output of: echo ed25519:$(openssl rand -base64 32)")
	k.require(s.AccessTTL >= time.Minute && s.AccessTTL <= 24*time.Hour, "ACCESS_TOKEN_TTL", "must be between 1m and 24h")
	k.require(s.RefreshTTL > s.AccessTTL && s.RefreshTTL <= 8760*time.Hour, "REFRESH_TOKEN_TTL", "must be longer than ACCESS_TOKEN_TTL and at most 8760h")
}

func (p PersonalConfig) check(k *checker) {
	_, err := vault.ParseRing(string(p.Keys))
	k.require(err == nil, "PERSONAL_DATA_KEYS", "must be id:base64 by comma, each key 32 bytes, such as the output of: echo 2026:$(openssl rand -base64 32)")
	k.require(len(p.IndexKey) >= minKey, "BLIND_INDEX_KEY", "must be set to at least 32 bytes, such as the output of: openssl rand -hex 32")
	_, err = vault.SuiteNamed(p.Suite)
	k.require(err == nil, "PERSONAL_DATA_SUITE", "must be AES-256-GCM or SM4-GCM")
	_, ok := p.Joint()
	k.require(ok, "JOINT_CONSENT_SCOPES", "must be scopes of delegations by comma, such as READ_RECORD,PAY")
	k.require(p.DeletionGrace >= 0 && p.DeletionGrace <= 90*24*time.Hour, "ACCOUNT_DELETION_GRACE", "must be between 0s and 2160h")
}

func (t TransitConfig) check(k *checker) {
	_, err := transit.ParseOperators(string(t.Operators))
	k.require(err == nil, "TRANSIT_OPERATORS", "must be id=Chinese name,English name,key by semicolon, each key 32 characters or more, such as the output of: openssl rand -hex 32")
	k.require(t.Codes >= 1 && t.Codes <= 50, "TRANSIT_CODES", "must be between 1 and 50")
	k.require(t.Out >= t.Codes && t.Out <= 100, "TRANSIT_CODES_OUT", "must be between TRANSIT_CODES and 100")
	k.require(t.Life >= time.Hour && t.Life <= paycode.LongestLife && t.Life%time.Hour == 0, "TRANSIT_CODE_TTL", "must be whole hours, between 1h and 255h")
	k.require(t.FareCap >= 1 && t.FareCap <= 100_00, "TRANSIT_FARE_CAP_FEN", "must be between 1 and 10000")
	k.require(t.Within >= time.Hour && t.Within <= 30*24*time.Hour, "TRANSIT_UPLOAD_WITHIN", "must be between 1h and 720h")
	k.require(t.PersonOwes >= 0, "TRANSIT_PERSON_OWES_FEN", "must not be negative")
	k.require(t.CityOwes >= 0, "TRANSIT_CITY_OWES_FEN", "must not be negative")
}

func (f FirebaseConfig) check(k *checker) {
	k.require(f.CredentialsFile == "" || f.CredentialsJSON == "", "FIREBASE_CREDENTIALS_JSON", "must be empty when FIREBASE_CREDENTIALS_FILE is set")
	k.require(isRemote(f.KeysURL, "http", "https"), "FIREBASE_KEYS_URL", "must be an http(s) address")
	k.require(f.AuthEndpoint == "" || isRemote(f.AuthEndpoint, "http", "https"), "FIREBASE_AUTH_ENDPOINT", "must be an http(s) address")
	k.require(f.FCMEndpoint == "" || isRemote(f.FCMEndpoint, "http", "https"), "FCM_ENDPOINT", "must be an http(s) address")
}

func (w WechatConfig) check(k *checker) {
	k.require((w.AppID == "") == (w.AppSecret == ""), "WECHAT_APP_SECRET", "must be set together with WECHAT_APP_ID")
	_, err := delivery.ParseTemplates(w.Templates)
	k.require(err == nil, "WECHAT_TEMPLATES", "must be topic=template:title,body,time by semicolon, such as CITY_CASE=Ab3x:thing1,thing2,time3")
	k.require(isRemote(w.BaseURL, "http", "https"), "WECHAT_BASE_URL", "must be an http(s) address")
}

func (t TelemetryConfig) check(k *checker) {
	k.require(slices.Contains([]string{"debug", "info", "warn", "error"}, t.LogLevel), "LOG_LEVEL", "must be debug, info, warn or error")
	k.require(slices.Contains([]string{"", "json", "console"}, t.LogFormat), "LOG_FORMAT", "must be json or console")
	k.require(t.OTLPEndpoint == "" || isRemote(t.OTLPEndpoint, "http", "https"), "OTEL_EXPORTER_OTLP_ENDPOINT", "must be an http(s) address")
}

func isListenAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isRemote(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
}

func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isRemote(s, "http", "https") && u.User == nil && s == u.Scheme+"://"+u.Host
}

func (c CardConfig) check(k *checker) {
	k.require(c.TopUpMost >= 1 && c.TopUpMost <= 10_000_00, "TOP_UP_MAX_FEN", "must be between 1 and 1000000")
	k.require(c.TopUpLife >= time.Minute && c.TopUpLife <= 24*time.Hour, "TOP_UP_TTL", "must be between 1m and 24h")
	k.require(c.CapNobodys >= 1 && c.CapNobodys <= c.CapNamed, "CARD_CAP_ANONYMOUS_FEN", "must be between 1 and CARD_CAP_NAMED_FEN")
	k.require(c.HoldLife >= time.Minute && c.HoldLife <= 30*24*time.Hour, "CARD_HOLD_TTL", "must be between 1m and 720h")
	k.require(c.LowBalance >= 0, "CARD_LOW_BALANCE_FEN", "must not be negative")
	k.require(c.CreditCap >= 1 && c.CreditCap <= 100_000_00, "CREDIT_LINE_CAP_FEN", "must be between 1 and 10000000")
	k.require(c.CreditDays >= 1 && c.CreditDays <= 365, "CREDIT_LINE_DUE_DAYS", "must be between 1 and 365")
	k.require(c.CreditNotice >= 1 && c.CreditNotice <= c.CreditDays, "CREDIT_LINE_NOTICE_DAYS", "must be between 1 and CREDIT_LINE_DUE_DAYS")
	k.require(c.InsurancePatience >= 10*time.Millisecond && c.InsurancePatience <= 2*time.Second, "INSURANCE_TIMEOUT", "must be between 10ms and 2s")
	k.require(c.BillDays >= 1 && c.BillDays <= 365, "BILL_DUE_DAYS", "must be between 1 and 365")
}

func (h HealthConfig) check(k *checker) {
	k.require(h.RecordDays >= 1 && h.RecordDays <= 90, "HEALTH_RECORD_DAYS", "must be between 1 and 90")
}

func (h HelpConfig) check(k *checker) {
	k.require(h.Clinic >= 30*time.Second && h.Clinic <= 30*time.Minute, "HELP_TELL_CLINIC_AFTER", "must be between 30s and 30m")
	k.require(h.Everyone > h.Clinic && h.Everyone <= time.Hour, "HELP_TELL_ALL_AFTER", "must be longer than HELP_TELL_CLINIC_AFTER, and 1h at most")
	k.require(h.Again >= time.Minute && h.Again <= time.Hour, "HELP_TELL_AGAIN_EVERY", "must be between 1m and 1h")
}
