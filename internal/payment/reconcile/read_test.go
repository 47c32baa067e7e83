package reconcile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/clock"
	"citygraph/internal/payment"
	"citygraph/internal/payment/reconcile"
)

// read is what a file says, and what is wrong with it.
func read(text string) (entries []reconcile.Entry, problems []string, err error) {
	err = reconcile.Read(strings.NewReader(text), func(e reconcile.Entry) error {
		entries = append(entries, e)
		return nil
	}, func(p reconcile.Problem) { problems = append(problems, p.Error()) })
	return entries, problems, err
}

const goodLine = "topup_1,tx/1,TOP_UP,1234,2026-11-26T08:00:00+08:00,SUCCESS"

func TestTheCitysOwnForm(t *testing.T) {
	want := []reconcile.Entry{
		{Row: 2, Record: payment.Record{
			OrderID: "topup_1", TransactionID: "tx/1", Kind: payment.RecordTopUp, Amount: 1234, At: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), Status: payment.RecordSuccess,
		}},
		{Row: 4, Record: payment.Record{
			OrderID: "topup_2", Kind: payment.RecordRefund, Amount: 9_223_372_036_854_775_807, At: time.Date(2026, 11, 26, 0, 0, 0, 5000, time.UTC), Status: payment.RecordFailed,
		}},
	}
	second := "topup_2,,REFUND,9223372036854775807,2026-11-26T00:00:00.000005Z,FAILED"
	for name, text := range map[string]string{
		"as it is written":        strings.Join([]string{reconcile.Header, goodLine, "", second, ""}, "\n"),
		"with a mark and returns": "\ufeff" + strings.Join([]string{reconcile.Header, goodLine, "", second, ""}, "\r\n"),
		"without a last end":      strings.Join([]string{reconcile.Header, goodLine, "", second}, "\n"),
	} {
		entries, problems, err := read(text)
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
		if diff := cmp.Diff(want, entries, cmp.Comparer(time.Time.Equal)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Each line that says no record is told by its number, and the good ones between are read.
func TestLinesThatSayNoRecord(t *testing.T) {
	change := func(column int, to string) string {
		cells := strings.Split(goodLine, ",")
		cells[column] = to
		return strings.Join(cells, ",")
	}
	bad := []struct{ line, reason string }{
		{"topup_1,tx/1,TOP_UP,1234", "4 columns instead of 6"},
		{goodLine + ",", "7 columns instead of 6"},
		{change(0, ""), `"" is no order's number`},
		{change(0, "=HYPERLINK(1)"), `"=HYPERLINK(1)" is no order's number`},
		{change(0, strings.Repeat("1", 65)), "is no order's number"},
		{change(0, "单号"), "is no order's number"},
		{change(0, "a\x00b"), "is no order's number"},
		{change(1, "a b"), `"a b" is no payment's number`},
		{change(2, "PAYMENT"), `"PAYMENT" is neither TOP_UP nor REFUND`},
		{change(3, "0"), "an amount is more than nothing"},
		{change(3, "-1"), `"-1" is no amount in fen`},
		{change(3, "+1"), `"+1" is no amount in fen`},
		{change(3, "12.34"), `"12.34" is no amount in fen`},
		{change(3, "1e3"), `"1e3" is no amount in fen`},
		{change(3, "１２"), "is no amount in fen"},
		{change(3, ""), `"" is no amount in fen`},
		{change(3, "9223372036854775808"), "is no amount in fen"},
		{change(4, "2026-11-26 08:00:00"), "is no time of RFC 3339"},
		{change(5, "PAID"), `"PAID" is neither SUCCESS nor PENDING nor FAILED`},
	}
	text, want := reconcile.Header+"\n", make([]string, len(bad))
	for i, b := range bad {
		text += b.line + "\n" + goodLine + "\n"
		want[i] = fmt.Sprintf("line %d: ", 2*i+2)
	}
	entries, problems, err := read(text)
	if err != nil || len(entries) != len(bad) || len(problems) != len(bad) {
		t.Fatalf("%d records and %d problems of %d each: %q, %v", len(entries), len(problems), len(bad), problems, err)
	}
	for i, p := range problems {
		if !strings.HasPrefix(p, want[i]) || !strings.Contains(p, bad[i].reason) {
			t.Errorf("%q is told as %q, want %s%s", bad[i].line, p, want[i], bad[i].reason)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":            {"", "no header of theirs"},
		"another form":     {"a,b,c\n1,2,3", "no header of theirs"},
		"another order":    {strings.Replace(reconcile.Header, "order_id,", "", 1) + ",order_id\n", "no header of theirs"},
		"an endless line":  {reconcile.Header + "\n" + strings.Repeat("1", 1<<17), "after line 1: bufio.Scanner: token too long"},
		"an endless first": {strings.Repeat("1", 1<<17), "after line 0: "},
	} {
		if entries, _, err := read(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) || len(entries) > 0 {
			t.Errorf("%s: %v, %v, want %s", name, entries, err, tt.want)
		}
	}
	stop := errors.New("enough")
	if err := reconcile.Read(strings.NewReader(reconcile.Header+"\n"+goodLine), func(reconcile.Entry) error { return stop }, nil); !errors.Is(err, stop) {
		t.Errorf("what each says is lost: %v", err)
	}
}

// A trade bill of WeChat Pay, of three payments and a refund; an item's name has a comma, and one a backquote.
const (
	billHeader = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
	billPaid   = "`2026-11-26 08:00:01,`wx1,`1900000001,`0,`,`4200000000000001,`topup_1,`openid,`JSAPI,`SUCCESS,`OTHERS,`CNY,`12.34,`0.00,`0,`0,`0.00,`0.00,`,`,`市民卡, 充值,`,`0.07000,`0.60%,`12.34,`0.00,`"
	billSmall  = "`2026-11-26 23:59:59,`wx1,`1900000001,`0,`,`4200000000000002,`topup_2,`openid,`JSAPI,`SUCCESS,`OTHERS,`CNY,`0.01,`0.00,`0,`0,`0.00,`0.00,`,`,`a`b,`,`0.00000,`0.60%,`0.1,`0.00,`"
	billBig    = "`2026-11-26 12:00:00,`wx1,`1900000001,`0,`,`4200000000000003,`topup_3,`openid,`JSAPI,`SUCCESS,`OTHERS,`CNY,`0,`0.00,`0,`0,`0.00,`0.00,`,`,`x,`,`0.00000,`0.60%,`90071992547409.93,`0.00,`"
	billBack   = "`2026-11-26 09:00:00,`wx1,`1900000001,`0,`,`4200000000000001,`topup_1,`openid,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`5030000000000001,`refund_1,`12.34,`0.00,`ORIGINAL,`PROCESSING,`x,`,`0.00000,`0.60%,`0.00,`12.34,`"
	billSums   = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
	billTotals = "`4,`12.35,`12.34,`0.00,`0.07000,`90071992547422.37,`12.34"
)

func bill(lines ...string) string { return "\ufeff" + strings.Join(lines, "\r\n") + "\r\n" }

func TestATradeBillOfWechatPay(t *testing.T) {
	at := func(hour, minute, second int) time.Time {
		return time.Date(2026, 11, 26, hour, minute, second, 0, clock.Shanghai)
	}
	want := []reconcile.Entry{
		{Row: 2, Record: payment.Record{OrderID: "topup_1", TransactionID: "4200000000000001", Kind: payment.RecordTopUp, Amount: 12_34, At: at(8, 0, 1), Status: payment.RecordSuccess}},
		{Row: 3, Record: payment.Record{OrderID: "topup_2", TransactionID: "4200000000000002", Kind: payment.RecordTopUp, Amount: 10, At: at(23, 59, 59), Status: payment.RecordSuccess}},
		{Row: 4, Record: payment.Record{OrderID: "topup_3", TransactionID: "4200000000000003", Kind: payment.RecordTopUp, Amount: 9_007_199_254_740_993, At: at(12, 0, 0), Status: payment.RecordSuccess}},
		{Row: 5, Record: payment.Record{OrderID: "topup_1", TransactionID: "5030000000000001", Kind: payment.RecordRefund, Amount: 12_34, At: at(9, 0, 0), Status: payment.RecordSuccess}},
	}
	entries, problems, err := read(bill(billHeader, billPaid, billSmall, billBig, billBack, billSums, billTotals))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if diff := cmp.Diff(want, entries, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Error(diff)
	}
}

func TestBadTradeBills(t *testing.T) {
	whole := []string{billHeader, billPaid, billSmall, billBig, billBack, billSums, billTotals}
	for name, tt := range map[string]struct {
		line     int // of whole, from 1
		old, new string
		problem  string // of the line
		err      string // of the bill
	}{
		"no column":           {1, "订单金额,申请", "金额,申请", "", "no column 订单金额"},
		"no backquote":        {2, "`2026", "2026", "0 values after backquotes instead of 27", ""},
		"a column too few":    {2, ",`0.60%", "", "26 values after backquotes instead of 27", ""},
		"another currency":    {2, "`CNY", "`HKD", `"HKD" is not CNY`, ""},
		"another state":       {2, "`SUCCESS", "`REVOKED", `"REVOKED" is neither SUCCESS nor REFUND`, ""},
		"no state of refund":  {5, "`PROCESSING", "`GONE", `"GONE" is no state of a refund`, ""},
		"an amount of 1/1000": {2, "`0.60%,`12.34", "`0.60%,`12.340", `"12.340" is no amount in yuan`, ""},
		"an amount below":     {2, "`0.60%,`12.34", "`0.60%,`-12.34", `"-12.34" is no amount in yuan`, ""},
		"an amount of words":  {2, "`0.60%,`12.34", "`0.60%,`1e1", `"1e1" is no amount in yuan`, ""},
		"nothing before":      {3, "`0.60%,`0.1", "`0.60%,`.1", `".1" is no amount in yuan`, ""},
		"a wrong time":        {2, "`2026-11-26 08", "`2026-11-26 25", `is no time such as`, ""},
		"no order":            {2, "`topup_1", "`", `"" is no order's number`, ""},
		"a changed amount":    {2, "`0.60%,`12.34", "`0.60%,`12.35", "", "订单总金额 is 9007199254742237 fen, and the lines sum to 9007199254742238"},
		"a changed refund":    {5, "`0.00,`12.34,`", "`0.00,`12.33,`", "", "申请退款总金额 is 1234 fen"},
		"no totals":           {7, billTotals, "", "", "the totals have no 订单总金额"},
		"bad totals":          {7, "90071992547422.37", "much", "", `订单总金额: "much" is no amount in yuan`},
		"more after them":     {7, billTotals, billTotals + "\r\n" + billPaid, "", "line 8: something follows the totals"},
	} {
		lines := append([]string{}, whole...)
		lines[tt.line-1] = strings.Replace(lines[tt.line-1], tt.old, tt.new, 1)
		if lines[tt.line-1] == whole[tt.line-1] {
			t.Errorf("%s changes nothing", name)
		}
		_, problems, err := read(bill(lines...))
		switch {
		case tt.problem != "" && (err != nil || len(problems) != 1 || !strings.HasPrefix(problems[0], fmt.Sprintf("line %d: ", tt.line)) || !strings.Contains(problems[0], tt.problem)):
			t.Errorf("%s: %q, %v, want %s", name, problems, err, tt.problem)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v, want %s", name, err, tt.err)
		}
	}
	if _, _, err := read(bill(whole[:5]...)); err == nil || !strings.Contains(err.Error(), "without its totals") {
		t.Errorf("a bill that breaks off: %v", err)
	}
}

// Whatever stands in a file, it is read or refused; what is read can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add(reconcile.Header + "\n" + goodLine)
	f.Add(bill(billHeader, billPaid, billSmall, billBig, billBack, billSums, billTotals))
	f.Fuzz(func(t *testing.T, text string) {
		entries, _, _ := read(text)
		var again strings.Builder
		table := reconcile.NewTable(&again, reconcile.Header)
		for _, e := range entries {
			if err := table.Record(e.Record); err != nil {
				t.Fatal(err)
			}
		}
		table.Flush()
		second, problems, err := read(again.String())
		if err != nil || len(problems) > 0 || len(second) != len(entries) {
			t.Fatalf("%v, %v: %q", problems, err, again.String())
		}
		for i := range entries {
			entries[i].Row = second[i].Row
			if diff := cmp.Diff(entries[i], second[i], cmp.Comparer(time.Time.Equal)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
