// Package audience says whom an announcement is for, as it was asked for.
package audience

// Audience names pupils of one school: all of them, or those of grades, of classes, or some by name. What is named twice counts
// once.
type Audience struct {
	School   bool     `json:"school,omitempty"`
	Grades   []string `json:"grades,omitempty"`
	Classes  []string `json:"classes,omitempty"`  // ids
	Students []string `json:"students,omitempty"` // ids of persons
}

// Empty reports whether it names nobody.
func (a Audience) Empty() bool {
	return !a.School && len(a.Grades) == 0 && len(a.Classes) == 0 && len(a.Students) == 0
}
