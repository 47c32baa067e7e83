package paycode

import (
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Purpose is where a code may be used.
type Purpose string

// The purposes.
const (
	Clinic     Purpose = "CLINIC"
	ScenicSpot Purpose = "SCENIC_SPOT"
	Transit    Purpose = "TRANSIT"

	// TransitOffline is that of codes which are given out in batches; see internal/transit. Nobody asks for one alone.
	TransitOffline Purpose = "TRANSIT_OFFLINE"
)

// numbers stand for the purposes in codes, and never change.
var numbers = map[Purpose]byte{Clinic: 1, ScenicSpot: 2, Transit: 3, TransitOffline: 4}

// IsValid reports whether p is one.
func (p Purpose) IsValid() bool { return numbers[p] != 0 }

func purposeOf(number byte) (Purpose, bool) {
	for p, n := range numbers {
		if n == number {
			return p, true
		}
	}
	return "", false
}

// MarshalGQL writes the enum value.
func (p Purpose) MarshalGQL(w io.Writer) { graphql.MarshalString(string(p)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (p *Purpose) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if *p = Purpose(s); !ok || !p.IsValid() {
		return fmt.Errorf("not a value of %T", *p)
	}
	return nil
}
