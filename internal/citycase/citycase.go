// Package citycase is what may happen to a city case: reporting it and taking it on.
package citycase

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"citygraph/ent/db"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/store"
)

// Cases are the verbs of city cases.
type Cases struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Once   idempotency.Ledger
	Events *event.Bus
	Places Places
	Cache  *cache.Cache
}

// Places finds where a point lies.
type Places interface {
	// Nearest returns the street whose reference point is nearest, and its district. It must not be called
	// inside a transaction.
	Nearest(ctx context.Context, lat, lng float64) (streetID, districtID string, err error)
}

// Accepted happens when an officer takes a case on.
type Accepted struct {
	CaseID     string
	Number     string
	ReporterID string
	CategoryID string
	Seq        int // of the event; with CaseID it names the occurrence
}

const (
	maxDescription = 2000 // characters, as for every length a user types
	maxAddress     = 200
	maxNote        = 1000
)

// text checks what a user typed: trimmed, within its length, free of control characters.
func text(field, value string, least, most int) (string, error) {
	value = strings.TrimSpace(value)
	switch n := utf8.RuneCountInString(value); {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, control):
		return "", fault.BadInput(field, "包含不允许的字符。", "It has characters that are not allowed.")
	case n < least:
		return "", fault.BadInput(field, "不能为空。", "It must not be empty.")
	case n > most:
		return "", fault.BadInput(field,
			fmt.Sprintf("不能超过%d个字。", most), fmt.Sprintf("It must not be longer than %d characters.", most))
	}
	return value, nil
}

func control(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }
