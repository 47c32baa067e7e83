package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"citygraph/internal/fhir"
)

// maxName is the length of an identifier's columns.
const maxName = 200

// named is a resource with what it is called here.
type named[T any] struct {
	fhir.Resource
	Body   T
	ref    string // what others of its source call it
	system string // with value, its identifier
	value  string
}

// decoded reads the bodies of the resources, and refuses those that are not as in R4.
func decoded[T any](r *run, batch []fhir.Resource) []named[T] {
	var found []named[T]
	for _, one := range batch {
		n := named[T]{Resource: one, ref: r.ref(one.Ref()), system: r.Source, value: one.Ref()}
		for _, i := range one.Identifier {
			if i.System != "" && i.Value != "" {
				n.system, n.value = i.System, i.Value
				break
			}
		}
		if err := json.Unmarshal(one.Body, &n.Body); err != nil {
			r.refuse(n.problem("it is not as in R4: " + err.Error()))
			continue
		}
		if len(n.ref) > maxName || len(n.system) > maxName || len(n.value) > maxName {
			r.refuse(n.problem(fmt.Sprintf("its id or identifier is longer than %d bytes", maxName)))
			continue
		}
		found = append(found, n)
	}
	return found
}

func (n named[T]) problem(reason string) fhir.Problem {
	return fhir.Problem{Place: n.Place, Of: n.Type + "/" + n.ID, Reason: reason}
}

// ref is a reference as the column has it.
func (r *run) ref(reference string) string {
	if reference == "" {
		return ""
	}
	return r.Source + " " + reference
}

// row is what is asked of the rows that are here already.
type row struct {
	ID, System, Value, Ref string
	Made                   time.Time
}

// lookup finds the rows of one type that have one of the values in a column.
type lookup func(ctx context.Context, column string, values []string) ([]row, error)

// unknown leaves the resources that are not here yet. One that this run has made, or that comes twice in the
// batch, is refused as a duplicate.
func unknown[T any](ctx context.Context, r *run, batch []named[T], find lookup) ([]named[T], error) {
	var values, refs []string
	for _, n := range batch {
		values, refs = append(values, n.value), append(refs, n.ref)
	}
	rows, err := find(ctx, "source_value", values)
	if err != nil {
		return nil, err
	}
	byIdentifier, byRef := map[[2]string]time.Time{}, map[string]time.Time{}
	for _, row := range rows {
		byIdentifier[[2]string{row.System, row.Value}] = row.Made
	}
	if rows, err = find(ctx, "source_ref", refs); err != nil {
		return nil, err
	}
	for _, row := range rows {
		byRef[row.Ref] = row.Made
	}
	var left []named[T]
	for _, n := range batch {
		made, here := byIdentifier[[2]string{n.system, n.value}]
		if !here {
			made, here = byRef[n.ref]
		}
		switch {
		case here && made.Equal(r.now):
			r.refuse(n.problem("its identifier or id is that of another one"))
		case here:
			r.done.Known++
		default:
			byIdentifier[[2]string{n.system, n.value}], byRef[n.ref] = r.now, r.now
			left = append(left, n)
		}
	}
	return left, nil
}

// resolve finds the rows that are referred to.
func (r *run) resolve(ctx context.Context, references []string, find lookup) (map[string]row, error) {
	var refs []string
	for _, reference := range references {
		if reference != "" {
			refs = append(refs, r.ref(reference))
		}
	}
	found := map[string]row{}
	if len(refs) == 0 {
		return found, nil
	}
	rows, err := find(ctx, "source_ref", refs)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		found[row.Ref[len(r.Source)+1:]] = row
	}
	return found, nil
}

// reference is how one resource refers to another.
type reference struct {
	Reference string `json:"reference"`
}

// to is the reference as others are called by it: Type/id, whether it is written so, as an address or with a
// version.
func (f reference) to() string {
	if strings.HasPrefix(f.Reference, "urn:") {
		return f.Reference
	}
	plain, _, _ := strings.Cut(f.Reference, "/_history/")
	parts := strings.Split(plain, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}
