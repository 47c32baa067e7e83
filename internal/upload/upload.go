// Package upload is what the rooms of uploaded files share: each file is sealed under the key of its row, shown by signed links, and
// removed when no row leads to it any more. What may be uploaded, and what it is for, the rooms say.
package upload

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/vault"
)

const (
	// Waits is how long an upload waits to be named.
	Waits = 24 * time.Hour
	// MostWaiting is how many of one person wait at once.
	MostWaiting = 30
	// AddressLife is of an address to send a file to.
	AddressLife = 15 * time.Minute
	// Batch is how many uploads one statement is about.
	Batch = 500

	linkLife = time.Hour // of a link to a file, from the last half hour struck
)

// What the name of a thumbnail ends in: in links, and in the store, where a file is no folder.
const (
	Thumbnail = "/thumbnail"
	Small     = "-thumbnail"
)

// Folder is where the files of a room lie.
type Folder struct {
	Kind          string // of its files, and their folder in the store
	Table, Column string // where the wrapped keys stand
	Vault         *vault.Vault
	Files         *blobstore.Store
	Links         blobstore.Links
	Clock         clock.Clock
}

// Link is a link to a file by its name. It is the same for half an hour, so that a client that asks again finds what it has kept.
func (f Folder) Link(name string) string {
	return f.Links.To(f.Kind+"/"+name, f.Clock.Now().Truncate(linkLife/2).Add(linkLife))
}

// Address is where to send a file until an instant; its parts come back when it is sent.
func (f Folder) Address(until time.Time, parts ...string) string {
	return f.Links.Into(f.Kind+"/"+strings.Join(parts, "/"), until)
}

// NewName names a file that is stored at an instant. Two uploads never share a name, so that neither writes over what the other's row
// leads to.
func (f Folder) NewName(at time.Time) string { return f.day(at) + uuid.NewString() }

// day is the folder of files that are stored at an instant.
func (f Folder) day(at time.Time) string { return f.Kind + "/" + at.UTC().Format("20060102") + "/" }

// Keep seals a file and its thumbnail, nil for none, under a key of their own, and returns that key wrapped for the row.
func (f Folder) Keep(ctx context.Context, rowID, at string, file, thumbnail []byte) ([]byte, error) {
	key, wrapped, err := f.Vault.NewDataKey(f.keyPlace(rowID))
	if err != nil {
		return nil, err
	}
	for name, plain := range map[string][]byte{at: file, at + Small: thumbnail} {
		if plain == nil {
			continue
		}
		sealed, err := f.Vault.Seal(key, f.filePlace(name), plain)
		if err != nil {
			return nil, err
		}
		if err := f.Files.PutBytes(ctx, name, "application/octet-stream", sealed); err != nil {
			return nil, err
		}
	}
	return wrapped, nil
}

// Open returns a file in clear.
func (f Folder) Open(ctx context.Context, rowID string, wrapped []byte, name string) ([]byte, error) {
	sealed, err := f.Files.ReadAll(ctx, name)
	if err != nil {
		return nil, err
	}
	key, err := f.Vault.Unwrap(f.keyPlace(rowID), wrapped)
	if err != nil {
		return nil, err
	}
	return f.Vault.Open(key, f.filePlace(name), sealed)
}

// Rewrap wraps the key of a row anew under the current key-encryption key; nil when it is wrapped so.
func (f Folder) Rewrap(rowID string, wrapped []byte) ([]byte, error) {
	if f.Vault.Current(wrapped) {
		return nil, nil
	}
	return f.Vault.Rewrap(f.keyPlace(rowID), wrapped)
}

// TooMany refuses another upload while too many wait, the oldest from an instant on.
func (f Folder) TooMany(oldest, now time.Time) error {
	return fault.New(fault.RateLimited).
		Say("待使用的文件过多，请先提交或稍后再传。", "Too many files are waiting to be used. Use them, or come again later.").
		After(max(oldest.Add(Waits).Sub(now), time.Second))
}

// keyPlace is where the wrapped key of a row's files stands.
func (f Folder) keyPlace(rowID string) vault.Place {
	return vault.Place{Table: f.Table, Column: f.Column, Row: rowID}
}

// filePlace binds a sealed file to its name.
func (f Folder) filePlace(file string) vault.Place {
	return vault.Place{Table: "files", Column: f.Kind, Row: file}
}
