package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"citygraph/internal/clock"
	"citygraph/internal/paycode"
)

func paycodeCommand(environ map[string]string) *cobra.Command {
	codes := &cobra.Command{
		Use:   "paycode",
		Short: "Look after pay codes",
		Args:  cobra.NoArgs,
	}
	var purpose string
	verify := &cobra.Command{
		Use:   "verify CODE",
		Short: "Say what a pay code says, and whether a gate would take it now",
		Long: `Check a pay code as a gate does, with the keys of PAY_CODE_KEYS: whether this city has signed it, for
the purpose, within its minute. Whether it was used and what its card may do is not asked.

To change keys: add the new key as the last and restart every replica, so that gates learn of it; after an
hour put it first and restart them again; and take the old key away a minute later.`,
		Example: "  server paycode verify --purpose CLINIC HZ1:…",
		Args:    cobra.ExactArgs(1),
	}
	verify.RunE = func(cmd *cobra.Command, args []string) error {
		return configured(environ, func(_ context.Context, cfg Config, out io.Writer) error {
			return verifyPayCode(cfg, args[0], purpose, out)
		})(cmd, args)
	}
	verify.Flags().StringVar(&purpose, "purpose", "", "what the gate is for: CLINIC, SCENIC_SPOT or TRANSIT")
	_ = verify.MarkFlagRequired("purpose") // it is there
	codes.AddCommand(verify)
	return codes
}

func verifyPayCode(cfg Config, code, purpose string, out io.Writer) error {
	wanted := paycode.Purpose(strings.ToUpper(purpose))
	if !wanted.IsValid() {
		return fmt.Errorf("there is no purpose %q", purpose)
	}
	ring, err := cfg.SignIn.PayCodeRing()
	if err != nil {
		return err
	}
	claims, err := ring.Verify(code, wanted, clock.System{}.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s, good until %s\n", claims.CardID, claims.Purpose, claims.ExpiresAt().In(clock.Shanghai).Format(time.DateTime))
	return nil
}
