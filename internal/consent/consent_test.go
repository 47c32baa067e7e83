package consent_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	entconsent "citygraph/ent/db/consent"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/consent"
	"citygraph/internal/consent/terms"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/mask"
	"citygraph/internal/personal"
	"citygraph/internal/resident"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// desk is the room with everything it needs, a clock to turn, and the register of guardians.
type desk struct {
	*consent.Consents
	city     *seedtest.City
	clock    *seedtest.Clock
	register *household.Register
	children int
}

func open(t *testing.T) *desk {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	texts, err := terms.Load()
	if err != nil {
		t.Fatal(err)
	}
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	records := &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)}
	d := &desk{
		city: city, clock: clock,
		register: &household.Register{DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Records: records},
	}
	d.Consents = &consent.Consents{
		DB: city.DB, Store: city.Store, Clock: clock, Texts: texts, Records: records, Guards: d.register.Guards,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
	}
	return d
}

// child is a child of chenjing's of so many years.
func (d *desk) child(t *testing.T, years int) string {
	t.Helper()
	system, personID := seedtest.System(t), id.New(id.Person)
	d.DB.Person.Create().SetID(personID).SetName(mask.Name("周小雨")).ExecX(system)
	d.children++
	birth := d.clock.Now().In(time.FixedZone("", 8*60*60)).AddDate(-years, 0, 0)
	digits := "330106" + birth.Format("20060102") + fmt.Sprintf("%03d", 900+2*d.children)
	row, err := d.Records.Builder(personID, personal.Data{
		Name: "周小雨", IDNumber: digits + string(resident.Check(digits)), BirthDate: birth.Format(time.DateOnly), Sex: resident.Female,
	})
	if err != nil {
		t.Fatal(err)
	}
	row.ExecX(system)
	if err := d.register.Record(system, seedtest.Person(t, "chenjing"), personID, guardianship.BasisSchoolRecord); err != nil {
		t.Fatal(err)
	}
	return personID
}

func agree(purpose terms.Purpose, onBehalfOf string) consent.Giving {
	return consent.Giving{Key: uuid.New(), Purpose: purpose, Version: "1.0", Language: entconsent.LanguageChinese, OnBehalfOf: onBehalfOf}
}

// given reports whether a consent stands.
func (d *desk) given(t *testing.T, personID string, purpose terms.Purpose) bool {
	t.Helper()
	given, err := d.Given(t.Context(), personID, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return given
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

// Given, withdrawn, given again: each time it counts at once, for that purpose and person alone, and
// every row stays.
func TestAConsentAndItsHistory(t *testing.T) {
	d := open(t)
	ctx, maming := d.city.As(t, "maming"), seedtest.Person(t, "maming")
	first, err := d.Give(ctx, agree(terms.Location, ""))
	if err != nil || first.Status != entconsent.StatusActive || consent.GivenBy(first) != consent.Self || !first.CreatedAt.Equal(d.clock.Now()) {
		t.Fatalf("given: %+v, %v", first, err)
	}
	if text, err := d.Read(first); err != nil || text.Version != "1.0" || text.Purpose != terms.Location {
		t.Errorf("agreed to %+v, %v", text, err)
	}
	again, err := d.Give(ctx, agree(terms.Location, maming))
	if err != nil || again.ID != first.ID {
		t.Errorf("given twice: %+v, %v", again, err)
	}
	if !d.given(t, maming, terms.Location) || d.given(t, maming, terms.Marketing) || d.given(t, seedtest.Person(t, "lina"), terms.Location) {
		t.Error("it does not count for exactly what was agreed")
	}
	d.clock.Turn(time.Hour)
	ended, err := d.Withdraw(ctx, terms.Location, "")
	if err != nil || ended.ID != first.ID || ended.Status != entconsent.StatusWithdrawn || !ended.WithdrawnAt.Equal(d.clock.Now()) {
		t.Fatalf("withdrawn: %+v, %v", ended, err)
	}
	if d.given(t, maming, terms.Location) {
		t.Error("it counts after it was withdrawn")
	}
	_, err = d.Withdraw(ctx, terms.Location, "")
	code(t, "withdrawn twice", err, fault.NotFound, "purpose")
	if second, err := d.Give(ctx, agree(terms.Location, "")); err != nil || second.ID == first.ID {
		t.Errorf("given after: %+v, %v", second, err)
	}
	q, err := d.History(ctx, d.DB.Consent.Query(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if history := q.AllX(ctx); len(history) != 2 {
		t.Errorf("the history has %d rows", len(history))
	}
	deeds := d.DB.AuditEvent.Query().Where(auditevent.SubjectID(maming)).Order(auditevent.ByID()).Select(auditevent.FieldAction).StringsX(seedtest.System(t))
	if diff := cmp.Diff([]string{"giveConsent", "withdrawConsent", "giveConsent"}, deeds); diff != "" {
		t.Errorf("the audit log says: %s", diff)
	}
}

// A key has one effect: a phone that repeats itself does not undo a withdrawal in between.
func TestOneKeyOneConsent(t *testing.T) {
	d := open(t)
	ctx := d.city.As(t, "maming")
	g := agree(terms.Marketing, "")
	first, err := d.Give(ctx, g)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Withdraw(ctx, terms.Marketing, ""); err != nil {
		t.Fatal(err)
	}
	again, err := d.Give(ctx, g)
	if err != nil || again.ID != first.ID || again.Status != entconsent.StatusWithdrawn {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	g.Purpose = terms.Location
	_, err = d.Give(ctx, g)
	code(t, "another purpose", err, fault.IdempotencyKeyReused, "idempotencyKey")
}

// A mended wording goes on; another processing asks again, and the new word replaces the old.
func TestANewTextAsksAgain(t *testing.T) {
	d := open(t)
	ctx, maming := d.city.As(t, "maming"), seedtest.Person(t, "maming")
	if _, err := d.Give(ctx, agree(terms.Marketing, "")); err != nil {
		t.Fatal(err)
	}
	changed := *d.Consents
	changed.Texts = later(t, d.Texts, "1.1")
	if given, err := changed.Given(ctx, maming, terms.Marketing); !given || err != nil {
		t.Errorf("a mended wording asks again: %v", err)
	}
	changed.Texts = later(t, d.Texts, "2.0")
	if given, err := changed.Given(ctx, maming, terms.Marketing); given || err != nil {
		t.Errorf("another processing goes on under the old word: %v", err)
	}
	_, err := changed.Give(ctx, agree(terms.Marketing, ""))
	code(t, "the old text", err, fault.BadUserInput, "version")
	g := agree(terms.Marketing, "")
	g.Version = "2.0"
	if _, err := changed.Give(ctx, g); err != nil {
		t.Fatal(err)
	}
	if given, err := changed.Given(ctx, maming, terms.Marketing); !given || err != nil {
		t.Errorf("the new word does not count: %v", err)
	}
	rows := d.DB.Consent.Query().Order(entconsent.ByID()).AllX(ctx)
	if len(rows) != 2 || rows[0].Status != entconsent.StatusReplaced || rows[0].WithdrawnAt != nil || rows[1].Status != entconsent.StatusActive {
		t.Errorf("the history is %+v", rows)
	}
}

// later is the catalogue with another version of one text.
func later(t *testing.T, c terms.Catalogue, version string) terms.Catalogue {
	t.Helper()
	folder := map[string]string{"MARKETING/" + version + ".zh.md": "# 新\n新", "MARKETING/" + version + ".en.md": "# New\nNew"}
	for _, text := range c.Current() {
		head := string(text.Purpose) + "/" + text.Version
		folder[head+".zh.md"], folder[head+".en.md"] = "# "+text.Title.ZH+"\n"+text.Body.ZH, "# "+text.Title.EN+"\n"+text.Body.EN
	}
	files := fstest.MapFS{}
	for file, text := range folder {
		files[file] = &fstest.MapFile{Data: []byte(text)}
	}
	changed, err := terms.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// Under fourteen a guardian consents and withdraws; from fourteen on nobody else does.
func TestAGuardianConsentsForAChild(t *testing.T) {
	d := open(t)
	guardian := d.city.As(t, "chenjing")
	for name, years := range map[string]int{"seven": 7, "thirteen": 13} {
		child := d.child(t, years)
		made, err := d.Give(guardian, agree(terms.ChildData, child))
		if err != nil || consent.GivenBy(made) != consent.Guardian {
			t.Fatalf("%s: %+v, %v", name, made, err)
		}
		if !d.given(t, child, terms.ChildData) || d.given(t, seedtest.Person(t, "chenjing"), terms.ChildData) {
			t.Errorf("%s: it does not count for the child alone", name)
		}
		q, err := d.History(guardian, d.DB.Consent.Query(), &child)
		if err != nil || len(q.AllX(guardian)) != 1 {
			t.Errorf("%s: the guardian does not see the history: %v", name, err)
		}
		own := viewer.With(t.Context(), &viewer.Viewer{PersonID: child})
		_, err = d.Give(own, agree(terms.Location, ""))
		code(t, name+", in their own name", err, fault.BadUserInput, "onBehalfOf")
		_, err = d.Withdraw(d.city.As(t, "zhouwei"), terms.ChildData, child)
		code(t, name+", by a stranger", err, fault.DelegationScope, "onBehalfOf")
		if _, err := d.Withdraw(guardian, terms.ChildData, child); err != nil || d.given(t, child, terms.ChildData) {
			t.Errorf("%s: withdrawn, %v", name, err)
		}
	}
	grown := d.child(t, 14)
	_, err := d.Give(guardian, agree(terms.Location, grown))
	code(t, "for a child of fourteen", err, fault.DelegationScope, "onBehalfOf")
	own := viewer.With(t.Context(), &viewer.Viewer{PersonID: grown})
	if _, err := d.Give(own, agree(terms.Location, "")); err != nil {
		t.Errorf("at fourteen: %v", err)
	}
}

// What a guardian has given goes on at fourteen, and is then the child's to withdraw.
func TestAChildGrowsUp(t *testing.T) {
	d := open(t)
	child := d.child(t, 13)
	guardian, own := d.city.As(t, "chenjing"), viewer.With(t.Context(), &viewer.Viewer{PersonID: child})
	if _, err := d.Give(guardian, agree(terms.HealthRecordAccess, child)); err != nil {
		t.Fatal(err)
	}
	d.clock.Turn(370 * 24 * time.Hour) // and the night that takes the right from the guardian has not come
	if !d.given(t, child, terms.HealthRecordAccess) {
		t.Error("it ended with a birthday")
	}
	_, err := d.Withdraw(guardian, terms.HealthRecordAccess, child)
	code(t, "the guardian", err, fault.BadUserInput, "onBehalfOf")
	if _, err := d.Withdraw(own, terms.HealthRecordAccess, ""); err != nil {
		t.Error(err)
	}
}

func TestRefusalsLeaveNothing(t *testing.T) {
	d := open(t)
	system, maming := seedtest.System(t), d.city.As(t, "maming")
	unbound := id.New(id.Person)
	d.DB.Person.Create().SetID(unbound).ExecX(system)
	with := func(change func(*consent.Giving)) consent.Giving {
		g := agree(terms.Location, "")
		change(&g)
		return g
	}
	for name, tt := range map[string]struct {
		ctx   context.Context
		g     consent.Giving
		code  fault.Code
		field string
	}{
		"a visitor":          {t.Context(), agree(terms.Location, ""), fault.Unauthenticated, ""},
		"not bound":          {viewer.With(t.Context(), &viewer.Viewer{PersonID: unbound}), agree(terms.Location, ""), fault.BadUserInput, "onBehalfOf"},
		"a child's, by one":  {maming, agree(terms.ChildData, ""), fault.BadUserInput, "purpose"},
		"no version":         {maming, with(func(g *consent.Giving) { g.Version = "" }), fault.BadUserInput, "version"},
		"an unknown version": {maming, with(func(g *consent.Giving) { g.Version = "9.9" }), fault.BadUserInput, "version"},
		"an unknown purpose": {maming, with(func(g *consent.Giving) { g.Purpose = "GOSSIP" }), fault.BadUserInput, "version"},
		"for a stranger":     {maming, agree(terms.Location, seedtest.Person(t, "lina")), fault.DelegationScope, "onBehalfOf"},
		"for nobody":         {maming, agree(terms.Location, id.New(id.Person)), fault.DelegationScope, "onBehalfOf"},
		"by a barred father": {d.city.As(t, "zhouwei"), agree(terms.ChildData, seedtest.Person(t, "zhouzihan")), fault.DelegationScope, "onBehalfOf"},
		"for a delegator":    {d.city.As(t, "chenjing"), agree(terms.Location, seedtest.Person(t, "wangguiying")), fault.DelegationScope, "onBehalfOf"},
		"for a forged id":    {maming, agree(terms.Location, "person_1"), fault.DelegationScope, "onBehalfOf"},
	} {
		_, err := d.Give(tt.ctx, tt.g)
		code(t, name, err, tt.code, tt.field)
	}
	_, err := d.Withdraw(maming, terms.Location, "")
	code(t, "never given", err, fault.NotFound, "purpose")
	_, err = d.Withdraw(t.Context(), terms.Location, "")
	code(t, "a visitor withdraws", err, fault.Unauthenticated, "")
	for what, count := range map[string]func(context.Context) (int, error){
		"consents": d.DB.Consent.Query().Count, "keys": d.DB.IdempotencyRecord.Query().Count, "deeds": d.DB.AuditEvent.Query().Count,
	} {
		if n, err := count(system); n != 0 || err != nil {
			t.Errorf("%d %s are left, %v", n, what, err)
		}
	}
}

// However many give and withdraw at once, one consent stands or none, and each was ended once.
func TestGivingAndWithdrawingAtOnce(t *testing.T) {
	d := open(t)
	ctx, maming := d.city.As(t, "maming"), seedtest.Person(t, "maming")
	var ended atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if i%2 == 0 {
				if _, err := d.Give(ctx, agree(terms.Marketing, "")); err != nil {
					t.Error(err)
				}
				return
			}
			switch _, err := d.Withdraw(ctx, terms.Marketing, ""); fault.CodeOf(err) {
			case "":
				ended.Add(1)
			case fault.NotFound:
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := func(status entconsent.Status) int {
		return d.DB.Consent.Query().Where(entconsent.PersonID(maming), entconsent.StatusEQ(status)).CountX(ctx)
	}
	if n := count(entconsent.StatusWithdrawn); n != int(ended.Load()) {
		t.Errorf("%d were withdrawn, %d callers were told so", n, ended.Load())
	}
	if n := count(entconsent.StatusActive); n > 1 || (n == 1) != d.given(t, maming, terms.Marketing) {
		t.Errorf("%d stand", n)
	}
}

// The database itself holds a person to one standing consent to a purpose.
func TestOneStandingConsentToAPurpose(t *testing.T) {
	d := open(t)
	create := func(status entconsent.Status) *db.ConsentCreate {
		return d.DB.Consent.Create().SetPersonID("p").SetGivenByID("p").SetPurpose(terms.Marketing).SetVersion("1.0").
			SetLanguage(entconsent.LanguageEnglish).SetStatus(status)
	}
	system := seedtest.System(t)
	for _, status := range []entconsent.Status{entconsent.StatusActive, entconsent.StatusWithdrawn, entconsent.StatusWithdrawn, entconsent.StatusReplaced} {
		create(status).ExecX(system)
	}
	if err := create(entconsent.StatusActive).Exec(system); !db.IsConstraintError(err) {
		t.Errorf("a second one stands: %v", err)
	}
}

func TestWhoSeesTheHistory(t *testing.T) {
	d := open(t)
	maming := seedtest.Person(t, "maming")
	if _, err := d.Give(d.city.As(t, "maming"), agree(terms.Location, "")); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]fault.Code{
		"": fault.Unauthenticated, "maming": "", "qianjun": "", "fanglei": fault.DelegationScope, "chenjing": fault.DelegationScope,
	} {
		ctx := d.city.As(t, member)
		q, err := d.History(ctx, d.DB.Consent.Query(), &maming)
		if got := fault.CodeOf(err); got != want {
			t.Errorf("%q: %q, want %q", member, got, want)
		}
		if err == nil && len(q.AllX(ctx)) != 1 {
			t.Errorf("%q sees no row", member)
		}
	}
}

// A bar ends a guardian's right at its commit: who consents meanwhile has consented before it, and what
// follows is refused.
func TestABarEndsTheRightToConsent(t *testing.T) {
	d := open(t)
	child, guardian := d.child(t, 7), d.city.As(t, "chenjing")
	if _, err := d.Give(guardian, agree(terms.ChildData, child)); err != nil {
		t.Fatal(err)
	}
	if err := d.register.Bar(seedtest.System(t), seedtest.Person(t, "chenjing"), child); err != nil {
		t.Fatal(err)
	}
	_, err := d.Withdraw(guardian, terms.ChildData, child)
	code(t, "withdraws", err, fault.DelegationScope, "onBehalfOf")
	_, err = d.Give(guardian, agree(terms.HealthRecordAccess, child))
	code(t, "gives", err, fault.DelegationScope, "onBehalfOf")
	if rows := d.DB.Consent.Query().AllX(guardian); len(rows) != 0 {
		t.Errorf("sees %+v", rows)
	}
	if !d.given(t, child, terms.ChildData) {
		t.Error("what was given does not stand")
	}
}
