package edge

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// compressFrom is the size from which compression is worth its time.
const compressFrom = 1 << 10

// compressor is what both encodings have in common. A writer holds large tables, so it is reused.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

const brotliLevel = 4 // about gzip's time, a tenth smaller

var compressors = map[string]*sync.Pool{
	"br":   {New: func() any { return brotli.NewWriterLevel(nil, brotliLevel) }},
	"gzip": {New: func() any { return gzip.NewWriter(nil) }},
}

// compress encodes a whole body.
func compress(encoding string, body []byte) []byte {
	pool := compressors[encoding]
	c := pool.Get().(compressor)
	defer pool.Put(c)
	var out bytes.Buffer
	out.Grow(len(body) / 3)
	c.Reset(&out)
	_, _ = c.Write(body) // a bytes.Buffer takes everything
	_ = c.Close()
	return out.Bytes()
}
