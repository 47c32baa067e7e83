package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// memory is what a process holds at one moment, in bytes.
type memory struct {
	Idle       uint64 `json:"idle"`     // RSS as it was found
	Peak       uint64 `json:"peak"`     // RSS at its highest
	Resident   uint64 `json:"resident"` // RSS when garbage has gone back to the system
	Heap       uint64 `json:"heap"`     // of spans in use, without garbage
	Live       uint64 `json:"live"`     // of objects in them
	Stacks     uint64 `json:"stacks"`
	Goroutines int    `json:"goroutines"`
}

// ownMemory reads the memory of this process, on Linux.
func ownMemory() (memory, error) {
	var m memory
	var err error
	if m.Idle, m.Peak, err = resident(); err != nil {
		return m, err
	}
	debug.FreeOSMemory()
	debug.FreeOSMemory() // what finalizers let go, and stacks halved once more
	if m.Resident, _, err = resident(); err != nil {
		return m, err
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.Heap, m.Live, m.Stacks, m.Goroutines = stats.HeapInuse, stats.HeapAlloc, stats.StackInuse, runtime.NumGoroutine()
	return m, nil
}

// resident reads the size of this process in memory from the kernel.
func resident() (now, peak uint64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0, fmt.Errorf("memory: %w; is this Linux?", err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		target := map[string]*uint64{"VmRSS": &now, "VmHWM": &peak}[name]
		if target == nil {
			continue
		}
		if _, err := fmt.Sscanf(value, "%d kB", target); err != nil {
			return 0, 0, fmt.Errorf("memory: %s: %w", line, err)
		}
		*target *= 1024
	}
	return now, peak, nil
}

// memory asks the child what it holds.
func (c *child) memory(ctx context.Context) (memory, error) {
	var m memory
	body, err := c.ask(ctx, "/memory")
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	return m, err
}
