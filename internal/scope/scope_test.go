package scope_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/scope"
)

// Rows hold these very bits.
func TestBitsStayWhatTheyAre(t *testing.T) {
	for s, want := range map[scope.Scope]scope.Set{
		scope.ShowCode: 1, scope.Book: 2, scope.Pay: 4, scope.ReadRecord: 8, scope.School: 16, scope.Case: 32, scope.Notify: 64,
	} {
		if got := scope.Of(s); got != want {
			t.Errorf("%s is %d, want %d", s, got, want)
		}
	}
	if scope.All != 127 {
		t.Errorf("all scopes are %d", scope.All)
	}
}

func TestASetListsWhatItIsMadeOf(t *testing.T) {
	got := scope.Of(scope.Case, scope.Book, "FLY", scope.Book).List()
	if diff := cmp.Diff([]scope.Scope{scope.Book, scope.Case}, got); diff != "" {
		t.Error(diff)
	}
	if empty := scope.Of().List(); empty == nil || len(empty) != 0 {
		t.Errorf("no scopes are %v", empty)
	}
	if scope.Of(scope.All.List()...) != scope.All {
		t.Error("all scopes do not come back")
	}
}

func TestOnlyScopesAreRead(t *testing.T) {
	for _, s := range scope.All.List() {
		var out bytes.Buffer
		s.MarshalGQL(&out)
		var back scope.Scope
		if err := back.UnmarshalGQL(string(s)); err != nil || back != s || out.String() != `"`+string(s)+`"` {
			t.Errorf("%s is written %s and read %q, %v", s, &out, back, err)
		}
	}
	for _, v := range []any{"", "FLY", "book", 2, nil} {
		var s scope.Scope
		if err := s.UnmarshalGQL(v); err == nil || s != "" {
			t.Errorf("%v is read as %q", v, s)
		}
	}
}
