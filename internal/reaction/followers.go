package reaction

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/jobs"
	"citygraph/internal/notice"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Follow names a step of a case whose followers are to be told. However many they are, the step itself
// costs the same.
type Follow struct {
	CaseID  string `json:"case_id"`
	Seq     int    `json:"seq"`
	ActorID string `json:"actor_id"` // who took the step is not told
	After   string `json:"after"`    // only those whose id comes after
}

// Kind is the job's stable name.
func (Follow) Kind() string { return "case.followers" }

// followersAtOnce is how many one job tells.
const followersAtOnce = 200

// Followers is the worker that tells those who follow a case.
type Followers struct {
	DB      *db.Client
	Store   *store.Store
	Desk    *notice.Desk
	Enqueue func(context.Context, Follow) error // in the transaction of ctx
}

// Work tells some of the followers of the step, each once however often it runs, and leaves the rest to a
// job of their own.
func (f *Followers) Work(ctx context.Context, job jobs.Job[Follow]) error {
	args, system := job.Args, viewer.AsSystem(ctx, "followers are told of public steps")
	step, err := f.DB.CaseEvent.Query().
		Where(caseevent.CityCaseID(args.CaseID), caseevent.Seq(args.Seq)).
		WithCityCase(func(q *db.CityCaseQuery) { q.WithCategory() }).Only(system)
	if db.IsNotFound(err) {
		return jobs.Discard(fmt.Errorf("the step is gone: %w", err))
	}
	if err != nil {
		return fmt.Errorf("load step: %w", err)
	}
	followers, err := f.DB.CaseSupporter.Query().
		Where(casesupporter.CityCaseID(args.CaseID), casesupporter.IDGT(args.After)).
		Order(casesupporter.ByID(sql.OrderAsc())).Limit(followersAtOnce).All(system)
	if err != nil {
		return fmt.Errorf("load followers: %w", err)
	}
	if len(followers) == 0 {
		return nil
	}
	return f.Store.InTx(system, func(ctx context.Context) error {
		if err := f.tell(ctx, step, followers, args.ActorID); err != nil {
			return err
		}
		if len(followers) < followersAtOnce {
			return nil
		}
		args.After = followers[len(followers)-1].ID
		return f.Enqueue(ctx, args)
	})
}

// tell tells followers of the step, but for who took it and who was told with its reporter.
func (f *Followers) tell(ctx context.Context, step *db.CaseEvent, followers []*db.CaseSupporter, actorID string) error {
	of := citycase.Subject{CaseID: step.CityCaseID, Number: step.Edges.CityCase.Number}
	people, notices := make([]string, len(followers)), make([]notice.Notice, len(followers))
	for i, follower := range followers {
		people[i] = follower.PersonID
		notices[i] = told(following(step), of, step.Seq, follower.PersonID, step.Edges.CityCase.Edges.Category.Name)
	}
	before, err := f.DB.Notification.Query().
		Where(notification.PersonIDIn(people...), notification.EventKey(notices[0].EventKey)).
		Select(notification.FieldPersonID).Strings(ctx)
	if err != nil {
		return fmt.Errorf("look for those who were told: %w", err)
	}
	return f.Desk.Tell(ctx, slices.DeleteFunc(notices, func(n notice.Notice) bool {
		return n.Recipient == actorID || slices.Contains(before, n.Recipient)
	})...)
}

// following is what is said of a step to those who did not report the case: that there is news, but for the
// steps that only they are told of.
func following(step *db.CaseEvent) string {
	switch *step.Action {
	case machine.Withdraw, machine.Reopen:
		return tidings[occasion{*step.Action, machine.None}]
	default:
		return "city_case/followed"
	}
}
