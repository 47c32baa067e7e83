package attachment

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/attachment"
	"citygraph/ent/db/person"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/pdf"
	"citygraph/internal/photo"
	"citygraph/internal/upload"
	"citygraph/internal/viewer"
)

// Upload takes a photo or a PDF for an announcement or a message to name. Teachers may, and who may act for a child within SCHOOL. Returns
// UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, ATTACHMENT_TYPE_UNSUPPORTED, ATTACHMENT_TOO_LARGE, PHOTO_UNREADABLE, RATE_LIMITED while too many wait,
// IDEMPOTENCY_KEY_REUSED. Nothing is kept of what is refused.
func (r *Room) Upload(ctx context.Context, key uuid.UUID, name string, content io.Reader) (*db.Attachment, error) {
	if err := r.may(ctx); err != nil {
		return nil, err
	}
	base, err := tidy(name)
	if err != nil {
		return nil, err
	}
	file, err := read(content)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(file)
	request := idempotency.Request{Key: key, Operation: "uploadAttachment", Input: []string{base, hex.EncodeToString(sum[:])}}
	return r.keep(ctx, id.New(id.Attachment), base, file, func(insert func(context.Context) (string, error)) (string, error) {
		return r.Once.Once(ctx, request, insert)
	})
}

// Address gives the viewer an address to send an attachment to. Who may upload may. Returns UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT.
func (r *Room) Address(ctx context.Context, name string) (*Address, error) {
	if err := r.may(ctx); err != nil {
		return nil, err
	}
	base, err := tidy(name)
	if err != nil {
		return nil, err
	}
	a := &Address{AttachmentID: id.New(id.Attachment), ExpiresAt: r.Clock.Now().Add(upload.AddressLife).Truncate(time.Second)}
	a.URL = r.folder().Address(a.ExpiresAt, a.AttachmentID, base64.RawURLEncoding.EncodeToString([]byte(base)), viewer.From(ctx).PersonID)
	return a, nil
}

// Receive takes what is sent to an address, once; an attachment that is there stays as it is. The address has been checked, and stands
// for its person. Returns NOT_FOUND once their account has ended, and what Upload does.
func (r *Room) Receive(ctx context.Context, name string, content io.Reader) error {
	part := strings.Split(name, "/")
	if len(part) != 3 {
		return fault.New(fault.NotFound)
	}
	attachmentID, personID := part[0], part[2]
	base, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		return fault.New(fault.NotFound).Because(err)
	}
	ctx = viewer.With(ctx, &viewer.Viewer{PersonID: personID})
	standing, err := r.DB.Person.Query().Where(person.ID(personID), person.DeletedAtIsNil()).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the person: %w", err)
	}
	if !standing {
		return fault.New(fault.NotFound)
	}
	there, err := r.DB.Attachment.Query().Where(row.ID(attachmentID)).
		Exist(viewer.AsSystem(ctx, "an address takes one attachment, wherever that has gone since"))
	if err != nil {
		return fmt.Errorf("look for the attachment: %w", err)
	}
	if there {
		return nil
	}
	file, err := read(content)
	if err != nil {
		return err
	}
	_, err = r.keep(ctx, attachmentID, string(base), file, func(insert func(context.Context) (string, error)) (made string, err error) {
		err = r.Store.InTx(ctx, func(ctx context.Context) error {
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

// read reads an upload whole.
func read(content io.Reader) ([]byte, error) {
	file, err := photo.Read(content)
	return file, said(err)
}

// said is a refusal of a photo in the words of an attachment.
func said(err error) error {
	switch fault.CodeOf(err) {
	case "":
		return nil
	case fault.PhotoTooLarge:
		return fault.New(fault.AttachmentTooLarge).Because(err).At("file")
	case fault.PhotoTypeUnsupported:
		return fault.New(fault.AttachmentUnsupported).Because(err).At("file")
	}
	return fault.From(err).At("file")
}

// developed is what is kept of a file.
type developed struct {
	kind            row.Kind
	file, thumbnail []byte
	picture         *photo.Picture // of a photo
}

// develop draws a photo anew, and looks through a PDF.
func (r *Room) develop(ctx context.Context, file []byte) (*developed, error) {
	if pdf.Is(file) {
		return &developed{kind: row.KindPdf, file: file}, said(pdf.Check(file))
	}
	picture, err := r.Studio.Develop(ctx, file)
	if err != nil {
		return nil, said(err)
	}
	return &developed{kind: row.KindPhoto, file: picture.JPEG, thumbnail: picture.Thumbnail, picture: picture}, nil
}

// keep stores what comes of a file, and has its row inserted. The files are there before the row: a row whose files are missing would
// be shown.
func (r *Room) keep(ctx context.Context, attachmentID, base string, file []byte, once func(insert func(context.Context) (string, error)) (string, error)) (*db.Attachment, error) {
	d, err := r.develop(ctx, file)
	if err != nil {
		return nil, err
	}
	now := r.Clock.Now()
	at := r.folder().NewName(now)
	wrapped, err := r.folder().Keep(ctx, attachmentID, at, d.file, d.thumbnail)
	if err != nil {
		return nil, err
	}
	me := viewer.From(ctx).PersonID
	made, err := once(func(ctx context.Context) (string, error) {
		if err := r.checkWaiting(ctx, me, now); err != nil {
			return "", err
		}
		create := r.DB.Attachment.Create().SetID(attachmentID).SetCreatedAt(now).SetUploaderID(me).SetKind(d.kind).
			SetName(named(base, d.kind)).SetSizeBytes(len(d.file)).SetFile(at).SetDataKey(wrapped)
		if p := d.picture; p != nil {
			create.SetWidth(p.Width).SetHeight(p.Height).SetBlurHash(p.BlurHash)
		}
		if err := create.Exec(system(ctx)); err != nil {
			return "", fmt.Errorf("keep attachment: %w", err)
		}
		return attachmentID, audit.Record(ctx, r.DB, audit.Deed{Action: "uploadAttachment", Subject: me, TargetID: attachmentID})
	})
	if err != nil || made != attachmentID {
		_ = r.folder().Remove(context.WithoutCancel(ctx), at) // what is left over, the sweep finds
	}
	if err != nil {
		return nil, err
	}
	found, err := r.DB.Attachment.Get(ctx, made)
	if db.IsNotFound(err) { // asked again after it went
		return nil, fault.New(fault.NotFound)
	}
	return found, err
}

// waiting is the key that whoever counts or gives somebody's waiting attachments holds.
func waiting(personID string) string { return "attachments of " + personID }

// checkWaiting holds a person to a number of attachments that wait, however many are sent at once.
func (r *Room) checkWaiting(ctx context.Context, me string, now time.Time) error {
	if err := r.Store.Lock(ctx, waiting(me)); err != nil {
		return err
	}
	found, err := r.DB.Attachment.Query().Where(row.UploaderID(me), row.AnnouncementIDIsNil(), row.MessageIDIsNil()).
		Order(row.ByCreatedAt()).Limit(upload.MostWaiting).All(system(ctx))
	if err != nil {
		return fmt.Errorf("count waiting attachments: %w", err)
	}
	if len(found) == upload.MostWaiting {
		return r.folder().TooMany(found[0].CreatedAt, now)
	}
	return nil
}
