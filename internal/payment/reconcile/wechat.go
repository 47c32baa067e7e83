package reconcile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/payment"
)

// The columns of WeChat Pay's trade bill that are read, by their names in its header: the bill has more, and has grown
// over the years. (微信支付 API v3, 申请交易账单, bill_type=ALL.)
const (
	wechatTime         = "交易时间"
	wechatTransaction  = "微信订单号"
	wechatOrder        = "商户订单号"
	wechatState        = "交易状态"
	wechatCurrency     = "货币种类"
	wechatAmount       = "订单金额"
	wechatRefund       = "微信退款单号"
	wechatRefundAmount = "申请退款金额"
	wechatRefundState  = "退款状态"

	wechatCount       = "总交易单数"
	wechatTotal       = "订单总金额"
	wechatRefundTotal = "申请退款总金额"
)

// refundStates are those of a refund in a bill, which has it on the day it was accepted and never renews its state.
var refundStates = map[string]payment.RecordStatus{
	"SUCCESS": payment.RecordSuccess, "PROCESSING": payment.RecordSuccess, "FAIL": payment.RecordFailed, "CHANGE": payment.RecordFailed,
}

// bill is a trade bill under way. Each value begins with a backquote, so that a comma in a name parts nothing.
type bill struct {
	columns         map[string]int
	width           int
	total, refunded int64 // fen
	bad             bool
}

// wechat reads a trade bill, and holds it against its totals.
func (f *file) wechat(header []string) error {
	b := &bill{columns: indexed(header), width: len(header)}
	if err := b.has(wechatTransaction, wechatOrder, wechatState, wechatCurrency, wechatAmount, wechatRefund, wechatRefundAmount, wechatRefundState); err != nil {
		return err
	}
	for text, ok := f.next(); ok; text, ok = f.next() {
		if strings.HasPrefix(text, wechatCount) {
			sums, _ := f.next()
			if _, more := f.next(); more {
				return fmt.Errorf("line %d: something follows the totals", f.line)
			}
			return b.check(strings.Split(text, ","), cells(sums))
		}
		r, err := b.record(cells(text))
		b.bad = b.bad || err != nil
		if err := f.take(r, err); err != nil {
			return err
		}
	}
	return errors.New("the bill ends without its totals: it is not whole")
}

func indexed(header []string) map[string]int {
	columns := map[string]int{}
	for i, name := range header {
		columns[name] = i
	}
	return columns
}

func (b *bill) has(names ...string) error {
	for _, name := range names {
		if _, ok := b.columns[name]; !ok {
			return fmt.Errorf("the bill has no column %s", name)
		}
	}
	return nil
}

// cells are the values of a line; none for a line that does not begin with a backquote.
func cells(text string) []string {
	rest, ok := strings.CutPrefix(text, "`")
	if !ok {
		return nil
	}
	return strings.Split(rest, ",`")
}

func (b *bill) record(values []string) (payment.Record, error) {
	if len(values) != b.width {
		return payment.Record{}, fmt.Errorf("%d values after backquotes instead of %d", len(values), b.width)
	}
	at := func(name string) string { return values[b.columns[name]] }
	r := payment.Record{OrderID: at(wechatOrder), TransactionID: at(wechatTransaction), Kind: payment.RecordTopUp, Status: payment.RecordSuccess}
	if at(wechatCurrency) != "CNY" {
		return r, fmt.Errorf("%.40q is not CNY", at(wechatCurrency))
	}
	amount, sum := at(wechatAmount), &b.total
	switch state := at(wechatState); state {
	case "SUCCESS":
	case "REFUND":
		r.Kind, r.TransactionID, r.Status = payment.RecordRefund, at(wechatRefund), refundStates[at(wechatRefundState)]
		amount, sum = at(wechatRefundAmount), &b.refunded
		if r.Status == "" {
			return r, fmt.Errorf("%.40q is no state of a refund", at(wechatRefundState))
		}
	default:
		return r, fmt.Errorf("%.40q is neither SUCCESS nor REFUND", state)
	}
	var err error
	if r.Amount, err = fen(amount); err != nil {
		return r, err
	}
	*sum += r.Amount
	if r.At, err = time.ParseInLocation(time.DateTime, at(wechatTime), clock.Shanghai); err != nil {
		return r, fmt.Errorf("%.40q is no time such as %s", at(wechatTime), time.DateTime)
	}
	return r, nil
}

// check holds what was read against the totals, unless a line could not be read, which is told already.
func (b *bill) check(header, totals []string) error {
	columns := indexed(header)
	for _, of := range []struct {
		name string
		want int64
	}{{wechatTotal, b.total}, {wechatRefundTotal, b.refunded}} {
		i, ok := columns[of.name]
		if !ok || i >= len(totals) {
			return fmt.Errorf("the totals have no %s", of.name)
		}
		said, err := fen(totals[i])
		if err != nil {
			return fmt.Errorf("%s: %w", of.name, err)
		}
		if said != of.want && !b.bad {
			return fmt.Errorf("%s is %d fen, and the lines sum to %d: the bill is not whole", of.name, said, of.want)
		}
	}
	return nil
}

// yuan is an amount with at most two decimals, of no more digits than 64 bits hold in fen.
var yuan = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,2})?$`)

// fen reads an amount of yuan, exactly.
func fen(s string) (int64, error) {
	if !yuan.MatchString(s) {
		return 0, fmt.Errorf("%.40q is no amount in yuan", s)
	}
	units, cents, _ := strings.Cut(s, ".")
	return strconv.ParseInt(units+cents+strings.Repeat("0", 2-len(cents)), 10, 64)
}
