package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"citygraph/internal/oneroster"
	"citygraph/internal/school/roster"
	"citygraph/server/wiring"
)

// rosterSet is what an operator takes over of schools, and from whom.
type rosterSet struct {
	From   string // a directory or a ZIP
	Source string
	DryRun bool
}

func importRosterCommand(a app, environ map[string]string) *cobra.Command {
	var from rosterSet
	cmd := &cobra.Command{
		Use:   "oneroster DIR|ZIP --source NAME",
		Short: "Take over schools' rosters in OneRoster 1.1 or 1.2 CSV",
		Long: `Take over orgs, academicSessions, courses, classes, users, roles, demographics and enrollments, bulk or delta
as manifest.csv says, of any size. A set without a manifest is taken for one of School Data Sync: other names of
columns, relationships.csv and enrolments without a sourcedId are understood, with a warning.

An organisation of type school is the school of the city with that very name, or a new one where the columns
metadata.citygraph.lat and metadata.citygraph.lng give a position in the city. A user is found to be a person by
the id number, {IDCARD:…} in userIds or identifier, and a guardian or teacher also by mobile number and full name;
a pupil whom nobody knows becomes a person, and others wait until they bind their identity.

All of a set is written in one transaction: when it fails, nothing is. What says the same as before changes
nothing. What a bulk file does not have, or a delta says is tobedeleted, ends; nothing is deleted, and a custody
bar is never lifted. One import of a source runs at a time. On SQLite nobody else writes meanwhile.

A bad row is refused with its place, as file:row, and the good ones are kept. It fails when any was refused, so
that a script notices.`,
		Example: `  server import oneroster ./export --source sis.example.org
  server import oneroster roster.zip --source sis.example.org --dry-run`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from.From = args[0]
			return configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
				return a.ImportRoster(ctx, cfg, from, out)
			})(cmd, nil)
		},
	}
	cmd.Flags().StringVar(&from.Source, "source", "", "the other system's name, always the same one")
	cmd.Flags().BoolVar(&from.DryRun, "dry-run", false, "tell what would become of it, and keep nothing")
	_ = cmd.MarkFlagRequired("source") // it is a flag, two lines up
	return cmd
}

// importRoster takes over a set and tells what became of it.
func importRoster(ctx context.Context, cfg Config, from rosterSet, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		bar, began, heap := newProgress(out, "taking over"), time.Now(), uint64(0)
		done, err := city.Rosters.Import(ctx, roster.Order{
			From: from.From, Source: from.Source, DryRun: from.DryRun,
			Told: func(p oneroster.Problem) { bar.say(p.Error()) },
			Progress: func(done roster.Done) {
				heap = max(heap, heapBytes())
				if done.Taken == 0 { // how many there are is known when they are read
					bar.set(done.Rows, -1)
					return
				}
				bar.set(done.Taken, done.Rows)
			},
		})
		rate := float64(done.Rows) / time.Since(began).Seconds()
		bar.done(fmt.Sprintf("%d rows: new %s; changed %s; ended %s; %d the same; %d refused, %d warnings; "+
			"%d guardianships recorded, %d withdrawn; %d pupils of unknown age; %.0f a second, %d MB of heap",
			done.Rows, counted(roster.Types, done.New), counted(roster.Types, done.Changed), counted(roster.Types, done.Ended), done.Same, done.Refused, done.Warned,
			done.Guarded, done.Unguarded, done.Ageless, rate, heap>>20))
		if err == nil && done.Refused > 0 {
			err = fmt.Errorf("%d of %d rows were refused", done.Refused, done.Rows)
		}
		return err
	})
}
