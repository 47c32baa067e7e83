// Package citycase is what may happen to a city case, from its report to a verified fix. How it moves is
// in machine; the verbs here add what the table cannot say.
package citycase

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"citygraph/ent/db"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/scope"
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
	// For answers whether the viewer may act for a person, and gives the context in which they do:
	// DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	// ActsFor tells the same of the persons of a whole response, in one statement.
	ActsFor func(ctx context.Context, personID string, s scope.Scope) (bool, error)

	Hub   *live.Hub
	Admit func(ctx context.Context) error      // fails once the subscriber of ctx may be told nothing more
	Fail  func(ctx context.Context, err error) // tells the subscriber of ctx why its stream ends
}

// Places finds where a point lies.
type Places interface {
	// Nearest returns the street whose reference point is nearest, and its district. It must not be called
	// inside a transaction.
	Nearest(ctx context.Context, lat, lng float64) (streetID, districtID string, err error)
	// NearestAll returns for each point what Nearest does. It must not be called inside a transaction.
	NearestAll(ctx context.Context, points []geo.Point) (streetIDs, districtIDs []string, err error)
	// NearestIn returns the nearest street of a district and how many metres away its reference point is;
	// none for a district that has no streets. It must not be called inside a transaction.
	NearestIn(ctx context.Context, districtID string, lat, lng float64) (streetID string, metres float64, err error)
}

const (
	maxDescription = 2000 // characters, as for every length a user types
	maxAddress     = 200
	maxNote        = 1000
)

// What a reporter may do to a closed case is bounded: an open case would never be anybody's promise.
const (
	reopenWithin = 15 * 24 * time.Hour
	mostReopens  = 2
)

// nearlyDue is how long before its due time the officers of a case are told.
const nearlyDue = time.Hour

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
