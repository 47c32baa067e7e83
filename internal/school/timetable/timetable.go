// Package timetable is the shape in which a class keeps its lessons.
package timetable

// Entry is a lesson of each week.
type Entry struct {
	Weekday int    `json:"weekday"` // 1 is Monday, 7 Sunday: ISO 8601
	Period  int    `json:"period"`  // 1 is the first of the day
	Begins  string `json:"begins"`  // HH:MM in Shanghai
	Ends    string `json:"ends"`
	Subject string `json:"subject"`
	Room    string `json:"room,omitempty"`
}
