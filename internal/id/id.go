// Package id makes the opaque identifiers of the domain: a prefix that tells the type, then a ULID
// that orders by time of creation and cannot be enumerated. Example: case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB.
package id

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Kind is the prefix of one type's ids.
type Kind string

// The kinds of ids. A prefix is part of the contract with clients and never changes.
const (
	Person          Kind = "person"
	Identity        Kind = "identity"
	Session         Kind = "session"
	Device          Kind = "device"
	StaffRole       Kind = "role"
	District        Kind = "district"
	Street          Kind = "street"
	CitizenCard     Kind = "card"
	Clinic          Kind = "clinic"
	Department      Kind = "department"
	School          Kind = "school"
	ScenicSpot      Kind = "spot"
	CaseCategory    Kind = "category"
	CityCase        Kind = "case"
	CaseEvent       Kind = "event"
	CaseSupporter   Kind = "support"
	CasePhoto       Kind = "photo"
	CityFacility    Kind = "facility"
	SensorAlarm     Kind = "alarm"
	Notification    Kind = "notice"
	DeliveryAttempt Kind = "attempt"
	Idempotency     Kind = "idem"
	AuditEvent      Kind = "audit"
	PersonalData    Kind = "personal"
	Delegation      Kind = "delegation"
	Guardianship    Kind = "guardianship"
	DataExport      Kind = "export"

	EntitlementGrant Kind = "entitlement"
	Consent          Kind = "consent"
	RecordAccess     Kind = "access"

	Alert      Kind = "alert"
	Broadcast  Kind = "broadcast"
	Preference Kind = "preference"

	WechatGrant Kind = "grant"

	LedgerAccount     Kind = "account"
	LedgerTransaction Kind = "txn"
	LedgerEntry       Kind = "entry"
	Hold              Kind = "hold"
	TopUp             Kind = "topup"
	TransitBatch      Kind = "batch"
	TransitRide       Kind = "ride"
	CreditLine        Kind = "credit"

	Practitioner     Kind = "practitioner"
	PractitionerRole Kind = "post"
	Schedule         Kind = "schedule"
	Slot             Kind = "slot"

	Appointment       Kind = "appointment"
	WaitlistEntry     Kind = "waiting"
	BookingSuspension Kind = "suspension"
	Bill              Kind = "bill"
	HealthRecord      Kind = "record"
	CareContract      Kind = "contract"
	CareVisit         Kind = "visit"
	HelpCall          Kind = "help"

	AcademicSession Kind = "term"
	SchoolClass     Kind = "class"
	Enrollment      Kind = "enrollment"
	RosterUser      Kind = "roster"
	Announcement    Kind = "announcement"
	Delivery        Kind = "delivery"
	Thread          Kind = "thread"
	ThreadRead      Kind = "read"
	Message         Kind = "message"
	MessageReport   Kind = "report"
	Attachment      Kind = "file"
	LeaveRequest    Kind = "leave"
	AttendanceEvent Kind = "attendance"
	BureauNotice    Kind = "bureau"
)

// entropy is cryptographic, and monotonic within a millisecond so that ids made in a row stay in order.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// New returns a fresh id of the kind. Eighty of its bits are random; those of a later id in the same
// millisecond are the last one's and a random step of up to 32 bits, so an id is no secret to rely on.
func New(k Kind) string { return join(k, ulid.MustNew(ulid.Now(), entropy)) }

// Series returns n fresh ids of the kind that stand at an instant of the past, in order. Those after the
// first are the next ones, so only the first is hard to guess.
func Series(k Kind, at time.Time, n int) []string {
	var u ulid.ULID
	if err := u.SetTime(ulid.Timestamp(at)); err != nil {
		panic(err) // an instant within ULID's ten thousand years
	}
	_, _ = rand.Read(u[6:]) // which never fails
	u[6] &= 0x7f            // room to count on
	ids := make([]string, n)
	for i := range ids {
		ids[i] = join(k, u)
		for at := len(u) - 1; ; at-- {
			if u[at]++; u[at] != 0 {
				break
			}
		}
	}
	return ids
}

// Maker returns a function that makes ids of the kind, in the form ent wants for a default.
func Maker(k Kind) func() string { return func() string { return New(k) } }

func join(k Kind, u ulid.ULID) string { return string(k) + "_" + u.String() }

// catalogueEpoch stands in the time part of derived ids, so that they sort before everything made later.
var catalogueEpoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// Derive returns the same id for the same natural key every time. It is for public reference rows
// (districts, categories, hospitals), whose ids must be equal in every database and guard nothing.
// rank stands in the time part, so that a catalogue listed by id comes in its editors' order.
func Derive(k Kind, rank int, key string) string {
	return At(k, catalogueEpoch.Add(time.Duration(rank)*time.Millisecond), key)
}

// At returns the same id for the same natural key and instant every time. It is for invented rows.
func At(k Kind, at time.Time, key string) string {
	sum := sha256.Sum256([]byte(string(k) + "\x00" + key))
	var u ulid.ULID
	if err := u.SetTime(ulid.Timestamp(at)); err != nil {
		panic(err) // an instant within ULID's ten thousand years
	}
	if err := u.SetEntropy(sum[:10]); err != nil {
		panic(err) // ten bytes by construction
	}
	return join(k, u)
}

// KindOf returns the kind of a well-formed id, and false for anything else. It never touches storage,
// so a forged id costs no query. Only the canonical form, in capitals, is well-formed.
func KindOf(s string) (Kind, bool) {
	i := strings.LastIndexByte(s, '_')
	if i < 1 || len(s)-i-1 != ulid.EncodedSize {
		return "", false
	}
	u, err := ulid.ParseStrict(s[i+1:])
	if err != nil || u.String() != s[i+1:] {
		return "", false
	}
	return Kind(s[:i]), true
}

// Is reports whether s is a well-formed id of the kind.
func Is(s string, k Kind) bool {
	got, ok := KindOf(s)
	return ok && got == k
}
