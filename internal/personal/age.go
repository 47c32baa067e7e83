package personal

import (
	"context"
	"fmt"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/resident"
	"citygraph/internal/viewer"
)

// Age is how many years the person has completed at the instant, in the city's time; not known before
// somebody is bound by real name. It is for rules that depend on age: the birth date is opened in memory
// and goes no further, so nothing is logged.
func (r *Records) Age(ctx context.Context, personID string, at time.Time) (years int, known bool, err error) {
	system := viewer.AsSystem(ctx, "a rule depends on the age of a person, and shows nothing of it")
	d, found, err := r.Of(system, personID)
	if err != nil || !found {
		return 0, false, err
	}
	years, err = resident.Age(d.BirthDate, at.In(clock.Shanghai))
	if err != nil {
		return 0, false, fault.Internal(fmt.Errorf("birth date of %s: %w", personID, err))
	}
	return years, true, nil
}
