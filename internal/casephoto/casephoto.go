// Package casephoto keeps the photos of city cases: uploaded by one person, drawn anew, sealed under a key of
// their own in their row, and shown by signed links. Which step of a case a photo belongs to, the steps say.
package casephoto

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/casephoto"
	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/photo"
	"citygraph/internal/store"
	"citygraph/internal/upload"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Photos are the verbs of photos.
type Photos struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Once   idempotency.Ledger
	Vault  *vault.Vault
	Files  *blobstore.Store
	Links  blobstore.Links
	Studio *photo.Studio
}

// Kind is the kind of files the photos are, and their folder in the store.
const Kind = "photos"

// folder is where the files lie.
func (p *Photos) folder() upload.Folder {
	return upload.Folder{
		Kind: Kind, Table: casephoto.Table, Column: casephoto.FieldDataKey, Vault: p.Vault, Files: p.Files, Links: p.Links, Clock: p.Clock,
	}
}

// URL is a link to the photo, for whoever may see its row.
func (p *Photos) URL(row *db.CasePhoto) string { return p.folder().Link(row.ID) }

// ThumbnailURL is a link to its thumbnail.
func (p *Photos) ThumbnailURL(row *db.CasePhoto) string {
	return p.folder().Link(row.ID + upload.Thumbnail)
}

// Open is the source of files for signed links. Whoever has the link was shown the photo, so the row only
// says whether it is still there. Returns NOT_FOUND.
func (p *Photos) Open(ctx context.Context, name string) (*blobstore.File, error) {
	photoID, reduced := strings.CutSuffix(name, upload.Thumbnail)
	if !id.Is(photoID, id.CasePhoto) {
		return nil, fault.New(fault.NotFound)
	}
	row, err := p.DB.CasePhoto.Get(viewer.AsSystem(ctx, "a signed link stands for who was shown the photo"), photoID)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("load photo: %w", err)
	}
	at := row.File
	if reduced {
		at += upload.Small
	}
	plain, err := p.folder().Open(ctx, row.ID, row.DataKey, at)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return &blobstore.File{Name: row.ID + ".jpg", Type: "image/jpeg", Content: bytes.NewReader(plain), Shown: true}, nil
}
