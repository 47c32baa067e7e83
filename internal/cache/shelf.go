package cache

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"

	rediscache "github.com/go-redis/cache/v9"
)

// entry is a payload behind the instant it expires, in Unix milliseconds.
type entry []byte

// grave is an entry that expired long ago. Forget leaves it in Redis for longer than any load may run, so
// that a load which began before cannot put the old value back.
const (
	grave     = "\x00\x00\x00\x00\x00\x00\x00\x00"
	graveLife = 2 * loadTimeout
)

func newEntry(payload []byte, until time.Time) entry {
	e := binary.BigEndian.AppendUint64(make(entry, 0, len(grave)+len(payload)), uint64(until.UnixMilli()))
	return append(e, payload...)
}

// payload returns what the entry holds, and false when it is missing, expired or a grave.
func (e entry) payload(now time.Time) ([]byte, bool) {
	if len(e) < len(grave) || now.UnixMilli() >= int64(binary.BigEndian.Uint64(e)) { //nolint:gosec // written from an int64
		return nil, false
	}
	return e[len(grave):], true
}

// shelf is the copy in process. Each stripe of keys counts its forgettings, so that a value which was
// looked up before one is not put back after it.
type shelf struct {
	lfu     *rediscache.TinyLFU
	seed    maphash.Seed
	stripes [64]stripe
}

type stripe struct {
	mu    sync.Mutex
	epoch uint64
}

func newShelf(size int, life time.Duration) *shelf {
	return &shelf{lfu: rediscache.NewTinyLFU(size, life), seed: maphash.MakeSeed()}
}

func (s *shelf) get(key string) entry {
	found, _ := s.lfu.Get(key)
	return found
}

// epoch returns a mark to hand to put.
func (s *shelf) epoch(key string) uint64 {
	st := s.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.epoch
}

// put keeps the entry unless its stripe forgot something since the mark.
func (s *shelf) put(key string, e entry, mark uint64) {
	st := s.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.epoch == mark {
		s.lfu.Del(key) // Set alone would leave the old value in the queue, to come back later
		s.lfu.Set(key, e)
	}
}

func (s *shelf) forget(key string) {
	st := s.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	st.epoch++
	s.lfu.Del(key)
}

func (s *shelf) stripe(key string) *stripe {
	return &s.stripes[maphash.String(s.seed, key)%uint64(len(s.stripes))]
}
