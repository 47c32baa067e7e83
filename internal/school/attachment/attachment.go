// Package attachment keeps the photos and PDFs that go with what schools and families tell each other (附件): uploaded by one person, photos drawn
// anew and PDFs looked through, sealed under a key of their own in their row, and shown by signed links. What one goes with, the verbs of that say.
package attachment

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"citygraph/ent/db"
	row "citygraph/ent/db/attachment"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/photo"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/upload"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Room is where attachments are kept.
type Room struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Once   idempotency.Ledger
	Vault  *vault.Vault
	Files  *blobstore.Store
	Links  blobstore.Links
	Studio *photo.Studio
}

// Kind is the kind of files attachments are, and their folder in the store.
const Kind = "attachments"

func (r *Room) folder() upload.Folder {
	return upload.Folder{
		Kind: Kind, Table: row.Table, Column: row.FieldDataKey, Vault: r.Vault, Files: r.Files, Links: r.Links, Clock: r.Clock,
	}
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "an attachment is written by its verbs, and by those of what it goes with")
}

// URL is a link to the attachment, for whoever may see its row.
func (r *Room) URL(a *db.Attachment) string { return r.folder().Link(a.ID) }

// ThumbnailURL is a link to the thumbnail of a photo; nil of a PDF.
func (r *Room) ThumbnailURL(a *db.Attachment) *string {
	if a.Kind != row.KindPhoto {
		return nil
	}
	link := r.folder().Link(a.ID + upload.Thumbnail)
	return &link
}

// Open is the source of files for signed links. Whoever has the link was shown the attachment, so the row only says whether it is still
// there: until the link runs out, what it goes with may have been taken back. Returns NOT_FOUND.
func (r *Room) Open(ctx context.Context, name string) (*blobstore.File, error) {
	attachmentID, reduced := strings.CutSuffix(name, upload.Thumbnail)
	if !id.Is(attachmentID, id.Attachment) {
		return nil, fault.New(fault.NotFound)
	}
	a, err := r.DB.Attachment.Get(viewer.AsSystem(ctx, "a signed link stands for who was shown the attachment"), attachmentID)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("load attachment: %w", err)
	}
	file := &blobstore.File{Name: a.Name, Type: "application/pdf"}
	at := a.File
	switch {
	case a.Kind == row.KindPhoto:
		file.Type, file.Shown = "image/jpeg", true
	case reduced:
		return nil, fault.New(fault.NotFound)
	}
	if reduced {
		at += upload.Small
	}
	plain, err := r.folder().Open(ctx, a.ID, a.DataKey, at)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	file.Content = bytes.NewReader(plain)
	return file, nil
}

// may holds to teachers, and to who may act for a child within SCHOOL.
func (r *Room) may(ctx context.Context) error {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case v.Has(viewer.Teacher):
		return nil
	}
	guards, err := r.DB.Person.Query().
		Where(person.IDNEQ(v.PersonID), predicate.Person(rule.ActsFor(person.FieldID, v, scope.Of(scope.School)))).Exist(system(ctx))
	if err != nil {
		return fmt.Errorf("ask whom one speaks for: %w", err)
	}
	if !guards {
		return fault.New(fault.Forbidden)
	}
	return nil
}
