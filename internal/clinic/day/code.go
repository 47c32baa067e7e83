package day

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Code is what the screen at a clinic's desk shows for who checks in.
type Code struct {
	Code      string
	ExpiresAt time.Time // when the next one is shown; this one is taken for as long again
}

// codeLife is how long a code is shown: who sends a photo of it to somebody at home helps them for minutes only.
const codeLife = 10 * time.Minute

// crockford has no letters that look like digits.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// alike are the letters that people type for the digits they look like.
var alike = strings.NewReplacer("O", "0", "I", "1", "L", "1", " ", "", "-", "")

// CheckInCode is the code that a clinic's desk shows now. The clinic's staff may ask. Returns UNAUTHENTICATED, and FORBIDDEN,
// also for a clinic that does not exist.
func (d *Day) CheckInCode(ctx context.Context, clinicID string) (*Code, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.HasAt(viewer.ClinicStaff, clinicID):
		return nil, fault.New(fault.Forbidden)
	}
	turn := d.turn()
	return &Code{Code: d.code(clinicID, turn), ExpiresAt: time.Unix(0, (turn+1)*int64(codeLife)).UTC()}, nil
}

// turn counts the codes since 1970.
func (d *Day) turn() int64 { return d.Clock.Now().UnixNano() / int64(codeLife) }

func (d *Day) code(clinicID string, turn int64) string {
	mac := hmac.New(sha256.New, d.Key)
	fmt.Fprintf(mac, "check-in/%s/%d", clinicID, turn)
	return crockford.EncodeToString(mac.Sum(nil)[:5])
}

// posted reports whether the clinic's desk shows the code, or showed it just before.
func (d *Day) posted(clinicID, code string) bool {
	typed := []byte(alike.Replace(strings.ToUpper(code)))
	turn := d.turn()
	return hmac.Equal(typed, []byte(d.code(clinicID, turn))) || hmac.Equal(typed, []byte(d.code(clinicID, turn-1)))
}
