package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

func TestEveryCodeHasASentenceInBothLanguages(t *testing.T) {
	seen := map[string]fault.Code{}
	for _, code := range fault.Codes() {
		f := fault.New(code)
		zh, en := f.Sentence(lang.ZH), f.Sentence(lang.EN)
		if !code.IsValid() || zh == en || !strings.HasSuffix(zh, "。") || !strings.HasSuffix(en, ".") {
			t.Errorf("%s says %q and %q", code, zh, en)
		}
		if other, taken := seen[zh]; taken {
			t.Errorf("%s and %s say the same", code, other)
		}
		seen[zh] = code
	}
	if fault.Code("BILL_EATEN").IsValid() || fault.Code("").IsValid() {
		t.Error("a code nobody knows counts as valid")
	}
}

func TestCodesComeInOneOrder(t *testing.T) {
	first := fault.Codes()
	if len(first) == 0 || !slices.IsSorted(first) || len(slices.Compact(slices.Clone(first))) != len(first) {
		t.Errorf("codes are %v", first)
	}
}

var errSecret = errors.New(`pq: person 张三 330106199001011234`)

func TestCauseNeverReachesTheSentence(t *testing.T) {
	for _, f := range []*fault.Fault{
		fault.Internal(errSecret),
		fault.From(errSecret),
		fault.From(fmt.Errorf("load: %w", errSecret)),
		fault.New(fault.NotFound).Because(errSecret),
		fault.BadInput("name", "姓名有误。", "The name is not valid.").Because(errSecret),
	} {
		for _, tag := range []lang.Tag{lang.ZH, lang.EN, "fr", ""} {
			if s := f.Sentence(tag); s == "" || strings.Contains(s, "330106") || strings.Contains(s, "pq") {
				t.Errorf("%s in %q says %q", f.Code, tag, s)
			}
		}
		if !strings.Contains(f.Error(), "330106") || !errors.Is(f, errSecret) {
			t.Errorf("the operator does not learn the cause: %v", f)
		}
	}
}

func TestFromFindsTheFaultWhereverItIs(t *testing.T) {
	missing := fault.New(fault.NotFound)
	for name, tt := range map[string]struct {
		err  error
		want fault.Code
	}{
		"nil":                {nil, ""},
		"itself":             {missing, fault.NotFound},
		"wrapped":            {fmt.Errorf("case: %w", missing), fault.NotFound},
		"joined":             {errors.Join(fs.ErrClosed, missing), fault.NotFound},
		"first of two":       {errors.Join(fault.New(fault.Unauthenticated), fault.Internal(fs.ErrClosed)), fault.Unauthenticated},
		"outer before inner": {fault.New(fault.Forbidden).Because(missing), fault.Forbidden},
		"foreign":            {fs.ErrClosed, fault.InternalError},
		"cancelled":          {context.Canceled, fault.InternalError},
	} {
		if got := fault.CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestIsComparesCodes(t *testing.T) {
	err := fmt.Errorf("accept: %w", fault.New(fault.InvalidTransition).At("caseId").Because(fs.ErrClosed))
	if !errors.Is(err, fault.New(fault.InvalidTransition)) || errors.Is(err, fault.New(fault.NotFound)) {
		t.Error("faults are not told apart by their code")
	}
	if !errors.Is(err, fs.ErrClosed) {
		t.Error("the cause cannot be found")
	}
}

// Faults kept in variables are refined for one answer without changing the next.
func TestRefiningCopies(t *testing.T) {
	base := fault.New(fault.RateLimited)
	refined := base.At("input", "code").Say("慢一点。", "Slower.").After(time.Minute).Because(fs.ErrClosed)
	if base.Field != nil || base.RetryAfter != 0 || base.Unwrap() != nil || base.Sentence(lang.EN) == "Slower." {
		t.Errorf("the first fault has changed: %+v", base)
	}
	if diff := cmp.Diff([]string{"input", "code"}, refined.Field); diff != "" || refined.RetryAfter != time.Minute {
		t.Errorf("refined is %+v", refined)
	}
	if refined.Sentence(lang.ZH) != "慢一点。" || refined.Sentence(lang.EN) != "Slower." {
		t.Errorf("refined says %q", refined.Sentence(lang.ZH))
	}
}

func TestCodeIsWrittenAndNeverRead(t *testing.T) {
	var out bytes.Buffer
	fault.NotFound.MarshalGQL(&out)
	if out.String() != `"NOT_FOUND"` {
		t.Errorf("written as %s", &out)
	}
	code := fault.NotFound
	if err := code.UnmarshalGQL("INTERNAL"); err == nil || code != fault.NotFound {
		t.Errorf("read as %s, %v", code, err)
	}
}
