package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"citygraph/internal/observe"
)

// setting is one row of `server config`.
type setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Secret  bool   `json:"secret"`
	Doc     string `json:"doc"`
}

// settings describes every variable as the environment has it, secrets hidden. It reads the raw
// values, so that an operator can see a bad one too.
func settings(environ map[string]string) []setting {
	list := variables(modeOf(environ))
	rows := make([]setting, 0, len(list))
	for _, v := range list {
		rows = append(rows, setting{
			Name: v.name, Value: v.redact(v.value(environ)), Default: v.redact(v.fallback),
			Secret: v.secret != "", Doc: v.description,
		})
	}
	return rows
}

// redact hides what must not be printed of a value.
func (v variable) redact(value string) string {
	switch {
	case v.secret == "true" && value != "" && value == v.fallback:
		return "(unsafe development key)"
	case v.secret == "true":
		return Secret(value).String()
	case v.secret == "url":
		return observe.RedactURL(value)
	default:
		return value
	}
}

// printSettings writes the rows as aligned text.
func printSettings(out io.Writer, rows []setting) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(table, "VARIABLE\tVALUE\tDEFAULT\tWHAT IT IS"); err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row.Name, dash(row.Value), dash(row.Default), row.Doc); err != nil {
			return fmt.Errorf("print settings: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	return nil
}

// printSettingsJSON writes the rows as one JSON array.
func printSettingsJSON(out io.Writer, rows []setting) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(rows); err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
