// Command generate writes schema.graphql and manifest.json. It is run in mobile-contracts.
package main

import (
	"errors"
	"log"
	"os"

	"citygraph/mobile-contracts/compile"
)

func main() {
	log.SetFlags(0)
	if err := generate(); err != nil {
		log.Fatalf("generate contracts: %v", err)
	}
}

func generate() error {
	made, err := compile.Compile(os.DirFS(".."))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile("schema.graphql", made.Schema, 0o600),
		os.WriteFile("manifest.json", made.Manifest, 0o600))
}
