// Package photo makes pictures that strangers send safe to keep and to show. What comes out is drawn anew:
// nothing of the file that came in is left but its pixels, so that no camera's GPS, no comment and no
// archive behind the picture travels with it.
package photo

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"runtime"

	"github.com/bbrks/go-blurhash"

	"citygraph/internal/fault"
)

// Bounds on what comes in.
const (
	MaxBytes = 10 << 20

	maxPixels = 25_000_000
	// maxDensity is how many pixels a byte may stand for: a black photograph has about a hundred, a bomb thousands.
	maxDensity = 128
	// denseFrom is the size from which the density counts; what is smaller costs little however it is packed.
	denseFrom = 1_000_000
	// maxDecoded is what the pixels may take in memory.
	maxDecoded = 4 * maxPixels
	// maxScans is how many scans a JPEG may have; each is a pass over the whole picture. Cameras make about ten.
	maxScans = 300
)

// What comes out.
const (
	longest          = 2048
	longestThumbnail = 320
	quality          = 82
	hashX, hashY     = 4, 3
	longestHashed    = 32 // a hash is of a few waves, which a small picture shows as well
)

// Picture is a photo drawn anew, upright.
type Picture struct {
	JPEG      []byte
	Thumbnail []byte // JPEG
	Width     int
	Height    int
	BlurHash  string
}

// Studio develops pictures, few at a time: a decoded one takes a hundred megabytes. It is safe for
// concurrent use.
type Studio struct{ places chan struct{} }

// NewStudio returns a studio with so many places; 0 is one for each processor, two at most.
func NewStudio(places int) *Studio {
	if places == 0 {
		places = min(runtime.GOMAXPROCS(0), 2)
	}
	return &Studio{places: make(chan struct{}, places)}
}

// Read reads an upload whole. Returns PHOTO_TOO_LARGE once it is over MaxBytes, and holds no more than that.
func Read(r io.Reader) ([]byte, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case len(file) > MaxBytes:
		return nil, tooLarge()
	case err != nil:
		return nil, unreadable(err)
	}
	return file, nil
}

// Develop draws the picture of a file anew. What the file is, its own bytes tell; its size is read from its
// head, before anything is decoded. Returns PHOTO_TYPE_UNSUPPORTED, PHOTO_TOO_LARGE, PHOTO_UNREADABLE, and
// the error of a ctx that ends while all places are taken.
func (s *Studio) Develop(ctx context.Context, file []byte) (*Picture, error) {
	if len(file) > MaxBytes {
		return nil, tooLarge()
	}
	format := formatOf(file)
	if format == nil {
		return nil, fault.New(fault.PhotoTypeUnsupported)
	}
	if err := format.check(file); err != nil {
		return nil, err
	}
	select {
	case s.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.places }()
	decoded, err := format.decode(bytes.NewReader(file))
	if err != nil {
		return nil, unreadable(err)
	}
	return draw(upright(shrink(decoded, longest), format.orientation(file)))
}

// draw encodes an upright picture in its sizes.
func draw(full *image.RGBA) (*Picture, error) {
	thumbnail := shrink(full, longestThumbnail)
	p := &Picture{Width: full.Rect.Dx(), Height: full.Rect.Dy()}
	var err error
	if p.JPEG, err = encode(full); err != nil {
		return nil, err
	}
	if p.Thumbnail, err = encode(thumbnail); err != nil {
		return nil, err
	}
	p.BlurHash, err = blurhash.Encode(hashX, hashY, shrink(thumbnail, longestHashed))
	return p, err
}

// encode writes the pixels and nothing else: the encoder knows no metadata.
func encode(m image.Image) ([]byte, error) {
	var out bytes.Buffer
	err := jpeg.Encode(&out, m, &jpeg.Options{Quality: quality})
	return out.Bytes(), err
}

func tooLarge() error { return fault.New(fault.PhotoTooLarge) }

func unreadable(cause error) error { return fault.New(fault.PhotoUnreadable).Because(cause) }
