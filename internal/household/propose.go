package household

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

const (
	acceptWithin = 7 * 24 * time.Hour
	longest      = 366 * 24 * time.Hour // a word given once is asked for again within a year
)

// Proposal says who is to act for whom, in what, and until when.
type Proposal struct {
	Key           uuid.UUID `json:"-"` // the idempotency key
	OnBehalfOf    *string   // a child the viewer is a guardian of
	DelegateID    string    // or else DelegatePhone
	DelegatePhone string
	DelegateName  string // in full: who names somebody by chance finds nobody
	Scopes        []scope.Scope
	ValidTo       *time.Time // a year from now unless given
}

// Propose asks somebody to act for the viewer, or for a child the viewer is a guardian of, and tells them
// so. A minor's delegation needs the consent of a guardian, and of every guardian for the scopes the city
// has set so; a guardian who proposes has consented. Anyone bound by real name may, else FORBIDDEN.
// Returns UNAUTHENTICATED, NOT_FOUND for an unknown delegate, DELEGATION_SCOPE for somebody the viewer is
// no guardian of and for a delegate under a custody bar, BAD_USER_INPUT, IDEMPOTENCY_KEY_REUSED,
// RATE_LIMITED.
func (r *Register) Propose(ctx context.Context, p Proposal) (*db.Delegation, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	request := idempotency.Request{Key: p.Key, Operation: "proposeDelegation", Input: p}
	if err := p.check(r.Clock.Now()); err != nil {
		return nil, err
	}
	if p.DelegateID == "" {
		if err := r.Limit(ctx); err != nil {
			return nil, err
		}
	}
	made, err := r.Once.Once(ctx, request, func(ctx context.Context) (string, error) { return r.propose(ctx, p) })
	if err != nil {
		return nil, err
	}
	return r.DB.Delegation.Get(ctx, made)
}

// check holds the proposal to its rules, and fills in what it leaves out.
func (p *Proposal) check(now time.Time) error {
	p.DelegatePhone, p.DelegateName = strings.TrimSpace(p.DelegatePhone), strings.TrimSpace(p.DelegateName)
	switch {
	case (p.DelegateID == "") == (p.DelegatePhone == ""):
		return fault.BadInput("delegateId", "请提供被授权人的编号或手机号。", "Give the delegate's id or else their phone.")
	case p.DelegateName == "":
		return fault.BadInput("delegateName", "请填写被授权人的姓名。", "Give the delegate's full name.")
	case p.DelegateID != "" && !id.Is(p.DelegateID, id.Person):
		return fault.New(fault.NotFound).At("delegateId")
	case scope.Of(p.Scopes...) == 0:
		return fault.BadInput("scopes", "请至少选择一项授权。", "Choose at least one scope.")
	case p.ValidTo == nil:
		p.ValidTo = new(now.AddDate(1, 0, 0))
	case !p.ValidTo.After(now):
		return fault.BadInput("validTo", "授权截止时间必须晚于现在。", "The end must be in the future.")
	case p.ValidTo.After(now.Add(longest)):
		return fault.BadInput("validTo", "授权期限最长366天。", "A delegation lasts 366 days at most.")
	}
	return nil
}

func (r *Register) propose(ctx context.Context, p Proposal) (string, error) {
	v := viewer.From(ctx)
	delegator, err := r.delegator(ctx, p)
	if err != nil {
		return "", err
	}
	from, err := r.bound(ctx, delegator)
	if err != nil {
		return "", err
	}
	if from == nil {
		return "", fault.New(fault.Forbidden).Say("请先完成实名认证。", "Bind your identity by real name first.")
	}
	to, err := r.delegate(ctx, p)
	if err != nil {
		return "", err
	}
	if to.ID == delegator || to.ID == v.PersonID {
		return "", p.refuse("不能委托给自己。", "Nobody is their own delegate.")
	}
	if err := r.fitting(ctx, p, delegator, to.ID); err != nil {
		return "", err
	}
	guardians, err := r.guardians(ctx, delegator)
	if err != nil {
		return "", err
	}
	proposed := Proposed{DelegationID: id.New(id.Delegation), DelegateID: to.ID}
	consents := []string{}
	for _, g := range guardians {
		if g.GuardianID == v.PersonID {
			consents = append(consents, v.PersonID)
		} else {
			proposed.Asked = append(proposed.Asked, g.GuardianID)
		}
	}
	if r.missing(guardians, consents, scope.Of(p.Scopes...)) == 0 {
		proposed.Asked = nil
	}
	err = r.DB.Delegation.Create().SetID(proposed.DelegationID).
		SetDelegatorID(delegator).SetDelegateID(to.ID).SetDelegatorName(from.Name).SetDelegateName(to.Name).
		SetScopeSet(scope.Of(p.Scopes...)).SetConsents(consents).
		SetAcceptBy(r.Clock.Now().Add(acceptWithin)).SetValidTo(p.ValidTo.UTC()).
		Exec(viewer.AsSystem(ctx, "a proposal is written by the household for its delegator"))
	if err != nil {
		return "", fmt.Errorf("write delegation: %w", err)
	}
	err = audit.Record(ctx, r.DB, audit.Deed{Action: "proposeDelegation", Subject: delegator, TargetID: proposed.DelegationID})
	if err != nil {
		return "", err
	}
	return proposed.DelegationID, r.Events.Emit(ctx, proposed)
}

// delegator is who is to be acted for: the viewer, or a child of whom the viewer has every scope as a
// guardian. What a delegate was given is not theirs to give on.
func (r *Register) delegator(ctx context.Context, p Proposal) (string, error) {
	v := viewer.From(ctx)
	if p.OnBehalfOf == nil || *p.OnBehalfOf == v.PersonID {
		return v.PersonID, nil
	}
	wanted := scope.Of(p.Scopes...)
	held, err := r.DB.Guardianship.Query().Where(
		guardianship.GuardianID(v.PersonID), guardianship.ChildID(*p.OnBehalfOf),
		predicate.Guardianship(rule.Guarding(wanted)),
	).All(viewer.AsSystem(ctx, "the condition is the rule itself"))
	switch {
	case err != nil:
		return "", fmt.Errorf("load guardianship: %w", err)
	case len(held) == 0 || held[0].ScopeSet&wanted != wanted:
		return "", fault.New(fault.DelegationScope).At("onBehalfOf")
	}
	return *p.OnBehalfOf, nil
}

// bound returns the person if they are bound by real name, else nil.
func (r *Register) bound(ctx context.Context, personID string) (*db.Person, error) {
	row, err := r.DB.PersonalData.Query().Where(personaldata.PersonID(personID)).WithPerson().
		Only(viewer.AsSystem(ctx, "a delegation names two people bound by real name"))
	switch {
	case db.IsNotFound(err):
		return nil, nil //nolint:nilnil // nobody by that id is bound
	case err != nil:
		return nil, fmt.Errorf("load person: %w", err)
	}
	return row.Edges.Person, nil
}

// delegate is who is to act. Whether the id or phone is unknown or the name is another is not told, nor by
// the number of statements.
func (r *Register) delegate(ctx context.Context, p Proposal) (*db.Person, error) {
	system := viewer.AsSystem(ctx, "a delegate is found by id or phone and by name")
	personID, found, err := r.named(system, p)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fault.New(fault.NotFound).At(p.named())
	}
	return r.DB.Person.Get(system, personID)
}

// named finds who is meant.
func (r *Register) named(ctx context.Context, p Proposal) (personID string, found bool, err error) {
	if p.DelegateID == "" {
		return r.Records.ByPhone(ctx, p.DelegatePhone, p.DelegateName)
	}
	d, found, err := r.Records.Of(ctx, p.DelegateID)
	return p.DelegateID, found && d.Name == p.DelegateName, err
}

// fitting refuses a delegation that stands already, closes a circle, or passes a custody bar. Proposals
// follow one another, so that two of them do not close a circle between them.
func (r *Register) fitting(ctx context.Context, p Proposal, delegator, delegate string) error {
	if err := r.Store.Lock(ctx, "proposals"); err != nil {
		return err
	}
	system := viewer.AsSystem(ctx, "a proposal is held against what others have given")
	barred, err := r.DB.Guardianship.Query().Where(
		guardianship.GuardianID(delegate), guardianship.ChildID(delegator), guardianship.StatusEQ(guardianship.StatusBarred),
	).Exist(system)
	switch {
	case err != nil:
		return fmt.Errorf("look for a custody bar: %w", err)
	case barred:
		return fault.New(fault.DelegationScope).At(p.named())
	}
	reach, err := r.reach(system, delegate)
	switch {
	case err != nil:
		return err
	case slices.Contains(reach, delegator):
		return p.refuse("对方的事务已直接或间接委托给您，不能互相委托。", "They have given you the same word, perhaps through others: people cannot act for each other in a circle.")
	}
	now := r.Clock.Now()
	stands, err := r.DB.Delegation.Query().Where(
		delegation.DelegatorID(delegator), delegation.DelegateID(delegate), delegation.ValidToGT(now),
		delegation.Or(delegation.StateEQ(delegation.StateActive),
			delegation.And(delegation.StateEQ(delegation.StateProposed), delegation.AcceptByGT(now))),
	).Exist(system)
	switch {
	case err != nil:
		return fmt.Errorf("look for the same delegation: %w", err)
	case stands:
		return p.refuse("已有对此人的授权，请先撤销。", "There is a delegation to this person already. Revoke it first.")
	}
	return nil
}

// named is the argument that names the delegate.
func (p *Proposal) named() string {
	if p.DelegateID == "" {
		return "delegatePhone"
	}
	return "delegateId"
}

func (p *Proposal) refuse(zh, en string) error { return fault.BadInput(p.named(), zh, en) }

// missing is how many more guardians must consent.
func (r *Register) missing(guardians []*db.Guardianship, consents []string, given scope.Set) int {
	agreed := 0
	for _, g := range guardians {
		if slices.Contains(consents, g.GuardianID) {
			agreed++
		}
	}
	needed := min(1, len(guardians))
	if given&r.Joint != 0 {
		needed = len(guardians)
	}
	return max(0, needed-agreed)
}
