package georeport

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/lang"
	"citygraph/internal/open311"
	"citygraph/internal/open311/feed"

	cases "citygraph/internal/citycase"
)

// Intake takes over the requests of another system, for operators at the command line.
type Intake struct {
	Cases  *cases.Cases
	Source string            // names the other system: with the number of a request, what was taken over is known by it
	Codes  map[string]string // the other system's codes of services in ours; those it does not name are ours
	// Refused is told of each request that is refused, in the order of the list.
	Refused func(feed.Problem)
	// Progress is told after each batch what has become of how many bytes; may be nil.
	Progress func(Taken)
}

// Taken is what became of a list so far.
type Taken struct {
	cases.TakenOver
	Refused int
	Bytes   int64 // read
}

// All is how many requests were read.
func (t Taken) All() int { return t.Open + t.Closed + t.Known + t.Refused }

const maxSource = 64

// Run takes over a list of requests in JSON or XML. Good ones are kept in batches, each in a transaction of
// its own, and bad ones refused with their place. What was taken over before stays as it is, so a run that
// was interrupted goes on when it is run again. It fails when the list or the database cannot be read.
func (in Intake) Run(ctx context.Context, r io.Reader) (done Taken, err error) {
	if in.Source == "" || len(in.Source) > maxSource {
		return done, fmt.Errorf("a source has a name of 1 to %d bytes", maxSource)
	}
	services, err := in.services(ctx)
	if err != nil {
		return done, err
	}
	list, err := feed.NewReader(r)
	if err != nil {
		return done, err
	}
	now := in.Cases.Clock.Now()
	batch := make([]cases.Foreign, 0, cases.TakeoverBatch)
	for {
		one, err := services.next(list, now)
		problem, bad := errors.AsType[feed.Problem](err)
		ended := err != nil && !bad
		switch {
		case err == nil:
			batch = append(batch, one)
		case bad:
			done.Refused++
			in.Refused(problem)
		}
		if len(batch) == cases.TakeoverBatch || ended {
			if err := in.take(ctx, batch, &done); err != nil {
				return done, err
			}
			batch = batch[:0]
			in.tell(&done, list.Offset())
		}
		switch {
		case errors.Is(err, io.EOF):
			return done, nil
		case ended:
			return done, err
		}
	}
}

func (in Intake) take(ctx context.Context, batch []cases.Foreign, done *Taken) error {
	if len(batch) == 0 {
		return nil
	}
	taken, err := in.Cases.TakeOver(ctx, in.Source, batch)
	done.Add(taken)
	return err
}

func (in Intake) tell(done *Taken, read int64) {
	if done.Bytes = read; in.Progress != nil {
		in.Progress(*done)
	}
}

// services are the categories of cases by the codes that the other system has for them.
type services map[string]*db.CaseCategory

func (in Intake) services(ctx context.Context) (services, error) {
	categories, err := in.Cases.Categories(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("load categories: %w", err)
	}
	byCode := make(services, len(categories)+len(in.Codes))
	for _, c := range categories {
		byCode[codeOf(c)] = c
	}
	named := make(services, len(in.Codes))
	for theirs, ours := range in.Codes {
		category, known := byCode[ours]
		if !known {
			return nil, fmt.Errorf("%.40q stands for %.40q, which is no service of ours", theirs, ours)
		}
		named[theirs] = category
	}
	for theirs, category := range named {
		byCode[theirs] = category
	}
	return byCode, nil
}

// next is the next request of a list as a case. Its error is a feed.Problem for one that is none, and io.EOF
// at the end.
func (s services) next(list *feed.Reader, now time.Time) (cases.Foreign, error) {
	r, err := list.Next()
	if err != nil {
		return cases.Foreign{}, err
	}
	return s.foreign(r, now)
}

// foreign is a request as a case, or a feed.Problem.
func (s services) foreign(r feed.Request, now time.Time) (cases.Foreign, error) {
	refuse := func(reason string) (cases.Foreign, error) {
		return cases.Foreign{}, feed.Problem{Place: r.Place, ID: r.ID, Reason: reason}
	}
	category := s[r.ServiceCode]
	if category == nil {
		return refuse(fmt.Sprintf("service_code %.40q is unknown; name it in the file of codes", r.ServiceCode))
	}
	f := cases.Foreign{
		SourceID: r.ID, Category: category, At: geo.Point{Lat: r.Lat, Lng: r.Long}, Reported: stored(r.Requested),
		Description: lines(cmp.Or(strings.TrimSpace(r.Description), strings.TrimSpace(r.ServiceName), category.Name.ZH)),
		Address:     lines(r.Address), Note: lines(r.StatusNotes),
	}
	if r.Status == open311.StatusClosed {
		f.Closed = new(stored(r.Updated))
	}
	if err := f.Check(now); err != nil {
		flaw := fault.From(err)
		return refuse(fmt.Sprintf("%s at %s: %s", flaw.Code, fields[flaw.Field[0]], flaw.Sentence(lang.EN)))
	}
	return f, nil
}

// fields are the protocol's words for what a check is about.
var fields = map[string]string{
	"sourceId": "service_request_id", "description": "description", "address": "address", "note": "status_notes",
	"location": "lat, long", "reported": "requested_datetime", "closed": "updated_datetime",
}

// stored is an instant as both databases keep it.
func stored(at open311.Time) time.Time { return time.Time(at).UTC().Truncate(time.Microsecond) }

// lines ends lines as we do.
func lines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// ReadCodes reads what the services of another system are called here: lines of theirs,ours such as
// 006,component-0101.
func ReadCodes(r io.Reader) (map[string]string, error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord, table.TrimLeadingSpace, table.Comment = 2, true, '#'
	codes := map[string]string{}
	for {
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return codes, nil
		}
		if err != nil {
			return nil, err
		}
		if was, twice := codes[cells[0]]; twice && was != cells[1] {
			line, _ := table.FieldPos(0)
			return nil, fmt.Errorf("line %d: %.40q stands for %.40q already", line, cells[0], was)
		}
		codes[cells[0]] = cells[1]
	}
}
