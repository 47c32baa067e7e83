// Package kind is the closed list of entitlements, and of what proves each, as one table. Rows, verbs and
// the contract's enums all come from here.
package kind

import (
	"fmt"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// Kind is a group of people the city makes concessions to.
type Kind string

// The kinds.
const (
	Senior   Kind = "SENIOR"   // 老年人: computed, never granted
	Student  Kind = "STUDENT"  // 学生
	Disabled Kind = "DISABLED" // 残疾人
	Resident Kind = "RESIDENT" // 本市居民
	Veteran  Kind = "VETERAN"  // 退役军人
)

// Values lists every kind, for ent.
func (Kind) Values() []string {
	return texts(Senior, Student, Disabled, Resident, Veteran)
}

// IsValid reports whether k is a kind.
func (k Kind) IsValid() bool { return slices.Contains(k.Values(), string(k)) }

// MarshalGQL writes the enum value.
func (k Kind) MarshalGQL(w io.Writer) { graphql.MarshalString(string(k)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (k *Kind) UnmarshalGQL(v any) error { return unmarshal(k, v) }

// Basis is what an entitlement rests on.
type Basis string

// The bases.
const (
	Age60                 Basis = "AGE_60"
	Age70                 Basis = "AGE_70"
	SchoolRoll            Basis = "SCHOOL_ROLL"            // 学籍
	DisabilityCertificate Basis = "DISABILITY_CERTIFICATE" // 残疾人证
	HouseholdRegister     Basis = "HOUSEHOLD_REGISTER"     // 户籍
	ResidencePermit       Basis = "RESIDENCE_PERMIT"       // 居住证
	VeteranCard           Basis = "VETERAN_CARD"           // 优待证
)

// proofs says which kind a basis proves.
var proofs = []struct {
	basis Basis
	of    Kind
}{
	{Age60, Senior},
	{Age70, Senior},
	{SchoolRoll, Student},
	{DisabilityCertificate, Disabled},
	{HouseholdRegister, Resident},
	{ResidencePermit, Resident},
	{VeteranCard, Veteran},
}

// Values lists every basis, for ent.
func (Basis) Values() []string {
	all := make([]string, len(proofs))
	for i, p := range proofs {
		all[i] = string(p.basis)
	}
	return all
}

// Proves reports whether b is a basis of the kind.
func (b Basis) Proves(k Kind) bool {
	for _, p := range proofs {
		if p.basis == b {
			return p.of == k
		}
	}
	return false
}

// IsValid reports whether b is a basis.
func (b Basis) IsValid() bool { return slices.Contains(b.Values(), string(b)) }

// MarshalGQL writes the enum value.
func (b Basis) MarshalGQL(w io.Writer) { graphql.MarshalString(string(b)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (b *Basis) UnmarshalGQL(v any) error { return unmarshal(b, v) }

func texts[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// enum is a string type that knows its values.
type enum interface {
	~string
	IsValid() bool
}

func unmarshal[T enum](into *T, v any) error {
	text, ok := v.(string)
	if !ok || !T(text).IsValid() {
		return fmt.Errorf("%v is not a %T", v, *into)
	}
	*into = T(text)
	return nil
}
