package idempotency_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/auditevent"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/seed/seedtest"
)

// desk is a room whose one verb leaves a row each time it takes effect.
type desk struct {
	*seedtest.City
	ledger idempotency.Ledger
	clock  *seedtest.Clock
	runs   atomic.Int32
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	city, clock := seedtest.Bare(t), seedtest.NewClock()
	return &desk{City: city, clock: clock, ledger: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock}}
}

func request(key uuid.UUID, input any) idempotency.Request {
	return idempotency.Request{Key: key, Operation: "submitCase", Input: input}
}

// once asks for the effect; its row carries the name.
func (d *desk) once(ctx context.Context, r idempotency.Request, name string) (string, error) {
	return d.ledger.Once(ctx, r, func(ctx context.Context) (string, error) {
		d.runs.Add(1)
		return name, audit.Record(ctx, d.DB, audit.Deed{Action: "effect", TargetID: name})
	})
}

// effects is how many rows the verb has left.
func (d *desk) effects(t *testing.T) int {
	t.Helper()
	return d.DB.AuditEvent.Query().Where(auditevent.Action("effect")).CountX(seedtest.System(t))
}

func (d *desk) records(t *testing.T) int {
	t.Helper()
	return d.DB.IdempotencyRecord.Query().CountX(seedtest.System(t))
}

type input struct{ Description string }

func TestTheSameRequestGetsTheFirstAnswer(t *testing.T) {
	d, key := newDesk(t), uuid.New()
	ctx := d.As(t, "chenjing")
	for i, name := range []string{"case_1", "case_2", "case_3"} {
		got, err := d.once(ctx, request(key, input{"路灯"}), name)
		if err != nil || got != "case_1" {
			t.Errorf("answer %d is %q, %v", i, got, err)
		}
	}
	if d.effects(t) != 1 || d.runs.Load() != 1 {
		t.Errorf("%d effects of %d runs", d.effects(t), d.runs.Load())
	}
}

func TestAnotherInputUnderTheKeyIsRefused(t *testing.T) {
	d, key := newDesk(t), uuid.New()
	ctx := d.As(t, "chenjing")
	if _, err := d.once(ctx, request(key, input{"路灯"}), "case_1"); err != nil {
		t.Fatal(err)
	}
	other := request(key, input{"井盖"})
	renamed := idempotency.Request{Key: key, Operation: "supportCase", Input: input{"路灯"}}
	for name, r := range map[string]idempotency.Request{"input": other, "operation": renamed} {
		got, err := d.once(ctx, r, "case_2")
		if fault.CodeOf(err) != fault.IdempotencyKeyReused || got != "" {
			t.Errorf("another %s is answered %q, %v", name, got, err)
		}
	}
	if d.effects(t) != 1 {
		t.Errorf("%d effects", d.effects(t))
	}
}

// What is refused early leaves nothing, and what was done once is answered though it would be refused by now.
func TestWhatIsNewMayBeRefusedEarly(t *testing.T) {
	d, refused := newDesk(t), false
	ctx, r := d.As(t, "chenjing"), request(uuid.New(), input{"路灯"})
	r.Early = func(context.Context) error {
		if refused {
			return fault.New(fault.SlotFull)
		}
		return nil
	}
	if _, err := d.once(ctx, r, "case_1"); err != nil {
		t.Fatal(err)
	}
	refused = true
	if got, err := d.once(ctx, r, "case_2"); err != nil || got != "case_1" {
		t.Errorf("again: %q, %v", got, err)
	}
	r.Key = uuid.New()
	if _, err := d.once(ctx, r, "case_3"); fault.CodeOf(err) != fault.SlotFull || d.records(t) != 1 || d.runs.Load() != 1 {
		t.Errorf("anew: %v, with %d records and %d runs", err, d.records(t), d.runs.Load())
	}
}

func TestAKeyBelongsToItsActor(t *testing.T) {
	d, key := newDesk(t), uuid.New()
	for _, member := range []string{"chenjing", "zhouwei"} {
		got, err := d.once(d.As(t, member), request(key, input{member}), "case_of_"+member)
		if err != nil || got != "case_of_"+member {
			t.Errorf("%s is answered %q, %v", member, got, err)
		}
	}
	if d.effects(t) != 2 {
		t.Errorf("%d effects", d.effects(t))
	}
}

func TestAFailingVerbIsNotRemembered(t *testing.T) {
	d, key, refused := newDesk(t), uuid.New(), fault.New(fault.OutOfArea)
	ctx := d.As(t, "chenjing")
	_, err := d.ledger.Once(ctx, request(key, input{"路灯"}), func(ctx context.Context) (string, error) {
		return "case_1", errors.Join(audit.Record(ctx, d.DB, audit.Deed{Action: "effect"}), refused)
	})
	if !errors.Is(err, refused) || d.records(t) != 0 || d.effects(t) != 0 {
		t.Fatalf("%v, and %d records and %d effects are left", err, d.records(t), d.effects(t))
	}
	// Neither is the key spent on the input that failed.
	if got, err := d.once(ctx, request(key, input{"井盖"}), "case_2"); err != nil || got != "case_2" {
		t.Errorf("put right, it is answered %q, %v", got, err)
	}
}

func TestOfManyAtOnceOneTakesEffect(t *testing.T) {
	const callers = 24
	d, key := newDesk(t), uuid.New()
	ctx := d.As(t, "chenjing")
	answers := make(chan string, callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			got, err := d.once(ctx, request(key, input{"路灯"}), uuid.NewString())
			if err != nil {
				t.Error(err)
			}
			answers <- got
		})
	}
	wg.Wait()
	first := <-answers
	for range callers - 1 {
		if got := <-answers; got != first {
			t.Errorf("answers differ: %s and %s", first, got)
		}
	}
	if d.effects(t) != 1 || d.records(t) != 1 {
		t.Errorf("%d effects and %d records", d.effects(t), d.records(t))
	}
}

func TestOfManyInputsAtOnceOneTakesEffect(t *testing.T) {
	const callers = 12
	d, key := newDesk(t), uuid.New()
	ctx := d.As(t, "chenjing")
	var won, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			_, err := d.once(ctx, request(key, i), uuid.NewString())
			switch fault.CodeOf(err) {
			case "":
				won.Add(1)
			case fault.IdempotencyKeyReused:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || refused.Load() != callers-1 || d.effects(t) != 1 {
		t.Errorf("%d won, %d were refused, %d effects", won.Load(), refused.Load(), d.effects(t))
	}
}

// A winner that is rolled back while others wait for it leaves the place to one of them.
func TestAWinnerThatFailsMakesRoom(t *testing.T) {
	d, key := newDesk(t), uuid.New()
	ctx := d.As(t, "chenjing")
	holds, fails := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := d.ledger.Once(ctx, request(key, 1), func(context.Context) (string, error) {
			close(holds)
			<-fails
			return "", fault.New(fault.NotFound)
		})
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("the winner ends with %v", err)
		}
	})
	<-holds
	wg.Go(func() {
		if got, err := d.once(ctx, request(key, 1), "case_2"); err != nil || got != "case_2" {
			t.Errorf("the next is answered %q, %v", got, err)
		}
	})
	close(fails)
	wg.Wait()
	if d.effects(t) != 1 || d.records(t) != 1 {
		t.Errorf("%d effects and %d records", d.effects(t), d.records(t))
	}
}

func TestSweepForgetsWhatHasExpired(t *testing.T) {
	d, old, young := newDesk(t), uuid.New(), uuid.New()
	ctx := d.As(t, "chenjing")
	if _, err := d.once(ctx, request(old, 1), "case_1"); err != nil {
		t.Fatal(err)
	}
	d.clock.Turn(24 * time.Hour)
	if n, err := d.ledger.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("within the promised day %d are forgotten, %v", n, err)
	}
	if _, err := d.once(ctx, request(young, 1), "case_2"); err != nil {
		t.Fatal(err)
	}
	d.clock.Turn(idempotency.Kept - 24*time.Hour + time.Second)
	if n, err := d.ledger.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("%d are forgotten, %v", n, err)
	}
	if got, err := d.once(ctx, request(young, 1), "case_3"); got != "case_2" || err != nil {
		t.Errorf("the young one is answered %q, %v", got, err)
	}
	if got, err := d.once(ctx, request(old, 1), "case_4"); got != "case_4" || err != nil {
		t.Errorf("the old one is answered %q, %v", got, err)
	}
}

func TestAnInputThatCannotBeWrittenDownIsRefused(t *testing.T) {
	d := newDesk(t)
	if got, err := d.once(d.As(t, "chenjing"), request(uuid.New(), func() {}), "case_1"); err == nil || got != "" || d.effects(t) != 0 {
		t.Errorf("answered %q, %v", got, err)
	}
}
