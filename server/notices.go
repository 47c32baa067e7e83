package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"citygraph/ent/db/deliveryattempt"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/server/wiring"
)

// deadLetters says which dead letters to show, and whether to send them again.
type deadLetters struct {
	delivery.DeadLetters
	Limit  int
	Retry  bool
	DryRun bool
}

func noticesCommand(a app, environ map[string]string) *cobra.Command {
	notices := &cobra.Command{
		Use:   "notices",
		Short: "Look after what is pushed",
		Args:  cobra.NoArgs,
	}
	notices.AddCommand(replayCommand(a, environ), deadLettersCommand(a, environ))
	return notices
}

func replayCommand(a app, environ map[string]string) *cobra.Command {
	var since, until, channel string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send again what a channel took and lost",
		Long: `Send again what was handed to a channel since an instant, for when the channel has lost it. Each
device gets a notice once more, through the queue that the replicas work, after everything else.

Not sent again is what has been read, taken back, called off, superseded or has expired, what its recipient
does not want on the channel, and in WeChat what no accept is left for; quiet hours are kept. A phone that did
get a notice tells it by its id. With --dry-run it says what would be sent, and changes nothing.

Interrupted, it goes on when it is run again with the same arguments; nothing is sent twice for one loss. What
was handed over after the first run began, or from --until on, is left alone. Running it again shows how far
the sending has come.`,
		Example: `  server notices replay --since 2026-11-27T08:00 --dry-run
  server notices replay --since 2026-11-27T08:00+08:00 --until 2026-11-27T09:30+08:00 --channel wechat`,
		Args: cobra.NoArgs,
		RunE: configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
			order := delivery.Replay{DryRun: dryRun}
			var err error
			if order.Channel, err = channelCalled(channel); err != nil {
				return err
			}
			if order.Since, err = instant("--since", since); err != nil {
				return err
			}
			if order.Until, err = instant("--until", until); err != nil {
				return err
			}
			if !order.Until.IsZero() && !order.Since.Before(order.Until) {
				return errors.New("--until must be after --since")
			}
			return a.Replay(ctx, cfg, order, out)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "when the loss began: RFC 3339, or a local time of Shanghai")
	cmd.Flags().StringVar(&until, "until", "", "when the channel worked again; by default when this was first run")
	cmd.Flags().StringVar(&channel, "channel", "fcm", "the channel: fcm, wechat or sms")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be sent, and change nothing")
	_ = cmd.MarkFlagRequired("since") // the flag stands above
	return cmd
}

func deadLettersCommand(a app, environ map[string]string) *cobra.Command {
	var since, channel string
	var which deadLetters
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Show the deliveries that were given up, or give them another go",
		Long: `Count the deliveries that were given up by channel, outcome and reason, and list the latest: those that
a provider refused, that could not be sent in time, or whose job died (JOB_DIED). Neither texts nor tokens nor
people are shown, and ids are shortened.

With --retry they are handed to the queue once more, as far as their recipients may still be told of them.
What fails again is a dead letter again.`,
		Example: `  server notices dead-letters --since 2026-11-27
  server notices dead-letters --channel fcm --retry --dry-run`,
		Args: cobra.NoArgs,
		RunE: configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
			var err error
			if channel != "" {
				if which.Channel, err = channelCalled(channel); err != nil {
					return err
				}
			}
			if which.Since, err = instant("--since", since); err != nil {
				return err
			}
			switch {
			case which.Limit < 0:
				return errors.New("--limit must not be negative")
			case which.DryRun && !which.Retry:
				return errors.New("--dry-run is for --retry")
			}
			return a.DeadLetters(ctx, cfg, which, out)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "given up since: RFC 3339, or a local time of Shanghai")
	cmd.Flags().StringVar(&channel, "channel", "", "one channel: fcm, wechat or sms")
	cmd.Flags().IntVar(&which.Limit, "limit", 20, "how many to list")
	cmd.Flags().BoolVar(&which.Retry, "retry", false, "hand them to the queue once more")
	cmd.Flags().BoolVar(&which.DryRun, "dry-run", false, "with --retry: say what would be sent, and change nothing")
	return cmd
}

// channelCalled is the channel of a name on the command line.
func channelCalled(name string) (deliveryattempt.Channel, error) {
	channel := deliveryattempt.Channel(strings.ToUpper(name))
	if deliveryattempt.ChannelValidator(channel) != nil {
		return "", fmt.Errorf("there is no channel %q: fcm, wechat or sms", name)
	}
	return channel, nil
}

// instant reads a time as an operator writes it. One without a zone is Shanghai's; none is the zero time. A time
// to come is a slip.
func instant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly,
	} {
		at, err := time.ParseInLocation(layout, text, clock.Shanghai)
		if err != nil {
			continue
		}
		if at.After(clock.System{}.Now()) {
			return time.Time{}, fmt.Errorf("%s %s is still to come", flag, text)
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%s must be a time such as 2026-11-27T08:00+08:00 or 2026-11-27T08:00, not %q", flag, text)
}

// replay hands over what was lost, and tells what became of it.
func replay(ctx context.Context, cfg Config, order delivery.Replay, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		bar := newProgress(out, "replaying")
		order.Progress = bar.set
		done, err := city.Courier.Replay(ctx, order)
		if err != nil {
			return err
		}
		bar.done(fmt.Sprintf("%s since %s, as it stood at %s:", order.Channel, shown(order.Since), shown(done.Begun)))
		if err := printVerdicts(out, done.Verdicts, order.DryRun); err != nil || len(done.Outcomes) == 0 {
			return err
		}
		fmt.Fprintln(out, "All that was sent again for this loss:")
		return printCounts(out, slices.Sorted(maps.Keys(done.Outcomes)), done.Outcomes)
	})
}

// showDeadLetters shows what was given up, or hands it over once more.
func showDeadLetters(ctx context.Context, cfg Config, which deadLetters, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		if which.Retry {
			bar := newProgress(out, "retrying")
			verdicts, err := city.Courier.RetryDead(ctx, which.DeadLetters, which.DryRun, bar.set)
			if err != nil {
				return err
			}
			bar.done("Dead letters:")
			return printVerdicts(out, verdicts, which.DryRun)
		}
		counts, letters, err := city.Courier.DeadLetters(ctx, which.DeadLetters, which.Limit)
		if err != nil {
			return err
		}
		return printDeadLetters(out, counts, letters)
	})
}

func printDeadLetters(out io.Writer, counts []delivery.DeadCount, letters []delivery.DeadLetter) error {
	if len(counts) == 0 {
		_, err := fmt.Fprintln(out, "There are no dead letters.")
		return err
	}
	slices.SortFunc(counts, func(a, b delivery.DeadCount) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), b.Count-a.Count, cmp.Compare(a.Code, b.Code))
	})
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHANNEL\tOUTCOME\tREASON\tDELIVERIES")
	for _, c := range counts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", c.Channel, c.Outcome, cmp.Or(c.Code, "-"), c.Count)
	}
	if len(letters) > 0 {
		fmt.Fprintln(table, "\nDELIVERY\tCHANNEL\tOUTCOME\tREASON\tTRIES\tGIVEN UP")
	}
	for _, l := range letters {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", shortened(l.ID), l.Channel, l.Outcome, cmp.Or(l.Code, "-"), l.Tries, shown(l.At))
	}
	return table.Flush()
}

// shortened keeps of an id what tells it from others of a list.
func shortened(id string) string {
	const kept = 8
	kind, rest, _ := strings.Cut(id, "_")
	return kind + "_…" + rest[max(0, len(rest)-kept):]
}

func shown(at time.Time) string { return at.In(clock.Shanghai).Format(time.RFC3339) }

func printVerdicts(out io.Writer, verdicts map[delivery.Verdict]int, dryRun bool) error {
	if len(verdicts) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is left to be sent again.")
		return err
	}
	if dryRun {
		fmt.Fprintln(out, "This is a dry run: nothing was handed over.")
	}
	return printCounts(out, delivery.Verdicts, verdicts)
}

// printCounts prints those that are there, in the order of names.
func printCounts[K ~string](out io.Writer, names []K, counts map[K]int) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, name := range names {
		if n, counted := counts[name]; counted {
			fmt.Fprintf(table, "  %s\t%d\n", name, n)
		}
	}
	return table.Flush()
}
