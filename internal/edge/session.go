package edge

import (
	"context"
	"time"
)

// watch calls revoked once the session is revoked, unless ctx ends first.
func (s *Session) watch(ctx context.Context, revoked func()) {
	if s == nil || s.Watch == nil {
		return
	}
	s.Watch(ctx, func() {
		s.gone.Store(true)
		revoked()
	})
}

// ended reports whether nothing more may be sent under the session. An anonymous one never ends.
func (s *Session) ended(now time.Time) bool {
	return s != nil && (s.gone.Load() || !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt))
}

// expiry is when the session runs out, zero for never.
func (s *Session) expiry() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.ExpiresAt
}
