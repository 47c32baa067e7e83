package casephoto

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"citygraph/ent/db/casephoto"
	"citygraph/internal/viewer"
)

// Round is the job that removes what no step has named.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "photo.sweep" }

// Every is how often it runs.
const Every = time.Hour

// batch is how many photos one statement is about.
const batch = 500

// Sweep removes the photos that have waited for a day, and the files that no row leads to, such as those of
// an account that has ended. It may run any number of times, on any number of replicas.
func (p *Photos) Sweep(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "photos go that no step names")
	now := p.Clock.Now()
	problems := []error{p.removeWaiting(ctx, now.Add(-waits))}
	// A day is looked through when its last upload is an hour old: files come before their row. What is
	// older than two days has been looked through while its row could still go.
	for _, back := range []time.Duration{waits + time.Hour, 2*waits + time.Hour} {
		problems = append(problems, p.removeOrphans(ctx, Kind+"/"+dayOf(now.Add(-back))+"/"))
	}
	return errors.Join(problems...)
}

func (p *Photos) removeWaiting(ctx context.Context, before time.Time) error {
	for {
		rows, err := p.DB.CasePhoto.Query().Where(casephoto.CityCaseIDIsNil(), casephoto.CreatedAtLTE(before)).
			Order(casephoto.ByID()).Limit(batch).All(ctx)
		if err != nil {
			return fmt.Errorf("look for photos that wait: %w", err)
		}
		for _, row := range rows {
			// Guarded by what was read: a step may name it at the last moment.
			n, err := p.DB.CasePhoto.Delete().Where(casephoto.ID(row.ID), casephoto.CityCaseIDIsNil()).Exec(ctx)
			if err != nil {
				return fmt.Errorf("delete photo: %w", err)
			}
			if n == 0 {
				continue
			}
			if err := p.remove(ctx, row.File); err != nil {
				return err
			}
		}
		if len(rows) < batch {
			return nil
		}
	}
}

// removeOrphans looks from the files of a day to their rows.
func (p *Photos) removeOrphans(ctx context.Context, folder string) error {
	var found []string
	err := p.Files.List(ctx, folder, func(name string) error {
		if !strings.HasSuffix(name, small) {
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for len(found) > 0 {
		some := found[:min(batch, len(found))]
		found = found[len(some):]
		kept, err := p.DB.CasePhoto.Query().Where(casephoto.FileIn(some...)).Select(casephoto.FieldFile).Strings(ctx)
		if err != nil {
			return fmt.Errorf("look for the rows of files: %w", err)
		}
		live := make(map[string]bool, len(kept))
		for _, name := range kept {
			live[name] = true
		}
		for _, name := range some {
			if live[name] {
				continue
			}
			if err := p.remove(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove deletes the files of a photo, the thumbnail first: the sweep finds a photo by the other.
func (p *Photos) remove(ctx context.Context, at string) error {
	if err := p.Files.Delete(ctx, at+small); err != nil {
		return err
	}
	return p.Files.Delete(ctx, at)
}

// dayOf names the folder of files that are stored at an instant.
func dayOf(t time.Time) string { return t.UTC().Format("20060102") }

// Forget deletes the waiting photos of a person whose account has ended, in the transaction of ctx: with
// their keys gone nobody opens the files, which the sweep removes. What a step has named belongs to its case.
func (p *Photos) Forget(ctx context.Context, personID string) error {
	_, err := p.DB.CasePhoto.Delete().Where(casephoto.UploaderID(personID), casephoto.CityCaseIDIsNil()).
		Exec(viewer.AsSystem(ctx, "what waits for its person ends with the account"))
	if err != nil {
		return fmt.Errorf("delete photos: %w", err)
	}
	return nil
}

// Rotate wraps the keys of all photos anew under the current key-encryption key, while replicas serve, and
// returns how many that were. The files stay as they are.
func (p *Photos) Rotate(ctx context.Context) (rotated int, err error) {
	ctx = viewer.AsSystem(ctx, "rotate the keys of photos")
	for last := ""; ; {
		rows, err := p.DB.CasePhoto.Query().Where(casephoto.IDGT(last)).Order(casephoto.ByID()).Limit(batch).All(ctx)
		if err != nil {
			return rotated, fmt.Errorf("load photos: %w", err)
		}
		for _, row := range rows {
			last = row.ID
			if p.Vault.Current(row.DataKey) {
				continue
			}
			wrapped, err := p.Vault.Rewrap(keyPlace(row.ID), row.DataKey)
			if err != nil {
				return rotated, fmt.Errorf("key of %s: %w", row.ID, err)
			}
			n, err := p.DB.CasePhoto.Update().Where(casephoto.ID(row.ID)).SetDataKey(wrapped).Save(ctx)
			if err != nil {
				return rotated, fmt.Errorf("store key of %s: %w", row.ID, err)
			}
			rotated += n
		}
		if len(rows) < batch {
			return rotated, nil
		}
	}
}
