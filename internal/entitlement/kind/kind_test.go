package kind_test

import (
	"bytes"
	"testing"

	"citygraph/internal/entitlement/kind"
)

// Every basis proves exactly one kind, and every kind can be proved.
func TestEveryBasisProvesOneKind(t *testing.T) {
	proved := map[string]int{}
	for _, b := range kind.Basis("").Values() {
		kinds := 0
		for _, k := range kind.Kind("").Values() {
			if kind.Basis(b).Proves(kind.Kind(k)) {
				kinds++
				proved[k]++
			}
		}
		if kinds != 1 {
			t.Errorf("%s proves %d kinds", b, kinds)
		}
	}
	for _, k := range kind.Kind("").Values() {
		if proved[k] == 0 {
			t.Errorf("nothing proves %s", k)
		}
	}
	if kind.Basis("CHARM").Proves(kind.Student) || kind.Basis("").Proves("") {
		t.Error("what is no basis proves something")
	}
}

func TestOnlyKindsAndBasesAreRead(t *testing.T) {
	var k kind.Kind
	if err := k.UnmarshalGQL("STUDENT"); err != nil || k != kind.Student {
		t.Errorf("STUDENT is read as %q, %v", k, err)
	}
	var b kind.Basis
	if err := b.UnmarshalGQL("SCHOOL_ROLL"); err != nil || b != kind.SchoolRoll {
		t.Errorf("SCHOOL_ROLL is read as %q, %v", b, err)
	}
	for _, v := range []any{"", "student", "CHARM", 1, nil} {
		if err := k.UnmarshalGQL(v); err == nil || k != kind.Student {
			t.Errorf("%v is read as kind %q", v, k)
		}
		if err := b.UnmarshalGQL(v); err == nil || b != kind.SchoolRoll {
			t.Errorf("%v is read as basis %q", v, b)
		}
	}
	var out bytes.Buffer
	kind.Student.MarshalGQL(&out)
	kind.SchoolRoll.MarshalGQL(&out)
	if out.String() != `"STUDENT""SCHOOL_ROLL"` {
		t.Errorf("written as %s", &out)
	}
}
