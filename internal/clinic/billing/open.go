package billing

import (
	"context"

	"citygraph/ent/db"
	"citygraph/internal/memo"
	"citygraph/internal/personal"
)

// page is patients whose bills one list of a response shows.
type page struct{ patients []string }

// pageOf is where a response remembers on which page a patient is, and keysOf the keys of a page.
type (
	pageOf struct{ patientID string }
	keysOf struct{ of *page }
)

// Together has the lines of the bills of one list opened with one statement.
func Together(ctx context.Context, bills []*db.Bill) {
	all := &page{patients: patients(bills)}
	for _, patientID := range all.patients {
		_, _ = memo.Once(ctx, pageOf{patientID}, func() (*page, error) { return all, nil })
	}
}

// Lines opens the lines of bills that the viewer sees; nil for those of a patient whose account has ended, which nobody can
// read again.
func (d *Desk) Lines(ctx context.Context, bills []*db.Bill) ([][]*Line, error) {
	keys, err := d.keys(ctx, patients(bills))
	if err != nil {
		return nil, err
	}
	all := make([][]*Line, len(bills))
	for i, b := range bills {
		if k, ok := keys[b.PatientID]; ok {
			if all[i], err = open(k, b); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// keys are those of the patients, and of all who are on a page with the only one.
func (d *Desk) keys(ctx context.Context, patients []string) (map[string]personal.Key, error) {
	if len(patients) != 1 {
		return d.Records.Keys(system(ctx), patients...)
	}
	on, err := memo.Once(ctx, pageOf{patients[0]}, func() (*page, error) { return &page{patients}, nil })
	if err != nil {
		return nil, err
	}
	return memo.Once(ctx, keysOf{on}, func() (map[string]personal.Key, error) { return d.Records.Keys(system(ctx), on.patients...) })
}

func patients(bills []*db.Bill) []string {
	ids := make([]string, len(bills))
	for i, b := range bills {
		ids[i] = b.PatientID
	}
	return ids
}
