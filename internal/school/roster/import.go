package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/internal/audit"
	"citygraph/internal/oneroster"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Order is what an operator takes over.
type Order struct {
	From   string // a directory or a ZIP
	Source string // the other system's name, always the same: with their identifiers, what was taken over is known by it
	DryRun bool   // nothing is kept
	// Told is told of each row that is refused, and of what is odd.
	Told func(oneroster.Problem)
	// Progress is told now and then how far it is; may be nil.
	Progress func(Done)
}

// Done is what became of the set so far.
type Done struct {
	New, Changed, Ended map[string]int // by type
	Same                int            // that say what was said before
	Refused, Warned     int
	Rows                int // read
	Taken               int // of them, which the second half of the work counts
	Guarded, Unguarded  int // guardianships recorded, and withdrawn
	Ageless             int // pupils whose age nobody knows: their guardians can do nothing for them
}

// maxSource keeps a source within its column.
const maxSource = 64

// maxWithdrawn is how many guardianships one set may withdraw: more is a column that was lost, not news.
const maxWithdrawn = 2000

// ErrBusy says that the same source is being imported already.
var ErrBusy = errors.New("another import of this source is under way; wait for it to end")

var errDry = errors.New("nothing is kept of a dry run")

// run is one import under way.
type run struct {
	*Office
	Order
	set     *oneroster.Set
	stage   *stage
	skipped map[oneroster.File]bool // files that could not be read at all
	done    Done
	read    Done // as it was after reading, for a transaction that is tried again

	tied, cast bool // users.csv says who answers for whom, and what somebody is

	cut []withdrawal
}

// Import takes over the files of a set in one transaction: good rows are kept and bad ones refused with their place; a fault of
// the database, or the death of the process, leaves nothing. What says the same as before changes nothing, and what a bulk file
// does not have, or a delta says is no more, ends; nothing is deleted. One import of a source runs at a time: ErrBusy. For
// operators at the command line.
func (o *Office) Import(ctx context.Context, order Order) (_ Done, err error) {
	if order.Source == "" || len(order.Source) > maxSource || strings.ContainsAny(order.Source, " \t\n") {
		return Done{}, fmt.Errorf("a source has a name of 1 to %d bytes without spaces", maxSource)
	}
	ctx = viewer.AsSystem(ctx, "an operator takes over a school's roster")
	r := &run{Office: o, Order: order, skipped: map[oneroster.File]bool{}}
	r.reset()
	if r.set, err = oneroster.Open(order.From, r.warn); err != nil {
		return r.done, err
	}
	defer func() { err = errors.Join(err, r.set.Close()) }()
	if r.stage, err = newStage(ctx); err != nil {
		return r.done, err
	}
	defer func() { err = errors.Join(err, r.stage.close()) }()
	for _, file := range oneroster.Files {
		if r.set.Mode(file) == oneroster.Absent {
			continue
		}
		if err := r.load(ctx, file); err != nil {
			return r.done, err
		}
	}
	r.tied = r.tied || r.set.Mode(oneroster.Relationships) != oneroster.Absent
	r.cast = r.cast || r.set.Mode(oneroster.Roles) == oneroster.Bulk
	if err := r.check(ctx); err != nil {
		return r.done, err
	}
	r.read = r.done
	err = r.Store.InTx(ctx, r.write)
	if errors.Is(err, errDry) {
		err = nil
	}
	return r.done, err
}

// reset starts counting anew, for a transaction that is tried again; what was refused stays refused.
func (r *run) reset() {
	refused, warned := r.done.Refused, r.done.Warned
	r.done = r.read
	r.done.Refused, r.done.Warned = refused, warned
	r.done.New, r.done.Changed, r.done.Ended = map[string]int{}, map[string]int{}, map[string]int{}
	r.cut = nil
}

// write is the transaction of the set.
func (r *run) write(ctx context.Context) error {
	r.reset()
	if err := r.alone(ctx); err != nil {
		return err
	}
	if err := r.stage.begin(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		r.takeOrgs, r.takeSessions, r.takeClasses, r.takeUsers, r.takeEnrollments, r.takePosts, r.takeTies,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := audit.Record(ctx, r.DB, audit.Deed{Action: "importRoster", Reason: r.Source}); err != nil {
		return err
	}
	if r.DryRun {
		return errDry
	}
	return nil
}

// alone holds the source until the transaction ends. SQLite has one writer anyway.
func (r *run) alone(ctx context.Context) error {
	tx, ok := store.TxFrom(ctx)
	if !ok || r.Store.Dialect() != dialect.Postgres {
		return nil
	}
	var held bool
	err := tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", "roster of "+r.Source).Scan(&held)
	if err != nil {
		return fmt.Errorf("hold the source: %w", err)
	}
	if !held {
		return ErrBusy
	}
	return nil
}

func (r *run) refuse(p oneroster.Problem) {
	r.done.Refused++
	r.Told(p)
}

func (r *run) warn(p oneroster.Problem) {
	r.done.Warned++
	r.Told(p)
}

// reject refuses a row that could be read, and remembers that it is not missing.
func (r *run) reject(ctx context.Context, s staged, format string, args ...any) error {
	r.refuse(s.problem(format, args...))
	return r.stage.refuse(ctx, s.file, s.id)
}

func (r *run) tell() {
	if r.Progress != nil {
		r.Progress(r.done)
	}
}

// took counts rows of a batch as taken.
func (r *run) took(n int) {
	r.done.Taken += n
	r.tell()
}

// ends reports whether what a file does not have ends.
func (r *run) ends(file oneroster.File) bool {
	if r.set.Mode(file) != oneroster.Bulk || r.skipped[file] {
		return false
	}
	if r.stage.loose[file] {
		r.warn(oneroster.Problem{File: file, Reason: "nothing ends by being missing: some rows could not be told from others", Warning: true})
		return false
	}
	return true
}

// batch is how many rows are written together.
const batch = 500

// day reads a date of OneRoster.
func day(text string) (string, bool) {
	at, err := time.Parse(time.DateOnly, text)
	return at.Format(time.DateOnly), err == nil
}
