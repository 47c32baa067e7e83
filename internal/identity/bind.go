package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"citygraph/ent/db/device"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/session"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/personal"
	"citygraph/internal/resident"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Claim is who somebody says they are.
type Claim struct {
	Name     string
	IDNumber string
	Proof    string // what the verifier's own check in the app, such as a face check, gave the client
}

// Verifier asks an authority whether a name and an id number belong together and to whoever
// made the proof. A name and number alone prove nothing: they are widely known.
type Verifier interface {
	Verify(ctx context.Context, c Claim) (ok bool, err error)
}

// Sandbox verifies whoever brings the proof it gives away. It is for development.
type Sandbox struct{}

// SandboxProof is the proof the sandbox accepts.
const SandboxProof = "sandbox"

// Verify implements Verifier.
func (Sandbox) Verify(_ context.Context, c Claim) (bool, error) { return c.Proof == SandboxProof, nil }

// Joined happens when a sign-in turns out to be of a person the city knows already: what the account
// did before is theirs now.
type Joined struct{ From, To string } // person ids

// Bound happens when an account is bound to a person the city did not know before.
type Bound struct{ PersonID string }

// Binding is the outcome of a real-name binding.
type Binding struct {
	PersonID string
	Tokens   *Tokens // of a new session, when the account joined a person known already; else nil
}

const (
	minName = 2
	maxName = 64
)

// BindIdentity binds the viewer's account to a natural person by real name. One id number is one
// person: where the city knows them already, the viewer's accounts and phones join that person, the
// sessions they had end, and new tokens are given. To bind the same number again changes nothing.
// Anyone signed in may. Returns UNAUTHENTICATED, BAD_USER_INPUT, RATE_LIMITED; FORBIDDEN where no
// verifier is configured.
func (a *Accounts) BindIdentity(ctx context.Context, c Claim) (*Binding, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case a.Verifier == nil:
		return nil, fault.New(fault.Forbidden)
	}
	if err := a.Limit(ctx); err != nil {
		return nil, err
	}
	who, err := a.identified(&c)
	if err != nil {
		return nil, err
	}
	ok, err := a.Verifier.Verify(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("verify identity: %w", err)
	}
	if !ok {
		return nil, fault.BadInput("proof", "实名核验未通过，请核对姓名和身份证号后重试。",
			"The identity check did not pass. Check the name and the id number, and try again.")
	}
	var bound *Binding
	err = a.Store.InTx(ctx, func(ctx context.Context) (err error) {
		bound, err = a.bind(ctx, v, who)
		return err
	})
	return bound, err
}

// identified checks a claim and reads from the number what it tells.
func (a *Accounts) identified(c *Claim) (personal.Data, error) {
	c.Name = strings.TrimSpace(c.Name)
	if n := utf8.RuneCountInString(c.Name); n < minName || n > maxName || !utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, notInNames) {
		return personal.Data{}, fault.BadInput("name", "请填写身份证上的姓名。", "Give the name as it stands on the id card.")
	}
	number, err := resident.Parse(c.IDNumber, a.Clock.Now().In(clock.Shanghai))
	switch {
	case errors.Is(err, resident.ErrBirth):
		return personal.Data{}, fault.BadInput("idNumber", "身份证号中的出生日期无效。", "The birth date in the id number is not valid.")
	case errors.Is(err, resident.ErrChecksum):
		return personal.Data{}, fault.BadInput("idNumber", "身份证号有误，请逐位核对。", "The id number has a wrong digit.")
	case err != nil:
		return personal.Data{}, fault.BadInput("idNumber", "身份证号应为18位。", "An id number has 18 characters.")
	}
	c.IDNumber = number.Text
	return personal.Data{Name: c.Name, IDNumber: number.Text, BirthDate: number.Birth, Sex: number.Sex}, nil
}

func notInNames(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune("·•. '-", r) }

func (a *Accounts) bind(ctx context.Context, v *viewer.Viewer, who personal.Data) (*Binding, error) {
	system := viewer.AsSystem(ctx, "a verified person is bound to the account that proved it")
	index := a.Records.Index(who.IDNumber)
	if err := a.Store.Lock(ctx, "id number "+index); err != nil {
		return nil, err
	}
	// Read under the lock, by number and by person: whoever comes second finds what the first wrote.
	known, err := a.DB.PersonalData.Query().
		Where(personaldata.Or(personaldata.IDNumberIndex(index), personaldata.PersonID(v.PersonID))).All(system)
	if err != nil {
		return nil, fmt.Errorf("look up id number: %w", err)
	}
	for _, row := range known {
		switch {
		case row.PersonID == v.PersonID && row.IDNumberIndex == index:
			return &Binding{PersonID: v.PersonID}, nil
		case row.PersonID == v.PersonID:
			return nil, fault.BadInput("idNumber", "此账号已实名绑定其他身份证号。", "This account is bound to another id number.")
		}
	}
	if len(known) > 0 {
		return a.join(ctx, v, known[0].PersonID)
	}
	row, err := a.Records.Builder(v.PersonID, who)
	if err != nil {
		return nil, err
	}
	if err := row.Exec(system); err != nil {
		if _, taken := store.IsUniqueViolation(err); taken { // the same account bound to another number meanwhile
			return nil, fault.BadInput("idNumber", "此账号已实名绑定其他身份证号。", "This account is bound to another id number.")
		}
		return nil, fmt.Errorf("store personal data: %w", err)
	}
	err = a.DB.Person.UpdateOneID(v.PersonID).SetName(mask.Name(who.Name)).SetMaskedIDNumber(mask.IDNumber(who.IDNumber)).Exec(system)
	if err != nil {
		return nil, fmt.Errorf("name person: %w", err)
	}
	if err := a.Events.Emit(ctx, Bound{PersonID: v.PersonID}); err != nil {
		return nil, err
	}
	return &Binding{PersonID: v.PersonID}, audit.Record(ctx, a.DB, audit.Deed{Action: "bindIdentity", Subject: v.PersonID})
}

// join gives the viewer's accounts to the person they turned out to be.
func (a *Accounts) join(ctx context.Context, v *viewer.Viewer, personID string) (*Binding, error) {
	system := viewer.AsSystem(ctx, "the accounts of one person come together")
	accounts, err := a.DB.Identity.Query().Where(identity.PersonID(v.PersonID)).All(system)
	if err != nil {
		return nil, fmt.Errorf("load accounts: %w", err)
	}
	if err := a.DB.Identity.Update().Where(identity.PersonID(v.PersonID)).SetPersonID(personID).Exec(system); err != nil {
		return nil, fmt.Errorf("move accounts: %w", err)
	}
	if err := a.DB.Device.Update().Where(device.PersonID(v.PersonID)).SetPersonID(personID).Exec(system); err != nil {
		return nil, fmt.Errorf("move phones: %w", err)
	}
	held, err := a.DB.Session.Query().Where(session.PersonID(v.PersonID), session.EndedAtIsNil()).All(system)
	if err != nil {
		return nil, fmt.Errorf("load sessions: %w", err)
	}
	joined := &Binding{PersonID: personID}
	for _, s := range held {
		if err := a.end(ctx, s, "JOINED"); err != nil {
			return nil, err
		}
		if s.ID == v.SessionID {
			if joined.Tokens, err = a.open(ctx, personID, s.Client); err != nil {
				return nil, err
			}
		}
	}
	if err := a.Events.Emit(ctx, Joined{From: v.PersonID, To: personID}); err != nil {
		return nil, err
	}
	store.AfterCommit(ctx, func(ctx context.Context) {
		for _, account := range accounts {
			a.Cache.Forget(ctx, accountKey(account.Subject))
		}
	})
	return joined, audit.Record(ctx, a.DB, audit.Deed{Action: "bindIdentity", Subject: personID, TargetID: v.PersonID})
}
