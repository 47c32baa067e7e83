package edge

import (
	"context"
	"time"
)

// watch begins to look out for the session's revocation, until ctx ends.
func (s *Session) watch(ctx context.Context) {
	if s != nil && s.Watch != nil {
		s.gone = s.Watch(ctx)
	}
}

// ended reports whether nothing more may be sent under the session. An anonymous one never ends.
func (s *Session) ended(now time.Time) bool {
	if s == nil {
		return false
	}
	select {
	case <-s.gone:
		return true
	default:
		return !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt)
	}
}

// revoked closes when the session is revoked.
func (s *Session) revoked() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.gone
}

// expiry is when the session runs out, zero for never.
func (s *Session) expiry() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.ExpiresAt
}
