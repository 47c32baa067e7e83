package machine

import (
	"fmt"
	"strings"
)

//go:generate go run ./draw

// Document is the page of docs that draws the machine.
func Document() string {
	var out strings.Builder
	out.WriteString("# The life of a city case\n\n" +
		"Drawn from `internal/citycase/machine` by `make generate`; a test holds this page to it.\n\n" +
		"```mermaid\nstateDiagram-v2\n  [*] --> SUBMITTED : submitCase\n")
	for _, e := range edges {
		if !e.Stays() {
			fmt.Fprintf(&out, "  %s --> %s : %s\n", e.From, e.To, e.label())
		}
	}
	for _, s := range states {
		if s.clock == Ended {
			fmt.Fprintf(&out, "  %s --> [*]\n", s.status)
		}
	}
	out.WriteString("```\n\nAn action marked * needs a note that says why.\n\n" +
		"| status | 中文 | clock | seen by the public | meaning |\n|---|---|---|---|---|\n")
	for _, s := range states {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", s.status, s.name.ZH, strings.ToLower(string(s.clock)), yes(s.published), s.doc)
	}
	out.WriteString("\n| action | mutation | by | out of | told to the public |\n|---|---|---|---|---|\n")
	for _, r := range table {
		fmt.Fprintf(&out, "| `%s`%s | `%s` | %s | %s | %s |\n", r.action, outcome(r.outcome), r.action.Mutation(),
			strings.ToLower(string(r.by)), list(r.from), yes(!r.internal))
	}
	return out.String()
}

func (e Edge) label() string {
	text := e.Action.Mutation() + outcome(e.Outcome)
	if e.Reason {
		text += " *"
	}
	return text
}

func outcome(o Outcome) string {
	if o == None {
		return ""
	}
	return " " + strings.ToLower(string(o))
}

func yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "no"
}

func list(statuses []Status) string {
	texts := make([]string, len(statuses))
	for i, s := range statuses {
		texts[i] = "`" + string(s) + "`"
	}
	return strings.Join(texts, " ")
}
