// Package ent is the model: schema (hand-written), rule (who sees which rows), migrations, and db,
// the generated code.
package ent

//go:generate go run ./codegen
