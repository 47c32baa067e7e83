// Package contracts is what clients send: the printed schema, and the operations of every client as
// trusted documents. Production runs nothing else.
package contracts

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:generate go run ./generate

// Schema is the printed schema, the snapshot that reviews see.
//
//go:embed schema.graphql
var Schema string

//go:embed manifest.json
var manifest []byte

// Operation is one document a client sends.
type Operation struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"` // query, mutation or subscription
	Client string `json:"client"`
	Body   string `json:"body"`
}

// Manifest is every operation of every client, in the form Apollo's tools read.
type Manifest struct {
	Format     string      `json:"format"`
	Version    int         `json:"version"`
	Operations []Operation `json:"operations"`

	byID map[string]string
}

// Load reads the embedded manifest.
func Load() (*Manifest, error) {
	m := &Manifest{byID: map[string]string{}}
	if err := json.Unmarshal(manifest, m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	for _, o := range m.Operations {
		m.byID[o.ID] = o.Body
	}
	return m, nil
}

// Lookup finds a document by its id. Ids are looked up, never computed: clients' tools hash differently.
func (m *Manifest) Lookup(id string) (string, bool) {
	body, ok := m.byID[id]
	return body, ok
}

// Find returns a client's operation by name.
func (m *Manifest) Find(client, name string) (Operation, bool) {
	i := slices.IndexFunc(m.Operations, func(o Operation) bool { return o.Client == client && o.Name == name })
	if i < 0 {
		return Operation{}, false
	}
	return m.Operations[i], true
}

// Names lists the names of all operations, each once.
func (m *Manifest) Names() []string {
	var names []string
	for _, o := range m.Operations {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
