package journey_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/internal/id"
	"citygraph/internal/seed"
	"citygraph/server/citytest"
)

type entitlementRow struct {
	Kind, Basis                 string
	GrantID, ValidFrom, ValidTo *string
}

type entitlementsAnswer struct{ Entitlements []entitlementRow }

type grantAnswer struct {
	GrantEntitlement, WithdrawEntitlement struct {
		Entitlement *entitlementRow
		UserErrors  []problem
	}
}

// A grandmother is a senior without anybody granting it, and nothing tells when she was born: not the
// answer, and not the database after all that was asked of it.
func TestAGrandmotherIsASenior(t *testing.T) {
	city := citytest.Start(t)
	grandmother := city.As(t, "wangguiying")
	var got entitlementsAnswer
	answer := grandmother.Do("Entitlements", nil)
	answer.Decode(t, &got)
	if len(got.Entitlements) != 2 {
		t.Fatalf("she is entitled to %+v", got)
	}
	senior, resident := got.Entitlements[0], got.Entitlements[1]
	if senior.Kind != "SENIOR" || senior.Basis != "AGE_70" || senior.GrantID != nil || senior.ValidFrom != nil || senior.ValidTo != nil {
		t.Errorf("as a senior: %+v", senior)
	}
	if resident.Kind != "RESIDENT" || resident.GrantID == nil || resident.ValidFrom == nil {
		t.Errorf("as a resident: %+v", resident)
	}
	city.As(t, "fanglei").Do("Entitlements", citytest.Vars{"person": me(t, grandmother)}).Decode(t, &got)
	texts := stored(t, city)
	texts["the answer"] = answer.Body
	for name, text := range texts {
		for _, birthday := range []string{"1952-01-26", "2012-01-26", "2022-01-26"} {
			if bytes.Contains(text, []byte(birthday)) {
				t.Errorf("%s holds %s", name, birthday)
			}
		}
	}
}

// The school's office brings a roll: an administrator grants, the pupil has it, and it is withdrawn.
func TestAnEntitlementIsGrantedAndWithdrawn(t *testing.T) {
	city := citytest.Start(t)
	admin, pupil := city.As(t, "fanglei"), city.As(t, "lina")
	input := citytest.Vars{
		"idempotencyKey": uuid.NewString(), "personId": me(t, pupil), "kind": "STUDENT", "basis": "SCHOOL_ROLL",
		"validFrom": "2010-09-01T00:00:00+08:00", "validTo": time.Now().AddDate(1, 0, 0).Format(time.RFC3339),
	}
	var first, again grantAnswer
	admin.Do("GrantEntitlement", citytest.Vars{"input": input}).Decode(t, &first)
	admin.Do("GrantEntitlement", citytest.Vars{"input": input}).Decode(t, &again)
	granted := first.GrantEntitlement.Entitlement
	if granted == nil || granted.GrantID == nil || *granted.GrantID != *again.GrantEntitlement.Entitlement.GrantID {
		t.Fatalf("granted %+v, then %+v", first, again)
	}
	if began, err := time.Parse(time.RFC3339, *granted.ValidFrom); err != nil || time.Since(began) > time.Hour {
		t.Errorf("it began at %s: a start in a register may be a birth date", *granted.ValidFrom)
	}
	var held entitlementsAnswer
	pupil.Do("Entitlements", nil).Decode(t, &held)
	if len(held.Entitlements) != 1 || held.Entitlements[0].Kind != "STUDENT" {
		t.Errorf("the pupil holds %+v", held)
	}
	withdraw := citytest.Vars{"input": citytest.Vars{"grantId": *granted.GrantID}}
	if code := pupil.Do("WithdrawEntitlement", withdraw).Code(); code != "FORBIDDEN" {
		t.Errorf("the pupil withdraws: %q", code)
	}
	for _, want := range []string{"", "INVALID_TRANSITION"} {
		found := problems(t, admin.Do("WithdrawEntitlement", withdraw))
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || found[0].Code != want) {
			t.Errorf("withdrawn: %+v, want %q", found, want)
		}
	}
	pupil.Do("Entitlements", nil).Decode(t, &held)
	if len(held.Entitlements) != 0 {
		t.Errorf("the pupil still holds %+v", held)
	}
	refuse(t, admin.Do("GrantEntitlement", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "personId": me(t, pupil), "kind": "STUDENT", "basis": "SCHOOL_ROLL",
		"validTo": "2020-07-01T00:00:00+08:00",
	}}), "BAD_USER_INPUT", "input.validTo")
}

// refuse holds an answer to the one userError it must be.
func refuse(t *testing.T, a citytest.Answer, code, field string) {
	t.Helper()
	found := problems(t, a)
	if len(found) != 1 || found[0].Code != code || strings.Join(found[0].Field, ".") != field || found[0].Message == "" {
		t.Errorf("refused with %+v, want %s at %s", found, code, field)
	}
}

type consentRow struct {
	ID, Purpose, Version, Language, Status, GivenBy string
	WithdrawnAt                                     *string
	Text                                            struct{ Title string }
}

// Somebody reads a text, agrees, changes their mind, and finds both in their history.
func TestConsentIsGivenAndTakenBack(t *testing.T) {
	city := citytest.Start(t)
	citizen := city.As(t, "maming").Speaking("en")
	var shown struct {
		ConsentTexts []struct{ Purpose, Version, Title, Body string }
	}
	city.Visitor(t).Speaking("en").Do("ConsentTexts", nil).Decode(t, &shown)
	i := slices.IndexFunc(shown.ConsentTexts, func(c struct{ Purpose, Version, Title, Body string }) bool { return c.Purpose == "LOCATION" })
	if i < 0 || shown.ConsentTexts[i].Title != "Location" || shown.ConsentTexts[i].Body == "" {
		t.Fatalf("shown %+v", shown)
	}
	agreed := citytest.Vars{
		"idempotencyKey": uuid.NewString(), "purpose": "LOCATION", "version": shown.ConsentTexts[i].Version, "language": "EN",
	}
	var given, ended struct {
		GiveConsent, WithdrawConsent struct{ Consent consentRow }
	}
	citizen.Do("GiveConsent", citytest.Vars{"input": agreed}).Decode(t, &given)
	if c := given.GiveConsent.Consent; c.Status != "ACTIVE" || c.GivenBy != "SELF" || c.Language != "EN" || c.WithdrawnAt != nil {
		t.Fatalf("given: %+v", c)
	}
	citizen.Do("WithdrawConsent", citytest.Vars{"input": citytest.Vars{"purpose": "LOCATION"}}).Decode(t, &ended)
	if c := ended.WithdrawConsent.Consent; c.ID != given.GiveConsent.Consent.ID || c.Status != "WITHDRAWN" || c.WithdrawnAt == nil {
		t.Fatalf("withdrawn: %+v", c)
	}
	agreed["idempotencyKey"] = uuid.NewString()
	citizen.Do("GiveConsent", citytest.Vars{"input": agreed}).Decode(t, &given)
	var history struct {
		Consents struct{ Edges []struct{ Node consentRow } }
	}
	citizen.Do("Consents", nil).Decode(t, &history)
	if e := history.Consents.Edges; len(e) != 2 || e[0].Node.Status != "ACTIVE" || e[1].Node.Status != "WITHDRAWN" || e[0].Node.Text.Title != "Location" {
		t.Errorf("the history is %+v", history)
	}

	with := func(field string, value any) citytest.Vars {
		input := citytest.Vars{"idempotencyKey": uuid.NewString(), "purpose": "MARKETING", "version": "1.0", "language": "EN"}
		input[field] = value
		return citytest.Vars{"input": input}
	}
	refuse(t, citizen.Do("GiveConsent", with("version", "7.0")), "BAD_USER_INPUT", "input.version")
	refuse(t, citizen.Do("GiveConsent", with("purpose", "CHILD_DATA")), "BAD_USER_INPUT", "input.purpose")
	refuse(t, citizen.Do("GiveConsent", with("onBehalfOf", member(t, "lina").PersonID())), "DELEGATION_SCOPE", "input.onBehalfOf")
	refuse(t, citizen.Do("WithdrawConsent", citytest.Vars{"input": citytest.Vars{"purpose": "MARKETING"}}), "NOT_FOUND", "input.purpose")
	newcomer := city.Visitor(t)
	if code := newcomer.Do("GiveConsent", with("language", "ZH_CN")).Code(); code != "UNAUTHENTICATED" {
		t.Errorf("a visitor agrees: %q", code)
	}
}

// Somebody whose age the city does not know yet is asked for their real name first.
func TestConsentTakesARealName(t *testing.T) {
	city := citytest.Start(t, withSandbox)
	refuse(t, byWechat(t, city, "dev:somebody").Do("GiveConsent", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "purpose": "LOCATION", "version": "1.0", "language": "ZH_CN",
	}}), "BAD_USER_INPUT", "input.onBehalfOf")
}

// The texts are the same for everybody, and caches may keep them.
func TestConsentTextsAreCached(t *testing.T) {
	city := citytest.Start(t)
	answer := city.Visitor(t).Do("ConsentTexts", nil)
	if answer.Statements != 0 {
		t.Errorf("%d statements for a file", answer.Statements)
	}
	if chinese := city.Visitor(t).Speaking("zh").Do("ConsentTexts", nil); !bytes.Contains(chinese.Body, []byte("位置信息")) {
		t.Errorf("in Chinese: %s", chinese.Body)
	}
}

type readingRow struct {
	PersonID, Category, Purpose, Outcome, AccessorName, AccessorRole, RequestID string
	AccessorID                                                                  *string
}

type readingsAnswer struct {
	RecordAccesses, AccessLog struct {
		Edges []struct{ Node readingRow }
	}
}

// Who read mine: oneself, and an administrator in their duty; an auditor sees the same, and who it was.
func TestWhoReadMyData(t *testing.T) {
	city := citytest.Start(t)
	citizen, admin, auditor := city.As(t, "maming"), city.As(t, "fanglei"), city.As(t, "qianjun")
	person := me(t, citizen)
	var data personalAnswer
	citizen.Do("MyPersonalData", nil).Decode(t, &data)
	var held entitlementsAnswer
	admin.Do("Entitlements", citytest.Vars{"person": person}).Decode(t, &held)

	var mine, log readingsAnswer
	answer := citizen.Do("RecordAccesses", nil)
	answer.Decode(t, &mine)
	seen := mine.RecordAccesses.Edges
	if len(seen) != 2 || seen[0].Node.AccessorName != "方*" || seen[0].Node.AccessorRole != "ADMIN" || seen[0].Node.Purpose != "DUTY" ||
		seen[1].Node.AccessorName != "马*" || seen[1].Node.AccessorRole != "CITIZEN" || seen[1].Node.Purpose != "SELF" || seen[1].Node.Category != "IDENTITY" {
		t.Errorf("maming sees %s", answer.Body)
	}
	if bytes.Contains(answer.Body, []byte(member(t, "fanglei").PersonID())) {
		t.Errorf("maming is told who it was: %s", answer.Body)
	}
	auditor.Do("AccessLog", citytest.Vars{"person": person, "category": "IDENTITY", "accessor": member(t, "fanglei").PersonID()}).Decode(t, &log)
	found := log.AccessLog.Edges
	if len(found) != 1 || found[0].Node.AccessorID == nil || found[0].Node.RequestID == "" || found[0].Node.Outcome != "ALLOWED" {
		t.Errorf("the auditor finds %+v", log)
	}
	for name, want := range map[string]string{"maming": "FORBIDDEN", "fanglei": "FORBIDDEN"} {
		if code := city.As(t, name).Do("AccessLog", nil).Code(); code != want {
			t.Errorf("%s reads the log: %q", name, code)
		}
	}
	if code := auditor.Do("AccessLog", citytest.Vars{"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}).Code(); code != "BAD_USER_INPUT" {
		t.Errorf("a time that ends before it begins: %q", code)
	}
}

// A mother consents for her daughter of ten and sees who read of her; the father under a custody bar is
// answered as a stranger is, and nobody but the son of fifteen decides for him.
func TestAMotherConsentsForHerDaughter(t *testing.T) {
	city := citytest.Start(t)
	mother, father := city.As(t, "chenjing"), city.As(t, "zhouwei")
	daughter, son := seed.Member{Key: "zhouzihan"}.PersonID(), seed.Member{Key: "zhouzixuan"}.PersonID()
	agreed := func(child string) citytest.Vars {
		return citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "purpose": "CHILD_DATA", "version": "1.0", "language": "ZH_CN", "onBehalfOf": child,
		}}
	}
	var given struct{ GiveConsent struct{ Consent consentRow } }
	mother.DoFor("home-school", "GiveConsent", agreed(daughter)).Decode(t, &given)
	if c := given.GiveConsent.Consent; c.Status != "ACTIVE" || c.GivenBy != "GUARDIAN" {
		t.Fatalf("given: %+v", c)
	}
	refuse(t, father.Do("GiveConsent", agreed(daughter)), "DELEGATION_SCOPE", "input.onBehalfOf")
	refuse(t, mother.Do("GiveConsent", agreed(son)), "DELEGATION_SCOPE", "input.onBehalfOf")
	refuse(t, father.Do("WithdrawConsent", citytest.Vars{"input": citytest.Vars{"purpose": "CHILD_DATA", "onBehalfOf": daughter}}),
		"DELEGATION_SCOPE", "input.onBehalfOf")

	var history struct {
		Consents struct{ Edges []struct{ Node consentRow } }
	}
	mother.Do("Consents", citytest.Vars{"person": daughter}).Decode(t, &history)
	if e := history.Consents.Edges; len(e) != 1 || e[0].Node.ID != given.GiveConsent.Consent.ID {
		t.Errorf("the mother sees %+v", history)
	}
	var log readingsAnswer
	city.As(t, "fanglei").Do("Entitlements", citytest.Vars{"person": daughter})
	mother.Do("RecordAccesses", citytest.Vars{"person": daughter}).Decode(t, &log)
	if e := log.RecordAccesses.Edges; len(e) != 1 || e[0].Node.AccessorRole != "ADMIN" {
		t.Errorf("the mother sees readings %+v", log)
	}
	for _, list := range []string{"Consents", "RecordAccesses", "Entitlements"} {
		barred, missing := father.Do(list, citytest.Vars{"person": daughter}), father.Do(list, citytest.Vars{"person": id.New(id.Person)})
		if barred.Code() != "DELEGATION_SCOPE" || !bytes.Equal(barred.Body, missing.Body) {
			t.Errorf("%s: the father gets %s, and of nobody %s", list, barred.Body, missing.Body)
		}
	}
	var held entitlementsAnswer
	mother.Do("Entitlements", citytest.Vars{"person": daughter}).Decode(t, &held)
	if len(held.Entitlements) != 1 || held.Entitlements[0].Kind != "STUDENT" {
		t.Errorf("the daughter holds %+v", held)
	}
}

// Who may act for the grandmother may not read what identifies her, and an auditor learns of the attempt.
func TestARefusedReadingIsLogged(t *testing.T) {
	city := citytest.Start(t)
	daughter, grandmother := city.As(t, "chenjing"), member(t, "wangguiying").PersonID()
	answer := daughter.Query(`query($id: ID!) { node(id: $id) { ... on Person { maskedName personalData { name } } } }`, citytest.Vars{"id": grandmother})
	if answer.Code() != "" || !bytes.Contains(answer.Body, []byte(`"personalData":null`)) {
		t.Fatalf("the daughter reads %s", answer.Body)
	}
	var mine, log readingsAnswer
	city.As(t, "wangguiying").Do("RecordAccesses", nil).Decode(t, &mine)
	if len(mine.RecordAccesses.Edges) != 0 {
		t.Errorf("the grandmother sees %+v", mine)
	}
	city.As(t, "qianjun").Do("AccessLog", citytest.Vars{"outcome": "REFUSED"}).Decode(t, &log)
	if e := log.AccessLog.Edges; len(e) != 1 || e[0].Node.PersonID != grandmother || e[0].Node.Purpose != "UNSTATED" || e[0].Node.AccessorName != "陈*" {
		t.Errorf("the auditor finds %+v", log)
	}
}
