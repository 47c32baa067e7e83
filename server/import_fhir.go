package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"citygraph/internal/clinic/intake"
	"citygraph/internal/clock"
	"citygraph/internal/fhir"
	"citygraph/server/wiring"
)

// supply is what an operator takes over of clinics, and from whom.
type supply struct {
	From   string // a file, or a directory of them
	Source string
}

func importFHIRCommand(a app, environ map[string]string) *cobra.Command {
	var from supply
	cmd := &cobra.Command{
		Use:   "fhir FILE|DIR --source NAME",
		Short: "Take over what clinics offer in HL7 FHIR R4",
		Long: `Take over Organization, Location, Practitioner, PractitionerRole, Schedule and Slot: a Bundle or one resource
in a file that ends in .json, or NDJSON in one that ends in .ndjson or .jsonl, of any size; of a directory,
all of these. Resources may stand in any order and refer to one another across the files, and to what was
taken over from the same source before.

A Location becomes a clinic, for which it needs a name and a position in the city; one with the very name of a
clinic that is here is that clinic. The capacity of a Slot is that of SMART Scheduling Links, 1 without it;
the extension urn:citygraph:slot-fee is its fee in fen. A specialty is a code of the national list of medical
subjects. Other types are passed over.

A resource is known by its first identifier, or else by the source and its id. One that was taken over before
stays as it is, so a run that was interrupted goes on when it is run again.

A bad resource is refused with its place, as file:line or the entry of the Bundle, and the good ones are kept.
It fails when any was refused, so that a script notices.`,
		Example: `  server import fhir ./export --source his.example.org
  server import fhir slots.ndjson --source his.example.org`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from.From = args[0]
			return configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
				return a.ImportFHIR(ctx, cfg, from, out)
			})(cmd, nil)
		},
	}
	cmd.Flags().StringVar(&from.Source, "source", "", "the other system's name, always the same one")
	_ = cmd.MarkFlagRequired("source") // it is a flag, one line up
	return cmd
}

// importFHIR takes over what clinics offer and tells what became of it.
func importFHIR(ctx context.Context, cfg Config, from supply, out io.Writer) error {
	files, err := intake.Files(from.From)
	if err != nil {
		return err
	}
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		bar, began, heap := newProgress(out, "taking over"), time.Now(), uint64(0)
		bar.unit = "bytes"
		done, err := intake.Intake{
			DB: city.DB, Store: city.Store, Places: city.Cases.Places, Clock: clock.System{}, Source: from.Source,
			Refused: func(p fhir.Problem) { bar.say(p.Error()) },
			Progress: func(done intake.Taken) {
				heap = max(heap, heapBytes())
				bar.set(int(done.Bytes), int(done.All))
			},
		}.Run(ctx, files)
		rate := float64(done.Resources()) / time.Since(began).Seconds()
		bar.done(fmt.Sprintf("%d resources: %s taken over; %d were here; %d of other types; %d refused; %.0f a second, %d MB of heap",
			done.Resources(), counted(intake.Types, done.New), done.Known, done.Others, done.Refused, rate, heap>>20))
		if err == nil && done.Refused > 0 {
			err = fmt.Errorf("%d of %d resources were refused", done.Refused, done.Resources())
		}
		return err
	})
}

// counted lists how many of each type there are.
func counted(types []string, of map[string]int) string {
	var parts []string
	for _, kind := range types {
		if n := of[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
