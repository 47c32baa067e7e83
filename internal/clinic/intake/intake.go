// Package intake takes over what clinics offer from FHIR R4: places, practitioners, posts, schedules and
// slots. What it cannot take it refuses with its place, and keeps the rest.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/clock"
	"citygraph/internal/fhir"
	"citygraph/internal/geo"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Intake takes over a set of files, for operators at the command line.
type Intake struct {
	DB     *db.Client
	Store  *store.Store
	Places interface {
		NearestAll(ctx context.Context, points []geo.Point) (streetIDs, districtIDs []string, err error)
	}
	Clock clock.Clock
	// Source names the system the files come from, always the same: with their references, what was taken over
	// is known by it.
	Source string
	// Refused is told of each resource that is refused.
	Refused func(fhir.Problem)
	// Progress is told after each batch what has become of how many bytes; may be nil.
	Progress func(Taken)
}

// Taken is what became of the files so far.
type Taken struct {
	New     map[string]int // taken over now, by type
	Known   int            // taken over before: it stays as it is
	Refused int
	Others  int   // of types that are not taken over
	Bytes   int64 // passed, of All
	All     int64
}

// Resources is how many were read.
func (t Taken) Resources() int {
	n := t.Known + t.Refused + t.Others
	for _, count := range t.New {
		n += count
	}
	return n
}

// batchSize is how many resources go into one transaction. Slots are written as one set, and each commit costs as
// much as thousands of them.
func batchSize(kind string) int {
	if kind == "Slot" {
		return 5000
	}
	return 500
}

// maxSource keeps a source and a reference within the column.
const maxSource = 64

// Types are what is taken over; what refers to nothing comes first. The files are read once for each, so that
// resources may stand in any order and none has to be kept.
var Types = []string{"Organization", "Location", "Practitioner", "PractitionerRole", "Schedule", "Slot"}

// Files lists the files of FHIR in a directory, by name, or the one file.
func Files(path string) ([]string, error) {
	about, err := os.Stat(path)
	if err != nil || !about.IsDir() {
		return []string{path}, err
	}
	var found []string
	for _, pattern := range []string{"*.json", "*.ndjson", "*.jsonl"} {
		some, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no file that ends in .json, .ndjson or .jsonl", path)
	}
	slices.Sort(found)
	return found, nil
}

// Run takes over the resources of the files. Good ones are kept in batches, each in a transaction of its own,
// and bad ones refused with their place. What was taken over before stays as it is, so a run that was
// interrupted goes on when it is run again. It fails when a file or the database cannot be read.
func (in Intake) Run(ctx context.Context, files []string) (Taken, error) {
	if in.Source == "" || len(in.Source) > maxSource || strings.ContainsAny(in.Source, " \t\n") {
		return Taken{}, fmt.Errorf("a source has a name of 1 to %d bytes without spaces", maxSource)
	}
	ctx = viewer.AsSystem(ctx, "an operator takes over what clinics offer")
	run := &run{
		Intake: in, now: in.Clock.Now().Truncate(time.Microsecond), done: Taken{New: map[string]int{}},
		organisations: map[string]string{}, types: map[string]map[string]bool{},
	}
	for _, file := range files {
		about, err := os.Stat(file)
		if err != nil {
			return run.done, err
		}
		run.done.All += about.Size() * int64(len(Types))
	}
	if err := run.load(ctx); err != nil {
		return run.done, err
	}
	for _, kind := range Types {
		for _, file := range files {
			if err := run.file(ctx, kind, file); err != nil {
				return run.done, err
			}
		}
		if err := run.flush(ctx, kind); err != nil {
			return run.done, err
		}
	}
	return run.done, nil
}

// run is one import under way.
type run struct {
	Intake
	now   time.Time // when it began: what was made then was made by it
	done  Taken
	batch []fhir.Resource

	organisations map[string]string          // names, by reference
	types         map[string]map[string]bool // that a file has
	catalogue                                // what is there already
}

// file reads the resources of one kind out of a file, of which the first pass has seen what else it has.
func (r *run) file(ctx context.Context, kind, name string) error {
	about, err := os.Stat(name)
	if err != nil {
		return err
	}
	before := r.done.Bytes
	first := kind == Types[0]
	if first || r.types[name][kind] {
		f, err := os.Open(name) //nolint:gosec // the operator names the file
		if err != nil {
			return err
		}
		defer f.Close()
		if err := r.pass(ctx, kind, first, name, fhir.NewReader(name, f)); err != nil {
			return err
		}
	}
	r.done.Bytes = before + about.Size()
	r.tell()
	return nil
}

func (r *run) pass(ctx context.Context, kind string, first bool, name string, from *fhir.Reader) error {
	if first {
		r.types[name] = map[string]bool{}
	}
	before := r.done.Bytes
	for {
		resource, err := from.Next()
		problem, bad := errors.AsType[fhir.Problem](err)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case bad && first:
			r.refuse(problem)
			continue
		case bad:
			continue // the first pass has told of it
		case err != nil:
			return err
		}
		if first {
			r.types[name][resource.Type] = true
			if !slices.Contains(Types, resource.Type) {
				r.done.Others++
			}
		}
		if resource.Type != kind {
			continue
		}
		if r.batch = append(r.batch, resource); len(r.batch) == batchSize(kind) {
			if err := r.flush(ctx, kind); err != nil {
				return err
			}
			r.done.Bytes = before + from.Offset()
			r.tell()
		}
	}
}

func (r *run) tell() {
	if r.Progress != nil {
		r.Progress(r.done)
	}
}

func (r *run) took(kind string, n int) {
	if n > 0 {
		r.done.New[kind] += n
	}
}

func (r *run) refuse(p fhir.Problem) {
	r.done.Refused++
	r.Refused(p)
}

// flush takes over the batch, whose resources are of one kind.
func (r *run) flush(ctx context.Context, kind string) error {
	batch := r.batch
	r.batch = r.batch[:0]
	if len(batch) == 0 {
		return nil
	}
	take := map[string]func(context.Context, []fhir.Resource) error{
		"Organization": r.takeOrganisations, "Location": r.takeLocations, "Practitioner": r.takePractitioners,
		"PractitionerRole": r.takeRoles, "Schedule": r.takeSchedules, "Slot": r.takeSlots,
	}[kind]
	if err := take(ctx, batch); err != nil {
		return fmt.Errorf("take over %ss: %w", kind, err)
	}
	return nil
}
