package transit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/transitbatch"
	"citygraph/ent/db/transitride"
	"citygraph/internal/fault"
	"citygraph/internal/paycode"
)

const (
	// MostScans is how many scans are uploaded at once, at most.
	MostScans = 500
	// gateSkew is by how much a gate's clock may differ from the city's.
	gateSkew = 5 * time.Minute

	maxName = 64  // of a scan's id and a gate's
	maxCode = 256 // of whatever a gate read; a code is shorter
)

// Scan is what a gate has read.
type Scan struct {
	ID        string    `json:"id"`   // the operator's own name for it
	Code      string    `json:"code"` // as it was scanned
	Gate      string    `json:"gate"` // the operator's own name for it
	Fare      int64     `json:"fare"` // fen
	ScannedAt time.Time `json:"scannedAt"`
}

// check is BAD_USER_INPUT for a scan that no gate makes.
func (s *Scan) check(i int) error {
	at := func(field, zh, en string) error {
		return fault.BadInput(field, zh, en).At("scans", fmt.Sprint(i), field)
	}
	switch {
	case s.ID == "" || len(s.ID) > maxName:
		return at("id", "扫码编号应为1至64个字节。", "The id has 1 to 64 bytes.")
	case len(s.Gate) > maxName:
		return at("gate", "闸机编号不能超过64个字节。", "The gate has 64 bytes at most.")
	case len(s.Code) > maxCode:
		return at("code", "乘车码过长。", "The code is too long.")
	case s.ScannedAt.IsZero():
		return at("scannedAt", "缺少扫码时间。", "The time of the scan is missing.")
	}
	return nil
}

// hash tells two scans of one id apart.
func (s *Scan) hash() string {
	same := *s
	same.ScannedAt = s.ScannedAt.UTC()
	encoded, _ := json.Marshal(same) // of texts and numbers, which cannot fail: a time that was read can be written
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// judged is a scan as far as the code and the clock say it: an outcome other than ACCEPTED is why it is not owed.
type judged struct {
	outcome transitride.Outcome
	claims  paycode.Claims
	batch   *db.TransitBatch // nil for a code of none
}

// judge says whether the ride of a scan is owed, and holds the code until the transaction of ctx ends: of many scans of
// one code the first is.
func (o *Office) judge(ctx context.Context, s *Scan) (judged, error) {
	claims, err := o.Ring.Read(s.Code)
	if errors.Is(err, paycode.ErrInvalid) {
		return judged{outcome: transitride.OutcomeInvalid}, nil
	}
	if err != nil {
		return judged{}, err
	}
	if outcome := o.plain(s, claims); outcome != transitride.OutcomeAccepted {
		return judged{outcome: outcome}, nil
	}
	batch, err := o.DB.TransitBatch.Query().Where(transitbatch.CardID(claims.CardID), transitbatch.IssuedAt(claims.IssuedAt)).First(ctx)
	if db.IsNotFound(err) {
		return judged{outcome: transitride.OutcomeInvalid}, nil
	}
	if err != nil {
		return judged{}, fmt.Errorf("look for the batch: %w", err)
	}
	j := judged{transitride.OutcomeAccepted, claims, batch}
	if err := o.Store.Lock(ctx, claims.Key()); err != nil {
		return judged{}, err
	}
	// The key of a transaction is unique in the database as well.
	used, err := o.DB.LedgerTransaction.Query().Where(ledgertransaction.EventKey(claims.Key())).Exist(ctx)
	switch {
	case err != nil:
		return judged{}, fmt.Errorf("look whether the code was used: %w", err)
	case used:
		j.outcome = transitride.OutcomeDuplicate
	case batch.StoppedAt != nil && !s.ScannedAt.Before(*batch.StoppedAt):
		j.outcome = transitride.OutcomeCardStopped
	}
	return j, nil
}

// plain is what the scan itself says. The gate's clock is believed within the bounds that the code and the upload set.
func (o *Office) plain(s *Scan, c paycode.Claims) transitride.Outcome {
	now := o.Clock.Now()
	switch {
	case c.Purpose != paycode.TransitOffline:
		return transitride.OutcomeWrongPurpose
	case s.Fare <= 0:
		return transitride.OutcomeBadFare
	case s.Fare > o.Terms.FareCap:
		return transitride.OutcomeOverFareCap
	case s.ScannedAt.After(now.Add(gateSkew)) || s.ScannedAt.Before(c.IssuedAt.Add(-gateSkew)):
		return transitride.OutcomeBadTime
	case !s.ScannedAt.Before(c.ExpiresAt()):
		return transitride.OutcomeExpired
	case s.ScannedAt.Before(now.Add(-o.Terms.Within)):
		return transitride.OutcomeTooLate
	}
	return transitride.OutcomeAccepted
}
