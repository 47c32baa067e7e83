// Package migrations holds the versioned changes of the database schema, for both databases. Each file
// is named for its reason; `make migration name=…` plans the next one from ent/schema.
package migrations

import "embed"

// Files holds one folder per database, each with its atlas.sum.
//
//go:embed postgres sqlite
var Files embed.FS
