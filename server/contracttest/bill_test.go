package contracttest_test

import (
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

const (
	issueBill  = `mutation($input: IssueBillInput!) { issueBill(input: $input) { userErrors { code } } }`
	payBill    = `mutation($input: PayBillInput!) { payBill(input: $input) { userErrors { code } } }`
	voidBill   = `mutation($input: VoidBillInput!) { voidBill(input: $input) { userErrors { code } } }`
	refundBill = `mutation($input: RefundBillInput!) { refundBill(input: $input) { userErrors { code } } }`
	billLines  = `query($id: ID!) { node(id: $id) { ... on Bill { lines { name } total } } }`
)

// visit is a visit of a member's to xumin's clinic, which they have checked in for; a visitor's is none.
func (r *rig) billable(t testing.TB, name string) string {
	t.Helper()
	if name == visitor {
		return id.New(id.Appointment)
	}
	system := seedtest.System(t)
	there, err := r.DB.Appointment.Query().Where(appointment.PatientID(castID(name)), appointment.StatusEQ(appointment.StatusCheckedIn)).FirstID(system)
	if err == nil {
		return there
	}
	if !db.IsNotFound(err) {
		t.Fatal(err)
	}
	made := seedtest.PutAppointment(t, &seedtest.City{Store: r.Store, DB: r.DB}, name, appointment.StatusCheckedIn)
	made.QuerySlot().OnlyX(system).Update().SetFee(1).ExecX(system)
	return made.ID
}

// charged is the input of a bill of a fen for a visit of a member's.
func (r *rig) charged(t testing.TB, name string) citytest.Vars {
	t.Helper()
	input := keyed()
	input["appointmentId"] = r.billable(t, name)
	input["lines"] = []citytest.Vars{{"code": "HZ-250101015", "name": "血细胞分析五分类", "amount": 1, "quantity": 1}}
	return input
}

// bill is the id of a bill for a visit of a member's, which nobody has paid.
func (r *rig) bill(t testing.TB, name string) string {
	t.Helper()
	if name == visitor {
		return id.New(id.Bill)
	}
	var made struct {
		IssueBill struct{ Bill struct{ ID string } }
	}
	r.member["xumin"].Do("IssueBill", citytest.Vars{"input": r.charged(t, name)}).Decode(t, &made)
	return made.IssueBill.Bill.ID
}

// billed is bill as an input.
func (r *rig) billed(t testing.TB, name string) citytest.Vars {
	t.Helper()
	return citytest.Vars{"billId": r.bill(t, name)}
}

// payment is the input of the payment of a bill of a member's.
func (r *rig) payment(t testing.TB, name string) citytest.Vars {
	t.Helper()
	input := keyed()
	input["billId"] = r.bill(t, name)
	return input
}

// refund is the input of a refund of a bill that a member has paid.
func (r *rig) refund(t testing.TB, name string) citytest.Vars {
	t.Helper()
	paid := r.payment(t, name)
	must(t, r.member[name], "PayBill", citytest.Vars{"input": paid})
	refund := keyed()
	refund["billId"], refund["amount"] = paid["billId"], 1
	return refund
}

// receipted is a bill of a member's with its receipt.
func (r *rig) receipted(t testing.TB, name string) string {
	t.Helper()
	find := func() (string, error) {
		return r.DB.Bill.Query().Where(bill.PatientID(castID(name)), bill.ReceiptKeyNEQ("")).FirstID(seedtest.System(t))
	}
	if found, err := find(); err == nil {
		return found
	}
	paid := r.payment(t, name)
	must(t, r.member[name], "PayBill", citytest.Vars{"input": paid})
	billID := paid["billId"].(string)
	if err := r.ClinicBills.PrintReceipt(t.Context(), billing.Print{BillID: billID}); err != nil { // jobs may have been stopped
		t.Fatal(err)
	}
	return billID
}

// billScenes are of a patient for whom nobody acts, so that nobody else's inbox grows.
func billScenes() map[string]scene {
	return map[string]scene{
		"IssueBill":  func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.charged(t, "qianjun")) },
		"PayBill":    func(t testing.TB, r *rig) asked { return input(r.member["qianjun"], r.payment(t, "qianjun")) },
		"VoidBill":   func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.billed(t, "qianjun")) },
		"RefundBill": func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.refund(t, "qianjun")) },
		"Bills": func(t testing.TB, r *rig) asked {
			r.receipted(t, "qianjun")
			return asked{r.member["qianjun"], citytest.Vars{"first": 20}}
		},
		"ClinicBills": func(t testing.TB, r *rig) asked {
			r.receipted(t, "qianjun")
			return asked{r.member["xumin"], citytest.Vars{"clinic": r.employer(t, "xumin"), "first": 20}}
		},
	}
}

func billProbes() []probe {
	of := func(name string) func(testing.TB, *rig, string) citytest.Vars {
		return func(t testing.TB, r *rig, _ string) citytest.Vars { return citytest.Vars{"id": r.bill(t, name)} }
	}
	return []probe{
		{"Query.bills", "one's own", everybody(nil), `{ bills { edges { node { id } } } }`},
		{"Query.bills", "wangguiying's", everybody(citytest.Vars{"id": castID("wangguiying")}), `query($id: ID!) { bills(person: $id) { edges { node { id } } } }`},
		{"Query.clinicBills", "of xumin's clinic", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"id": r.employer(t, "xumin")}
		}), `query($id: ID!) { clinicBills(clinic: $id) { edges { node { id } } } }`},
		{"Bill.lines", "wangguiying's", with(of("wangguiying")), billLines},
		{"Bill.lines", "chenjing's", with(of("chenjing")), billLines},
		{"Bill.receiptUrl", "wangguiying's, paid by herself", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"id": r.receipted(t, "wangguiying")}
		}), `query($id: ID!) { node(id: $id) { ... on Bill { receiptUrl } } }`},
		{"Mutation.issueBill", "for wangguiying's visit to xumin's clinic", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.charged(t, "wangguiying") }), issueBill},
		{"Mutation.payBill", "wangguiying's", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.payment(t, "wangguiying") }), payBill},
		{"Mutation.payBill", "chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.payment(t, "chenjing") }), payBill},
		{"Mutation.voidBill", "wangguiying's, of xumin's clinic", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.billed(t, "wangguiying") }), voidBill},
		{"Mutation.refundBill", "wangguiying's, of xumin's clinic", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.refund(t, "wangguiying") }), refundBill},
	}
}

// employer is the clinic that a member of its staff works for.
func (r *rig) employer(t testing.TB, name string) string {
	t.Helper()
	return r.DB.StaffRole.Query().Where(staffrole.PersonID(castID(name))).OnlyX(seedtest.System(t)).OrganisationID
}

// However many patients' bills a list shows, their lines are opened with one statement.
func TestBillsOfManyPatientsAreOpenedTogether(t *testing.T) {
	r := start(t)
	var ids []string
	for _, name := range []string{"chenjing", "wangguiying", "lina", "qianjun", "maming", "zhouwei"} {
		for range 3 {
			ids = append(ids, r.bill(t, name))
		}
	}
	lists := map[string]func(size int) citytest.Answer{
		"ClinicBills": func(size int) citytest.Answer {
			return r.member["xumin"].Do("ClinicBills", citytest.Vars{"clinic": r.employer(t, "xumin"), "first": size})
		},
		"Bills": func(size int) citytest.Answer { return r.member["maming"].Do("Bills", first(min(size, 3))) },
		"nodes": func(size int) citytest.Answer {
			return r.member["xumin"].Query(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Bill { lines { name } allowedActions } } }`, citytest.Vars{"ids": ids[:size]})
		},
	}
	for name, ask := range lists {
		few, many := ask(1), ask(len(ids))
		if few.Code() != "" || many.Code() != "" || len(many.Body) < 2*len(few.Body) {
			t.Errorf("%s: %s, and then %s", name, few.Body, many.Body)
		}
		if few.Statements != many.Statements {
			t.Errorf("%s: %d statements for one bill, %d for many", name, few.Statements, many.Statements)
		}
	}
}
