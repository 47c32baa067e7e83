package journey_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// billed is what an app shows of a bill.
type billed struct {
	ID             string
	Status         string
	Total          int64
	InsuranceShare int64
	CreditShare    int64
	SelfShare      int64
	Refunded       int64
	AllowedActions []string
	ReceiptURL     *string `json:"receiptUrl"`
	Lines          []struct {
		Code, Name string
		Total      int64
	}
}

// ward is xumin's clinic, and wangguiying's visit there.
type ward struct {
	city            *citytest.City
	visit           *db.Appointment
	clinic          string
	mother, cashier *citytest.Client
}

func enter(t *testing.T) *ward {
	t.Helper()
	city := citytest.Start(t)
	w := &ward{city: city, mother: city.As(t, "wangguiying"), cashier: city.As(t, "xumin")}
	w.clinic = city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "xumin"))).OnlyX(system(t)).OrganisationID
	w.visit = seedtest.PutAppointment(t, &seedtest.City{Store: city.Store, DB: city.DB}, "wangguiying", appointment.StatusCheckedIn)
	w.visit.QuerySlot().OnlyX(system(t)).Update().SetFee(18_00).ExecX(system(t))
	return w
}

// do asks a mutation with a key, and returns the bill; the code is of a refusal.
func (w *ward) do(t *testing.T, c *citytest.Client, operation string, input citytest.Vars) (found billed, code string) {
	t.Helper()
	input["idempotencyKey"] = uuid.NewString()
	if operation == "VoidBill" {
		delete(input, "idempotencyKey")
	}
	var answer map[string]struct {
		Bill       *billed
		UserErrors []problem
	}
	c.Do(operation, citytest.Vars{"input": input}).Decode(t, &answer)
	got := answer[strings.ToLower(operation[:1])+operation[1:]]
	if len(got.UserErrors) > 0 {
		return found, got.UserErrors[0].Code
	}
	if got.Bill == nil {
		t.Fatalf("%s: no bill", operation)
	}
	return *got.Bill, ""
}

func (w *ward) issue(t *testing.T, fen int64) billed {
	t.Helper()
	made, code := w.do(t, w.cashier, "IssueBill", citytest.Vars{
		"appointmentId": w.visit.ID, "lines": []citytest.Vars{{"code": "CBC", "name": "血常规", "amount": fen, "quantity": 1}},
	})
	if code != "" {
		t.Fatalf("it cannot be issued: %s", code)
	}
	return made
}

// look is a bill as somebody's app shows it in a list.
func (w *ward) look(t *testing.T, c *citytest.Client, billID string) billed {
	t.Helper()
	var page struct {
		Bills struct {
			Edges []struct{ Node billed }
		}
	}
	c.DoFor("wechat-miniprogram", "Bills", citytest.Vars{"first": 20, "person": seedtest.Person(t, "wangguiying")}).Decode(t, &page)
	for _, e := range page.Bills.Edges {
		if e.Node.ID == billID {
			return e.Node
		}
	}
	t.Fatalf("it is not among %+v", page)
	return billed{}
}

func (w *ward) balance(t *testing.T, name string) int64 {
	t.Helper()
	return w.city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, name))).QueryAccount().OnlyX(system(t)).Balance
}

// insured is what the app shows of her insurance account.
func (w *ward) insured(t *testing.T) int64 {
	t.Helper()
	var mine struct {
		Card struct{ InsuranceBalance *int64 }
	}
	w.mother.Do("MyCard", nil).Decode(t, &mine)
	if mine.Card.InsuranceBalance == nil {
		return 0
	}
	return *mine.Card.InsuranceBalance
}

// sound fails unless the book adds up.
func (w *ward) sound(t *testing.T) {
	t.Helper()
	if _, err := w.city.Book.Verify(system(t), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Fatal(err)
	}
}

// A grandmother in the consulting room gets a bill, pays it with one tap from her insurance account, her card and her credit
// line, downloads the receipt, and gets all of it back in two parts: the line first, the insurance account last.
func TestAGrandmotherSettlesAVisitWithOneTap(t *testing.T) {
	w := enter(t)
	if found := problems(t, w.mother.Do("GiveConsent", keyedWith(citytest.Vars{"purpose": "CREDIT_RECORD", "version": "1.0", "language": "ZH_CN"}))); len(found) != 0 {
		t.Fatalf("%+v", found)
	}
	if found := problems(t, w.mother.Do("OpenCreditLine", keyedWith(nil))); len(found) != 0 {
		t.Fatalf("%+v", found)
	}
	insured, own := w.insured(t), w.balance(t, "wangguiying")
	if insured == 0 {
		t.Fatal("she is not insured")
	}
	lent := int64(100_00)
	made := w.issue(t, insured+own+lent-18_00)
	if made.Total != insured+own+lent || len(made.Lines) != 2 || made.Lines[0].Code != "REGISTRATION" || made.Lines[0].Total != 18_00 || made.Status != "ISSUED" {
		t.Fatalf("the bill is %+v", made)
	}
	if rows, _ := inboxPage(t, w.mother, nil); !strings.Contains(rows[0].Title, "账单已开出") {
		t.Errorf("she was told %+v", rows[0])
	}
	paid, code := w.do(t, w.mother, "PayBill", citytest.Vars{"billId": made.ID})
	if code != "" || paid.Status != "PAID" || paid.InsuranceShare != insured || paid.SelfShare != own || paid.CreditShare != lent {
		t.Fatalf("%s; the bill is %+v", code, paid)
	}
	if w.insured(t) != 0 || w.balance(t, "wangguiying") != 0 {
		t.Errorf("%d and %d fen are left", w.insured(t), w.balance(t, "wangguiying"))
	}
	w.downloads(t, made.ID)
	back := func(fen, refunded, insuredNow, ownNow int64, status string) {
		t.Helper()
		got, code := w.do(t, w.cashier, "RefundBill", citytest.Vars{"billId": made.ID, "amount": fen})
		if code != "" || got.Refunded != refunded || got.Status != status || w.balance(t, "wangguiying") != ownNow {
			t.Errorf("%s; the bill is %+v, and %d fen are on her card", code, got, w.balance(t, "wangguiying"))
		}
		citytest.Eventually(t, "the bureau has its part back", func() bool { return w.insured(t) == insuredNow })
	}
	back(lent+own/2, lent+own/2, 0, own/2, "PAID")
	back(made.Total-lent-own/2, made.Total, insured, own, "REFUNDED")
	if _, code := w.do(t, w.cashier, "RefundBill", citytest.Vars{"billId": made.ID, "amount": 1}); code != "REFUND_EXCEEDS" {
		t.Errorf("more than all: %s", code)
	}
	w.sound(t)
}

// downloads fails unless the patient downloads the receipt of a bill, and nobody else.
func (w *ward) downloads(t *testing.T, billID string) {
	t.Helper()
	citytest.Eventually(t, "the receipt is printed", func() bool {
		return w.city.DB.Bill.Query().Where(bill.ID(billID), bill.ReceiptKeyNEQ("")).ExistX(system(t))
	})
	link := w.look(t, w.mother, billID).ReceiptURL
	if link == nil {
		t.Fatal("there is no receipt")
	}
	get := func(address string) (int, []byte) {
		t.Helper()
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, body
	}
	address := *link
	if strings.HasPrefix(address, "/") {
		address = w.city.URL + address
	}
	if status, body := get(address); status != http.StatusOK || !strings.HasPrefix(string(body), "%PDF-") {
		t.Errorf("the receipt answers %d with %.40q", status, body)
	}
	if status, _ := get(strings.Replace(address, "signature=", "signature=x", 1)); status == http.StatusOK {
		t.Error("a forged link is good")
	}
	var page struct {
		ClinicBills struct {
			Edges []struct{ Node billed }
		}
	}
	w.cashier.Do("ClinicBills", citytest.Vars{"clinic": w.clinic, "status": "PAID", "first": 20}).Decode(t, &page)
	if edges := page.ClinicBills.Edges; len(edges) != 1 || fmt.Sprint(edges[0].Node.AllowedActions) != "[REFUND]" || len(edges[0].Node.Lines) != 2 {
		t.Errorf("the clinic sees %+v", page)
	}
}

// A daughter pays for her mother with her own card; her mother's credit line lends her nothing. A neighbour sees no bill, and what
// is paid is not paid twice.
func TestADaughterPaysForHerMother(t *testing.T) {
	w := enter(t)
	daughter := w.city.As(t, "chenjing")
	made := w.issue(t, w.insured(t)+50_00-18_00)
	if _, code := w.do(t, w.city.As(t, "maming"), "PayBill", citytest.Vars{"billId": made.ID}); code != "NOT_FOUND" {
		t.Errorf("a neighbour: %s", code)
	}
	if _, code := w.do(t, daughter, "VoidBill", citytest.Vars{"billId": made.ID}); code != "NOT_FOUND" {
		t.Errorf("taking it back: %s", code)
	}
	if seen := w.look(t, daughter, made.ID); fmt.Sprint(seen.AllowedActions) != "[PAY]" || seen.Total != made.Total {
		t.Errorf("she sees %+v", seen)
	}
	had, mothers := w.balance(t, "chenjing"), w.balance(t, "wangguiying")
	paid, code := w.do(t, daughter, "PayBill", citytest.Vars{"billId": made.ID})
	if code != "" || paid.SelfShare != 50_00 || w.balance(t, "chenjing") != had-50_00 || w.balance(t, "wangguiying") != mothers {
		t.Errorf("%s; the bill is %+v", code, paid)
	}
	if _, code := w.do(t, w.mother, "PayBill", citytest.Vars{"billId": made.ID}); code != "BILL_NOT_PAYABLE" {
		t.Errorf("her mother, too: %s", code)
	}
	if rows, _ := inboxPage(t, daughter, nil); rows[0].Title != "市民卡支出¥50.00" {
		t.Errorf("she was told %+v", rows[0])
	}
	citytest.Eventually(t, "she has the receipt too", func() bool { return w.look(t, daughter, made.ID).ReceiptURL != nil })
	void := w.issue(t, 10_00)
	if got, code := w.do(t, w.cashier, "VoidBill", citytest.Vars{"billId": void.ID}); code != "" || got.Status != "VOID" {
		t.Errorf("%s; the bill is %+v", code, got)
	}
	w.sound(t)
}

// keyedWith is the variables of a mutation with a key.
func keyedWith(more citytest.Vars) citytest.Vars {
	input := citytest.Vars{"idempotencyKey": uuid.NewString()}
	for name, value := range more {
		input[name] = value
	}
	return citytest.Vars{"input": input}
}
