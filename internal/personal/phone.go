package personal

import (
	"context"

	"citygraph/internal/viewer"
)

// Phone opens a person's number for a text message to them; "" when the city does not know it. It is for the
// courier alone, which neither keeps nor logs it.
func (r *Records) Phone(ctx context.Context, personID string) (string, error) {
	d, _, err := r.Of(viewer.AsSystem(ctx, "a text message goes to its recipient's own number"), personID)
	return d.Phone, err
}
