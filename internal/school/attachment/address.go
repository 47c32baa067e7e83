package attachment

import "time"

// Address is where one attachment of one person is sent to.
type Address struct {
	AttachmentID string
	URL          string
	ExpiresAt    time.Time
}
