package cache

import (
	"fmt"
	"testing"
	"time"
)

// A value once replaced or forgotten must not come back when the queues of the LFU turn over.
func TestShelfNeverGoesBack(t *testing.T) {
	s := newShelf(300, time.Hour)
	now := time.Now()
	put := func(key, value string) {
		s.put(key, newEntry([]byte(value), now.Add(time.Minute)), s.epoch(key))
	}
	put("k", "old")
	put("k", "new")
	for i := range 50 {
		put(fmt.Sprint("filler ", i), "")
		if got, ok := s.get("k").payload(now); ok && string(got) != "new" {
			t.Fatalf("%q came back after %d others", got, i)
		}
	}
	put("k", "newer")
	s.forget("k")
	for i := range 500 {
		put(fmt.Sprint("more filler ", i), "")
		if got, ok := s.get("k").payload(now); ok {
			t.Fatalf("%q came back after Forget and %d others", got, i)
		}
	}
}

func FuzzEntry(f *testing.F) {
	f.Add([]byte(grave))
	f.Add([]byte("short"))
	f.Add([]byte(newEntry([]byte("x"), time.UnixMilli(5000))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if payload, ok := entry(raw).payload(time.UnixMilli(4000)); ok && len(payload) != len(raw)-len(grave) {
			t.Errorf("%q holds %q", raw, payload)
		}
	})
}
