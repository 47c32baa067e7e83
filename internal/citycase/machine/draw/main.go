// Command draw writes the page of docs that shows the life of a city case. It is run in the machine's
// folder.
package main

import (
	"log"
	"os"

	"citygraph/internal/citycase/machine"
)

const page = "../../../docs/city-case.md"

func main() {
	log.SetFlags(0)
	if err := os.WriteFile(page, []byte(machine.Document()), 0o600); err != nil {
		log.Fatalf("draw the life of a city case: %v", err)
	}
}
