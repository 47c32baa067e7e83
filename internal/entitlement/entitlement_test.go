package entitlement_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/clock"
	"citygraph/internal/entitlement"
	"citygraph/internal/entitlement/kind"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/mask"
	"citygraph/internal/personal"
	"citygraph/internal/resident"
	"citygraph/internal/seed/seedtest"
)

// office is the room with everything it needs, and a clock to turn.
type office struct {
	*entitlement.Entitlements
	city  *seedtest.City
	clock *seedtest.Clock
}

func open(t *testing.T) *office {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: clock}
	return &office{city: city, clock: clock, Entitlements: &entitlement.Entitlements{
		For: register.For,
		DB:  city.DB, Store: city.Store, Clock: clock,
		Once:    idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		Records: &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)},
	}}
}

// born is a person of a birth date, YYYY-MM-DD, whom nothing is granted to.
func (o *office) born(t *testing.T, birth string) string {
	t.Helper()
	system, personID := seedtest.System(t), id.New(id.Person)
	o.DB.Person.Create().SetID(personID).SetName(mask.Name("林晓")).ExecX(system)
	digits := "330106" + strings.ReplaceAll(birth, "-", "") + "992"
	row, err := o.Records.Builder(personID, personal.Data{
		Name: "林晓", IDNumber: digits + string(resident.Check(digits)), BirthDate: birth, Sex: resident.Female,
	})
	if err != nil {
		t.Fatal(err)
	}
	row.ExecX(system)
	return personID
}

// held is what a person is entitled to, in words.
func (o *office) held(t *testing.T, personID string, at time.Time) []string {
	t.Helper()
	found, err := o.Of(t.Context(), personID, at)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{}
	for _, e := range found {
		words = append(words, fmt.Sprintf("%s by %s", e.Kind, e.Basis))
	}
	return words
}

func code(t *testing.T, what string, err error, want fault.Code, field string) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: fault %q, want %q: %v", what, got, want, err)
	}
	if want != "" && strings.Join(fault.From(err).Field, ".") != field {
		t.Errorf("%s: at %q, want %q", what, fault.From(err).Field, field)
	}
}

// A senior's concession begins with the sixtieth birthday in the city, and tells no date.
func TestSeniorityFollowsFromAge(t *testing.T) {
	o := open(t)
	personID := o.born(t, "1966-11-30")
	midnight := func(day string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	for _, tt := range []struct {
		at   time.Time
		want []string
	}{
		{midnight("2026-11-30").Add(-time.Microsecond), []string{}},
		{midnight("2026-11-30"), []string{"SENIOR by AGE_60"}},
		{midnight("2036-11-30").Add(-time.Microsecond), []string{"SENIOR by AGE_60"}},
		{midnight("2036-11-30"), []string{"SENIOR by AGE_70"}},
	} {
		if diff := cmp.Diff(tt.want, o.held(t, personID, tt.at)); diff != "" {
			t.Errorf("at %s: %s", tt.at, diff)
		}
	}
	found, err := o.Of(t.Context(), personID, midnight("2040-01-01"))
	if err != nil || len(found) != 1 || found[0].ValidFrom != nil || found[0].ValidTo != nil || found[0].GrantID != nil {
		t.Errorf("a computed entitlement is %+v, %v", found, err)
	}
}

func TestTheCast(t *testing.T) {
	o := open(t)
	for member, want := range map[string][]string{
		"wangguiying": {"SENIOR by AGE_70", "RESIDENT by HOUSEHOLD_REGISTER"},
		"chenjing":    {"RESIDENT by HOUSEHOLD_REGISTER"},
		"xumin":       {"DISABLED by DISABILITY_CERTIFICATE"},
		"zhouzihan":   {"STUDENT by SCHOOL_ROLL"},
		"lina":        {},
	} {
		if diff := cmp.Diff(want, o.held(t, seedtest.Person(t, member), o.clock.Now())); diff != "" {
			t.Errorf("%s: %s", member, diff)
		}
	}
	if got := o.held(t, id.New(id.Person), o.clock.Now()); len(got) != 0 {
		t.Errorf("nobody is entitled to %v", got)
	}
}

func TestGrantAndWithdraw(t *testing.T) {
	o := open(t)
	admin, lina := o.city.As(t, "fanglei"), seedtest.Person(t, "lina")
	ends := o.clock.Now().AddDate(1, 0, 0)
	proof := entitlement.Proof{
		PersonID: lina, Kind: kind.Student, Basis: kind.SchoolRoll,
		ValidFrom: o.clock.Now().AddDate(-20, 0, 0), ValidTo: &ends,
	}
	key := uuid.New()
	first, err := o.GrantByHand(admin, key, proof)
	if err != nil || first.GrantID == nil || !first.ValidFrom.Equal(o.clock.Now()) || !first.ValidTo.Equal(ends) {
		t.Fatalf("granted %+v, %v", first, err)
	}
	for name, again := range map[string]uuid.UUID{"the same key": key, "another key": uuid.New()} {
		if e, err := o.GrantByHand(admin, again, proof); err != nil || *e.GrantID != *first.GrantID {
			t.Errorf("%s grants %+v, %v", name, e, err)
		}
	}
	if diff := cmp.Diff([]string{"STUDENT by SCHOOL_ROLL"}, o.held(t, lina, o.clock.Now())); diff != "" {
		t.Error(diff)
	}
	if got := o.held(t, lina, ends); len(got) != 0 {
		t.Errorf("at its end it holds %v", got)
	}
	o.clock.Turn(time.Hour)
	ended, err := o.WithdrawByHand(admin, *first.GrantID)
	if err != nil || !ended.ValidTo.Equal(o.clock.Now()) {
		t.Errorf("withdrawn: %+v, %v", ended, err)
	}
	if got := o.held(t, lina, o.clock.Now()); len(got) != 0 {
		t.Errorf("after its withdrawal it holds %v", got)
	}
	if got := o.held(t, lina, o.clock.Now().Add(-time.Minute)); len(got) != 1 {
		t.Errorf("before its withdrawal it held %v", got)
	}
	_, err = o.WithdrawByHand(admin, *first.GrantID)
	code(t, "withdrawn twice", err, fault.InvalidTransition, "grantId")
	deeds := o.DB.AuditEvent.Query().Where(auditevent.SubjectID(lina)).Order(auditevent.ByID()).Select(auditevent.FieldAction).StringsX(seedtest.System(t))
	if diff := cmp.Diff([]string{"grantEntitlement", "grantEntitlement", "withdrawEntitlement"}, deeds); diff != "" {
		t.Errorf("the audit log says: %s", diff)
	}
}

// A renewal that begins later ends the one before where it begins: no day counts twice, and none is lost.
func TestRenewal(t *testing.T) {
	o := open(t)
	system, lina := seedtest.System(t), seedtest.Person(t, "lina")
	now := o.clock.Now()
	proof := func(from, years int) entitlement.Proof {
		return entitlement.Proof{
			PersonID: lina, Kind: kind.Student, Basis: kind.SchoolRoll,
			ValidFrom: now.AddDate(from, 0, 0), ValidTo: new(now.AddDate(from+years, 0, 0)),
		}
	}
	grants := map[string]entitlement.Proof{"this year": proof(0, 2), "the next": proof(1, 2), "much later": proof(10, 1)}
	for _, name := range []string{"this year", "the next", "much later"} {
		if _, err := o.Grant(system, grants[name]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for years, want := range map[int]int{0: 1, 1: 1, 2: 1, 3: 0, 10: 1, 11: 0} {
		if got := o.held(t, lina, now.AddDate(years, 0, 0)); len(got) != want {
			t.Errorf("in %d years: %v", years, got)
		}
	}
	_, err := o.Grant(system, proof(0, 20))
	code(t, "one across those that begin later", err, fault.BadUserInput, "validFrom")
	if made, err := o.Grant(system, grants["much later"]); err != nil || !made.ValidFrom.Equal(grants["much later"].ValidFrom) {
		t.Errorf("the same again: %+v, %v", made, err)
	}
	if n := o.DB.EntitlementGrant.Query().Where(entitlementgrant.PersonID(lina)).CountX(system); n != 3 {
		t.Errorf("%d grants", n)
	}
}

// However many importers bring the same proof at once, it is granted once.
func TestOneProofIsOneGrant(t *testing.T) {
	o := open(t)
	system, lina := seedtest.System(t), seedtest.Person(t, "lina")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := o.Grant(system, entitlement.Proof{PersonID: lina, Kind: kind.Veteran, Basis: kind.VeteranCard}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := o.DB.EntitlementGrant.Query().Where(entitlementgrant.PersonID(lina)).CountX(system); n != 1 {
		t.Errorf("%d grants", n)
	}
}

func TestRefusedGrantsLeaveNothing(t *testing.T) {
	o := open(t)
	system, admin := seedtest.System(t), o.city.As(t, "fanglei")
	before := o.DB.EntitlementGrant.Query().CountX(system)
	now := o.clock.Now()
	good := entitlement.Proof{PersonID: seedtest.Person(t, "lina"), Kind: kind.Student, Basis: kind.SchoolRoll}
	with := func(change func(*entitlement.Proof)) entitlement.Proof { p := good; change(&p); return p }
	for name, tt := range map[string]struct {
		proof entitlement.Proof
		code  fault.Code
		field string
	}{
		"a senior":      {with(func(p *entitlement.Proof) { p.Kind, p.Basis = kind.Senior, kind.Age60 }), fault.BadUserInput, "kind"},
		"another basis": {with(func(p *entitlement.Proof) { p.Basis = kind.VeteranCard }), fault.BadUserInput, "basis"},
		"past":          {with(func(p *entitlement.Proof) { p.ValidTo = &now }), fault.BadUserInput, "validTo"},
		"backwards": {with(func(p *entitlement.Proof) {
			p.ValidFrom, p.ValidTo = now.Add(2*time.Hour), new(now.Add(time.Hour))
		}), fault.BadUserInput, "validTo"},
		"nobody":        {with(func(p *entitlement.Proof) { p.PersonID = id.New(id.Person) }), fault.NotFound, "personId"},
		"a forged id":   {with(func(p *entitlement.Proof) { p.PersonID = "person_1" }), fault.NotFound, "personId"},
		"a clinic's id": {with(func(p *entitlement.Proof) { p.PersonID = id.New(id.Clinic) }), fault.NotFound, "personId"},
	} {
		_, err := o.GrantByHand(admin, uuid.New(), tt.proof)
		code(t, name, err, tt.code, tt.field)
	}
	for name, want := range map[string]fault.Code{"": fault.Unauthenticated, "lina": fault.Forbidden, "qianjun": fault.Forbidden} {
		_, err := o.GrantByHand(o.city.As(t, name), uuid.New(), good)
		code(t, name+" grants", err, want, "")
		_, err = o.WithdrawByHand(o.city.As(t, name), o.DB.EntitlementGrant.Query().FirstIDX(system))
		code(t, name+" withdraws", err, want, "")
	}
	for _, unknown := range []string{id.New(id.EntitlementGrant), "entitlement_1", ""} {
		_, err := o.WithdrawByHand(admin, unknown)
		code(t, "withdraws "+unknown, err, fault.NotFound, "grantId")
	}
	if n := o.DB.EntitlementGrant.Query().CountX(system); n != before {
		t.Errorf("%d grants were made", n-before)
	}
	if n := o.DB.IdempotencyRecord.Query().CountX(system); n != 0 {
		t.Errorf("%d keys are remembered", n)
	}
}

// One sees one's own, and those of whom one books for; an administrator anybody's, which is noted;
// everybody else learns nothing.
func TestWhoLists(t *testing.T) {
	o := open(t)
	chenjing := seedtest.Person(t, "chenjing")
	for _, whose := range []*string{nil, &chenjing} {
		if found, err := o.List(o.city.As(t, "chenjing"), whose); err != nil || len(found) != 1 {
			t.Errorf("chenjing sees %+v, %v", found, err)
		}
	}
	for _, name := range []string{"zhouwei", "xumin", "qianjun"} {
		for _, whose := range []string{chenjing, seedtest.Person(t, "zhouzihan"), id.New(id.Person), "person_1"} {
			_, err := o.List(o.city.As(t, name), &whose)
			code(t, name, err, fault.DelegationScope, "person")
		}
	}
	for _, member := range []string{"zhouzihan", "wangguiying"} {
		if found, err := o.List(o.city.As(t, "chenjing"), new(seedtest.Person(t, member))); err != nil || len(found) == 0 {
			t.Errorf("chenjing sees of %s %+v, %v", member, found, err)
		}
	}
	_, err := o.List(t.Context(), &chenjing)
	code(t, "a visitor", err, fault.Unauthenticated, "")
	_, err = o.List(o.city.As(t, "fanglei"), new(id.New(id.Person)))
	code(t, "an administrator, of nobody", err, fault.NotFound, "person")
	if found, err := o.List(o.city.As(t, "fanglei"), &chenjing); err != nil || len(found) != 1 {
		t.Errorf("an administrator sees %+v, %v", found, err)
	}
	noted := o.DB.RecordAccess.Query().AllX(seedtest.System(t))
	if len(noted) != 1 || noted[0].PersonID != chenjing || noted[0].AccessorRole != recordaccess.AccessorRoleAdmin ||
		noted[0].Purpose != recordaccess.PurposeDuty {
		t.Errorf("the access log says %+v", noted)
	}
}
