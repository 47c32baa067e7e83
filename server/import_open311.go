package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"citygraph/internal/citycase/georeport"
	"citygraph/internal/open311/feed"
	"citygraph/server/wiring"
)

// takeover is what an operator takes over, and from whom.
type takeover struct {
	From   string // a file, or a URL
	Source string
	Codes  string // a file; empty for none
}

func importOpen311Command(a app, environ map[string]string) *cobra.Command {
	var from takeover
	cmd := &cobra.Command{
		Use:   "open311 FILE|URL --source NAME",
		Short: "Take over service requests in Open311 GeoReport v2",
		Long: `Take over the service requests of another system: a JSON array, or <service_requests> in XML, of any
size, from a file or by http or https. A list that comes in pages is taken over page by page.

A case is known by the source and its service_request_id. One that was taken over before stays as it is,
so a run that was interrupted goes on when it is run again. Services are named as at /open311/v2/services,
such as component-0101; --codes says what others are called, in lines of theirs,ours.

An open request waits for an officer, due by its category's hours from the time it was requested. One that
is due already, or within the hour, counts as told of: it is in the officers' queues as overdue, and nobody is
notified. A closed one is history: reported and closed at the times it names. Nobody is told of either, and
media_url is not fetched.

A bad request is refused with its place, as file:line:column, and the good ones are kept. It fails when
any was refused, so that a script notices.`,
		Example: `  server import open311 requests.json --source ningbo
  server import open311 'https://example.org/open311/v2/requests.xml?page=3' --source ningbo --codes codes.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from.From = args[0]
			return configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
				return a.Import311(ctx, cfg, from, out)
			})(cmd, nil)
		},
	}
	cmd.Flags().StringVar(&from.Source, "source", "", "the other system's name, always the same one")
	cmd.Flags().StringVar(&from.Codes, "codes", "", "file of lines such as 006,component-0101: their service and ours")
	_ = cmd.MarkFlagRequired("source") // it is a flag, two lines up
	return cmd
}

// importOpen311 takes over a list of requests and tells what became of it.
func importOpen311(ctx context.Context, cfg Config, from takeover, out io.Writer) error {
	codes, err := readCodes(from.Codes)
	if err != nil {
		return err
	}
	list, err := open(ctx, from.From)
	if err != nil {
		return err
	}
	defer list.Close()
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		bar, began, heap := newProgress(out, "taking over"), time.Now(), uint64(0)
		bar.unit = "bytes"
		done, err := georeport.Intake{
			Cases: city.Cases, Source: from.Source, Codes: codes,
			Refused: func(p feed.Problem) { bar.say(list.name + ":" + p.Error()) },
			Progress: func(done georeport.Taken) {
				heap = max(heap, heapBytes())
				bar.set(int(done.Bytes), list.size)
			},
		}.Run(ctx, list)
		rate := float64(done.All()) / time.Since(began).Seconds()
		bar.done(fmt.Sprintf("%d requests: %d closed and %d open taken over, %d of these due already; %d were here; %d refused; %.0f a second, %d MB of heap",
			done.All(), done.Closed, done.Open, done.Late, done.Known, done.Refused, rate, heap>>20))
		if err != nil {
			return fmt.Errorf("%s: %w", list.name, err)
		}
		if done.Refused > 0 {
			return fmt.Errorf("%d of %d requests were refused", done.Refused, done.All())
		}
		return nil
	})
}

func readCodes(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer f.Close()
	codes, err := georeport.ReadCodes(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return codes, nil
}

// heapBytes is how much of the heap objects take up, dead ones that are not collected yet included.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// source is a list being read.
type source struct {
	io.ReadCloser
	name string // safe to print
	size int    // in bytes; -1 when it is not known
}

// open opens a file, or asks for a URL.
func open(ctx context.Context, from string) (*source, error) {
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		return fetch(ctx, from)
	}
	f, err := os.Open(from) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	about, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	size := int(about.Size())
	if !about.Mode().IsRegular() {
		size = -1 // a pipe
	}
	return &source{f, from, size}, nil
}
