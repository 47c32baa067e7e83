package main

// screen is one page of the app, served by both sides.
type screen struct {
	Name      string         // of the trusted document
	Says      string         // for the table
	Path      string         // where the hand-written side serves it
	Variables map[string]any // of the trusted document
	First     int            // the page size the hand-written side asks its statement for; 0 takes none
}

// The operations come from this client's part of the manifest.
const client = "citizen-app"

var screens = []screen{
	{Name: "HomeScreen", Says: "home screen", Path: "/home"},
	{Name: "ClinicCatalogue", Says: "20 clinics with departments", Path: "/clinics", Variables: map[string]any{"first": 20}, First: 20},
	{Name: "MyCases", Says: "100 cases with events", Path: "/cases", Variables: map[string]any{"first": 100}, First: 100},
}
