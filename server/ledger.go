package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"citygraph/internal/ledger"
	"citygraph/server/wiring"
)

func ledgerCommand(a app, environ map[string]string) *cobra.Command {
	book := &cobra.Command{
		Use:   "ledger",
		Short: "Look after the book of money",
		Args:  cobra.NoArgs,
	}
	book.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Prove that the book adds up",
		Long: `Read the whole book in one snapshot, while replicas serve, and prove that every transaction sums to zero,
that every balance is the sum of its entries and every entry leaves the balance it says, that what is held is the
sum of pending holds, that no account is past its limits, and that no transaction is reversed beyond its amount.

It prints counts, totals in fen and a SHA-256 digest, which is the same for the same book on either database. It
fails when anything is wrong, after a line for each violation. What it needs of memory does not grow with the book.`,
		Example: "  server ledger verify",
		Args:    cobra.NoArgs,
		RunE:    configured(environ, a.VerifyLedger),
	})
	book.AddCommand(statementCommand(a, environ), reconcileCommand(a, environ))
	return book
}

func verifyLedger(ctx context.Context, cfg Config, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		proof, err := city.Book.Verify(ctx, func(v ledger.Violation) { fmt.Fprintf(out, "VIOLATION %s: %s %s\n", v.Rule, v.ID, v.Detail) })
		if err != nil {
			return err
		}
		return printProof(out, proof)
	})
}

// printProof prints what the book holds, and fails when it is wrong.
func printProof(out io.Writer, p ledger.Proof) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range []struct {
		what  string
		value any
	}{
		{"accounts", p.Accounts}, {"transactions", p.Transactions}, {"entries", p.Entries}, {"holds", p.Holds},
		{"moved, fen", p.Moved}, {"balances above zero, fen", p.Positive}, {"balances below zero, fen", p.Negative}, {"held, fen", p.Held},
		{"violations", p.Violations}, {"digest", p.Digest},
	} {
		fmt.Fprintf(table, "%s\t%v\n", line.what, line.value)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if p.Violations > 0 {
		return fmt.Errorf("the book is wrong in %d places", p.Violations)
	}
	return nil
}
