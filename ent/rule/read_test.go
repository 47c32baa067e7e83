package rule_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/rule"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// counts counts the rows of each type that the context's viewer sees.
func (s *stage) counts() map[string]func(context.Context) int {
	c := s.DB
	return map[string]func(context.Context) int{
		"Alert":             func(ctx context.Context) int { return c.Alert.Query().CountX(ctx) },
		"AuditEvent":        func(ctx context.Context) int { return c.AuditEvent.Query().CountX(ctx) },
		"Broadcast":         func(ctx context.Context) int { return c.Broadcast.Query().CountX(ctx) },
		"CaseCategory":      func(ctx context.Context) int { return c.CaseCategory.Query().CountX(ctx) },
		"CaseEvent":         func(ctx context.Context) int { return c.CaseEvent.Query().CountX(ctx) },
		"CasePhoto":         func(ctx context.Context) int { return c.CasePhoto.Query().CountX(ctx) },
		"CaseSupporter":     func(ctx context.Context) int { return c.CaseSupporter.Query().CountX(ctx) },
		"CitizenCard":       func(ctx context.Context) int { return c.CitizenCard.Query().CountX(ctx) },
		"CityCase":          func(ctx context.Context) int { return c.CityCase.Query().CountX(ctx) },
		"CityFacility":      func(ctx context.Context) int { return c.CityFacility.Query().CountX(ctx) },
		"Clinic":            func(ctx context.Context) int { return c.Clinic.Query().CountX(ctx) },
		"Consent":           func(ctx context.Context) int { return c.Consent.Query().CountX(ctx) },
		"DeliveryAttempt":   func(ctx context.Context) int { return c.DeliveryAttempt.Query().CountX(ctx) },
		"DataExport":        func(ctx context.Context) int { return c.DataExport.Query().CountX(ctx) },
		"Delegation":        func(ctx context.Context) int { return c.Delegation.Query().CountX(ctx) },
		"Guardianship":      func(ctx context.Context) int { return c.Guardianship.Query().CountX(ctx) },
		"Department":        func(ctx context.Context) int { return c.Department.Query().CountX(ctx) },
		"Device":            func(ctx context.Context) int { return c.Device.Query().CountX(ctx) },
		"District":          func(ctx context.Context) int { return c.District.Query().CountX(ctx) },
		"EntitlementGrant":  func(ctx context.Context) int { return c.EntitlementGrant.Query().CountX(ctx) },
		"Hold":              func(ctx context.Context) int { return c.Hold.Query().CountX(ctx) },
		"LedgerAccount":     func(ctx context.Context) int { return c.LedgerAccount.Query().CountX(ctx) },
		"LedgerEntry":       func(ctx context.Context) int { return c.LedgerEntry.Query().CountX(ctx) },
		"LedgerTransaction": func(ctx context.Context) int { return c.LedgerTransaction.Query().CountX(ctx) },
		"CreditLine":        func(ctx context.Context) int { return c.CreditLine.Query().CountX(ctx) },
		"TopUp":             func(ctx context.Context) int { return c.TopUp.Query().CountX(ctx) },
		"TransitBatch":      func(ctx context.Context) int { return c.TransitBatch.Query().CountX(ctx) },
		"TransitRide":       func(ctx context.Context) int { return c.TransitRide.Query().CountX(ctx) },
		"IdempotencyRecord": func(ctx context.Context) int { return c.IdempotencyRecord.Query().CountX(ctx) },
		"Identity":          func(ctx context.Context) int { return c.Identity.Query().CountX(ctx) },
		"Notification":      func(ctx context.Context) int { return c.Notification.Query().CountX(ctx) },
		"Person":            func(ctx context.Context) int { return c.Person.Query().CountX(ctx) },
		"PersonalData":      func(ctx context.Context) int { return c.PersonalData.Query().CountX(ctx) },
		"RecordAccess":      func(ctx context.Context) int { return c.RecordAccess.Query().CountX(ctx) },
		"Practitioner":      func(ctx context.Context) int { return c.Practitioner.Query().CountX(ctx) },
		"PractitionerRole":  func(ctx context.Context) int { return c.PractitionerRole.Query().CountX(ctx) },
		"Schedule":          func(ctx context.Context) int { return c.Schedule.Query().CountX(ctx) },
		"Slot":              func(ctx context.Context) int { return c.Slot.Query().CountX(ctx) },
		"ScenicSpot":        func(ctx context.Context) int { return c.ScenicSpot.Query().CountX(ctx) },
		"School":            func(ctx context.Context) int { return c.School.Query().CountX(ctx) },
		"SensorAlarm":       func(ctx context.Context) int { return c.SensorAlarm.Query().CountX(ctx) },
		"Session":           func(ctx context.Context) int { return c.Session.Query().CountX(ctx) },
		"StaffRole":         func(ctx context.Context) int { return c.StaffRole.Query().CountX(ctx) },
		"Street":            func(ctx context.Context) int { return c.Street.Query().CountX(ctx) },
		"NotificationPreference": func(ctx context.Context) int {
			return c.NotificationPreference.Query().CountX(ctx)
		},
		"WechatGrant": func(ctx context.Context) int { return c.WechatGrant.Query().CountX(ctx) },
	}
}

const all = -1

// Who sees how many rows of what, over every type and the whole cast. Cases have a table of their own.
func TestWhoSeesWhat(t *testing.T) {
	s := set(t)
	public := map[string]bool{
		"CaseCategory": true, "CityFacility": true, "Clinic": true, "Department": true, "District": true, "ScenicSpot": true, "School": true, "Street": true,
		"Practitioner": true, "PractitionerRole": true, "Schedule": true, "Slot": true,
	}
	seen := map[string]map[string]int{ // by type and member; nobody else sees any
		"Person":            one(everyoneSignedIn()...),
		"PersonalData":      one(everyoneSignedIn()...),
		"CitizenCard":       one(everyoneSignedIn()...),
		"Identity":          one(everyoneSignedIn()...),
		"StaffRole":         one("lina", "xumin", "zhaoqiang", "sunli", "wutao", "qianjun", "fanglei"),
		"DataExport":        one("chenjing"),
		"Device":            one("chenjing"),
		"Hold":              one("chenjing"),
		"CreditLine":        one("chenjing"),
		"TopUp":             one("chenjing"),
		"TransitBatch":      one("chenjing"),
		"TransitRide":       one("chenjing"),
		"LedgerAccount":     one(everyoneSignedIn()...), // a card's; the grandmother's is not her delegate's to see
		"LedgerEntry":       one(everyoneSignedIn()...),
		"LedgerTransaction": one(everyoneSignedIn()...),
		"Session":           one("chenjing"),
		"DeliveryAttempt":   one("chenjing"),
		"Notification":      one("chenjing"),
		"CasePhoto":         {"chenjing": 2, "zhaoqiang": 2, "qianjun": 2, "fanglei": 2}, // hers that waits and that of her report; that and one for officers
		"CaseSupporter":     one("chenjing"),
		"SensorAlarm":       one("zhaoqiang", "qianjun", "fanglei"), // of Xihu District
		"WechatGrant":       one("chenjing"),
		"AuditEvent":        {"qianjun": all},
		"Delegation":        one("chenjing", "wangguiying"),
		"Guardianship":      {"chenjing": 2},
		"IdempotencyRecord": {},
		"Consent":           {"chenjing": 1, "qianjun": all},
		"EntitlementGrant":  {"chenjing": 1, "wangguiying": 1, "zhouwei": 1, "xumin": 1, "maming": 1, "qianjun": all, "fanglei": all}, // not the children's, which verbs read
		"RecordAccess":      {"chenjing": 1, "qianjun": all},                                                                          // of hers one was refused, which is an auditor's to see

		"Alert":                  one(cast...), // the one in earnest
		"Broadcast":              {},
		"NotificationPreference": one("chenjing"),
	}
	for _, name := range []string{"LedgerAccount", "LedgerEntry", "LedgerTransaction"} { // and a credit line
		seen[name]["chenjing"], seen[name]["wangguiying"] = 2, 2
	}
	seen["Person"]["chenjing"] = 4 // and those she acts for
	seen["Alert"]["fanglei"], seen["Alert"]["qianjun"] = all, all
	maps.Copy(seen, clinicSeen())
	maps.Copy(seen, map[string]map[string]int{ // of chenjing's children, and of lina's school with those of the demo
		"AcademicSession": {}, "Announcement": {"chenjing": 2, "lina": 2}, "Delivery": {"chenjing": 2, "lina": 2}, // of each one that was taken back
		"SchoolClass": {"chenjing": 3, "lina": 4}, "Enrollment": {"chenjing": 4, "lina": 16}, "RosterUser": {},
		"Thread": one("chenjing", "lina"), "Message": {"chenjing": 2, "lina": 2}, "ThreadRead": one("chenjing", "lina"), "MessageReport": one("chenjing", "fanglei"),
	})
	for _, member := range cast {
		seen["AcademicSession"][member] = all
	}
	counts := s.counts()
	maps.Copy(counts, s.clinicCounts())
	maps.Copy(counts, s.schoolCounts())
	maps.Copy(counts, s.fileCounts())
	maps.Copy(seen, fileSeen())
	maps.Copy(counts, s.lifeCounts())
	maps.Copy(seen, lifeSeen())
	maps.Copy(counts, s.threadCounts())
	for name := range db.Policies() {
		count, ok := counts[name]
		if !ok {
			t.Errorf("nobody has thought about who sees a %s", name)
			continue
		}
		total := count(seedtest.System(t))
		if total == 0 {
			t.Errorf("there is no %s to be seen", name)
		}
		if name == "CityCase" || name == "CaseEvent" {
			continue
		}
		if _, ok := seen[name]; !ok && !public[name] {
			t.Errorf("nobody has thought about who sees a %s", name)
		}
		for _, member := range cast {
			want := seen[name][member]
			if public[name] || want == all {
				want = total
			}
			if got := count(s.As(t, member)); got != want {
				t.Errorf("%q sees %d of %d rows of %s, want %d", member, got, total, name, want)
			}
		}
	}
}

// Once published, a case and its public steps are everybody's to read, and its internal note is not.
func TestThePublicSeesWhatIsPublished(t *testing.T) {
	s := set(t)
	s.DB.CityCase.UpdateOneID(s.xihu.ID).SetPublished(true).ExecX(seedtest.System(t))
	for _, member := range cast {
		ctx := s.As(t, member)
		events := s.DB.CaseEvent.Query().Where(caseevent.CityCaseID(s.xihu.ID)).CountX(ctx)
		want := 1
		if slices.Contains([]string{"zhaoqiang", "qianjun", "fanglei"}, member) {
			want = 2
		}
		if !s.DB.CityCase.Query().Where(citycase.ID(s.xihu.ID)).ExistX(ctx) || events != want {
			t.Errorf("%q reads %d steps of what is published, want %d", member, events, want)
		}
		changed := s.DB.CityCase.Update().Where(citycase.ID(s.xihu.ID)).SetDescription("x").SaveX(ctx)
		if may := member == "chenjing" || member == "zhaoqiang"; (changed == 1) != may {
			t.Errorf("%q changes %d rows", member, changed)
		}
	}
}

// A case, and its internal note, by who asks.
func TestWhoSeesACase(t *testing.T) {
	s := set(t)
	type sight struct{ Xihu, XihuNote, Shangcheng, ShangchengNote bool }
	for member, want := range map[string]sight{
		"":            {},
		"chenjing":    {Xihu: true}, // the reporter is not shown what officers note for themselves
		"zhaoqiang":   {Xihu: true, XihuNote: true},
		"sunli":       {Shangcheng: true, ShangchengNote: true}, // reporter and officer at once
		"qianjun":     {true, true, true, true},
		"fanglei":     {true, true, true, true},
		"zhouwei":     {},
		"wangguiying": {},
		"lina":        {},
		"xumin":       {},
		"wutao":       {},
		"maming":      {},
	} {
		ctx := s.As(t, member)
		got := sight{
			Xihu:           s.DB.CityCase.Query().Where(citycase.ID(s.xihu.ID)).ExistX(ctx),
			XihuNote:       s.DB.CaseEvent.Query().Where(caseevent.ID(s.internal.ID)).ExistX(ctx),
			Shangcheng:     s.DB.CityCase.Query().Where(citycase.ID(s.shangcheng.ID)).ExistX(ctx),
			ShangchengNote: s.DB.CaseEvent.Query().Where(caseevent.ID(s.shangInside.ID)).ExistX(ctx),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", member, diff)
		}
	}
}

// An officer who reports in another district is a citizen there: no internal note.
func TestAnOfficerIsACitizenElsewhere(t *testing.T) {
	s := set(t)
	c, inside := s.open(t, seedtest.System(t), "zhaoqiang", "330102")
	ctx := s.As(t, "zhaoqiang")
	events := s.DB.CaseEvent.Query().Where(caseevent.CityCaseID(c.ID)).AllX(ctx)
	if len(events) != 1 || events[0].ID == inside.ID {
		t.Errorf("sees %d events of their own case elsewhere: %+v", len(events), events)
	}
	if n := s.DB.CityCase.Update().Where(citycase.ID(c.ID)).SetLastSeq(9).SaveX(ctx); n != 1 {
		t.Error("cannot change their own case elsewhere")
	}
}

// The rule holds on every path to a row: an edge, an eager load, a count of an edge.
func TestEveryPathIsNarrowed(t *testing.T) {
	s := set(t)
	for member, want := range map[string]int{"chenjing": 1, "zhaoqiang": 2, "qianjun": 2} {
		ctx := s.As(t, member)
		c := s.DB.CityCase.Query().Where(citycase.ID(s.xihu.ID)).WithEvents().OnlyX(ctx)
		if got := len(c.Edges.Events); got != want {
			t.Errorf("%s eager-loads %d events, want %d", member, got, want)
		}
		if got := c.QueryEvents().CountX(ctx); got != want {
			t.Errorf("%s walks to %d events, want %d", member, got, want)
		}
	}
	note, err := s.DB.CaseEvent.Query().Where(caseevent.ID(s.internal.ID)).WithCityCase().Only(s.As(t, "maming"))
	if !db.IsNotFound(err) {
		t.Errorf("a stranger loads %+v, %v", note, err)
	}
	// The way back from what one may see does not lead to what one may not.
	events := s.DB.CityCase.Query().Where(citycase.ID(s.xihu.ID)).QueryEvents().QueryCityCase().QueryEvents()
	if got := events.CountX(s.As(t, "chenjing")); got != 1 {
		t.Errorf("the reporter walks back and forth to %d events", got)
	}
}

// A statement built by hand with the same rule gives the same rows as ent.
func TestAHandBuiltStatementGivesTheSameRows(t *testing.T) {
	s := set(t)
	for _, member := range append(slices.Clone(cast), "the system") {
		ctx := seedtest.System(t)
		if member != "the system" {
			ctx = s.As(t, member)
		}
		for table, tt := range map[string]struct {
			rule rule.Policy
			ent  []string
		}{
			citycase.Table:  {rule.CityCase, sorted(s.DB.CityCase.Query().IDsX(ctx))},
			caseevent.Table: {rule.CaseEvent, sorted(s.DB.CaseEvent.Query().IDsX(ctx))},
			"people":        {rule.Person, sorted(s.DB.Person.Query().IDsX(ctx))},
			"audit_events":  {rule.Audit, sorted(s.DB.AuditEvent.Query().IDsX(ctx))},
			"delegations":   {rule.Delegation, sorted(s.DB.Delegation.Query().IDsX(ctx))},
			"guardianships": {rule.Guardianship, sorted(s.DB.Guardianship.Query().IDsX(ctx))},
			"notifications": {rule.Notification, sorted(s.DB.Notification.Query().IDsX(ctx))},
			"sessions":      {rule.Personal, sorted(s.DB.Session.Query().IDsX(ctx))},
			"streets":       {rule.Public, sorted(s.DB.Street.Query().IDsX(ctx))},
		} {
			for _, alias := range []string{"", "aliased"} {
				if diff := cmp.Diff(tt.ent, s.byHand(t, ctx, table, alias, tt.rule)); diff != "" {
					t.Errorf("%q, %s: by ent (-), by hand (+):\n%s", member, table, diff)
				}
			}
		}
	}
}

func sorted(ids []string) []string { slices.Sort(ids); return ids }

// byHand selects the ids of a table that its rule lets the viewer read.
func (s *stage) byHand(t *testing.T, ctx context.Context, table, alias string, p rule.Policy) []string {
	t.Helper()
	d := sql.Dialect(s.Store.Dialect())
	from := d.Table(table)
	if alias != "" {
		from.As(alias)
	}
	statement := d.Select(from.C("id")).From(from)
	p.Read.For(viewer.From(ctx))(statement)
	query, args := statement.Query()
	var rows sql.Rows
	if err := s.Store.Driver().Query(ctx, query, args, &rows); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var ids []string
	if err := sql.ScanSlice(rows, &ids); err != nil {
		t.Fatal(err)
	}
	return sorted(ids)
}

// Every type has a rule at work: what it cannot narrow it refuses, where no rule would let it through.
func TestEveryTypeHasARule(t *testing.T) {
	policies := db.Policies()
	if len(policies) == 0 {
		t.Fatal("there are no types")
	}
	for name, policy := range policies {
		if policy == nil || policy.EvalQuery(t.Context(), struct{}{}) == nil {
			t.Errorf("%s is read without a rule", name)
		}
	}
}

// one row is seen by each of these.
func one(members ...string) map[string]int {
	seen := map[string]int{}
	for _, m := range members {
		seen[m] = 1
	}
	return seen
}
