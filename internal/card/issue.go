package card

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/mask"
	"citygraph/internal/viewer"
)

// Caps are the most that cards may hold, in fen.
type Caps struct{ Named, Anonymous int64 }

func (c Caps) of(k citizencard.Kind) int64 {
	if k == citizencard.KindNamed {
		return c.Named
	}
	return c.Anonymous
}

// Issue gives the viewer, who has no card, one: named when they are bound to a real name, else anonymous, which holds less
// and becomes named when they are. Returns UNAUTHENTICATED, INVALID_TRANSITION to who has a card, and
// IDEMPOTENCY_KEY_REUSED.
func (c *Cards) Issue(ctx context.Context, key uuid.UUID) (*db.CitizenCard, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	made, err := c.Once.Once(ctx, idempotency.Request{Key: key, Operation: "issueCard"}, func(ctx context.Context) (string, error) {
		return c.issue(ctx, v.PersonID)
	})
	if err != nil {
		return nil, err
	}
	return c.load(ctx, made)
}

func (c *Cards) issue(ctx context.Context, personID string) (string, error) {
	if err := c.Store.Lock(ctx, "card of/"+personID); err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "the city issues cards")
	held, err := c.DB.CitizenCard.Query().Where(citizencard.HolderID(personID)).Exist(system)
	if err != nil {
		return "", fmt.Errorf("look for a card: %w", err)
	}
	if held {
		return "", fault.New(fault.InvalidTransition).Say("已有市民卡，不能重复申领。", "There is a citizen card already.")
	}
	bound, err := c.DB.PersonalData.Query().Where(personaldata.PersonID(personID)).Exist(system)
	if err != nil {
		return "", fmt.Errorf("look for the real name: %w", err)
	}
	kind := citizencard.KindAnonymous
	if bound {
		kind = citizencard.KindNamed
	}
	most := c.Caps.of(kind)
	account, err := c.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindCardBalance, OwnerID: personID, Floor: new(int64), Ceiling: &most})
	if err != nil {
		return "", err
	}
	// Somebody whose card was closed has an account already, which was blocked with it.
	if account.Blocked {
		if err := c.Book.Unblock(ctx, account.ID); err != nil {
			return "", err
		}
	}
	if err := c.Book.SetCeiling(ctx, account.ID, most); err != nil {
		return "", err
	}
	made, err := c.create(ctx, personID, account.ID, kind)
	if err != nil {
		return "", err
	}
	return made, audit.Record(ctx, c.DB, audit.Deed{Action: "issueCard", Subject: personID, TargetID: made})
}

// create writes a card that is in use.
func (c *Cards) create(ctx context.Context, personID, accountID string, kind citizencard.Kind) (string, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(1_0000_0000))
	if err != nil {
		return "", fmt.Errorf("draw a card number: %w", err)
	}
	now := c.Clock.Now()
	made, err := c.DB.CitizenCard.Create().SetID(id.New(id.CitizenCard)).SetCreatedAt(now).SetUpdatedAt(now).SetPersonID(personID).SetHolderID(personID).
		SetMaskedNumber(mask.CardNumber(fmt.Sprintf("33010000%08d", number))).SetKind(kind).SetStatus(citizencard.StatusActive).SetAccountID(accountID).
		Save(viewer.AsSystem(ctx, "the city issues cards"))
	if err != nil {
		return "", fmt.Errorf("issue card: %w", err)
	}
	return made.ID, nil
}

// Name makes the anonymous card of somebody who was bound to their real name a named one, which holds more. It is
// the system's; nothing happens to who has none.
func (c *Cards) Name(ctx context.Context, personID string) error {
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		system := viewer.AsSystem(ctx, "who was bound has a named card")
		found, err := c.DB.CitizenCard.Query().Where(citizencard.HolderID(personID), citizencard.KindEQ(citizencard.KindAnonymous)).Only(system)
		if db.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find card: %w", err)
		}
		if err := found.Update().SetKind(citizencard.KindNamed).SetUpdatedAt(c.Clock.Now()).Exec(system); err != nil {
			return fmt.Errorf("name card: %w", err)
		}
		return c.Book.SetCeiling(ctx, found.AccountID, c.Caps.Named)
	})
}

// Join closes the card of an account that turned out to be of a person the city knows already, and puts its money
// on theirs, which is issued when there is none. It is the system's. Returns CARD_NOT_ACTIVE for a card that the city froze, and
// BALANCE_CAP when the money does not fit.
func (c *Cards) Join(ctx context.Context, from, to string) error {
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		system := viewer.AsSystem(ctx, "the cards of one person come together")
		old, err := c.DB.CitizenCard.Query().Where(citizencard.HolderID(from)).Only(system)
		if db.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find card: %w", err)
		}
		if old.Status == citizencard.StatusFrozen {
			return fault.New(fault.CardNotActive)
		}
		if err := old.Update().SetStatus(citizencard.StatusClosed).ClearHolderID().SetUpdatedAt(c.Clock.Now()).Exec(system); err != nil {
			return fmt.Errorf("close card: %w", err)
		}
		if err := c.pour(ctx, old, to); err != nil {
			return err
		}
		return audit.Record(ctx, c.DB, audit.Deed{Action: "bindIdentity", Subject: to, TargetID: old.ID})
	})
}

// pour moves all that is on a card that was closed to that of another account of the same person.
func (c *Cards) pour(ctx context.Context, old *db.CitizenCard, to string) error {
	system := viewer.AsSystem(ctx, "the cards of one person come together")
	// The update waits for who spends at this moment, and nobody spends after it.
	if err := c.Book.Block(ctx, old.AccountID); err != nil {
		return err
	}
	account, err := c.DB.LedgerAccount.Get(system, old.AccountID)
	if err != nil {
		return fmt.Errorf("load account: %w", err)
	}
	if account.Balance == 0 {
		return nil
	}
	held, err := c.DB.CitizenCard.Query().Where(citizencard.HolderID(to)).Exist(system)
	if err != nil {
		return fmt.Errorf("look for a card: %w", err)
	}
	if !held {
		if _, err := c.issue(ctx, to); err != nil {
			return err
		}
	}
	theirs, err := c.DB.CitizenCard.Query().Where(citizencard.HolderID(to)).Only(system)
	if err != nil {
		return fmt.Errorf("find card: %w", err)
	}
	if err := c.Book.Unblock(ctx, old.AccountID); err != nil {
		return err
	}
	if _, err := c.Book.Post(ctx, ledger.Posting{
		Key: "join/" + old.ID, Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: old.AccountID, Amount: -account.Balance}, {AccountID: theirs.AccountID, Amount: account.Balance}},
	}); err != nil {
		return err
	}
	return c.Book.Block(ctx, old.AccountID)
}
