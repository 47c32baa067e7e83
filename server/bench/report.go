package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
)

// report is the result of a run; its JSON is what later runs are compared with.
type report struct {
	Machine  host  `json:"machine"`
	Citizens int   `json:"citizens"`
	Clients  int   `json:"clients"`
	Screens  []row `json:"screens"`
}

// host names what the figures hold for.
type host struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	System   string `json:"system"`
	Go       string `json:"go"`
	Database string `json:"database"`
}

// row compares the sides on one screen.
type row struct {
	Screen string  `json:"screen"`
	Says   string  `json:"says"`
	Ratio  float64 `json:"ratio"` // CPU per request, server and database together, graph over hand-written
	Graph  cost    `json:"graph"`
	ByHand cost    `json:"byHand"`
}

// cost is what one request costs one side.
type cost struct {
	Requests    int     `json:"requests"`
	ServerCPU   float64 `json:"serverCpuMicros"`
	DatabaseCPU float64 `json:"databaseCpuMicros"`
	Allocs      float64 `json:"allocs"`
	AllocBytes  float64 `json:"allocBytes"`
	BodyBytes   int     `json:"bodyBytes"`
	PerSecond   float64 `json:"requestsPerSecond"`
	P50         float64 `json:"p50Micros"`
	P99         float64 `json:"p99Micros"`
}

func (m *measured) cost() cost {
	n := float64(m.Requests)
	return cost{
		Requests:  m.Requests,
		ServerCPU: micros(m.Server.CPU) / n, DatabaseCPU: micros(m.Database) / n,
		Allocs: float64(m.Server.Mallocs) / n, AllocBytes: float64(m.Server.Bytes) / n,
		BodyBytes: m.BodyBytes, PerSecond: n / m.Took.Seconds(),
		P50: micros(m.percentile(50)), P99: micros(m.percentile(99)),
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func (c cost) cpu() float64 { return c.ServerCPU + c.DatabaseCPU }

// print writes the table for people.
func (r report) print(out io.Writer) error {
	fmt.Fprintf(out, "%s, %d cores, %s, %s, %s\n", r.Machine.CPU, r.Machine.Cores, r.Machine.System, r.Machine.Go, r.Machine.Database)
	fmt.Fprintf(out, "%d citizens, %d clients; CPU is user and system time per request\n\n", r.Citizens, r.Clients)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "screen\tside\tCPU ratio\tserver CPU\tdatabase CPU\tallocs\talloc KiB\tbody KiB\treq/s\tp50\tp99\t")
	for _, row := range r.Screens {
		fmt.Fprintf(t, "%s\tgraph\t%.2f×\t%s\n", row.Says, row.Ratio, row.Graph.cells())
		fmt.Fprintf(t, "\tby hand\t1\t%s\n", row.ByHand.cells())
	}
	return t.Flush()
}

func (c cost) cells() string {
	return fmt.Sprintf("%.0f µs\t%.0f µs\t%.0f\t%.1f\t%.1f\t%.0f\t%.2f ms\t%.2f ms\t",
		c.ServerCPU, c.DatabaseCPU, c.Allocs, c.AllocBytes/1024, float64(c.BodyBytes)/1024, c.PerSecond, c.P50/1e3, c.P99/1e3)
}

// save writes the JSON for tools.
func (r report) save(path string) error {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(encoded, '\n'), 0o644) //nolint:gosec // figures for everyone
}

// thisMachine describes the machine the run is on.
func thisMachine(ctx context.Context, conn *pgx.Conn) (host, error) {
	m := host{CPU: "unknown CPU", Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	err := conn.QueryRow(ctx, "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)").Scan(&m.Database)
	return m, err
}
