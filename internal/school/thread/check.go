package thread

import "context"

// Verdict is what a checker thinks of a text.
type Verdict string

// The verdicts.
const (
	Pass   Verdict = "PASS"
	Review Verdict = "REVIEW" // let through: who is harmed reports it
	Risky  Verdict = "RISKY"
)

// ContentChecker looks at a text before it is kept.
type ContentChecker interface {
	// Check tells what it thinks of a text by the person who asks; ctx is that of their request. What it does not look at passes.
	Check(ctx context.Context, text, personID string) (Verdict, error)
}
