// Package push hands messages to the channels that reach a phone. It sends each message once and says
// what became of it; the durable queue that calls it owns every retry, so delivery is at least once
// and the receiver deduplicates by NotificationID.
//
// A message is shown on a locked screen to whoever holds the phone. Its title, body and data must
// carry no diagnosis, mark, amount owed by another person, or child's full name; the caller who
// writes them sees to it, nothing here can.
package push

import (
	"context"
	"time"
)

// Platform is the kind of device a token belongs to.
type Platform string

// The platforms.
const (
	Android Platform = "ANDROID"
	IOS     Platform = "IOS"
	Web     Platform = "WEB"
)

// Priority says whether a message may wake a sleeping device.
type Priority string

// The priorities. The zero Priority is Normal.
const (
	Normal Priority = "NORMAL"
	High   Priority = "HIGH"
)

// Message is one push to one device or account.
type Message struct {
	NotificationID string            `json:"notificationId"` // reaches the app in the data, for deduplication
	Token          string            `json:"token"`          // where it goes: a registration token, an openid, a phone number
	Platform       Platform          `json:"platform"`
	Title          string            `json:"title"`
	Body           string            `json:"body"`
	Data           map[string]string `json:"data,omitempty"`
	CollapseKey    string            `json:"collapseKey,omitempty"` // a later message with the key replaces an earlier one
	Priority       Priority          `json:"priority,omitempty"`
	TTL            time.Duration     `json:"ttl,omitempty"`      // how long it is worth delivering; 0 is the provider's limit
	Badge          *int              `json:"badge,omitempty"`    // the app icon's number; nil leaves it as it is
	Template       *Filled           `json:"template,omitempty"` // what WeChat shows in place of title and body
}

// Outcome is what became of a message, and so what the queue does next.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "DELIVERED"  // the provider has it
	Retry     Outcome = "RETRY"      // nothing wrong with it; send again, not before RetryAfter
	DropToken Outcome = "DROP_TOKEN" // the token is dead: forget the token, do not send again
	NoCredit  Outcome = "NO_CREDIT"  // the recipient allows no further message of the template
	Rejected  Outcome = "REJECTED"   // the message itself is wrong: never send it again
)

// Result is the answer to one message.
type Result struct {
	Outcome    Outcome
	Unsent     bool          // the provider certainly did not take it: what was paid for it can be given back
	ProviderID string        // the provider's name for a delivered message
	Code       string        // the provider's error code, or ours; for the delivery attempt's record
	RetryAfter time.Duration // what the provider asked for, at most a day; 0 when it did not ask
	Err        error         // the private cause, without the token; nil when delivered
}

// Channel is one way to a phone. Send obeys the context's deadline and is safe for concurrent use.
type Channel interface {
	Send(ctx context.Context, m Message) Result
}

// Prober tells whether a token is still good, without anything being shown on the phone.
type Prober interface {
	Probe(ctx context.Context, token string, platform Platform) Result
}
