package credit

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/person"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/resident"
	"citygraph/internal/viewer"
)

// Open opens the viewer's own credit line, or one of theirs that is closed, with the cap of today. Nobody else may, and
// nobody is given one unasked. Returns UNAUTHENTICATED; CARD_NOT_ACTIVE without a card in use; BAD_USER_INPUT before
// real-name binding, under eighteen, and for who has asked for the end of their account; CONSENT_REQUIRED while no consent
// to CREDIT_RECORD stands; INVALID_TRANSITION for a line that is open; IDEMPOTENCY_KEY_REUSED.
func (l *Lines) Open(ctx context.Context, key uuid.UUID) (*db.CreditLine, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	lineID, err := l.Once.Once(ctx, idempotency.Request{Key: key, Operation: "openCreditLine"}, func(ctx context.Context) (string, error) {
		// Who ends an account waits here, or is seen.
		if err := l.Store.Lock(ctx, lockOf(v.PersonID)); err != nil {
			return "", err
		}
		if err := l.mayOwe(ctx, v.PersonID); err != nil {
			return "", err
		}
		return l.open(ctx, v.PersonID)
	})
	if err != nil {
		return nil, err
	}
	return l.load(ctx, lineID)
}

func lockOf(personID string) string { return "credit line/" + personID }

// mayOwe is why the person cannot have a line; nil when they can.
func (l *Lines) mayOwe(ctx context.Context, personID string) error {
	age, known, err := l.Age(ctx, personID, l.Clock.Now())
	switch {
	case err != nil:
		return err
	case !known:
		return fault.New(fault.BadUserInput).Say("请先完成实名认证。", "Bind your account by real name first.")
	case age < resident.OfAge:
		return fault.New(fault.BadUserInput).Say("未满18周岁，不能开通先诊疗后付费。", "A credit line is for people from eighteen on.")
	}
	agreed, err := l.Agreed(ctx, personID)
	if err != nil {
		return err
	}
	if !agreed {
		return fault.New(fault.ConsentRequired)
	}
	leaving, err := l.DB.Person.Query().Where(person.ID(personID), person.DeletionDueAtNotNil()).Exist(system(ctx))
	if err != nil {
		return fmt.Errorf("look for the end of the account: %w", err)
	}
	if leaving {
		return fault.New(fault.BadUserInput).Say("账号正在注销，不能开通先诊疗后付费。", "The account is about to be deleted. Keep it first.")
	}
	_, err = l.card(ctx, personID)
	return err
}

// card is the person's card that is in use; CARD_NOT_ACTIVE without one.
func (l *Lines) card(ctx context.Context, personID string) (*db.CitizenCard, error) {
	card, err := l.DB.CitizenCard.Query().Where(citizencard.HolderID(personID), citizencard.StatusEQ(citizencard.StatusActive)).Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, fault.New(fault.CardNotActive)
	}
	if err != nil {
		return nil, fmt.Errorf("load card: %w", err)
	}
	return card, nil
}

// open makes the line, or opens the one that is closed. The person's lock is held.
func (l *Lines) open(ctx context.Context, personID string) (string, error) {
	line, err := l.of(ctx, personID)
	switch {
	case err != nil:
		return "", err
	case line == nil:
		line, err = l.create(ctx, personID)
	case line.Status != creditline.StatusClosed:
		return "", notNow(line)
	default:
		err = l.reopen(ctx, line)
	}
	if err != nil {
		return "", err
	}
	return line.ID, audit.Record(ctx, l.DB, audit.Deed{Action: "openCreditLine", Subject: personID, TargetID: line.ID})
}

func (l *Lines) create(ctx context.Context, personID string) (*db.CreditLine, error) {
	account, err := l.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindCreditLine, OwnerID: personID, Floor: new(-l.Cap)})
	if err != nil {
		return nil, err
	}
	now := l.Clock.Now()
	line, err := l.DB.CreditLine.Create().SetID(id.New(id.CreditLine)).SetCreatedAt(now).SetUpdatedAt(now).
		SetPersonID(personID).SetAccountID(account.ID).SetStatus(creditline.StatusActive).Save(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("open credit line: %w", err)
	}
	return line, nil
}

func (l *Lines) reopen(ctx context.Context, line *db.CreditLine) error {
	if _, _, err := l.hold(ctx, line); err != nil {
		return err
	}
	if err := l.Book.SetFloor(ctx, line.AccountID, -l.Cap); err != nil {
		return err
	}
	return l.set(ctx, line, creditline.StatusActive)
}

// set changes the status of a line on which nothing is owed.
func (l *Lines) set(ctx context.Context, line *db.CreditLine, to creditline.Status) error {
	err := line.Update().SetStatus(to).ClearDueAt().ClearRemindedAt().SetUpdatedAt(l.Clock.Now()).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("change credit line to %s: %w", to, err)
	}
	return nil
}

func notNow(line *db.CreditLine) error {
	return fault.NotNow("先诊疗后付费", "The credit line", line.Status)
}

// Close closes the viewer's own credit line. Nobody else may. Returns UNAUTHENTICATED, NOT_FOUND for anybody else's,
// INVALID_TRANSITION for one that is closed, and CREDIT_OWED while something is owed.
func (l *Lines) Close(ctx context.Context, lineID string) (*db.CreditLine, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	err := l.Store.InTx(ctx, func(ctx context.Context) error {
		line, err := l.of(ctx, v.PersonID)
		if err != nil {
			return err
		}
		if line == nil || line.ID != lineID {
			return fault.New(fault.NotFound).At("creditLineId")
		}
		return l.close(ctx, line)
	})
	if err != nil {
		return nil, err
	}
	return l.load(ctx, lineID)
}

func (l *Lines) close(ctx context.Context, line *db.CreditLine) error {
	line, accounts, err := l.hold(ctx, line)
	switch {
	case err != nil:
		return err
	case line.Status == creditline.StatusClosed:
		return notNow(line)
	case accounts[line.AccountID].Balance < 0:
		return fault.New(fault.CreditOwed)
	}
	if err := l.set(ctx, line, creditline.StatusClosed); err != nil {
		return err
	}
	return audit.Record(ctx, l.DB, audit.Deed{Action: "closeCreditLine", Subject: line.PersonID, TargetID: line.ID})
}

// Leave closes the line of a person who asks for the end of their account, in the transaction of ctx: CREDIT_OWED while
// something is owed.
func (l *Lines) Leave(ctx context.Context, personID string) error {
	if err := l.Store.Lock(ctx, lockOf(personID)); err != nil {
		return err
	}
	line, err := l.of(ctx, personID)
	if err != nil || line == nil || line.Status == creditline.StatusClosed {
		return err
	}
	return l.close(ctx, line)
}
