package cap

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"citygraph/internal/lang"
)

// The protocol's values, in its own spelling.
var (
	statuses    = []string{"Actual", "Exercise", "System", "Test", "Draft"}
	types       = []string{"Alert", "Update", "Cancel"}
	categories  = []string{"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}
	urgencies   = []string{"Immediate", "Expected", "Future", "Past", "Unknown"}
	severities  = []string{"Extreme", "Severe", "Moderate", "Minor", "Unknown"}
	certainties = []string{"Observed", "Likely", "Possible", "Unlikely", "Unknown"}
)

// The longest texts, in characters, as the city's own alerts may have them.
const (
	maxName        = 128
	MaxEvent       = 40
	MaxHeadline    = 120
	MaxDescription = 2000
)

// reader takes an element apart; its first problem stays and the rest is not looked at.
type reader struct{ problem error }

func (r *reader) refuse(at Place, format string, args ...any) {
	if r.problem == nil {
		r.problem = Problem{at, fmt.Sprintf(format, args...)}
	}
}

// required is the child of a name, refused at its parent when it is missing or empty.
func (r *reader) required(in *element, name string) *element {
	if c := in.one(name); c != nil && c.text != "" {
		return c
	}
	r.refuse(in.Place, "%s is missing from %s", name, in.name)
	return &element{Place: in.Place, name: name}
}

// short is a required text of so many characters at most.
func (r *reader) short(in *element, name string, most int) string {
	c := r.required(in, name)
	if utf8.RuneCountInString(c.text) > most {
		r.refuse(c.Place, "%s is longer than %d characters", name, most)
	}
	return c.text
}

// value is a required enum value, in capitals.
func (r *reader) value(in *element, name string, values []string) string {
	c := r.required(in, name)
	if !slices.Contains(values, c.text) {
		r.refuse(c.Place, "%s must be one of %s", name, strings.Join(values, ", "))
	}
	return strings.ToUpper(c.text)
}

// instant is a time with its offset, or the other when there is none.
func (r *reader) instant(in *element, name string, other time.Time) time.Time {
	c := in.one(name)
	if c == nil || c.text == "" {
		return other
	}
	t, err := time.Parse(time.RFC3339, c.text)
	if err != nil {
		r.refuse(c.Place, "%s must be an instant such as 2026-06-01T08:00:00+08:00", name)
	}
	return t.UTC()
}

// message takes one alert apart. The error is a Problem.
func (f *file) message(root *element) (Message, error) {
	r := &reader{}
	m := Message{Place: root.Place, Identifier: r.identifier(root, "identifier"), Sender: r.identifier(root, "sender")}
	m.IdentifiedAt = r.required(root, "identifier").Place
	r.required(root, "sent")
	m.Sent = r.instant(root, "sent", time.Time{})
	m.Status = r.value(root, "status", statuses)
	m.Type = r.value(root, "msgType", types)
	if scope := r.required(root, "scope"); scope.text != "Public" {
		r.refuse(scope.Place, "only alerts of the scope Public are shown to the public")
	}
	m.References = r.references(root)
	if m.Type != "ALERT" && len(m.References) == 0 {
		r.refuse(root.Place, "references is missing: what does it replace?")
	}
	infos := root.all("info")
	if len(infos) == 0 {
		r.refuse(root.Place, "info is missing from alert")
		return m, r.problem
	}
	r.facts(&m, infos[0])
	spoken := map[lang.Tag]bool{}
	for _, info := range infos {
		r.words(&m, info, spoken)
		r.areas(&m, info)
	}
	if m.Headline.ZH == "" { // then it speaks one language only
		m.Event.ZH, m.Headline.ZH, m.Description.ZH, m.Instruction.ZH = m.Event.EN, m.Headline.EN, m.Description.EN, m.Instruction.EN
	}
	if len(m.Areas) == 0 {
		r.refuse(infos[0].Place, "area is missing from info")
	}
	if at := infos[0].one("expires"); !m.Expires.After(m.Effective) && at != nil {
		r.refuse(at.Place, "it expires before it is effective")
	} else if !m.Expires.After(f.now) {
		if at == nil {
			at = infos[0]
		}
		r.refuse(at.Place, "it has expired")
	}
	return m, r.problem
}

// identifier is a name without the signs that part references.
func (r *reader) identifier(in *element, name string) string {
	c := r.required(in, name)
	if len(c.text) > maxName || strings.ContainsAny(c.text, " ,<&\t\n\r") {
		r.refuse(c.Place, "%s must be at most %d bytes, without spaces, commas, < and &", name, maxName)
	}
	return c.text
}

// references are sender,identifier,sent by white space.
func (r *reader) references(root *element) []Reference {
	e := root.one("references")
	if e == nil {
		return nil
	}
	var found []Reference
	for _, one := range strings.Fields(e.text) {
		parts := strings.Split(one, ",")
		if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
			r.refuse(e.Place, "references must be sender,identifier,sent")
			return nil
		}
		found = append(found, Reference{e.Place, parts[0], parts[1]})
	}
	return found
}

// facts are what does not depend on the language: those of the first info.
func (r *reader) facts(m *Message, info *element) {
	m.Category = r.value(info, "category", categories)
	m.Urgency = r.value(info, "urgency", urgencies)
	m.Severity = r.value(info, "severity", severities)
	m.Certainty = r.value(info, "certainty", certainties)
	m.Effective = r.instant(info, "effective", m.Sent)
	m.Expires = r.instant(info, "expires", m.Effective.Add(DefaultLife))
}

// words are the texts of an info, in its language: English for en, else Chinese, which also stands for the
// protocol's default of en-US only when it says so.
func (r *reader) words(m *Message, info *element, spoken map[lang.Tag]bool) {
	tag := lang.ZH
	if l := info.one("language"); l != nil && strings.HasPrefix(strings.ToLower(l.text), "en") {
		tag = lang.EN
	}
	if spoken[tag] {
		r.refuse(info.Place, "there is an info in this language already: send it as an alert of its own")
		return
	}
	spoken[tag] = true
	event := r.short(info, "event", MaxEvent)
	text := func(name string, most int) string {
		if c := info.one(name); c == nil || c.text == "" {
			return ""
		}
		return r.short(info, name, most)
	}
	headline, description, instruction := text("headline", MaxHeadline), text("description", MaxDescription), text("instruction", MaxDescription)
	if headline == "" {
		headline = event
	}
	if description == "" {
		description = headline
	}
	for to, words := range map[*lang.Text]string{
		&m.Event: event, &m.Headline: headline, &m.Description: description, &m.Instruction: instruction,
	} {
		if tag == lang.EN {
			to.EN = words
		} else {
			to.ZH = words
		}
	}
}

// areas are the places of an info. Shapes are held to the protocol and not kept: the city warns by district.
func (r *reader) areas(m *Message, info *element) {
	for _, e := range info.all("area") {
		area := Area{Place: e.Place, Name: r.required(e, "areaDesc").text}
		for _, code := range e.all("geocode") {
			area.Codes = append(area.Codes, r.required(code, "value").text)
		}
		for _, shape := range e.all("polygon") {
			r.polygon(shape)
		}
		for _, shape := range e.all("circle") {
			r.circle(shape)
		}
		m.Areas = append(m.Areas, area)
	}
}

// polygon is four pairs or more, the last one the first.
func (r *reader) polygon(e *element) {
	points := strings.Fields(e.text)
	if len(points) < 4 || points[0] != points[len(points)-1] {
		r.refuse(e.Place, "polygon must be four points or more and end where it begins")
		return
	}
	for i, p := range points {
		if !isPoint(p) {
			r.refuse(e.Place, "point %d of polygon is no latitude,longitude in degrees", i+1)
			return
		}
	}
}

// circle is a point and a radius in kilometres.
func (r *reader) circle(e *element) {
	parts := strings.Fields(e.text)
	if len(parts) == 2 && isPoint(parts[0]) {
		if radius, err := strconv.ParseFloat(parts[1], 64); err == nil && radius >= 0 && radius <= 20_040 { // half the earth's girth
			return
		}
	}
	r.refuse(e.Place, "circle must be latitude,longitude and a radius in kilometres")
}

// isPoint reports whether s is WGS-84 degrees.
func isPoint(s string) bool {
	lat, lng, ok := strings.Cut(s, ",")
	if !ok {
		return false
	}
	a, errA := strconv.ParseFloat(lat, 64)
	b, errB := strconv.ParseFloat(lng, 64)
	return errA == nil && errB == nil && a >= -90 && a <= 90 && b >= -180 && b <= 180
}
