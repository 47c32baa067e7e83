package ledger_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/migrations"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"
)

// holdsTime is how long processes die under the holds.
var holdsTime = flag.Duration("holds", 3*time.Second, "how long TestHoldsSurviveKills goes on: 2m is the full size")

const (
	// victimEnv has this binary keep a book, at the database it names, until it is killed.
	victimEnv     = "CITYGRAPH_LEDGER_VICTIM"
	victimClients = 16
	victimHolders = 8
	// victimHold is how much each hold keeps back. A card has more than the dead can leave with the merchant.
	victimHold, victimBalance = 20, 1_000_00
)

func TestMain(m *testing.M) {
	if url := os.Getenv(victimEnv); url != "" {
		fmt.Fprintln(os.Stderr, dieKeeping(url))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// dieKeeping places holds and resolves them in a race, and says on its output what is acknowledged, until something
// fails or the process dies.
func dieKeeping(url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	v := &victim{Book: &ledger.Book{DB: db.NewClient(db.Driver(s.Driver())), Store: s, Clock: clock.System{}}}
	accounts, err := v.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindCardBalance)).IDs(viewer.AsSystem(ctx, "whose money to hold"))
	if err != nil {
		return err
	}
	shop, err := v.Open(ctx, ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "shop"})
	if err != nil {
		return err
	}
	failed := make(chan error, victimClients)
	for range victimClients {
		go func() {
			for {
				if err := v.life(ctx, accounts[rand.IntN(len(accounts))], shop.ID); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// victim is a book that tells what it has acknowledged.
type victim struct {
	*ledger.Book
	mu sync.Mutex
}

func (v *victim) say(words ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fmt.Fprintln(os.Stdout, words...)
}

// life places a hold, and has it captured by two, voided by one and timed out by one at once, of whom one succeeds; or
// gives the money back that an earlier one was paid.
func (v *victim) life(ctx context.Context, card, shop string) error {
	expiry := time.Now().Add(time.Duration(rand.IntN(1000)) * time.Millisecond)
	h, err := v.Hold(ctx, reservation(fmt.Sprintf("%d/%d", os.Getpid(), rand.Int64()), card, shop, victimHold, expiry))
	switch fault.CodeOf(err) {
	case "":
	case fault.HoldExpired:
		return nil
	default:
		return err
	}
	v.say("placed", h.ID, "-")
	errs := make(chan error, 4)
	for range 2 {
		go func() { errs <- v.capture(ctx, h.ID) }()
	}
	go func() { errs <- v.told(v.Void(ctx, h.ID), "voided", h.ID, "-") }()
	go func() {
		_, err := v.TimeOut(ctx)
		errs <- err
	}()
	for range cap(errs) {
		if failed := <-errs; failed != nil {
			err = failed
		}
	}
	return err
}

// capture pays, and takes it back.
func (v *victim) capture(ctx context.Context, holdID string) error {
	made, err := v.Capture(ctx, holdID, victimHold-1)
	if err != nil {
		return v.told(err)
	}
	v.say("captured", holdID, made.ID)
	back, err := v.Reverse(ctx, ledger.Reversal{Key: "back/" + made.ID, TransactionID: made.ID, Amount: victimHold - 1})
	if err != nil {
		return err
	}
	v.say("reversed", made.ID, back.ID)
	return nil
}

// told says what succeeded, and passes on what is no refusal.
func (v *victim) told(err error, words ...any) error {
	switch fault.CodeOf(err) {
	case "":
		v.say(words...)
		return nil
	case fault.InvalidTransition, fault.HoldExpired:
		return nil
	default:
		return err
	}
}

// acks are what victims said, by the word and the first id.
type acks struct {
	t    *testing.T
	mu   sync.Mutex
	said map[string]map[string]string
}

// hear reads what a victim says. The last line of one that was killed may be half of one.
func (a *acks) hear(from io.Reader, first func()) {
	for lines := bufio.NewReader(from); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		first()
		words := strings.Fields(line)
		a.mu.Lock()
		if earlier, twice := a.said[words[0]][words[1]]; twice {
			a.t.Errorf("%s twice: %s %s, and %s", words[0], words[1], earlier, words[2])
		}
		a.said[words[0]][words[1]] = words[2]
		a.mu.Unlock()
	}
}

// die runs a victim and kills it a moment after its first word.
func (a *acks) die(url string, random *rand.Rand) {
	cmd := exec.CommandContext(a.t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), victimEnv+"="+url)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		a.t.Error(err)
		return
	}
	spoke, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		a.hear(out, sync.OnceFunc(func() { close(spoke) }))
	}()
	select {
	case <-spoke:
		select {
		case <-time.After(time.Duration(random.IntN(1000)) * time.Millisecond):
		case <-ended:
		}
	case <-ended:
	}
	_ = cmd.Process.Kill() // it may have failed already
	<-ended
	_ = cmd.Wait() // it was killed
	if said := problems.String(); said != "" {
		a.t.Errorf("a victim failed: %s", said)
	}
}

// Invariant 11: holds that two processes place, capture, void and time out, each by several at once, are resolved once,
// however often the processes are killed; and what was acknowledged stands.
func TestHoldsSurviveKills(t *testing.T) {
	url := storetest.URL(t, migrations.Files)
	s := storetest.OpenURL(t, url)
	b := &book{Book: &ledger.Book{DB: db.NewClient(db.Driver(s.Driver())), Store: s, Clock: clock.System{}}}
	for i := range victimHolders {
		b.card(t, fmt.Sprint("holder ", i), victimBalance)
	}
	a := &acks{t: t, said: map[string]map[string]string{"placed": {}, "captured": {}, "voided": {}, "reversed": {}}}
	processes := 2
	if s.Pool() == nil {
		processes = 1 // which has the file to itself
	}
	var all sync.WaitGroup
	var kills int
	began := time.Now()
	for time.Since(began) < *holdsTime || (!a.enough() && time.Since(began) < time.Minute) {
		for n := range processes {
			random := rand.New(rand.NewPCG(uint64(kills), uint64(n)))
			all.Go(func() { a.die(url, random) })
		}
		all.Wait()
		kills += processes
	}
	a.check(b)
	t.Logf("%s, %d kills of %d processes: %d placed, %d captured, %d voided, %d taken back", *holdsTime, kills, processes,
		len(a.said["placed"]), len(a.said["captured"]), len(a.said["voided"]), len(a.said["reversed"]))
}

// check holds every hold to what was said of it, lets those go that nobody resolved, and wants the book sound.
func (a *acks) check(b *book) {
	a.t.Helper()
	b.sound(a.t)
	ctx := seedtest.System(a.t)
	there := map[string]*db.Hold{}
	for _, h := range b.DB.Hold.Query().AllX(ctx) {
		there[h.ID] = h
	}
	for id := range a.said["placed"] {
		if there[id] == nil {
			a.t.Errorf("%s was placed and is lost", id)
		}
	}
	for id, charge := range a.said["captured"] {
		h := there[id]
		if h == nil || h.Status != hold.StatusCaptured || h.LedgerTransactionID == nil || *h.LedgerTransactionID != charge {
			a.t.Errorf("%s was captured by %s and is %+v", id, charge, h)
		}
	}
	for id := range a.said["voided"] {
		if h := there[id]; h == nil || h.Status != hold.StatusVoided {
			a.t.Errorf("%s was voided and is %+v", id, h)
		}
	}
	for charge, back := range a.said["reversed"] {
		if of := b.DB.LedgerTransaction.GetX(ctx, back).ReversesID; of == nil || *of != charge {
			a.t.Errorf("%s was taken back by %s, which reverses %v", charge, back, of)
		}
	}
	for b.DB.Hold.Query().Where(hold.StatusEQ(hold.StatusPending)).ExistX(ctx) { // the last has less than a second left
		if _, err := b.TimeOut(ctx); err != nil {
			a.t.Fatal(err)
		}
	}
	for _, account := range b.DB.LedgerAccount.Query().Where(ledgeraccount.HeldNEQ(0)).AllX(ctx) {
		a.t.Errorf("%s holds %d fen after all", account.OwnerID, account.Held)
	}
	b.sound(a.t)
	if !a.enough() {
		a.t.Error("little was tried")
	}
}

// enough reports whether there was something of everything.
func (a *acks) enough() bool {
	return len(a.said["captured"]) > 0 && len(a.said["voided"]) > 0 && len(a.said["reversed"]) > 0
}
