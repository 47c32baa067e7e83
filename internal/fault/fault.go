// Package fault is the one family of errors that may reach a client: a stable code, a safe sentence
// in the caller's language, and a private cause that stays in the log.
package fault

import (
	"errors"
	"time"

	"citygraph/internal/lang"
)

// Fault is an error with a face for the client and a cause for the operator.
type Fault struct {
	Code       Code
	Field      []string      // the input at fault, as a path of argument names
	RetryAfter time.Duration // how long to wait, for RATE_LIMITED
	text       lang.Text     // overrides the code's own sentence when set
	cause      error
}

// New returns a fault with the code's own sentence.
func New(code Code) *Fault { return &Fault{Code: code} }

// BadInput returns BAD_USER_INPUT at the field, with a sentence that says what to mend.
func BadInput(field string, zh, en string) *Fault {
	return New(BadUserInput).At(field).Say(zh, en)
}

// NotNow returns INVALID_TRANSITION, which says what the step was asked of, in both languages, and the status it has.
func NotNow[S ~string](zh, en string, status S) *Fault {
	return New(InvalidTransition).Say(zh+"当前状态为"+string(status)+"，不能执行此操作。", en+" is "+string(status)+"; this cannot be done now.")
}

// NoCard returns CARD_NOT_ACTIVE for a person who has no citizen card.
func NoCard() *Fault {
	return New(CardNotActive).Say("还没有市民卡。", "There is no citizen card yet.")
}

// Internal hides the cause behind INTERNAL.
func Internal(cause error) *Fault { return New(InternalError).Because(cause) }

// At returns the fault naming the input path it is about.
func (f Fault) At(path ...string) *Fault { f.Field = path; return &f }

// Say returns the fault with a sentence of its own in both languages. It must be safe to show.
func (f Fault) Say(zh, en string) *Fault { f.text = lang.Text{ZH: zh, EN: en}; return &f }

// Because returns the fault with its private cause, for the log only.
func (f Fault) Because(cause error) *Fault { f.cause = cause; return &f }

// After returns the fault with a waiting time for the client.
func (f Fault) After(d time.Duration) *Fault { f.RetryAfter = d; return &f }

// Sentence is the safe sentence in the language.
func (f *Fault) Sentence(tag lang.Tag) string {
	if f.text.ZH != "" {
		return f.text.In(tag)
	}
	return sentences[f.Code].In(tag)
}

// Error is for the log: the code and the private cause.
func (f *Fault) Error() string {
	if f.cause == nil {
		return string(f.Code)
	}
	return string(f.Code) + ": " + f.cause.Error()
}

// Unwrap returns the private cause.
func (f *Fault) Unwrap() error { return f.cause }

// Is matches faults by code, so that errors.Is(err, fault.New(fault.NotFound)) reads well.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// From returns the fault in err's chain; any other error is INTERNAL with err as its cause.
func From(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return Internal(err)
}

// CodeOf returns the code of err: that of its fault, INTERNAL for any other error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}
