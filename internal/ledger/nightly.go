package ledger

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// Night is the job that verifies the whole book.
type Night struct{}

// Kind is the job's stable name.
func (Night) Kind() string { return "ledger.verify" }

// toldOf bounds the violations a night logs one by one; all of them are counted.
const toldOf = 100

// Watch verifies the book and tells the log, and the count of each rule's violations: zero where there are
// none, so that an alert ends when the book is mended. What is wrong with the book is no failure of the job.
func (b *Book) Watch(ctx context.Context, log zerolog.Logger, count func(rule string, violations int)) error {
	began := time.Now()
	violations := map[Rule]int{}
	told := 0
	proof, err := b.Verify(ctx, func(v Violation) {
		violations[v.Rule]++
		if told++; told <= toldOf {
			log.Error().Str("rule", string(v.Rule)).Str("id", v.ID).Str("detail", v.Detail).Msg("ledger: the book is wrong")
		}
	})
	if err != nil {
		return err
	}
	for _, rule := range Rules() {
		count(string(rule), violations[rule])
	}
	log.Info().Int64("violations", proof.Violations).Int64("accounts", proof.Accounts).Int64("transactions", proof.Transactions).
		Int64("entries", proof.Entries).Int64("holds", proof.Holds).Str("digest", proof.Digest).Dur("took", time.Since(began)).Msg("ledger: the book is verified")
	return nil
}
