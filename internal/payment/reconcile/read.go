package reconcile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"citygraph/internal/payment"
)

// Problem is what is wrong with one line of a file.
type Problem struct {
	Line   int // from 1, the header's
	Reason string
}

// Error says where and what.
func (p Problem) Error() string { return fmt.Sprintf("line %d: %s", p.Line, p.Reason) }

// longest bounds a line; none of a payment provider comes near it.
const longest = 1 << 16

// Header is the first line of a file of records in the city's own form, which Write writes.
const Header = "order_id,provider_transaction_id,kind,amount_fen,time,status"

// Read reads a file of a provider's records: in the city's own form, or a trade bill of WeChat Pay of the type ALL. It
// tells bad of each line that says no record, and goes on. It fails for a file of another form, and for a bill whose
// totals are missing or are not those of its lines. It holds one line in memory.
func Read(in io.Reader, each func(Entry) error, bad func(Problem)) error {
	f := &file{lines: bufio.NewScanner(in), each: each, bad: bad}
	f.lines.Buffer(make([]byte, 0, 4096), longest)
	header, _ := f.next()
	header = strings.TrimPrefix(header, "\ufeff")
	var err error
	switch {
	case header == Header:
		err = f.own()
	case strings.HasPrefix(header, wechatTime+","):
		err = f.wechat(strings.Split(header, ","))
	case f.lines.Err() == nil:
		return errors.New("neither the city's form of records nor a trade bill of WeChat Pay: the first line is no header of theirs")
	}
	if failed := f.lines.Err(); failed != nil { // a bill that breaks off has no totals either
		return fmt.Errorf("after line %d: %w", f.line, failed)
	}
	return err
}

// file is a file under way.
type file struct {
	lines *bufio.Scanner
	line  int
	each  func(Entry) error
	bad   func(Problem)
}

// next is the next line that is not empty, without its end.
func (f *file) next() (string, bool) {
	for f.lines.Scan() {
		f.line++
		if text := f.lines.Text(); text != "" {
			return text, true
		}
	}
	return "", false
}

// take hands over the record of the line, or what is wrong with it, which ends nothing.
func (f *file) take(r payment.Record, wrong error) error {
	if wrong == nil {
		wrong = check(r)
	}
	if wrong == nil {
		return f.each(Entry{Record: r, Row: f.line})
	}
	f.bad(Problem{f.line, wrong.Error()})
	return nil
}

// number is what an order or a payment is called by: what a provider allows in an order's number, and no more.
var number = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_|*@/.:-]{0,63}$`)

// check is what no record of any form can be.
func check(r payment.Record) error {
	switch {
	case !number.MatchString(r.OrderID):
		return fmt.Errorf("%.80q is no order's number", r.OrderID)
	case r.TransactionID != "" && !number.MatchString(r.TransactionID):
		return fmt.Errorf("%.80q is no payment's number", r.TransactionID)
	case r.Amount <= 0:
		return errors.New("an amount is more than nothing")
	}
	return nil
}

// own reads the city's own form.
func (f *file) own() error {
	for text, ok := f.next(); ok; text, ok = f.next() {
		if err := f.take(ownRecord(strings.Split(text, ","))); err != nil {
			return err
		}
	}
	return nil
}

func ownRecord(cells []string) (payment.Record, error) {
	if want := strings.Count(Header, ",") + 1; len(cells) != want {
		return payment.Record{}, fmt.Errorf("%d columns instead of %d", len(cells), want)
	}
	r := payment.Record{OrderID: cells[0], TransactionID: cells[1], Kind: payment.RecordKind(cells[2]), Status: payment.RecordStatus(cells[5])}
	if r.Kind != payment.RecordTopUp && r.Kind != payment.RecordRefund {
		return r, fmt.Errorf("%.40q is neither TOP_UP nor REFUND", r.Kind)
	}
	if r.Status != payment.RecordSuccess && r.Status != payment.RecordPending && r.Status != payment.RecordFailed {
		return r, fmt.Errorf("%.40q is neither SUCCESS nor PENDING nor FAILED", r.Status)
	}
	var err error
	if r.Amount, err = whole(cells[3]); err != nil {
		return r, err
	}
	if r.At, err = time.Parse(time.RFC3339Nano, cells[4]); err != nil {
		return r, fmt.Errorf("%.40q is no time of RFC 3339", cells[4])
	}
	return r, nil
}

// whole reads digits and nothing else.
func whole(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no amount in fen", s)
	}
	return int64(n), nil
}
