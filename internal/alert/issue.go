package alert

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/district"
	protocol "citygraph/internal/alert/cap"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

// Warning is what an administrator warns of.
type Warning struct {
	Key         uuid.UUID `json:"-"`
	Category    alert.Category
	Event       lang.Text
	Urgency     alert.Urgency
	Severity    alert.Severity
	Certainty   alert.Certainty
	Headline    lang.Text
	Description lang.Text
	Instruction lang.Text
	Districts   []string   // statistics bureau codes
	Effective   *time.Time // nil for now
	Expires     time.Time
}

// Issue warns the public. An administrator may; everybody who lives in the districts is told when the alert
// begins to hold. Returns UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, IDEMPOTENCY_KEY_REUSED.
func (a *Alerts) Issue(ctx context.Context, w Warning) (*db.Alert, error) {
	if err := mayWarn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: w.Key, Operation: "issueAlert", Input: w}
	if err := w.check(a.Clock.Now()); err != nil {
		return nil, err
	}
	return a.once(ctx, request, func(ctx context.Context) (string, error) {
		districts, err := a.districts(ctx, w.Districts)
		if err != nil {
			return "", err
		}
		made, err := a.write(ctx, a.message(w, alert.MessageTypeAlert), districts, districts, nil, nil)
		if err != nil {
			return "", err
		}
		return made.ID, audit.Record(ctx, a.DB, audit.Deed{Action: "issueAlert", Subject: viewer.From(ctx).PersonID, TargetID: made.ID})
	})
}

// once runs a verb that makes an alert, and returns it.
func (a *Alerts) once(ctx context.Context, r idempotency.Request, do func(context.Context) (string, error)) (*db.Alert, error) {
	made, err := a.Once.Once(ctx, r, do)
	if err != nil {
		return nil, err
	}
	return a.DB.Alert.Get(ctx, made)
}

// message is a warning of the city's own, ready to be stored. It holds from its instant, or from now.
func (a *Alerts) message(w Warning, t alert.MessageType) *db.AlertCreate {
	made, now := id.New(id.Alert), a.Clock.Now()
	effective := now
	if w.Effective != nil && w.Effective.After(now) {
		effective = w.Effective.UTC()
	}
	return a.DB.Alert.Create().SetID(made).SetIdentifier(made).SetSender(sender).SetSent(now).
		SetStatus(alert.StatusActual).SetMessageType(t).SetCategory(w.Category).
		SetUrgency(w.Urgency).SetSeverity(w.Severity).SetCertainty(w.Certainty).
		SetEvent(w.Event).SetHeadline(w.Headline).SetDescription(w.Description).SetInstruction(w.Instruction).
		SetEffective(effective).SetExpires(w.Expires.UTC())
}

// check holds a warning to its rules.
func (w *Warning) check(now time.Time) error {
	for _, t := range []struct {
		field       string
		words       *lang.Text
		least, most int
	}{
		{"event", &w.Event, 1, protocol.MaxEvent}, {"headline", &w.Headline, 1, protocol.MaxHeadline},
		{"description", &w.Description, 1, protocol.MaxDescription}, {"instruction", &w.Instruction, 0, protocol.MaxDescription},
	} {
		if err := text(t.field, t.words, t.least, t.most); err != nil {
			return err
		}
	}
	begins := now
	if w.Effective != nil && w.Effective.After(now) {
		begins = *w.Effective
	}
	switch {
	case begins.After(now.Add(longest)):
		return fault.BadInput("effective", "生效时间须在30天以内。", "It must begin to hold within 30 days.")
	case !w.Expires.After(begins):
		return fault.BadInput("expires", "失效时间须晚于生效时间与当前时间。", "It must expire after it begins to hold, and after now.")
	case w.Expires.After(begins.Add(longest)):
		return fault.BadInput("expires", "有效期不能超过30天。", "It cannot hold for more than 30 days.")
	}
	return checkCodes(w.Districts)
}

// text trims what an administrator typed, and checks its length and that it has no control characters
// but line breaks.
func text(field string, t *lang.Text, least, most int) error {
	for part, s := range map[string]*string{"zh": &t.ZH, "en": &t.EN} {
		*s = strings.TrimSpace(*s)
		n := utf8.RuneCountInString(*s)
		if part == "zh" && n < least || n > most || strings.ContainsFunc(*s, unprintable) {
			return fault.New(fault.BadUserInput).At(field, part).Say(
				fmt.Sprintf("须为%d至%d个字。", least, most), fmt.Sprintf("It must have %d to %d characters.", least, most))
		}
	}
	return nil
}

func unprintable(r rune) bool { return r != '\n' && freetext.Unprintable(r) }

// mostDistricts is how many codes a call may name; Hangzhou has 13.
const mostDistricts = 20

// checkCodes holds a list of districts to its form.
func checkCodes(codes []string) error {
	seen := map[string]bool{}
	for _, c := range codes {
		if seen[c] {
			return fault.BadInput("districts", "同一区县不能出现两次。", "A district cannot stand there twice.")
		}
		seen[c] = true
	}
	if len(codes) == 0 || len(codes) > mostDistricts {
		return fault.BadInput("districts", "请选择1至20个区县。", "Name 1 to 20 districts.")
	}
	return nil
}

// districts finds the ids of districts by their codes. BAD_USER_INPUT when one is unknown.
func (a *Alerts) districts(ctx context.Context, codes []string) ([]string, error) {
	ids, err := a.DB.District.Query().Where(district.CodeIn(codes...)).Order(district.ByID()).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("look up districts: %w", err)
	}
	if len(ids) < len(codes) {
		return nil, fault.BadInput("districts", "没有这个区县。", "There is no such district.")
	}
	return ids, nil
}
