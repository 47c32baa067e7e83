package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// usage is what a process has used since its start.
type usage struct {
	CPU     time.Duration `json:"cpu"`
	Mallocs uint64        `json:"mallocs"`
	Bytes   uint64        `json:"bytes"`
}

func (u usage) since(before usage) usage {
	return usage{u.CPU - before.CPU, u.Mallocs - before.Mallocs, u.Bytes - before.Bytes}
}

// ownUsage reads the usage of this process: user and system time of all its threads, and every
// allocation.
func ownUsage() (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, fmt.Errorf("getrusage: %w", err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cpu := time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return usage{CPU: cpu, Mallocs: m.Mallocs, Bytes: m.TotalAlloc}, nil
}

// backends read the CPU time of the PostgreSQL processes that serve one side.
type backends struct{ conn *pgx.Conn }

// cpu sums what the backends with this application name have run, by the kernel's own nanosecond
// count. The server must run on this machine, in sight of /proc.
func (b backends) cpu(ctx context.Context, application side) (time.Duration, error) {
	rows, err := b.conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE application_name = $1", string(application))
	if err != nil {
		return 0, fmt.Errorf("list backends: %w", err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return 0, fmt.Errorf("list backends: %w", err)
	}
	var sum time.Duration
	for _, pid := range pids {
		ran, err := ranOf(pid)
		if err != nil {
			return 0, err
		}
		sum += ran
	}
	return sum, nil
}

func ranOf(pid int) (time.Duration, error) {
	const hint = "is PostgreSQL on this machine, on Linux?"
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time of backend: %w; %s", err, hint)
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || !strings.HasPrefix(string(name), "postgres") {
		return 0, fmt.Errorf("process %d is no PostgreSQL backend; %s", pid, hint)
	}
	ran, _, _ := strings.Cut(string(text), " ")
	nanoseconds, err := strconv.ParseInt(ran, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("CPU time of backend: %w", err)
	}
	return time.Duration(nanoseconds), nil
}
