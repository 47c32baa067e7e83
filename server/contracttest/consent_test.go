package contracttest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/consent"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/consent/terms"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// agreement is the input of a consent, with a key of its own.
func agreement(purpose string) citytest.Vars {
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "purpose": purpose, "version": "1.0", "language": "ZH_CN"}
}

// consented has a member consent to a purpose, unless they have.
func (r *rig) consented(t testing.TB, name, purpose string) {
	t.Helper()
	var answer struct {
		GiveConsent struct{ Consent struct{ Status string } }
	}
	r.member[name].Do("GiveConsent", citytest.Vars{"input": agreement(purpose)}).Decode(t, &answer)
	if answer.GiveConsent.Consent.Status != string(consent.StatusActive) {
		t.Fatalf("%s does not consent", name)
	}
}

// withdrawn has a member withdraw their consent to a purpose, if one stands.
func (r *rig) withdrawn(t testing.TB, name, purpose string) {
	t.Helper()
	var answer struct {
		WithdrawConsent struct{ UserErrors []struct{ Code string } }
	}
	r.member[name].Do("WithdrawConsent", citytest.Vars{"input": citytest.Vars{"purpose": purpose}}).Decode(t, &answer)
	if e := answer.WithdrawConsent.UserErrors; len(e) > 0 && e[0].Code != "NOT_FOUND" {
		t.Fatalf("%s cannot withdraw: %+v", name, e)
	}
}

// proof is the input of a grant to lina that says something new each time.
func (r *rig) proof() citytest.Vars {
	ends := time.Date(2100, 1, 1, 0, 0, r.next(), 0, time.UTC)
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "personId": castID("lina"), "kind": "VETERAN", "basis": "VETERAN_CARD",
		"validTo": ends.Format(time.RFC3339),
	}
}

// granted is the id of a fresh grant to lina.
func (r *rig) granted(t testing.TB) string {
	t.Helper()
	var answer struct {
		GrantEntitlement struct{ Entitlement struct{ GrantID string } }
	}
	r.member["fanglei"].Do("GrantEntitlement", citytest.Vars{"input": r.proof()}).Decode(t, &answer)
	if answer.GrantEntitlement.Entitlement.GrantID == "" {
		t.Fatal("nothing was granted")
	}
	return answer.GrantEntitlement.Entitlement.GrantID
}

// disclosed has a member read their own personal data, which the access log tells of.
func (r *rig) disclosed(t testing.TB, name string) {
	t.Helper()
	var answer struct {
		Me struct{ PersonalData *struct{ Name string } }
	}
	r.member[name].Do("MyPersonalData", nil).Decode(t, &answer)
	if answer.Me.PersonalData == nil {
		t.Fatalf("%s has no personal data", name)
	}
}

// confide gives chenjing, a child of hers and maming a consent and readings, one of which was refused.
func (r *rig) confide(t testing.TB) {
	t.Helper()
	r.consentedFor(t)
	r.readOf(t, "xumin", access.Reading{Of: castID("zhouzihan"), Category: recordaccess.CategoryHealth, Purpose: recordaccess.PurposeCare})
	for _, name := range []string{"chenjing", "maming"} {
		r.consented(t, name, "MARKETING")
		r.disclosed(t, name)
	}
	r.readOf(t, "zhouwei", access.Reading{
		Of: castID("chenjing"), Category: recordaccess.CategoryIdentity, Outcome: recordaccess.OutcomeRefused,
	})
}

// consentedFor has chenjing consent for her younger child, unless she has.
func (r *rig) consentedFor(t testing.TB) {
	t.Helper()
	var answer struct {
		GiveConsent struct {
			Consent struct{ Status, GivenBy string }
		}
	}
	r.member["chenjing"].Do("GiveConsent", citytest.Vars{"input": forChild(agreement("CHILD_DATA"))}).Decode(t, &answer)
	if c := answer.GiveConsent.Consent; c.Status != string(consent.StatusActive) || c.GivenBy != "GUARDIAN" {
		t.Fatalf("chenjing does not consent for her child: %+v", c)
	}
}

// forChild is an input on behalf of the younger child.
func forChild(input citytest.Vars) citytest.Vars {
	input["onBehalfOf"] = castID("zhouzihan")
	return input
}

// readOf notes a reading of a member's, as the verbs of later rooms will.
func (r *rig) readOf(t testing.TB, name string, reading access.Reading) {
	t.Helper()
	if err := access.Note(viewer.With(t.Context(), &viewer.Viewer{PersonID: castID(name)}), r.DB, reading); err != nil {
		t.Fatal(err)
	}
}

// lengthen gives maming so many more ended consents and readings.
func (r *rig) lengthen(t testing.TB, n int) {
	t.Helper()
	system, maming := viewer.AsSystem(t.Context(), "nobody waits for so long a history"), castID("maming")
	for range n {
		err := r.DB.Consent.Create().SetPersonID(maming).SetGivenByID(maming).SetPurpose(terms.Location).SetVersion("1.0").
			SetLanguage(consent.LanguageEnglish).SetStatus(consent.StatusWithdrawn).SetWithdrawnAt(time.Now()).Exec(system)
		if err != nil {
			t.Fatal(err)
		}
		err = r.DB.RecordAccess.Create().SetPersonID(maming).SetCategory(recordaccess.CategoryHealth).SetPurpose(recordaccess.PurposeCare).
			SetOutcome(recordaccess.OutcomeAllowed).SetAccessorRole(recordaccess.AccessorRoleSystem).SetOrganisation(lang.Text{}).Exec(system)
		if err != nil {
			t.Fatal(err)
		}
	}
}
