package citycase_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	dbcase "citygraph/ent/db/citycase"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/georeport"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/open311/feed"
	"citygraph/internal/seed/seedtest"
)

// foreign writes n requests of another system, every second one closed, requested an hour apart up to now.
func foreign(n int, now time.Time) string {
	rows := make([]string, n)
	for i := range rows {
		status, at := "open", now.Add(time.Duration(i-n)*time.Hour)
		if i%2 == 1 {
			status = "closed"
		}
		rows[i] = fmt.Sprintf(`{"service_request_id":%d,"status":%q,"status_notes":"note %d","service_code":"component-0101","description":"lamp\r\n%d",`+
			`"requested_datetime":%q,"updated_datetime":%q,"address":"by the lake","lat":30.259,"long":120.13}`,
			i, status, i, i, at.Format(time.RFC3339), at.Add(30*time.Minute).Format(time.RFC3339))
	}
	return "[\n" + strings.Join(rows, ",\n") + "]"
}

func takeOver(t *testing.T, o *office, text string) (georeport.Taken, []string, error) {
	t.Helper()
	var refused []string
	done, err := georeport.Intake{
		Cases: o.Cases, Source: "ningbo", Codes: map[string]string{"006": "component-0101"},
		Refused: func(p feed.Problem) { refused = append(refused, p.Error()) },
	}.Run(t.Context(), strings.NewReader(text))
	return done, refused, err
}

func taken(t *testing.T, o *office, number string) *db.CityCase {
	t.Helper()
	return o.city.DB.CityCase.Query().Where(dbcase.Source("ningbo"), dbcase.SourceID(number)).OnlyX(seedtest.System(t))
}

// An open case waits for an officer; a closed one is a whole life of which two steps are known. Nobody is told.
func TestCasesAreTakenOver(t *testing.T) {
	o := open(t)
	done, refused, err := takeOver(t, o, foreign(4, o.clock.Now()))
	if err != nil || len(refused) != 0 || done.Open != 2 || done.Closed != 2 || done.All() != 4 {
		t.Fatalf("%+v, %v, %v", done, refused, err)
	}
	system := seedtest.System(t)
	waits, over := taken(t, o, "2"), taken(t, o, "3")
	if waits.Status != machine.Submitted || waits.Published || waits.LastSeq != 1 || waits.ReporterID != "" || waits.Description != "lamp\n2" ||
		waits.QueryDistrict().OnlyX(system).Code != "330106" || waits.QueryEvents().OnlyX(system).Note != "note 2" {
		t.Errorf("the open one is %+v", waits)
	}
	if over.Status != machine.Closed || !over.Published || over.ClosedAt == nil || over.ClosedAt.Sub(over.CreatedAt) != 30*time.Minute ||
		*over.OpenSeconds != 1800 || !over.UpdatedAt.Equal(*over.ClosedAt) {
		t.Errorf("the closed one is %+v", over)
	}
	var status machine.Status
	for i, e := range over.QueryEvents().Order(caseevent.ByID()).AllX(system) { // the order in which histories are paged
		if from := e.FromStatus; e.Seq != i+1 || i > 0 && *from != status {
			t.Errorf("event %d comes from %v at seq %d", i, from, e.Seq)
		}
		if i > 0 {
			side := func(s machine.Side) bool {
				edge, ok := machine.Next(status, *e.Action, machine.None, s)
				passed, alsoOK := machine.Next(status, *e.Action, machine.Passed, s)
				return ok && edge.To == e.ToStatus || alsoOK && passed.To == e.ToStatus
			}
			if !side(machine.Officer) && !side(machine.Handler) && !side(machine.Verifier) {
				t.Errorf("no edge leads from %s to %s", status, e.ToStatus)
			}
		}
		status = e.ToStatus
	}
	if status != over.Status || over.LastSeq != 8 {
		t.Errorf("the history ends with %s, seq %d", status, over.LastSeq)
	}
	var seen []string
	for _, e := range over.QueryEvents().Order(caseevent.BySeq()).AllX(o.city.As(t, "maming")) {
		seen = append(seen, string(e.ToStatus)+" "+e.Note)
	}
	if diff := cmp.Diff([]string{"SUBMITTED ", "CLOSED note 3"}, seen); diff != "" {
		t.Errorf("the public reads (-want +got):\n%s", diff)
	}
	if len(o.emitted) != 0 {
		t.Errorf("told: %+v", o.emitted)
	}
	if c, err := o.Accept(o.city.As(t, "zhaoqiang"), waits.ID, ""); err != nil || c.Status != machine.Accepted {
		t.Errorf("an officer accepts it: %+v, %v", c, err)
	}
}

// What was due when it came rings no bells; what falls due later does, like any other case.
func TestTakenOverCasesRingNoBellsOfBefore(t *testing.T) {
	o := open(t)
	if _, err := o.Escalate(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.due = nil
	const n = 2000 // hours: further back than any promise
	done, _, err := takeOver(t, o, foreign(n, o.clock.Now()))
	if err != nil || done.Late == 0 || done.Late == done.Open {
		t.Fatalf("%+v, %v", done, err)
	}
	if told, err := o.Escalate(t.Context()); err != nil || len(o.due) != 0 {
		t.Errorf("%d were told of at once, %v", told, err)
	}
	last := taken(t, o, fmt.Sprint(n-2))
	o.clock.Turn(last.DueAt.Sub(o.clock.Now()))
	for {
		if more, err := o.Escalate(t.Context()); err != nil || more == 0 {
			break
		}
	}
	told := 0
	for _, d := range o.due {
		if d.CaseID == last.ID {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the last was told of %d times", told)
	}
}

func TestTakingOverAgainChangesNothing(t *testing.T) {
	o := open(t)
	before := o.cases(t)
	text := foreign(1100, o.clock.Now())
	if _, _, err := takeOver(t, o, text[:len(text)*3/4]); err == nil {
		t.Fatal("a list that is cut was read to its end")
	}
	if half := o.cases(t) - before; half == 0 || half == 1100 {
		t.Fatalf("%d were kept of a list that was cut", half)
	}
	for range 2 {
		if done, refused, err := takeOver(t, o, text); err != nil || len(refused) != 0 || done.All() != 1100 {
			t.Fatalf("%+v, %v, %v", done, refused, err)
		}
		if all := o.cases(t) - before; all != 1100 {
			t.Errorf("there are %d of 1100", all)
		}
	}
	twice := foreign(1, o.clock.Now())
	if done, _, err := takeOver(t, o, strings.TrimSuffix(strings.ReplaceAll(twice, `:0,`, `:"new",`), "]")+","+strings.TrimPrefix(strings.ReplaceAll(twice, `:0,`, `:"new",`), "[")); err != nil ||
		done.Open != 1 || done.Known != 1 {
		t.Errorf("the same one twice in a list: %+v, %v", done, err)
	}
}

// A batch that fails leaves nothing of itself and everything before it.
func TestABatchIsKeptWhole(t *testing.T) {
	o := open(t)
	before := o.cases(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := georeport.Intake{
		Cases: o.Cases, Source: "ningbo", Refused: func(feed.Problem) {},
		Progress: func(done georeport.Taken) {
			if done.All() == 2*citycase.TakeoverBatch {
				cancel()
			}
		},
	}.Run(ctx, bytes.NewBufferString(foreign(1800, o.clock.Now())))
	if !errors.Is(err, context.Canceled) || o.cases(t)-before != 2*citycase.TakeoverBatch {
		t.Errorf("%d were kept, %v", o.cases(t)-before, err)
	}
}

func TestWhatIsNotTakenOver(t *testing.T) {
	o := open(t)
	good := strings.Trim(foreign(1, o.clock.Now()), "[]\n")
	for bad, want := range map[string]string{
		strings.Replace(good, "component-0101", "potholes", 1):                                               `service_code "potholes" is unknown`,
		strings.Replace(good, "30.259", "31.23", 1):                                                          "OUT_OF_AREA at lat, long",
		strings.Replace(good, "30.259", "300", 1):                                                            "BAD_USER_INPUT at lat, long",
		strings.Replace(good, "by the lake", `by\u0000`, 1):                                                  "BAD_USER_INPUT at address",
		strings.Replace(good, "note 0", strings.Repeat("长", 1001), 1):                                        "BAD_USER_INPUT at status_notes",
		strings.Replace(good, `lamp\r\n`, strings.Repeat("长", 2001), 1):                                      "BAD_USER_INPUT at description",
		strings.Replace(good, `id":0`, `id":"`+strings.Repeat("7", 65)+`"`, 1):                               "BAD_USER_INPUT at service_request_id",
		strings.Replace(good, o.clock.Now().Add(-time.Hour).Format(time.RFC3339), "2999-01-01T00:00:00Z", 1): "BAD_USER_INPUT at requested_datetime",
		strings.Replace(strings.Replace(good, `"open"`, `"closed"`, 1), o.clock.Now().Add(-30*time.Minute).Format(time.RFC3339), "2020-01-01T00:00:00Z", 1): "BAD_USER_INPUT at updated_datetime",
	} {
		done, refused, err := takeOver(t, o, "[\n "+bad+"]")
		if err != nil || done.Refused != 1 || len(refused) != 1 || !strings.HasPrefix(refused[0], "2:2: request 1 (") || !strings.Contains(refused[0], want) {
			t.Errorf("%.80s: %+v, %v, %v; want %s", bad, done, refused, err, want)
		}
	}
	mapped := strings.Replace(strings.Replace(good, `component-0101`, "006", 1), `"lamp\r\n0"`, "null", 1)
	if done, refused, err := takeOver(t, o, "["+mapped+"]"); err != nil || done.Open != 1 || taken(t, o, "0").Description == "" {
		t.Errorf("by their code, without a description: %+v, %v, %v", done, refused, err)
	}
	for text, want := range map[string]string{"006": "wrong number of fields", "a,b\na,c": "line 2: \"a\" stands for"} {
		if _, err := georeport.ReadCodes(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("codes %q: %v", text, err)
		}
	}
}
