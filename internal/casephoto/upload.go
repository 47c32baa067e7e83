package casephoto

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/person"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/photo"
	"citygraph/internal/upload"
	"citygraph/internal/viewer"
)

// Upload takes a photo for a step of a case to name. Anyone signed in may; one that proves something is for
// officers. Returns UNAUTHENTICATED, FORBIDDEN, PHOTO_TYPE_UNSUPPORTED, PHOTO_TOO_LARGE, PHOTO_UNREADABLE,
// RATE_LIMITED while too many wait, IDEMPOTENCY_KEY_REUSED. Nothing is kept of what is refused.
func (p *Photos) Upload(ctx context.Context, key uuid.UUID, purpose casephoto.Purpose, content io.Reader) (*db.CasePhoto, error) {
	if err := may(ctx, purpose); err != nil {
		return nil, err
	}
	file, err := photo.Read(content)
	if err != nil {
		return nil, fault.From(err).At("photo")
	}
	sum := sha256.Sum256(file)
	request := idempotency.Request{
		Key: key, Operation: "uploadCasePhoto", Input: []string{string(purpose), hex.EncodeToString(sum[:])},
	}
	return p.keep(ctx, id.New(id.CasePhoto), purpose, file, func(insert func(context.Context) (string, error)) (string, error) {
		return p.Once.Once(ctx, request, insert)
	})
}

// may says who uploads what.
func may(ctx context.Context, purpose casephoto.Purpose) error {
	switch v := viewer.From(ctx); {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case purpose == casephoto.PurposeProof && !v.Has(viewer.CaseOfficer):
		return fault.New(fault.Forbidden).At("purpose")
	}
	return nil
}

// Address is where one photo of one person is sent to.
type Address struct {
	PhotoID   string
	URL       string
	ExpiresAt time.Time
}

// Address gives the viewer an address to send a photo to. Anyone who may upload may. Returns UNAUTHENTICATED,
// FORBIDDEN.
func (p *Photos) Address(ctx context.Context, purpose casephoto.Purpose) (*Address, error) {
	if err := may(ctx, purpose); err != nil {
		return nil, err
	}
	a := &Address{PhotoID: id.New(id.CasePhoto), ExpiresAt: p.Clock.Now().Add(upload.AddressLife).Truncate(time.Second)}
	a.URL = p.folder().Address(a.ExpiresAt, a.PhotoID, string(purpose), viewer.From(ctx).PersonID)
	return a, nil
}

// Receive takes what is sent to an address, once; a photo that is there stays as it is. The address has been
// checked, and stands for its person. Returns NOT_FOUND once their account has ended, and what Upload does.
func (p *Photos) Receive(ctx context.Context, name string, content io.Reader) error {
	part := strings.Split(name, "/")
	if len(part) != 3 {
		return fault.New(fault.NotFound)
	}
	photoID, purpose, personID := part[0], casephoto.Purpose(part[1]), part[2]
	ctx = viewer.With(ctx, &viewer.Viewer{PersonID: personID})
	standing, err := p.DB.Person.Query().Where(person.ID(personID), person.DeletedAtIsNil()).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the person: %w", err)
	}
	if !standing {
		return fault.New(fault.NotFound)
	}
	if there, err := p.there(ctx, photoID); there || err != nil {
		return err
	}
	file, err := photo.Read(content)
	if err != nil {
		return err
	}
	_, err = p.keep(ctx, photoID, purpose, file, func(insert func(context.Context) (string, error)) (made string, err error) {
		err = p.Store.InTx(ctx, func(ctx context.Context) error {
			made, err = insert(ctx)
			return err
		})
		return made, err
	})
	if db.IsConstraintError(err) { // the same was sent twice at once
		return nil
	}
	return err
}

func (p *Photos) there(ctx context.Context, photoID string) (bool, error) {
	there, err := p.DB.CasePhoto.Query().Where(casephoto.ID(photoID)).
		Exist(viewer.AsSystem(ctx, "an address takes one photo, wherever that has gone since"))
	if err != nil {
		return false, fmt.Errorf("look for the photo: %w", err)
	}
	return there, nil
}

// keep draws a file anew, stores what comes of it, and has its row inserted. The files are there before
// the row: a row whose files are missing would be shown.
func (p *Photos) keep(ctx context.Context, photoID string, purpose casephoto.Purpose, file []byte, once func(insert func(context.Context) (string, error)) (string, error)) (*db.CasePhoto, error) {
	picture, err := p.Studio.Develop(ctx, file)
	if err != nil {
		return nil, fault.From(err).At("photo")
	}
	now := p.Clock.Now()
	at := p.folder().NewName(now)
	wrapped, err := p.folder().Keep(ctx, photoID, at, picture.JPEG, picture.Thumbnail)
	if err != nil {
		return nil, err
	}
	me := viewer.From(ctx).PersonID
	made, err := once(func(ctx context.Context) (string, error) {
		if err := p.checkWaiting(ctx, me, now); err != nil {
			return "", err
		}
		err := p.DB.CasePhoto.Create().SetID(photoID).SetCreatedAt(now).SetUploaderID(me).SetPurpose(purpose).
			SetWidth(picture.Width).SetHeight(picture.Height).SetBlurHash(picture.BlurHash).
			SetSizeBytes(len(picture.JPEG) + len(picture.Thumbnail)).SetFile(at).SetDataKey(wrapped).
			Exec(ctx)
		if err != nil {
			return "", fmt.Errorf("keep photo: %w", err)
		}
		return photoID, audit.Record(ctx, p.DB, audit.Deed{Action: "uploadCasePhoto", Subject: me, TargetID: photoID})
	})
	if err != nil || made != photoID {
		_ = p.folder().Remove(context.WithoutCancel(ctx), at) // what is left over, the sweep finds
	}
	if err != nil {
		return nil, err
	}
	found, err := p.DB.CasePhoto.Get(ctx, made)
	if db.IsNotFound(err) { // asked again after it went
		return nil, fault.New(fault.NotFound)
	}
	return found, err
}

// checkWaiting holds a person to a number of photos that wait, however many are sent at once.
func (p *Photos) checkWaiting(ctx context.Context, me string, now time.Time) error {
	if err := p.Store.Lock(ctx, "photos of "+me); err != nil {
		return err
	}
	waiting, err := p.DB.CasePhoto.Query().Where(casephoto.UploaderID(me), casephoto.CityCaseIDIsNil()).
		Order(casephoto.ByCreatedAt()).Limit(upload.MostWaiting).All(ctx)
	if err != nil {
		return fmt.Errorf("count waiting photos: %w", err)
	}
	if len(waiting) == upload.MostWaiting {
		return p.folder().TooMany(waiting[0].CreatedAt, now)
	}
	return nil
}
