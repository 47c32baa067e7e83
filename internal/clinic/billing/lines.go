package billing

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/internal/fault"
	"citygraph/internal/personal"
	"citygraph/internal/vault"
)

// Line is one thing that a bill is for.
type Line struct {
	Code     string // of the clinic's price list
	Name     string
	Amount   int64 // of one, in fen
	Quantity int
}

// Total is what the line costs, in fen.
func (l Line) Total() int64 { return l.Amount * int64(l.Quantity) }

// LinesOf are lines as a request has them.
func LinesOf(input []*Line) []Line {
	lines := make([]Line, len(input))
	for i, l := range input {
		lines[i] = *l
	}
	return lines
}

// registration is the code of the line for the slot's fee.
const registration = "REGISTRATION"

const (
	mostLines    = 100
	mostQuantity = 10_000
	mostTotal    = 1_000_000_00 // of a bill, and so of a line, in fen
	longestCode  = 32
	longestName  = 100
)

// check returns the sum of lines that staff typed, in fen. BAD_USER_INPUT for none or too many, and for a code, name or
// quantity that cannot be; BAD_AMOUNT for an amount below a fen, and above what a bill may come to.
func check(lines []Line) (total int64, err error) {
	if len(lines) < 1 || len(lines) > mostLines {
		return 0, fault.BadInput("lines", "账单须有1至100行。", "A bill has 1 to 100 lines.")
	}
	for i, l := range lines {
		at := func(field string) []string { return []string{"lines", strconv.Itoa(i), field} }
		switch {
		case !printable(l.Code, longestCode):
			return 0, badText(longestCode).At(at("code")...)
		case l.Code == registration:
			return 0, fault.BadInput("", "挂号费由系统添加。", "The fee for registration is added by itself.").At(at("code")...)
		case !printable(l.Name, longestName):
			return 0, badText(longestName).At(at("name")...)
		case l.Quantity < 1 || l.Quantity > mostQuantity:
			return 0, fault.BadInput("", "数量须在1至10000之间。", "A quantity is from 1 to 10,000.").At(at("quantity")...)
		case l.Amount < 1 || l.Amount > mostTotal || total+l.Total() > mostTotal:
			return 0, fault.New(fault.BadAmount).At(at("amount")...)
		}
		total += l.Total()
	}
	return total, nil
}

func badText(most int) *fault.Fault {
	return fault.BadInput("", fmt.Sprintf("须为1至%d个字，且不含控制字符。", most), fmt.Sprintf("It has 1 to %d characters, none of them for control.", most))
}

func printable(s string, most int) bool {
	n := utf8.RuneCountInString(s)
	return n <= most && strings.TrimSpace(s) != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// sealedAt is where the lines of a bill stand.
func sealedAt(billID string) vault.Place {
	return vault.Place{Table: bill.Table, Column: bill.FieldSealed, Row: billID}
}

func seal(k personal.Key, billID string, lines []Line) ([]byte, error) {
	plain, err := json.Marshal(lines)
	if err != nil {
		return nil, err
	}
	return k.Seal(sealedAt(billID), plain)
}

func open(k personal.Key, b *db.Bill) (lines []*Line, err error) {
	plain, err := k.Open(sealedAt(b.ID), b.Sealed)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &lines); err != nil {
		return nil, fault.Internal(fmt.Errorf("lines of %s: %w", b.ID, err))
	}
	return lines, nil
}
