package care_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/helpcall"
	"citygraph/ent/db/notification"
	"citygraph/internal/clinic/care"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/seed/seedtest"
)

// Fifty times at once is one call, told once to each.
func TestFiftyCallsAtOnceAreOne(t *testing.T) {
	w := open(t)
	w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	codes := atOnce(t, 50, func(i int) error {
		c := care.Call{Key: uuid.New()}
		name := "wangguiying"
		if i%5 == 0 {
			name, c.OnBehalfOf = "chenjing", &w.patient
		}
		_, err := w.Call(w.as(t, name), c)
		return err
	})
	rows := w.DB.HelpCall.Query().AllX(seedtest.System(t))
	if codes[""] != 50 || len(rows) != 1 || rows[0].Times != 50 {
		t.Errorf("they ended with %v, in %+v", codes, rows)
	}
	for _, name := range []string{"xumin", "lina"} {
		if told := w.told(t, name); told != "help_called" {
			t.Errorf("%s was told %q", name, told)
		}
	}
	if told := w.told(t, "chenjing"); told != "help_called" && told != "" { // nothing, when hers was the first
		t.Errorf("chenjing was told %q", told)
	}
}

func TestOneComes(t *testing.T) {
	w := open(t)
	w.contract(t)
	c := w.call(t)
	codes := atOnce(t, 24, func(i int) error {
		_, err := w.Acknowledge(w.as(t, []string{"xumin", "lina", "chenjing"}[i%3]), c.ID)
		return err
	})
	if codes[""] != 1 || codes[fault.InvalidTransition] != 23 {
		t.Errorf("they ended with %v", codes)
	}
	if told := w.told(t, "wangguiying"); strings.Count(told, "help_coming") != 1 {
		t.Errorf("she was told %q", told)
	}
}

// Nobody answers: the clinic is told, then all, again and again, and the operator; each once, however many look.
func TestNobodyAnswers(t *testing.T) {
	w := open(t)
	w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	if _, err := w.SetOnDuty(w.as(t, "xumin"), w.clinic, new(w.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	c := w.call(t)
	began := w.clock.Now()
	for _, at := range []struct {
		after                   time.Duration
		level                   int
		xumin, lina, chen, logs int // how often each was told
	}{
		{2*time.Minute - time.Second, 0, 1, 0, 1, 0},
		{2 * time.Minute, 1, 2, 1, 1, 0},
		{5*time.Minute - time.Second, 1, 2, 1, 1, 0},
		{5 * time.Minute, 2, 3, 2, 2, 1},
		{10 * time.Minute, 3, 4, 3, 3, 2},
		{15 * time.Minute, 4, 5, 4, 4, 3},
		{20 * time.Minute, 5, 6, 5, 5, 4},
		{time.Hour, 5, 6, 5, 5, 4},
	} {
		w.clock.Turn(began.Add(at.after).Sub(w.clock.Now()))
		if codes := atOnce(t, 6, func(int) error { return w.Escalate(t.Context()) }); codes[""] != 6 {
			t.Errorf("rounds ended with %v", codes)
		}
		row := w.DB.HelpCall.GetX(seedtest.System(t), c.ID)
		if row.Level != at.level || (row.EscalateAt == nil) != (at.level == 5) {
			t.Errorf("after %s: %+v", at.after, row)
		}
		for name, want := range map[string]int{"xumin": at.xumin, "lina": at.lina, "chenjing": at.chen, "wangguiying": 0} {
			if got := strings.Count(w.told(t, name), "help_called"); got != want {
				t.Errorf("after %s %s was told %d times, want %d", at.after, name, got, want)
			}
		}
		if got := strings.Count(w.log.String(), "nobody has answered"); got != at.logs {
			t.Errorf("after %s the operator was told %d times", at.after, got)
		}
	}
	if !slices.Equal(w.lost, []int{1, 2, 3, 4, 5}) {
		t.Errorf("counted %v", w.lost)
	}
}

// A round that fails half-way, or a replica that stops, leaves nothing told; the next one tells once.
func TestARoundThatStopsTellsNobodyTwice(t *testing.T) {
	w := open(t)
	w.contract(t)
	c := w.call(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	stop := errors.New("the power fails")
	fails := true
	event.On(w.Events, func(context.Context, care.HelpCalled) error { // after the notices are written
		if fails {
			return stop
		}
		return nil
	})
	w.clock.Turn(2 * time.Minute)
	if err := w.Escalate(t.Context()); !errors.Is(err, stop) {
		t.Errorf("it ended with %v", err)
	}
	if n := w.DB.Notification.Query().CountX(seedtest.System(t)); n != 0 || w.DB.HelpCall.GetX(seedtest.System(t), c.ID).Level != 0 {
		t.Errorf("%d notices are left", n)
	}
	fails = false
	for range 3 {
		if err := w.Escalate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	keys := w.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, "xumin"))).Select(notification.FieldEventKey).
		StringsX(seedtest.System(t))
	if !slices.Equal(keys, []string{c.ID + "/level/1"}) {
		t.Errorf("she was told of %v", keys)
	}
}

// Somebody answers while the round looks: nobody is told after.
func TestAnAnswerRacesWithTheRound(t *testing.T) {
	w := open(t)
	w.contract(t)
	c := w.call(t)
	w.clock.Turn(2 * time.Minute)
	codes := atOnce(t, 12, func(i int) error {
		if i == 6 {
			_, err := w.Acknowledge(w.as(t, "xumin"), c.ID)
			return err
		}
		return w.Escalate(t.Context())
	})
	if codes[""] != 12 {
		t.Errorf("they ended with %v", codes)
	}
	before := w.told(t, "lina")
	w.clock.Turn(time.Hour)
	if err := w.Escalate(t.Context()); err != nil {
		t.Fatal(err)
	}
	row := w.DB.HelpCall.GetX(seedtest.System(t), c.ID)
	if row.Status != helpcall.StatusAcknowledged || row.EscalateAt != nil || w.told(t, "lina") != before {
		t.Errorf("after the answer: %+v, told %q", row, w.told(t, "lina"))
	}
}

// Who has no clinic has their family told, from the first step on.
func TestWithoutAClinicTheFamilyIsTold(t *testing.T) {
	w := open(t)
	w.call(t)
	w.clock.Turn(2 * time.Minute)
	if err := w.Escalate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.tells(t, "after two minutes", map[string]string{"chenjing": "help_called help_called", "xumin": ""})
}
