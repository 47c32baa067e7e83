package edge_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/introspection"

	"citygraph/internal/edge"
)

// asJSON makes a request body.
func asJSON(query string, variables any) string {
	b, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// bomb doubles at each of n levels: 2^n fields in a few hundred bytes.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("{...F0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Query{...F%d ...F%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Query{%s:whoami}", n, marker)
	return b.String()
}

func nested(n int) string {
	return "{spots{edges{node{" + strings.Repeat("near{edges{node{", n) + marker + ":id" + strings.Repeat("}}}", n) + "}}}}"
}

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// hostile is every kind of bad document or variable: the code it gets, and never a resolver.
var hostile = map[string]struct{ body, code string }{
	"malformed JSON":            {`{"query":"` + marker, "BAD_USER_INPUT"},
	"trailing JSON":             {`{"query":"{whoami}"} ` + marker, "BAD_USER_INPUT"},
	"deep JSON":                 {strings.Repeat("[", 60000), "BAD_USER_INPUT"},
	"deep variables":            {`{"query":"{whoami}","variables":{"a":` + strings.Repeat("[", 20000), "BAD_USER_INPUT"},
	"batch":                     {`[{"query":"{whoami}"},{"query":"{whoami}"}]`, "BAD_USER_INPUT"},
	"query is a number":         {`{"query":1}`, "BAD_USER_INPUT"},
	"syntax":                    {asJSON("{ "+marker+"( }", nil), "BAD_USER_INPUT"},
	"unterminated string":       {asJSON(`{place(by:{id:"`+marker, nil), "BAD_USER_INPUT"},
	"unknown field":             {asJSON("{"+marker+"}", nil), "BAD_USER_INPUT"},
	"400 unknown fields":        {asJSON("{"+repeat(29, marker+"# ")+"}", nil), "BAD_USER_INPUT"},
	"unknown argument":          {asJSON(`{spot(`+marker+`:1){id}}`, nil), "BAD_USER_INPUT"},
	"unknown type":              {asJSON(`query($x:`+marker+`){whoami}`, nil), "BAD_USER_INPUT"},
	"unknown directive":         {asJSON(`{whoami @`+marker+`}`, nil), "BAD_USER_INPUT"},
	"unknown enum value":        {asJSON(`{find(input:{place:{id:1},grades:[`+marker+`]})}`, nil), "BAD_USER_INPUT"},
	"long name":                 {asJSON("{"+strings.Repeat("x", 5000)+"}", nil), "QUERY_TOO_COMPLEX"},
	"1000 aliases":              {asJSON("{"+repeat(1000, "a#:whoami ")+"}", nil), "QUERY_TOO_COMPLEX"},
	"1000 fields":               {asJSON("{"+strings.Repeat("whoami ", 1000)+"}", nil), "QUERY_TOO_COMPLEX"},
	"40 root fields":            {asJSON("{"+repeat(40, "a#:whoami ")+"}", nil), "QUERY_TOO_COMPLEX"},
	"60 deep":                   {asJSON(nested(20), nil), "QUERY_TOO_COMPLEX"},
	"900 deep":                  {asJSON(nested(300), nil), "QUERY_TOO_COMPLEX"},
	"13 KB of braces":           {asJSON(strings.Repeat("{a", 4500), nil), "QUERY_TOO_COMPLEX"},
	"1000 directives":           {asJSON("{whoami"+strings.Repeat(" @skip(if:false)", 800)+"}", nil), "QUERY_TOO_COMPLEX"},
	"500 fragments":             {asJSON("{whoami}"+repeat(300, " fragment F# on Query{whoami}"), nil), "QUERY_TOO_COMPLEX"},
	"30 operations":             {asJSON(repeat(30, " query Q#{whoami}"), nil), "QUERY_TOO_COMPLEX"},
	"long document":             {asJSON("{whoami} #"+strings.Repeat("x", 15<<10), nil), "QUERY_TOO_COMPLEX"},
	"many tokens":               {asJSON("{place(by:{id:"+strings.Repeat("[", 6000), nil), "QUERY_TOO_COMPLEX"},
	"fragment cycle":            {asJSON("{...A} fragment A on Query{...B} fragment B on Query{...A}", nil), "BAD_USER_INPUT"},
	"fragment in itself":        {asJSON("{...A} fragment A on Query{spots{edges{node{near{edges{node{...A}}}}}}}", nil), "BAD_USER_INPUT"},
	"fragment bomb":             {asJSON(bomb(60), nil), "QUERY_TOO_COMPLEX"},
	"unused bomb":               {asJSON("{whoami} "+strings.TrimPrefix(bomb(60), "{...F0}"), nil), "QUERY_TOO_COMPLEX"},
	"101 rows":                  {asJSON("{spots(first:101){edges{node{id}}}}", nil), "BAD_USER_INPUT"},
	"101 last rows":             {asJSON("{spots(last:101){edges{node{id}}}}", nil), "BAD_USER_INPUT"},
	"101 rows by variable":      {asJSON("query($n:Int){spots(first:$n){edges{node{id}}}}", map[string]any{"n": 101}), "BAD_USER_INPUT"},
	"101 rows by default":       {asJSON("query($n:Int=101){spots(first:$n){edges{node{id}}}}", nil), "BAD_USER_INPUT"},
	"101 rows of a scalar":      {asJSON("query($n:Int){spots(first:$n){__typename}}", map[string]any{"n": 101}), "BAD_USER_INPUT"},
	"-1 rows":                   {asJSON("{spots(first:-1){edges{node{id}}}}", nil), "BAD_USER_INPUT"},
	"2^63 rows":                 {asJSON("{spots(first:9223372036854775808){edges{node{id}}}}", nil), "BAD_USER_INPUT"},
	"2^63 rows by variable":     {`{"query":"query($n:Int){spots(first:$n){edges{node{id}}}}","variables":{"n":9223372036854775808}}`, "BAD_USER_INPUT"},
	"a million rows":            {asJSON("{spots(first:100){edges{node{near(first:100){edges{node{near(first:100){edges{node{id}}}}}}}}}}", nil), "QUERY_TOO_COMPLEX"},
	"a million by variable":     {asJSON("query($n:Int){spots(first:$n){edges{node{near(first:$n){edges{node{near(first:$n){edges{node{id}}}}}}}}}}", map[string]any{"n": 100}), "QUERY_TOO_COMPLEX"},
	"Int beyond 32 bits":        {asJSON("{echo(int:2147483648)}", nil), "BAD_USER_INPUT"},
	"Int variable beyond":       {`{"query":"query($n:Int){echo(int:$n)}","variables":{"n":2147483648}}`, "BAD_USER_INPUT"},
	"Int in quotes":             {asJSON("query($n:Int){echo(int:$n)}", map[string]any{"n": "5"}), "BAD_USER_INPUT"},
	"Int with a fraction":       {asJSON("query($n:Int){echo(int:$n)}", map[string]any{"n": 1.5}), "BAD_USER_INPUT"},
	"Fen beyond 64 bits":        {asJSON("{echo(fen:9223372036854775808)}", nil), "BAD_USER_INPUT"},
	"Fen variable beyond":       {`{"query":"query($n:Fen){echo(fen:$n)}","variables":{"n":9223372036854775808}}`, "BAD_USER_INPUT"},
	"Float beyond":              {asJSON("{echo(float:1e999)}", nil), "BAD_USER_INPUT"},
	"Float variable beyond":     {`{"query":"query($n:Float){echo(float:$n)}","variables":{"n":1e999}}`, "BAD_USER_INPUT"},
	"id is an object":           {asJSON("query($i:ID!){spot(id:$i){id}}", map[string]any{"i": map[string]any{marker: 1}}), "BAD_USER_INPUT"},
	"101 ids":                   {asJSON("query($i:[ID!]){echo(ids:$i)}", map[string]any{"i": make([]int, 101)}), "BAD_USER_INPUT"},
	"101 literal ids":           {asJSON("{echo(ids:["+strings.Repeat("1 ", 101)+"])}", nil), "BAD_USER_INPUT"},
	"missing variable":          {asJSON("query($"+marker+":ID!){spot(id:$"+marker+"){id}}", nil), "BAD_USER_INPUT"},
	"null variable":             {asJSON("query($i:ID!){spot(id:$i){id}}", map[string]any{"i": nil}), "BAD_USER_INPUT"},
	"unknown input field":       {asJSON("query($f:FindInput!){find(input:$f)}", map[string]any{"f": map[string]any{marker: 1, "place": map[string]any{"id": 1}}}), "BAD_USER_INPUT"},
	"missing input field":       {asJSON("query($f:FindInput!){find(input:$f)}", map[string]any{"f": map[string]any{}}), "BAD_USER_INPUT"},
	"enum in small letters":     {asJSON("query($f:FindInput!){find(input:$f)}", map[string]any{"f": map[string]any{"grades": []string{"aa"}, "place": map[string]any{"id": 1}}}), "BAD_USER_INPUT"},
	"two choices":               {asJSON(`{place(by:{id:1,name:"`+marker+`"})}`, nil), "BAD_USER_INPUT"},
	"no choice":                 {asJSON(`{place(by:{})}`, nil), "BAD_USER_INPUT"},
	"null choice":               {asJSON(`{place(by:{id:null})}`, nil), "BAD_USER_INPUT"},
	"two choices by variable":   {asJSON("query($p:PlaceInput!){place(by:$p)}", map[string]any{"p": map[string]any{"id": 1, "name": marker}}), "BAD_USER_INPUT"},
	"no choice by variable":     {asJSON("query($p:PlaceInput!){place(by:$p)}", map[string]any{"p": map[string]any{}}), "BAD_USER_INPUT"},
	"null choice by variable":   {asJSON("query($p:PlaceInput!){place(by:$p)}", map[string]any{"p": map[string]any{"id": nil}}), "BAD_USER_INPUT"},
	"choice and null":           {asJSON("query($p:PlaceInput!){place(by:$p)}", map[string]any{"p": map[string]any{"id": 1, "name": nil}}), "BAD_USER_INPUT"},
	"two choices, nested":       {asJSON("query($f:FindInput!){find(input:$f)}", map[string]any{"f": map[string]any{"place": map[string]any{"id": 1, "name": "x"}}}), "BAD_USER_INPUT"},
	"nullable choice":           {asJSON("query($i:ID){place(by:{id:$i})}", map[string]any{"i": 1}), "BAD_USER_INPUT"},
	"two operations, no name":   {asJSON("query A{whoami} query B{whoami}", nil), "BAD_USER_INPUT"},
	"unknown operation":         {`{"query":"query A{whoami}","operationName":"` + marker + `"}`, "BAD_USER_INPUT"},
	"two subscriptions at once": {asJSON("subscription{idle breaks}", nil), "BAD_USER_INPUT"},
	"introspection cycle":       {asJSON("{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}", nil), "BAD_USER_INPUT"},
}

func TestHostileRequests(t *testing.T) {
	for mode, suggestions := range map[string]bool{"safe": false, "suggesting": true} {
		o := development()
		o.Suggestions = suggestions
		r := newRig(t, o)
		for name, tc := range hostile {
			t.Run(mode+"/"+name, func(t *testing.T) {
				before := r.city.Calls()
				got := r.post(tc.body, "Accept", "application/graphql-response+json")
				if got.StatusCode != http.StatusBadRequest || len(got.body) > 1024 || strings.Contains(got.body, `"data"`) {
					t.Errorf("%d, %d bytes: %s", got.StatusCode, len(got.body), got.body)
				}
				var answer struct {
					Errors []struct{ Extensions struct{ Code string } }
				}
				if err := json.Unmarshal([]byte(got.body), &answer); err != nil || len(answer.Errors) == 0 || answer.Errors[0].Extensions.Code != tc.code {
					t.Errorf("want %s: %s", tc.code, got.body)
				}
				if !suggestions && strings.Contains(got.body, marker) {
					t.Errorf("the input comes back: %s", got.body)
				}
				if r.city.Calls() != before {
					t.Error("a resolver ran")
				}
			})
		}
	}
}

// A custom scalar reads its value only when the field is about to run. What it refuses is still the
// client's mistake, at the argument it was given to, and its own words stay inside.
func TestScalarRefusesItsInput(t *testing.T) {
	got := newRig(t, development()).post(asJSON("query($n:Fen){echo(fen:$n)}", map[string]any{"n": marker}))
	if !strings.Contains(got.body, `"extensions":{"code":"BAD_USER_INPUT","field":["fen"]}`) || strings.Contains(got.body, marker) {
		t.Error(got.body)
	}
}

// allocated is what the process allocated so far, in bytes.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// Whoever sends rubbish makes the server do next to nothing for it. What it costs in time is BenchmarkGuard's.
func TestHostileRequestsAreCheap(t *testing.T) {
	const rounds, most = 5, 512 << 10
	r := newRig(t, development())
	for name, tc := range hostile {
		best := uint64(math.MaxUint64)
		for range rounds {
			before := allocated()
			r.post(tc.body)
			best = min(best, allocated()-before)
		}
		if best > most {
			t.Errorf("%s allocates %d bytes", name, best)
		}
	}
}

func TestRealDocumentsPass(t *testing.T) {
	r := newRig(t, development())
	for name, body := range map[string]string{
		"depth 10":         asJSON("{spots{edges{node{near{edges{node{near{edges{node{id}}}}}}}}}}", nil),
		"450 fields":       asJSON("{spots(first:20){edges{node{"+repeat(99, "a#:id ")+strings.Repeat("id ", 348)+"}}}}", nil),
		"14 KB":            asJSON("{whoami} #"+strings.Repeat("x", 14<<10-10), nil),
		"100 rows":         asJSON("query($n:Int!){spots(first:$n){edges{node{near(first:10){edges{node{id name}}}}}}}", map[string]any{"n": 100}),
		"one choice":       asJSON("query($p:PlaceInput!){place(by:$p)}", map[string]any{"p": map[string]any{"id": 1}}),
		"choice by ID":     asJSON("query($i:ID!){place(by:{id:$i})}", map[string]any{"i": "x"}),
		"one for a list":   asJSON("query($i:[ID!]){echo(ids:$i)}", map[string]any{"i": "x"}),
		"largest numbers":  asJSON("{echo(int:2147483647,fen:9223372036854775807,float:1e308)}", nil),
		"numbers in vars":  `{"query":"query($i:Int,$f:Float,$n:Fen){echo(int:$i,float:$f,fen:$n)}","variables":{"i":-2147483648,"f":3,"n":9223372036854775807}}`,
		"undeclared value": asJSON("{whoami}", map[string]any{"extra": 1}),
		"GraphiQL":         asJSON(introspection.Query, nil),
	} {
		if got := r.post(body); got.StatusCode != http.StatusOK || strings.Contains(got.body, `"errors"`) {
			t.Errorf("%s: %d %.300s", name, got.StatusCode, got.body)
		}
	}
}

func TestIntrospectionIsOffUnlessAskedFor(t *testing.T) {
	r := newRig(t, edge.Options{AnyDocument: true})
	for _, query := range []string{introspection.Query, `{__type(name:"Query"){name}}`, "{...F} fragment F on Query{__schema{description}}"} {
		if got := r.post(asJSON(query, nil)); !strings.Contains(got.body, "Introspection is off.") {
			t.Errorf("%s", got.body)
		}
	}
	if got := r.post(asJSON("{__typename}", nil)); got.body != `{"data":{"__typename":"Query"}}` {
		t.Error(got.body)
	}
}
