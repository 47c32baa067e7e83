package upload

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Remove deletes a file, its thumbnail first: the sweep finds an upload by the other.
func (f Folder) Remove(ctx context.Context, at string) error {
	if err := f.Files.Delete(ctx, at+Small); err != nil {
		return err
	}
	return f.Files.Delete(ctx, at)
}

// RemoveOrphans removes the files that no row leads to, such as those of an account that has ended; kept tells which of some have a
// row. It may run any number of times, on any number of replicas.
func (f Folder) RemoveOrphans(ctx context.Context, kept func(ctx context.Context, names []string) ([]string, error)) error {
	var problems []error
	// A day is looked through when its last upload is an hour old: files come before their row. What is
	// older than two days has been looked through while its row could still go.
	for _, back := range []time.Duration{Waits + time.Hour, 2*Waits + time.Hour} {
		problems = append(problems, f.removeOrphans(ctx, f.day(f.Clock.Now().Add(-back)), kept))
	}
	return errors.Join(problems...)
}

// removeOrphans looks from the files of a day to their rows.
func (f Folder) removeOrphans(ctx context.Context, folder string, kept func(ctx context.Context, names []string) ([]string, error)) error {
	var found []string
	err := f.Files.List(ctx, folder, func(name string) error {
		if !strings.HasSuffix(name, Small) {
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for len(found) > 0 {
		some := found[:min(Batch, len(found))]
		found = found[len(some):]
		rows, err := kept(ctx, some)
		if err != nil {
			return fmt.Errorf("look for the rows of files: %w", err)
		}
		live := make(map[string]bool, len(rows))
		for _, name := range rows {
			live[name] = true
		}
		for _, name := range some {
			if live[name] {
				continue
			}
			if err := f.Remove(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}
