package reconcile

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/payment"
)

// DifferencesHeader is the first line of a file of differences.
const DifferencesHeader = "difference,order_id,kind,line,provider_transaction_id,book_transaction_id," +
	"provider_amount_fen,book_amount_fen,provider_status,book_status,provider_time,book_time"

// Table writes lines of CSV under a header. Flush it, and ask then whether it failed.
type Table struct{ *csv.Writer }

// NewTable writes the header.
func NewTable(out io.Writer, header string) Table {
	t := Table{csv.NewWriter(out)}
	_ = t.Write(strings.Split(header, ",")) // the writer keeps its error
	return t
}

// Record writes a record in the city's own form, which Read reads.
func (t Table) Record(r payment.Record) error {
	return t.Write([]string{r.OrderID, r.TransactionID, string(r.Kind), strconv.FormatInt(r.Amount, 10), stamp(r.At), string(r.Status)})
}

// Difference writes a difference; what one side does not have is empty.
func (t Table) Difference(d Difference) error {
	cells := make([]string, strings.Count(DifferencesHeader, ",")+1)
	cells[0] = string(d.Sort)
	if p := d.Book; p != nil {
		cells[1], cells[2], cells[5], cells[7], cells[9], cells[11] = p.OrderID, string(p.Kind), p.TransactionID, strconv.FormatInt(p.Amount, 10), string(p.Status), stamp(p.At)
	}
	if e := d.Record; e != nil {
		cells[1], cells[2], cells[3], cells[4] = e.OrderID, string(e.Kind), strconv.Itoa(e.Row), e.TransactionID
		cells[6], cells[8], cells[10] = strconv.FormatInt(e.Amount, 10), string(e.Status), stamp(e.At)
	}
	return t.Write(cells)
}

func stamp(t time.Time) string { return t.In(clock.Shanghai).Format(time.RFC3339Nano) }
