// Package bureau is what the education bureau has schools tell their families (政校通). Each school of the districts that has classes makes one
// announcement of it, so that a family hears it from its school, and answers there.
package bureau

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/bureaunotice"
	"citygraph/ent/db/district"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/school"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Office is where the bureau speaks.
type Office struct {
	DB    *db.Client
	Store *store.Store
	Clock clock.Clock
	Once  idempotency.Ledger

	// What a notice becomes is the announcements' matter: the rules of its text, one at a school, and taking that back. The latter two are in
	// the transaction of ctx.
	Weigh    func(title, body string, due *time.Time, now time.Time) (string, string, error)
	Issue    func(ctx context.Context, n *db.BureauNotice, schoolID string) error
	Withdraw func(ctx context.Context, announcementID string) error

	Enqueue func(ctx context.Context, args jobs.Args, options ...jobs.Option) error // in the transaction of ctx
}

const mostDistricts = 100

// Notice is what the bureau says.
type Notice struct {
	Key             uuid.UUID `json:"-"`
	DistrictIDs     []string  // none for the whole city
	Title           string    // 1 to 100 characters
	Body            string    // 1 to 4,000 characters
	Urgency         row.Urgency
	Acknowledgement row.Acknowledgement
	DueAt           *time.Time // until when it is to be acknowledged
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "what the bureau says is written by its verbs")
}

// lock is the key that schools share while they pass a notice on, and that whoever takes it back holds alone.
func lock(noticeID string) string { return "bureau/" + noticeID }

// speaks holds to administrators, who speak for the bureau.
func speaks(ctx context.Context) error {
	switch v := viewer.From(ctx); {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Admin):
		return fault.New(fault.Forbidden)
	}
	return nil
}

// Publish has the schools of some districts, or of the whole city, tell their families something; jobs see to each. Administrators may. Returns
// UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, EMPTY_AUDIENCE, GRADE_BROADCAST_FORBIDDEN, IDEMPOTENCY_KEY_REUSED.
func (o *Office) Publish(ctx context.Context, in Notice) (*db.BureauNotice, error) {
	if err := speaks(ctx); err != nil {
		return nil, err
	}
	slices.Sort(in.DistrictIDs)
	in.DistrictIDs = slices.Compact(append([]string{}, in.DistrictIDs...))
	request := idempotency.Request{Key: in.Key, Operation: "publishBureauNotice", Input: in}
	made, err := o.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		title, body, err := o.Weigh(in.Title, in.Body, in.DueAt, o.Clock.Now())
		if err != nil {
			return "", err
		}
		if err := o.checkDistricts(ctx, in.DistrictIDs); err != nil {
			return "", err
		}
		some, err := o.DB.School.Query().Where(meant(in.DistrictIDs)).Exist(system(ctx))
		if err != nil {
			return "", fmt.Errorf("look for schools: %w", err)
		}
		if !some {
			return "", fault.New(fault.EmptyAudience).At("districtIds")
		}
		me := viewer.From(ctx).PersonID
		n, err := o.DB.BureauNotice.Create().SetAuthorID(me).SetDistrictIds(in.DistrictIDs).SetTitle(title).SetBody(body).
			SetUrgency(in.Urgency).SetAcknowledgement(in.Acknowledgement).SetNillableDueAt(utc(in.DueAt)).Save(system(ctx))
		if err != nil {
			return "", fmt.Errorf("write bureau notice: %w", err)
		}
		deed := audit.Deed{Action: "publishBureauNotice", Subject: me, TargetID: n.ID}
		if n.Urgency == row.UrgencyUrgent {
			deed.Reason = string(n.Urgency) // counted here: what overrides a family's quiet hours
		}
		if err := audit.Record(ctx, o.DB, deed); err != nil {
			return "", err
		}
		return n.ID, o.Enqueue(ctx, Spread{NoticeID: n.ID}, haste(n))
	})
	if err != nil {
		return nil, err
	}
	return o.DB.BureauNotice.Get(ctx, made)
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	u := at.UTC()
	return &u
}

func (o *Office) checkDistricts(ctx context.Context, ids []string) error {
	if len(ids) > mostDistricts {
		return fault.BadInput("districtIds", "最多选择100个区县。", "Name at most 100 districts.")
	}
	if len(ids) == 0 {
		return nil
	}
	missing := fault.New(fault.NotFound).At("districtIds")
	if slices.ContainsFunc(ids, func(one string) bool { return !id.Is(one, id.District) }) {
		return missing
	}
	known, err := o.DB.District.Query().Where(district.IDIn(ids...)).Count(system(ctx))
	if err != nil {
		return fmt.Errorf("look up districts: %w", err)
	}
	if known < len(ids) {
		return missing
	}
	return nil
}

// meant holds for the schools of the districts that have classes.
func meant(districts []string) predicate.School {
	return func(s *sql.Selector) {
		taught := sql.Dialect(s.Dialect()).Select(schoolclass.FieldSchoolID).From(sql.Table(schoolclass.Table).As("taught"))
		s.Where(sql.In(s.C(school.FieldID), taught.Where(sql.EQ(taught.C(schoolclass.FieldStatus), string(schoolclass.StatusActive)))))
		if len(districts) > 0 {
			school.DistrictIDIn(districts...)(s)
		}
	}
}

// Retract takes a notice back: no school more passes it on from now, and jobs take back what schools have said. Administrators may. Returns
// UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, INVALID_TRANSITION.
func (o *Office) Retract(ctx context.Context, noticeID string) (*db.BureauNotice, error) {
	if err := speaks(ctx); err != nil {
		return nil, err
	}
	if !id.Is(noticeID, id.BureauNotice) {
		return nil, fault.New(fault.NotFound)
	}
	err := o.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := o.DB.BureauNotice.Query().Where(row.ID(noticeID)).Only(ctx)
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound).Because(err)
		}
		if err != nil {
			return fmt.Errorf("load bureau notice: %w", err)
		}
		if err := o.Store.Lock(ctx, lock(n.ID)); err != nil { // no school is passing it on from here
			return err
		}
		now := o.Clock.Now()
		changed, err := o.DB.BureauNotice.Update().Where(row.ID(n.ID), row.StatusEQ(row.StatusPublished)).
			SetStatus(row.StatusRetracted).SetRetractedAt(now).SetUpdatedAt(now).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("retract bureau notice: %w", err)
		}
		if changed == 0 {
			return fault.NotNow("通知", "The notice", row.StatusRetracted)
		}
		if err := audit.Record(ctx, o.DB, audit.Deed{Action: "retractBureauNotice", Subject: viewer.From(ctx).PersonID, TargetID: n.ID}); err != nil {
			return err
		}
		return o.takeBack(ctx, n)
	})
	if err != nil {
		return nil, err
	}
	return o.DB.BureauNotice.Get(ctx, noticeID)
}
