package push

import (
	"context"

	"github.com/rs/zerolog"
)

// SMS sends text messages: Token is the phone number, Body the text. A city puts its carrier's gateway here.
type SMS interface{ Channel }

// SandboxSMS is the SMS of a city without a gateway: it writes down that a message would have gone out. The
// number and the text stay out of the log.
type SandboxSMS struct{ Log zerolog.Logger }

var _ SMS = SandboxSMS{}

// Send delivers to the log.
func (s SandboxSMS) Send(_ context.Context, m Message) Result {
	if m.Token == "" || m.Body == "" {
		return Result{Outcome: Rejected, Unsent: true, Code: codeInvalidMessage}
	}
	s.Log.Info().Str("notification", m.NotificationID).Int("characters", len([]rune(m.Body))).Msg("text message, not sent: no gateway")
	return Result{Outcome: Delivered, ProviderID: "sandbox"}
}
