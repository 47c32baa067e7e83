package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"citygraph/server/wiring"
)

func importCommand(a app, environ map[string]string) *cobra.Command {
	imports := &cobra.Command{
		Use:   "import",
		Short: "Take in what other systems publish",
		Args:  cobra.NoArgs,
	}
	imports.AddCommand(&cobra.Command{
		Use:   "cap FILE",
		Short: "Take in alerts in the Common Alerting Protocol 1.2",
		Long: `Take in the alerts of a file in CAP 1.2: one, or below any wrapper many. The people of the districts an
alert names, by geocode or by areaDesc, are told; an update supersedes what it references.

A bad alert is refused with its place, as file:line:column, and the good ones are kept. It fails when
any was refused, so that a script notices.`,
		Example: "  server import cap flood.xml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
				return a.ImportCAP(ctx, cfg, args[0], out)
			})(cmd, nil)
		},
	}, importOpen311Command(a, environ), importFHIRCommand(a, environ), importRosterCommand(a, environ))
	return imports
}

// importCAP takes in a file of alerts and tells what became of each.
func importCAP(ctx context.Context, cfg Config, file string, out io.Writer) error {
	f, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	defer f.Close()
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		report, err := city.Alerts.Import(ctx, f)
		for _, kept := range report.Kept {
			fmt.Fprintf(out, "kept %s from %s: %s\n", kept.Identifier, kept.Sender, kept.Headline.ZH)
		}
		for _, p := range report.Problems {
			fmt.Fprintf(out, "%s:%s\n", file, p.Error())
		}
		if err == nil && len(report.Problems) > 0 {
			err = fmt.Errorf("%d of %d alerts were refused", len(report.Problems), len(report.Problems)+len(report.Kept))
		}
		return err
	})
}
