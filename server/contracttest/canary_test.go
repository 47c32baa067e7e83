package contracttest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/observe"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/requestid"
	"citygraph/internal/seed"
	"citygraph/internal/viewer"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// canary is a value that must not be found where it does not belong.
type canary struct{ what, value string }

// cage is where values sing.
type cage struct {
	*rig
	schema   *ast.Schema
	redis    *redistest.Server
	log      *loud
	metrics  *observe.Metrics
	spans    *tracetest.InMemoryExporter
	canaries []canary
	refusals []byte // every answer with an error in it
}

// loud keeps a log as it is written, before anything is redacted.
type loud struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *loud) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *loud) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}

func openCage(t *testing.T) *cage {
	t.Helper()
	c := &cage{schema: snapshot(t), redis: redistest.Start(t), log: &loud{}, spans: tracetest.NewInMemoryExporter()}
	c.metrics = observe.NewMetrics("test", manifest(t).Names())
	log := zerolog.New(c.log).Level(zerolog.DebugLevel)
	c.rig = start(t, citytest.Redis(c.redis), func(o *wiring.Options) { o.Log, o.Metrics = log, c.metrics })
	tracing := observe.Tracing{Provider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(c.spans))}
	c.Behind(t, func(next http.Handler) http.Handler {
		return requestid.Middleware(observe.Record(observe.AccessLog(log, c.metrics)(tracing.Middleware(next))))
	})
	return c
}

// TestNothingPersonalEscapes runs every operation of every client, as it should be and in bad ways, and then looks
// for every text that was sent and for everything that identifies the people in whatever outlives a request.
func TestNothingPersonalEscapes(t *testing.T) {
	c := openCage(t)
	c.hatch(t)
	for _, token := range []string{"phone-of-lina", "phone-of-xumin"} { // pushes fail, and are told of
		c.FCM.Script(token, fcmfake.InternalError, fcmfake.Unregistered)
	}
	c.settle(t)
	for _, o := range operations(t) {
		scene, ok := scenes[o.Name]
		if !ok {
			t.Fatalf("%s: say in scenes how it is run", o.Name)
		}
		c.sing(t, o, scene)
	}
	c.confess(t)
	c.breakSeal(t)
	system := viewer.AsSystem(t.Context(), "wait for pushes")
	citytest.Eventually(t, "a dead token is noticed", func() bool {
		return c.DB.DeliveryAttempt.Query().Where(deliveryattempt.ProviderCode("UNREGISTERED")).CountX(system) > 0
	})
	c.quiet(t)
	c.search(t)
}

// hatch makes canaries of what is known before anybody asks: the people, their tokens, and two new accounts.
func (c *cage) hatch(t *testing.T) {
	t.Helper()
	for _, m := range seed.Cast {
		data, err := c.Records.Mine(viewer.With(t.Context(), &viewer.Viewer{PersonID: m.PersonID()}), m.PersonID())
		if err != nil {
			t.Fatal(err)
		}
		c.canaries = append(c.canaries, canary{"the name", data.Name}, canary{"the birth date", data.BirthDate},
			canary{"the id number", data.IDNumber}, canary{"the phone", data.Phone}, canary{"the access token", c.member[m.Key].Token})
	}
	const uid, phone, mail = "canary-uid-of-firebase", "+8613912340987", "canary@firebase.example"
	idToken := c.keys.Mint(map[string]any{"sub": uid, "user_id": uid, "phone_number": phone, "email": mail})
	if code := c.With(t, idToken).Do("HomeScreen", nil).Code(); code != "" {
		t.Fatal(code)
	}
	for _, client := range []string{"wechat-miniprogram", "home-school"} {
		c.member[visitor].DoFor(client, "SignInWithWechat", citytest.Vars{"input": citytest.Vars{"code": "dev:canary-open-id"}})
	}
	c.canaries = append(c.canaries, canary{"Firebase uid", uid}, canary{"the phone at Firebase", phone}, canary{"the mail at Firebase", mail},
		canary{"an id token", idToken}, canary{"WeChat open id", "dev-canary-open-id"})
}

// sing runs an operation as it should be, and with each of its texts replaced in turn, also by a visitor.
func (c *cage) sing(t *testing.T, o contracts.Operation, scene scene) {
	t.Helper()
	first := scene(t, c.rig)
	c.ask(t, o, first.by, plainVars(t, first.vars))
	if o.Type == "query" {
		c.askByURL(t, o, first.by)
	}
	for i, l := range leaves(t, c.schema, o, plainVars(t, first.vars)) {
		if !isText(c.schema, l) {
			continue
		}
		for n, text := range []string{"canary", "canary\x00\n", strings.Repeat("canary ", 800)} {
			for _, by := range []string{"", visitor} {
				again := scene(t, c.rig)
				vars := plainVars(t, again.vars)
				leaves(t, c.schema, o, vars)[i].put(fmt.Sprintf("Zq9-%d-%d-%s", c.next(), n, text))
				if by != "" {
					again.by = c.member[by]
				}
				c.ask(t, o, again.by, vars)
			}
		}
	}
}

// askByURL runs a query with a text in its address, which proxies, logs and traces are fond of.
func (c *cage) askByURL(t *testing.T, o contracts.Operation, by *citytest.Client) {
	t.Helper()
	text := fmt.Sprintf("Zq9-%d-canary-in-the-address", c.next())
	address := url.Values{"documentId": {o.ID}, "variables": {fmt.Sprintf(`{"text":%q,"id":%q}`, text, text)}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+"/graphql?"+address.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Referer", c.URL+"/?"+text)
	by.Send(request)
	c.canaries = append(c.canaries, canary{"a text in the address", text})
}

// ask runs an operation, and makes canaries of the texts it sends and of the @pii values and tokens it is
// answered.
func (c *cage) ask(t *testing.T, o contracts.Operation, by *citytest.Client, vars map[string]any) {
	t.Helper()
	for _, l := range leaves(t, c.schema, o, vars) {
		if text, ok := l.value.(string); ok && isText(c.schema, l) {
			// A long text is looked for by its beginning: what cuts it short would hide the rest.
			c.canaries = append(c.canaries, canary{l.place, text[:min(len(text), 40)]})
		}
	}
	if o.Type == "subscription" {
		stream := by.Stream(t, o.Name, vars)
		stream.Next(t)
		stream.Close()
		return
	}
	got := by.Post(map[string]any{"documentId": o.ID, "variables": vars})
	if problems.Match(got.Body) || got.Code() != "" {
		c.refusals = append(append(c.refusals, got.Body...), '\n')
	}
	if len(got.Data) > 0 {
		var data any
		if err := json.Unmarshal(got.Data, &data); err != nil {
			t.Fatal(err)
		}
		c.gather(parsed(t, c.schema, o).SelectionSet, data)
	}
}

// gather makes canaries of what identifies or lets in, wherever it stands in an answer.
func (c *cage) gather(selected ast.SelectionSet, data any) {
	switch data := data.(type) {
	case []any:
		for _, inner := range data {
			c.gather(selected, inner)
		}
	case map[string]any:
		for _, field := range fieldsOf(selected) {
			if text, ok := data[field.Alias].(string); ok && identifies(field) {
				if len(text) >= 6 { // shorter ones, such as the sex, are everybody's
					c.canaries = append(c.canaries, canary{field.ObjectDefinition.Name + "." + field.Name, text})
				}
			}
			c.gather(field.SelectionSet, data[field.Alias])
		}
	}
}

// fieldsOf are the fields of a selection, those inside its fragments among them.
func fieldsOf(set ast.SelectionSet) []*ast.Field {
	var found []*ast.Field
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			found = append(found, s)
		case *ast.InlineFragment:
			found = append(found, fieldsOf(s.SelectionSet)...)
		case *ast.FragmentSpread:
			found = append(found, fieldsOf(s.Definition.SelectionSet)...)
		}
	}
	return found
}

// identifies reports whether a field is marked @pii, or is a token.
func identifies(field *ast.Field) bool {
	return field.Definition.Directives.ForName("pii") != nil || strings.HasSuffix(field.Name, "Token")
}

// isText reports whether a leaf is words of its sender's own: no id, no enum, nothing the client makes by dice.
func isText(schema *ast.Schema, l leaf) bool {
	text, is := l.value.(string)
	if !is || schema.Types[l.kind].Kind == ast.Enum || isTime(text) {
		return false
	}
	return !slices.Contains([]string{"ID", "UUID", "DateTime", "YearMonth", "Cursor"}, l.kind)
}

// isTime reports whether a text is a day or a time of day, which stand in many rows.
func isTime(text string) bool {
	_, noDay := time.Parse(time.DateOnly, text)
	_, noTime := time.Parse("15:04", text)
	return noDay == nil || noTime == nil
}

// breakSeal exchanges two people's sealed data, so that reading them fails inside.
func (c *cage) breakSeal(t *testing.T) {
	t.Helper()
	system := viewer.AsSystem(t.Context(), "damage a row")
	other := c.DB.PersonalData.Query().Where(personaldata.PersonID(castID("wutao"))).OnlyX(system)
	c.DB.PersonalData.Update().Where(personaldata.PersonID(castID("maming"))).SetSealed(other.Sealed).ExecX(system)
	got := c.member["maming"].Do("MyPersonalData", nil)
	if got.Code() != "INTERNAL" {
		t.Fatalf("another's data open: %s", got.Body)
	}
	c.refusals = append(c.refusals, got.Body...)
}

// places are everything that outlives a request, by name.
func (c *cage) places(t *testing.T) map[string][]byte {
	t.Helper()
	found := c.Columns(t)
	page := httptest.NewRecorder()
	observe.AdminHandler(c.metrics, observe.NewHealth(zerolog.Nop())).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	found["metrics"], found["log"], found["refusals"] = page.Body.Bytes(), c.log.bytes(), c.refusals
	for _, span := range c.spans.GetSpans() {
		found["traces"] = fmt.Appendf(found["traces"], "%+v\n", span)
	}
	for key, value := range c.redis.Contents(t) {
		found["redis"] = fmt.Appendf(found["redis"], "%s %s %s\n", key, value, inflated(value))
	}
	for _, m := range c.FCM.Messages() {
		m.Token = "" // whom it is for
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		found["push"] = append(append(found["push"], body...), '\n')
	}
	for name := range map[string]string{"metrics": "", "log": "", "refusals": "", "traces": "", "redis": "", "push": "", "river_job.args": ""} {
		if len(found[name]) == 0 {
			t.Errorf("nothing was written into %s: it proves nothing", name)
		}
	}
	return found
}

// inflated is the value of a cached entry when the cache has compressed it: after eight bytes of expiry, before
// one that says so.
func inflated(entry []byte) []byte {
	if len(entry) < 10 || entry[len(entry)-1] != 1 {
		return nil
	}
	plain, err := s2.Decode(nil, entry[8:len(entry)-1])
	if err != nil {
		return nil
	}
	return plain
}

// published are inputs that name what everybody can read, and hours of the clock, which name nobody.
var published = map[string]bool{
	"GiveConsentInput.version":        true,
	"$code":                           true, // on the plate of a facility
	"ReportAlarmInput.facilityCode":   true,
	"BilingualInput.zh":               true, // the words of an alert
	"BilingualInput.en":               true,
	"$districts":                      true,
	"IssueAlertInput.districts":       true,
	"RecordWechatGrantInput.template": true, // of the mini-program
	"QuietHoursInput.from":            true,
	"QuietHoursInput.to":              true,
	"$day":                            true, // of a clinic, as are the times it opens
	"OpenScheduleInput.from":          true,
	"OpenScheduleInput.to":            true,
	"ScheduleSessionInput.start":      true,
}

// search looks for every canary in every place.
func (c *cage) search(t *testing.T) {
	t.Helper()
	places, files, stood := c.places(t), c.Files(t), map[string]bool{}
	seen := map[canary]bool{}
	for _, bird := range c.canaries {
		if seen[bird] {
			continue
		}
		seen[bird] = true
		if published[bird.what] {
			continue
		}
		if len(bird.value) < 6 {
			t.Errorf("%s: %q is too short to be looked for", bird.what, bird.value)
			continue
		}
		excused := false
		for place, text := range places {
			if !bytes.Contains(text, []byte(bird.value)) {
				continue
			}
			if key := bird.what + " in " + place; mayBe(bird.what, place) {
				excused, stood[key] = true, true
			} else {
				t.Errorf("%s: %q", key, bird.value)
			}
		}
		for name, text := range files {
			if !excused && bytes.Contains(text, []byte(bird.value)) {
				t.Errorf("%s in the file %s: %q", bird.what, name, bird.value)
			}
		}
	}
	for _, e := range mayStand {
		if key := e.value + " in " + e.place; !stood[key] && slices.ContainsFunc(c.canaries, func(b canary) bool { return b.what == e.value }) {
			t.Errorf("%s: it no longer does; strike it off mayStand", key)
		}
	}
	t.Logf("%d values looked for in %d places", len(seen), len(places)+len(files))
}

func mayBe(what, place string) bool {
	for _, e := range mayStand {
		if e.value == what && e.place == place {
			return true
		}
	}
	return false
}
