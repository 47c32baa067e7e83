package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db/healthrecord"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
)

// Content is what was found. It shows nothing when printed.
type Content interface {
	kind() healthrecord.Kind
	// tidy trims the texts, and fails with BAD_USER_INPUT for one that is missing, too long or not printable.
	tidy() error
	String() string
}

// Diagnosis is what the patient has.
type Diagnosis struct {
	Code string `json:"code"` // ICD-10, also as the national clinical edition extends it
	Text string `json:"text"`
}

// Prescription is what the patient is to take.
type Prescription struct {
	Medication string `json:"medication"`
	Dose       string `json:"dose"`
	Days       int    `json:"days"`
}

// LaboratoryResult is what was measured.
type LaboratoryResult struct {
	Test          string  `json:"test"`
	Value         string  `json:"value"`
	Unit          *string `json:"unit,omitempty"`
	ReferenceLow  *string `json:"referenceLow,omitempty"`
	ReferenceHigh *string `json:"referenceHigh,omitempty"`
	Flag          *Flag   `json:"flag,omitempty"`
}

// MedicalReport is what was seen, in words.
type MedicalReport struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Flag says how a value lies to its reference range.
type Flag string

// The flags.
const (
	Low      Flag = "LOW"
	Normal   Flag = "NORMAL"
	High     Flag = "HIGH"
	Critical Flag = "CRITICAL"
)

// MarshalGQL writes the enum value.
func (f Flag) MarshalGQL(w io.Writer) { graphql.MarshalString(string(f)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (f *Flag) UnmarshalGQL(v any) error {
	s, _ := v.(string)
	switch *f = Flag(s); *f {
	case Low, Normal, High, Critical:
		return nil
	}
	return errors.New("a flag is LOW, NORMAL, HIGH or CRITICAL")
}

const hidden = "[health record]"

// String hides the content from logs.
func (Diagnosis) String() string { return hidden }

// String hides the content from logs.
func (Prescription) String() string { return hidden }

// String hides the content from logs.
func (LaboratoryResult) String() string { return hidden }

// String hides the content from logs.
func (MedicalReport) String() string { return hidden }

// GoString hides the content from %#v.
func (d Diagnosis) GoString() string { return hidden }

// GoString hides the content from %#v.
func (p Prescription) GoString() string { return hidden }

// GoString hides the content from %#v.
func (l LaboratoryResult) GoString() string { return hidden }

// GoString hides the content from %#v.
func (r MedicalReport) GoString() string { return hidden }

func (*Diagnosis) kind() healthrecord.Kind        { return healthrecord.KindDiagnosis }
func (*Prescription) kind() healthrecord.Kind     { return healthrecord.KindPrescription }
func (*LaboratoryResult) kind() healthrecord.Kind { return healthrecord.KindLaboratory }
func (*MedicalReport) kind() healthrecord.Kind    { return healthrecord.KindReport }

// icd10 is the form of a code: three characters, up to three more, and what the national clinical edition adds, such as I10.x00x002.
var icd10 = regexp.MustCompile(`^[A-Z][0-9]{2}(\.[0-9x]{1,3}([x+*][0-9]{3})?)?$`)

// mostDays is how long a prescription may last: what is taken for longer is prescribed again.
const mostDays = 180

func (d *Diagnosis) tidy() error {
	if d.Code = strings.TrimSpace(d.Code); !icd10.MatchString(d.Code) {
		return fault.New(fault.BadUserInput).At("diagnosis", "code").Say("诊断编码须为ICD-10格式。", "The code must have the form of ICD-10.")
	}
	return check(&d.Text, 500, "diagnosis", "text")
}

func (p *Prescription) tidy() error {
	if p.Days < 1 || p.Days > mostDays {
		return fault.New(fault.BadUserInput).At("prescription", "days").Say(
			fmt.Sprintf("天数须为1至%d。", mostDays), fmt.Sprintf("It must be for 1 to %d days.", mostDays))
	}
	return errors.Join(check(&p.Medication, 100, "prescription", "medication"), check(&p.Dose, 100, "prescription", "dose"))
}

func (l *LaboratoryResult) tidy() error {
	err := errors.Join(check(&l.Test, 100, "laboratory", "test"), check(&l.Value, 64, "laboratory", "value"))
	for field, text := range map[string]*string{"unit": l.Unit, "referenceLow": l.ReferenceLow, "referenceHigh": l.ReferenceHigh} {
		if text != nil && err == nil {
			err = check(text, 32, "laboratory", field)
		}
	}
	return err
}

func (r *MedicalReport) tidy() error {
	return errors.Join(check(&r.Title, 100, "report", "title"), check(&r.Text, 4000, "report", "text"))
}

// check trims a text, and holds it to its length and to what can be printed; only the last field of each kind, which is prose, has lines.
func check(text *string, most int, path ...string) error {
	*text = strings.TrimSpace(*text)
	prose := path[len(path)-1] == "text"
	unprintable := func(r rune) bool { return freetext.Unprintable(r) && (r != '\n' || !prose) }
	if n := utf8.RuneCountInString(*text); n < 1 || n > most || strings.ContainsFunc(*text, unprintable) {
		return fault.New(fault.BadUserInput).At(path...).Say(
			fmt.Sprintf("须为1至%d个字，不能含控制字符。", most), fmt.Sprintf("It must have 1 to %d characters, and no control characters.", most))
	}
	return nil
}

// decode reads the content of a kind.
func decode(kind healthrecord.Kind, plain []byte) (Content, error) {
	content := map[healthrecord.Kind]Content{
		healthrecord.KindDiagnosis: &Diagnosis{}, healthrecord.KindPrescription: &Prescription{},
		healthrecord.KindLaboratory: &LaboratoryResult{}, healthrecord.KindReport: &MedicalReport{},
	}[kind]
	if err := json.Unmarshal(plain, content); err != nil {
		return nil, fault.Internal(fmt.Errorf("decode a %s: %w", kind, err))
	}
	return content, nil
}
