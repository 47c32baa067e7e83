package contracttest_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	contracts "citygraph/mobile-contracts"
)

const (
	figuresFile = "figures.txt"
	// allocationsBand is by how much the allocations may differ from the golden figure: they move a
	// little with the pools of the runtime and the drivers. Statements and bytes are exact.
	allocationsBand = 0.10
)

const figuresHead = `# What each operation costs a warm replica, held by server/contracttest. Statements and bytes are exact; a
# measured number of allocations may be a tenth away. Rewritten by: go test ./server/contracttest -update
# operation                              statements         bytes  allocations
#                                        sqlite  postgres          sqlite  postgres
`

// golden is one line of the file: figures by database, where - stands for one not measured yet.
type golden struct {
	operation   string
	statements  [2]string
	bytes       string
	allocations [2]string
}

// column is the place of a database's figures.
func column(name string) int {
	if name == dialect.SQLite {
		return 0
	}
	return 1
}

func TestFigures(t *testing.T) {
	if *update && raceEnabled {
		t.Fatal("figures are measured without the race detector")
	}
	r := start(t)
	r.settle(t)
	r.quiet(t)
	place, known := column(r.Store.Dialect()), parseFigures(t, readGolden(t, figuresFile))
	var lines []golden
	measured := map[string]figures{} // by document, which several clients may send
	for _, o := range readsFirst(manifest(t).Operations) {
		name := o.Client + "/" + o.Name
		scene, ok := scenes[o.Name]
		if !ok {
			t.Errorf("%s: say in scenes how it is run", name)
			continue
		}
		got, ok := measured[o.ID]
		if !ok {
			next := func() asked { return scene(t, r) }
			got = r.count(t, o, next)
			if !raceEnabled {
				got.allocations = r.allocs(t, o, next)
			}
			measured[o.ID] = got
		}
		line, ok := known[name]
		switch {
		case *update:
			lines = append(lines, line.with(name, place, got))
		case !ok:
			t.Errorf("%s has no golden figures; run with -update", name)
		default:
			line.hold(t, place, got)
		}
		delete(known, name)
	}
	if *update {
		writeGolden(t, figuresFile, formatFigures(lines))
		return
	}
	for name := range known {
		t.Errorf("golden/%s tells of %s, which no client sends", figuresFile, name)
	}
}

// readsFirst orders operations so that none measured sees the rows of one that writes.
func readsFirst(all []contracts.Operation) []contracts.Operation {
	rank := map[string]int{"query": 0, "subscription": 1, "mutation": 2}
	return slices.SortedStableFunc(slices.Values(all), func(a, b contracts.Operation) int { return cmp.Compare(rank[a.Type], rank[b.Type]) })
}

// with is the line with one database's figures replaced. Allocations within the band stay as they
// were reviewed.
func (g golden) with(name string, place int, f figures) golden {
	g.operation, g.bytes, g.statements[place] = name, strconv.Itoa(f.bytes), strconv.Itoa(f.statements)
	if off, ok := g.off(place, f); !ok || off > allocationsBand {
		g.allocations[place] = strconv.Itoa(f.allocations)
	}
	for i := range g.statements {
		g.statements[i], g.allocations[i] = cmp.Or(g.statements[i], "-"), cmp.Or(g.allocations[i], "-")
	}
	return g
}

// off is how far measured allocations are from the golden ones, as a part of them.
func (g golden) off(place int, f figures) (float64, bool) {
	want, err := strconv.Atoi(g.allocations[place])
	if err != nil {
		return 0, false
	}
	return math.Abs(float64(f.allocations-want)) / float64(want), true
}

// hold compares figures with the line's.
func (g golden) hold(t *testing.T, place int, f figures) {
	t.Helper()
	if got := strconv.Itoa(f.statements); got != g.statements[place] {
		t.Errorf("%s sends %s statements, want %s", g.operation, got, g.statements[place])
	}
	if got := strconv.Itoa(f.bytes); got != g.bytes {
		t.Errorf("%s answers with %s bytes, want %s: %s", g.operation, got, g.bytes, f.body)
	}
	if off, ok := g.off(place, f); !raceEnabled && (!ok || off > allocationsBand) {
		t.Errorf("%s makes %d allocations, want about %s", g.operation, f.allocations, g.allocations[place])
	}
}

func formatFigures(lines []golden) string {
	slices.SortFunc(lines, func(a, b golden) int { return strings.Compare(a.operation, b.operation) })
	var out strings.Builder
	out.WriteString(figuresHead)
	for _, g := range lines {
		fmt.Fprintf(&out, "%-40s %6s  %8s  %8s  %6s  %8s\n",
			g.operation, g.statements[0], g.statements[1], g.bytes, g.allocations[0], g.allocations[1])
	}
	return out.String()
}

func parseFigures(t *testing.T, text string) map[string]golden {
	t.Helper()
	found := map[string]golden{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 6 {
			t.Fatalf("golden/%s: cannot read %q", figuresFile, line)
		}
		found[f[0]] = golden{f[0], [2]string{f[1], f[2]}, f[3], [2]string{f[4], f[5]}}
	}
	return found
}
