package id_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/id"
)

// prefixes are part of the contract: clients and links hold ids for years.
var prefixes = map[id.Kind]string{
	id.Person: "person_", id.Identity: "identity_", id.Session: "session_", id.Device: "device_",
	id.StaffRole: "role_", id.District: "district_", id.Street: "street_", id.CitizenCard: "card_",
	id.Clinic: "clinic_", id.Department: "department_", id.School: "school_", id.ScenicSpot: "spot_",
	id.CaseCategory: "category_", id.CityCase: "case_", id.CaseEvent: "event_", id.Notification: "notice_",
	id.DeliveryAttempt: "attempt_", id.Idempotency: "idem_", id.AuditEvent: "audit_",
	id.PersonalData: "personal_", id.Delegation: "delegation_", id.Guardianship: "guardianship_",
	id.EntitlementGrant: "entitlement_", id.Consent: "consent_", id.RecordAccess: "access_",
	id.WechatGrant: "grant_", id.CasePhoto: "photo_",
}

func TestPrefixTellsTheType(t *testing.T) {
	for kind, prefix := range prefixes {
		made := id.Maker(kind)()
		if !strings.HasPrefix(made, prefix) || len(made) != len(prefix)+26 {
			t.Errorf("%q does not begin with %q", made, prefix)
		}
		if got, ok := id.KindOf(made); !ok || got != kind {
			t.Errorf("KindOf(%q) is %q, %v", made, got, ok)
		}
		for other := range prefixes {
			if id.Is(made, other) != (other == kind) {
				t.Errorf("Is(%q, %s) is %v", made, other, other != kind)
			}
		}
	}
}

func TestNewIsInOrderAndUnique(t *testing.T) {
	made := make([]string, 10_000) // hundreds fall into one millisecond
	for i := range made {
		made[i] = id.New(id.CityCase)
	}
	if !slices.IsSorted(made) {
		t.Error("ids made in a row are out of order")
	}
	if n := len(slices.Compact(slices.Clone(made))); n != len(made) {
		t.Errorf("%d of %d ids are distinct", n, len(made))
	}
}

func TestNewAcrossGoroutines(t *testing.T) {
	const workers, each = 8, 1000
	ids := make(chan string, workers*each)
	for range workers {
		go func() {
			for range each {
				ids <- id.New(id.Notification)
			}
		}()
	}
	seen := map[string]bool{}
	for range workers * each {
		seen[<-ids] = true
	}
	if len(seen) != workers*each {
		t.Errorf("%d of %d ids are distinct", len(seen), workers*each)
	}
}

// The same hospital has the same id in every database, so these very values are stored all over.
func TestDeriveIsStable(t *testing.T) {
	for _, tt := range []struct {
		kind id.Kind
		rank int
		key  string
		want string
	}{
		{id.District, 330106, "330106", "district_01HK15DZBT3AXWYB82S7BFAHB4"},
		{id.Clinic, 0, "zju-1", "clinic_01HK153X00PEDW5GSRJJ99ATB7"},
	} {
		if got := id.Derive(tt.kind, tt.rank, tt.key); got != tt.want {
			t.Errorf("Derive(%s, %d, %q) is %s, want %s", tt.kind, tt.rank, tt.key, got, tt.want)
		}
	}
}

func TestDerivedIdsDifferByKindAndKeyAndSortByRank(t *testing.T) {
	first := id.Derive(id.District, 1, "a")
	for _, other := range []string{
		id.Derive(id.District, 2, "a"), id.Derive(id.District, 1, "b"), id.Derive(id.Street, 1, "a"),
	} {
		if other[strings.IndexByte(other, '_'):] == first[strings.IndexByte(first, '_'):] {
			t.Errorf("%s repeats %s", other, first)
		}
	}
	ranked := []string{id.Derive(id.District, 0, "z"), id.Derive(id.District, 1, "y"), id.Derive(id.District, 2_000_000, "a"), id.New(id.District)}
	if !slices.IsSorted(ranked) {
		t.Errorf("not in the order of their ranks, derived before made: %v", ranked)
	}
}

func TestAtFollowsItsInstant(t *testing.T) {
	noon := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	if a, b := id.At(id.CityCase, noon, "k"), id.At(id.CityCase, noon.In(time.FixedZone("", 8*3600)), "k"); a != b {
		t.Errorf("one instant in two zones makes %s and %s", a, b)
	}
	if a, b := id.At(id.CityCase, noon, "k"), id.At(id.CityCase, noon.Add(time.Millisecond), "a"); a >= b {
		t.Errorf("%s does not come before %s", a, b)
	}
}

func TestForgedIdsHaveNoKind(t *testing.T) {
	const good = "01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"
	forged := []string{
		"", "_", "case", "case_", "_" + good, good, "case-" + good,
		"case_" + good[1:], "case_" + good + "0", "case_" + good + " ",
		"case_" + strings.ToLower(good),          // not canonical: one row, one id
		"case_81J9ZQ4M1W6Y8Q3V5T7R2N0KXB",        // beyond 128 bits
		"case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXI",        // I is not in the alphabet
		"case_01J9ZQ4M1W6Y8Q3V5T7R2N0K\x00B",     // a byte PostgreSQL refuses
		"case_01J9ZQ4M1W6Y8Q3V5T7R2N0K'B",        // what an injection would look like
		"case_１" + good[1:],                      // a full-width digit
		"case_" + strings.Repeat("0", 1<<20),     // long
		"case_" + good + "_" + good + "\n" + "x", // trailing garbage
	}
	for _, s := range forged {
		if kind, ok := id.KindOf(s); ok {
			t.Errorf("%.60q counts as a %s", s, kind)
		}
	}
	if diff := cmp.Diff(id.Kind("case"), kindOf("case_"+good)); diff != "" {
		t.Error(diff)
	}
}

func kindOf(s string) id.Kind { k, _ := id.KindOf(s); return k }

func FuzzKindOf(f *testing.F) {
	for _, s := range []string{"", "case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB", "a_b_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB", "case_8ZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kind, ok := id.KindOf(s)
		if !ok {
			if kind != "" {
				t.Errorf("%q is refused with a kind", s)
			}
			return
		}
		tail := s[len(s)-26:]
		if s != string(kind)+"_"+tail || strings.Trim(tail, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
			t.Errorf("%q was taken apart as %q and %q", s, kind, tail)
		}
	})
}
