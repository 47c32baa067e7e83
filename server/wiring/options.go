package wiring

import (
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db/notification"
	"citygraph/internal/blobstore"
	"citygraph/internal/card"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clinic/care"
	"citygraph/internal/clinic/day"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/internal/edge"
	"citygraph/internal/firebase"
	"citygraph/internal/identity"
	"citygraph/internal/insurance"
	"citygraph/internal/observe"
	"citygraph/internal/paycode"
	"citygraph/internal/payment"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/push"
	"citygraph/internal/redisx"
	"citygraph/internal/school/thread"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/transit"
	"citygraph/internal/vault"
	"citygraph/internal/wechat"
)

// CreditOptions say what a credit line is opened with; see credit.Lines.
type CreditOptions struct {
	Cap    int64 // fen
	Days   int
	Notice int
}

// Options say what a city is made of. Zero values leave a part out or take its default.
type Options struct {
	Database store.Options
	RedisURL string          // empty keeps cache, limits and wake-ups in process
	Redis    []redisx.Option // how to connect there: its defaults are for production

	SigningKey []byte // of sessions, 32 bytes or more
	CursorKey  []byte // of page cursors
	AccessTTL  time.Duration
	RefreshTTL time.Duration
	Vault      *vault.Vault // seals personal data
	PayCodes   *paycode.Ring
	LowBalance int64         // fen; see charge.Till
	HoldLife   time.Duration // of money that nobody captures; a week by default
	CardCaps   card.Caps     // five thousand and a thousand yuan by default

	// WechatPay is the merchant account, whose app is Wechat's; nil turns WeChat Pay off. Clock, log and accounts are wired here.
	WechatPay *wechatpay.Options
	Payments  []payment.Provider // others; without any, topping up is off
	TopUpMost int64              // that one top-up may be, in fen; a thousand yuan by default
	TopUpLife time.Duration      // of one that nobody pays; half an hour by default

	TransitOperators transit.Operators // who uploads rides
	TransitTerms     transit.Terms     // transit.DefaultTerms by default

	Credit CreditOptions // of credit lines; the usual ones by default

	RecordDays int           // after a visit in which its clinic may write and read health records; a week by default
	CheckInKey []byte        // of the codes at clinics' desks, 32 bytes or more
	ClinicDay  day.Rules     // day.DefaultRules by default
	HelpPace   care.Pace     // at which calls for help that nobody answers are told; the usual one by default
	Booking    booking.Terms // of clinics; booking.DefaultTerms by default

	SchoolHours thread.Hours // in which teachers are pushed to; thread.DefaultHours by default

	Insurance         insurance.Provider // nil has nobody insured
	InsurancePatience time.Duration      // that its answers are waited for; 300 ms by default
	BillDueDays       int                // from the day of a clinic's bill to when it must be paid; seven by default

	Blobs   blobstore.Options // where files are kept; memory by default
	LinkKey []byte            // of links to files, 32 bytes or more
	Base    string            // scheme and host of the city as clients see it; empty makes links relative
	Grace   time.Duration     // from asking for the end of an account to its end
	Rounds  time.Duration     // between two looks at what is due; a minute by default

	Firebase *firebase.Options // nil turns Firebase sign-in off
	// FirebaseAccounts is where revoked and disabled accounts are noticed; nil believes a token for its life.
	FirebaseAccounts *firebase.DirectoryOptions
	Wechat           *wechat.Options   // nil turns WeChat sign-in off; its token cache is wired here
	WechatAPI        wechat.API        // used instead of Wechat when set
	Verifier         identity.Verifier // nil turns real-name binding off

	JointConsent scope.Set // what every guardian of a minor must agree to give away

	Push   push.Channel                    // FCM; nil turns push to the app off
	SMS    push.SMS                        // nil turns text messages off
	Aside  func(push.Channel) push.Channel // looks at what goes through a channel, or stands for a Push that is nil; may be nil
	Places int                             // how many pushes are under way at once; push.DefaultPlaces when 0

	WechatTemplates map[notification.Topic]delivery.Template // of subscribe messages; none turns them off

	Development   bool // sign in as the cast
	Introspection bool // run any document, and answer schema queries
	Unlimited     bool // no rate limits: for benchmarks and load tests
	Origins       []string
	Documents     edge.Documents
	Address       func(*http.Request) string
	Limits        edge.Limits

	Clock   clock.Clock
	Log     zerolog.Logger
	Metrics *observe.Metrics // may be nil
}
