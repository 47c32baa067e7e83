// Package casephoto keeps the photos of city cases: uploaded by one person, drawn anew, sealed under a key of
// their own in their row, and shown by signed links. Which step of a case a photo belongs to, the steps say.
package casephoto

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/casephoto"
	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/photo"
	"citygraph/internal/store"
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

const (
	waits       = 24 * time.Hour // how long a photo waits for a step to name it
	mostWaiting = 30             // photos of one person at once

	linkLife    = time.Hour // of a link to a photo, from the last half hour struck
	addressLife = 15 * time.Minute
)

// Kind is the kind of files the photos are, and their folder in the store.
const Kind = "photos"

// What the name of a thumbnail ends in: in links, and in the store, where a file is no folder.
const (
	thumbnail = "/thumbnail"
	small     = "-thumbnail"
)

// URL is a link to the photo, for whoever may see its row.
func (p *Photos) URL(row *db.CasePhoto) string { return p.link(row.ID) }

// ThumbnailURL is a link to its thumbnail.
func (p *Photos) ThumbnailURL(row *db.CasePhoto) string { return p.link(row.ID + thumbnail) }

// link is the same for half an hour, so that a client that asks again finds what it has kept.
func (p *Photos) link(name string) string {
	return p.Links.To(Kind+"/"+name, p.Clock.Now().Truncate(linkLife/2).Add(linkLife))
}

// Open is the source of files for signed links. Whoever has the link was shown the photo, so the row only
// says whether it is still there. Returns NOT_FOUND.
func (p *Photos) Open(ctx context.Context, name string) (*blobstore.File, error) {
	photoID, reduced := strings.CutSuffix(name, thumbnail)
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
		at += small
	}
	plain, err := p.unseal(ctx, row, at)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return &blobstore.File{Name: row.ID + ".jpg", Type: "image/jpeg", Content: bytes.NewReader(plain), Shown: true}, nil
}

func (p *Photos) unseal(ctx context.Context, row *db.CasePhoto, file string) ([]byte, error) {
	sealed, err := p.Files.ReadAll(ctx, file)
	if err != nil {
		return nil, err
	}
	key, err := p.Vault.Unwrap(keyPlace(row.ID), row.DataKey)
	if err != nil {
		return nil, err
	}
	return p.Vault.Open(key, filePlace(file), sealed)
}

// keyPlace is where the wrapped key of a photo's files stands.
func keyPlace(photoID string) vault.Place {
	return vault.Place{Table: casephoto.Table, Column: casephoto.FieldDataKey, Row: photoID}
}

// filePlace binds a sealed file to its name.
func filePlace(file string) vault.Place {
	return vault.Place{Table: "files", Column: Kind, Row: file}
}
