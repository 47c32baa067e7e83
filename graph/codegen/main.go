// Command codegen generates graph/generated, graph/model and the resolvers' stubs by gqlgen.yml. Run
// it from the top.
package main

import (
	"log"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"

	"citygraph/internal/amend"
)

func main() {
	log.SetFlags(0)
	if err := generate(); err != nil {
		log.Fatalf("generate graph: %v", err)
	}
}

func generate() error {
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return err
	}
	if err := api.Generate(cfg, api.AddPlugin(inOrder{})); err != nil {
		return err
	}
	return amend.Apply(cfg.Exec.DirName, amendments...)
}

// inOrder resolves the fields of an object one after another. Only root fields wait for a database;
// what lies below them was loaded with them, and a goroutine for each field would cost more than the
// field.
type inOrder struct{}

// Name implements plugin.Plugin.
func (inOrder) Name() string { return "inorder" }

// GenerateCode implements plugin.CodeGenerator.
func (inOrder) GenerateCode(data *codegen.Data) error { //nolint:unparam // the interface wants it
	for _, object := range data.Objects {
		if !object.Root {
			object.DisableConcurrency = true
		}
	}
	return nil
}
