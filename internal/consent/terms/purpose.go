// Package terms is what people consent to: the purposes, and the wording of each in both languages, kept as
// files that a lawyer can edit. PIPL below is the Personal Information Protection Law (个人信息保护法).
package terms

import (
	"fmt"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// Purpose is what personal data are used for. One consent is for one purpose: PIPL art. 14.
type Purpose string

// The purposes. Sensitive data want separate consent (art. 29): health, location, and all of a child
// under fourteen (art. 28), where it is a guardian's to give (art. 31).
const (
	HealthRecordAccess Purpose = "HEALTH_RECORD_ACCESS" // 健康档案; PIPL art. 28, 29
	ChildData          Purpose = "CHILD_DATA"           // 儿童个人信息; PIPL art. 28, 29, 31
	Location           Purpose = "LOCATION"             // 位置; PIPL art. 28, 29
	CreditRecord       Purpose = "CREDIT_RECORD"        // 信用记录; PIPL art. 13, 14
	Personalisation    Purpose = "PERSONALISATION"      // 个性化推荐; PIPL art. 24
	Marketing          Purpose = "MARKETING"            // 营销信息; PIPL art. 24
)

var purposes = []Purpose{HealthRecordAccess, ChildData, Location, CreditRecord, Personalisation, Marketing}

// Values lists every purpose, for ent.
func (Purpose) Values() []string {
	all := make([]string, len(purposes))
	for i, p := range purposes {
		all[i] = string(p)
	}
	return all
}

// IsValid reports whether p is a purpose.
func (p Purpose) IsValid() bool { return slices.Contains(purposes, p) }

// MarshalGQL writes the enum value.
func (p Purpose) MarshalGQL(w io.Writer) { graphql.MarshalString(string(p)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (p *Purpose) UnmarshalGQL(v any) error {
	text, ok := v.(string)
	if !ok || !Purpose(text).IsValid() {
		return fmt.Errorf("%v is not a purpose", v)
	}
	*p = Purpose(text)
	return nil
}
