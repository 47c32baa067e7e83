// Package blobstore keeps files that are too large for a row: in a folder by default, in any object store
// by URL. Whoever puts personal files here seals them first; the store may be somebody else's machine.
package blobstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync"
	"sync/atomic"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

// Options say where files are kept.
type Options struct {
	// URL names a bucket as gocloud.dev does, such as s3://bucket?region=cn-east-1. The process must have
	// imported the driver of its scheme.
	URL string
	// Dir is the folder to keep files in when there is no URL. Without either they are kept in memory.
	Dir string
}

// Store is a bucket. It is safe for concurrent use.
type Store struct {
	open func() (*blob.Bucket, error) // once; every later call gives the same
	used atomic.Bool
}

// Known reports whether a URL names a bucket of a kind this process can open.
func Known(bucketURL string) bool {
	u, err := url.Parse(bucketURL)
	return err == nil && blob.DefaultURLMux().ValidBucketScheme(u.Scheme)
}

// Open returns the store of the options. What a URL names is opened at once, so that a mistake shows at the
// start; a folder is made when it is first needed, since tools and replicas without files need none.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{}
	s.open = sync.OnceValues(func() (*blob.Bucket, error) {
		bucket, err := open(context.WithoutCancel(ctx), o)
		if err != nil {
			return nil, fmt.Errorf("open file store: %w", err)
		}
		s.used.Store(true)
		return bucket, nil
	})
	if o.URL != "" {
		if _, err := s.open(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*blob.Bucket, error) {
	switch {
	case o.URL != "":
		return blob.OpenBucket(ctx, o.URL)
	case o.Dir == "":
		return memblob.OpenBucket(nil), nil
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	// Written beside its place and renamed, a file is there whole or not at all.
	return fileblob.OpenBucket(o.Dir, &fileblob.Options{NoTempDir: true, DirFileMode: 0o700, Metadata: fileblob.MetadataDontWrite})
}

// ErrMissing says that there is no file of the name.
var ErrMissing = errors.New("file store: no such file")

// Put keeps the content under the name, whole or not at all; what was there is replaced. The type is a
// media type such as image/jpeg.
func (s *Store) Put(ctx context.Context, name, mediaType string, content io.Reader) error {
	bucket, err := s.open()
	if err != nil {
		return err
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	w, err := bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: mediaType})
	if err != nil {
		return fmt.Errorf("keep file %s: %w", name, err)
	}
	_, err = io.Copy(w, content)
	if err != nil {
		giveUp() // so that Close keeps nothing
	}
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("keep file %s: %w", name, err)
	}
	return nil
}

// PutBytes is Put for content in memory.
func (s *Store) PutBytes(ctx context.Context, name, mediaType string, content []byte) error {
	return s.Put(ctx, name, mediaType, bytes.NewReader(content))
}

// Open returns the content, for the caller to close. Returns ErrMissing.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	bucket, err := s.open()
	if err != nil {
		return nil, err
	}
	r, err := bucket.NewReader(ctx, name, nil)
	if err != nil {
		return nil, named(name, err)
	}
	return r, nil
}

// ReadAll returns the content at once. Returns ErrMissing.
func (s *Store) ReadAll(ctx context.Context, name string) ([]byte, error) {
	bucket, err := s.open()
	if err != nil {
		return nil, err
	}
	content, err := bucket.ReadAll(ctx, name)
	if err != nil {
		return nil, named(name, err)
	}
	return content, nil
}

// Delete removes the file; one that is not there is as good as removed.
func (s *Store) Delete(ctx context.Context, name string) error {
	bucket, err := s.open()
	if err != nil {
		return err
	}
	err = bucket.Delete(ctx, name)
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove file %s: %w", name, err)
	}
	return nil
}

// List calls yield with the names under a prefix, in their order, until it fails.
func (s *Store) List(ctx context.Context, prefix string, yield func(name string) error) error {
	bucket, err := s.open()
	if err != nil {
		return err
	}
	files := bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		file, err := files.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		if err := yield(file.Key); err != nil {
			return err
		}
	}
}

// Close releases the bucket, if it was ever used.
func (s *Store) Close() error {
	if !s.used.Load() {
		return nil
	}
	bucket, err := s.open()
	if err != nil {
		return err
	}
	return bucket.Close()
}

func named(name string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return fmt.Errorf("%w: %s", ErrMissing, name)
	}
	return fmt.Errorf("read file %s: %w", name, err)
}
