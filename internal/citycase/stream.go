package citycase

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Change is a step of a case, with the case as it is now.
type Change struct {
	CityCase *db.CityCase
	Event    *db.CaseEvent
}

const (
	replayPage = 100
	// areaDepth is the depth of the squares that wake those who watch an area: 17 kilometres wide.
	areaDepth = 11
	mostAreas = 4
	// areaOverlap is how far back an area is read at each look. A step is dated before its transaction
	// commits, so one with an earlier date may appear later; replicas' clocks differ a little.
	areaOverlap = time.Minute
	// areaReplay is how long a client may be away and miss nothing.
	areaReplay = 10 * time.Minute
)

func caseTopic(caseID string) string { return "case:" + caseID }

func areaTopic(cell geo.Cell) string {
	return "cases:" + strconv.FormatInt(int64(cell.Tile(areaDepth)), 36)
}

// Changes streams the steps of a case with a greater seq than afterSeq that the viewer may see, oldest
// first, each once, until ctx ends; without afterSeq it begins with what comes next. It ends with
// NOT_FOUND once the viewer may see the case no longer. Returns UNAUTHENTICATED, NOT_FOUND.
func (c *Cases) Changes(ctx context.Context, caseID string, afterSeq *int) (<-chan *Change, error) {
	switch {
	case !viewer.From(ctx).SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !id.Is(caseID, id.CityCase):
		return nil, fault.New(fault.NotFound)
	}
	found, err := c.seen(ctx, caseID)
	if err != nil {
		return nil, err
	}
	last := found.LastSeq
	if afterSeq != nil {
		last = *afterSeq
	}
	return c.stream(ctx, func(out chan<- *Change) (err error) {
		last, err = c.replay(ctx, caseID, last, out)
		return err
	}, caseTopic(caseID), household.Topic(viewer.From(ctx).PersonID)), nil // the latter for who may act for the reporter, until they may not
}

// seen is the case as the viewer may see it now.
func (c *Cases) seen(ctx context.Context, caseID string) (*db.CityCase, error) {
	found, err := c.DB.CityCase.Get(ctx, caseID)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).Because(err)
	}
	return found, err
}

// replay sends every step after last and returns the seq of the last one sent.
func (c *Cases) replay(ctx context.Context, caseID string, last int, out chan<- *Change) (int, error) {
	for {
		found, err := c.seen(ctx, caseID)
		if err != nil {
			return last, err
		}
		if found.LastSeq <= last {
			return last, nil
		}
		missed, err := c.DB.CaseEvent.Query().
			Where(caseevent.CityCaseID(caseID), caseevent.SeqGT(last)).
			Order(caseevent.BySeq(sql.OrderAsc())).Limit(replayPage).
			All(ctx)
		if err != nil {
			return last, fmt.Errorf("read steps: %w", err)
		}
		// Asked after the read: of what was committed after a session ended, nothing is told under it.
		if err := c.Admit(ctx); err != nil {
			return last, err
		}
		for _, e := range missed {
			if err := send(ctx, out, &Change{CityCase: found, Event: e}); err != nil {
				return last, err
			}
			last = e.Seq
		}
		if len(missed) < replayPage {
			return last, nil
		}
	}
}

// AreaChanges streams the steps of the cases in a rectangle that the viewer may see: those since an
// instant at most ten minutes ago, then each as it comes, each once, until ctx ends; without the instant only
// those that come. Returns UNAUTHENTICATED, and BAD_USER_INPUT for a rectangle that is none or too
// large to watch.
func (c *Cases) AreaChanges(ctx context.Context, box geo.BoxInput, since *time.Time) (<-chan *Change, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	bounds, ok := box.WGS84()
	if !ok {
		return nil, badBox()
	}
	tiles, ok := bounds.Tiles(areaDepth, mostAreas)
	if !ok {
		return nil, fault.BadInput("boundingBox", "范围过大，请放大地图。", "The area is too large; zoom in.")
	}
	topics := make([]string, len(tiles))
	for i, tile := range tiles {
		topics[i] = "cases:" + strconv.FormatInt(int64(tile), 36)
	}
	from, told := c.Clock.Now(), map[string]time.Time{}
	if since != nil && since.Before(from) {
		from = latest(*since, from.Add(-areaReplay))
	}
	return c.stream(ctx, func(out chan<- *Change) error {
		looked := c.Clock.Now()
		if err := c.look(ctx, bounds, from, told, out); err != nil {
			return err
		}
		from = latest(from, looked.Add(-areaOverlap))
		forget(told, from)
		return nil
	}, topics...), nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// forget drops what is too old to be read again.
func forget(told map[string]time.Time, from time.Time) {
	for eventID, at := range told {
		if at.Before(from) {
			delete(told, eventID)
		}
	}
}

// look sends what has happened in the area since and was not told yet, and remembers it.
func (c *Cases) look(ctx context.Context, b geo.Bounds, since time.Time, told map[string]time.Time, out chan<- *Change) error {
	steps, err := c.DB.CaseEvent.Query().
		Where(caseevent.CreatedAtGTE(since), caseevent.HasCityCaseWith(within(b))).
		WithCityCase().Order(caseevent.ByID(sql.OrderAsc())).
		All(ctx)
	if err != nil {
		return fmt.Errorf("read steps: %w", err)
	}
	if err := c.Admit(ctx); err != nil {
		return err
	}
	for _, e := range steps {
		if _, known := told[e.ID]; known || e.Edges.CityCase == nil {
			continue
		}
		if err := send(ctx, out, &Change{CityCase: e.Edges.CityCase, Event: e}); err != nil {
			return err
		}
		told[e.ID] = e.CreatedAt
	}
	return nil
}

// within holds for the cases in a rectangle.
func within(b geo.Bounds) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			inCells(s, b.CellRanges()),
			sql.GTE(s.C(citycase.FieldLat), b.South), sql.LTE(s.C(citycase.FieldLat), b.North),
			sql.GTE(s.C(citycase.FieldLng), b.West), sql.LTE(s.C(citycase.FieldLng), b.East),
		))
	}
}

// stream has tell called at once and whenever one of the topics wakes, until it fails or ctx ends.
func (c *Cases) stream(ctx context.Context, tell func(chan<- *Change) error, topics ...string) <-chan *Change {
	out := make(chan *Change)
	c.Hub.Follow(ctx, func() bool {
		err := tell(out)
		if err != nil {
			c.Fail(ctx, err)
		}
		return err == nil
	}, func() { close(out) }, topics...)
	return out
}

func send(ctx context.Context, out chan<- *Change, change *Change) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case out <- change:
		return nil
	}
}
