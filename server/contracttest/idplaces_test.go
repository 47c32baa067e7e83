package contracttest_test

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// idPlace is where an operation takes an id.
type idPlace struct {
	name string // such as Query.cityCase(id), or AcceptCaseInput.caseId
	put  func(vars map[string]any, value string)
}

// idPlaces are all places of an operation that take an id, given or not.
func idPlaces(schema *ast.Schema, o *ast.OperationDefinition, vars map[string]any) []idPlace {
	var found []idPlace
	for _, field := range fieldsOf(o.SelectionSet) {
		for _, arg := range field.Arguments {
			if arg.Value.Kind != ast.Variable {
				continue
			}
			variable := arg.Value.Raw
			is := o.VariableDefinitions.ForName(variable).Type
			at := field.ObjectDefinition.Name + "." + field.Name + "(" + arg.Name + ")"
			for _, path := range idPaths(schema, is, vars[variable], nil) {
				found = append(found, idPlace{path.name(at), func(vars map[string]any, value string) { path.put(vars, variable, value) }})
			}
		}
	}
	return found
}

// idPath leads through input objects to an id, or to a list of them.
type idPath struct {
	steps []*ast.FieldDefinition
	owner string // the last input type
	list  bool
}

func (p idPath) name(argument string) string {
	if len(p.steps) == 0 {
		return argument
	}
	return p.owner + "." + p.steps[len(p.steps)-1].Name
}

func (p idPath) put(vars map[string]any, variable, value string) {
	object, key := vars, variable
	for _, step := range p.steps {
		value := object[key]
		if all, many := value.([]any); many && len(all) > 0 {
			value = all[0]
		}
		inner, ok := value.(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[key] = inner
		}
		object, key = inner, step.Name
	}
	object[key] = value
	if p.list {
		object[key] = []any{value}
	}
}

// idPaths follows single objects, and the first of a list; an object that need not be given is followed when it is.
func idPaths(schema *ast.Schema, is *ast.Type, value any, steps []*ast.FieldDefinition) []idPath {
	def := schema.Types[is.Name()]
	switch {
	case def.Name == "ID":
		return []idPath{{steps: slices.Clone(steps), list: is.Elem != nil}}
	case def.Kind != ast.InputObject || value == nil && !is.NonNull:
		return nil
	}
	if all, many := value.([]any); many && len(all) > 0 {
		value = all[0]
	}
	object, _ := value.(map[string]any)
	var found []idPath
	for _, field := range def.Fields {
		for _, path := range idPaths(schema, field.Type, object[field.Name], append(steps, field)) {
			if len(path.steps) == len(steps)+1 {
				path.owner = def.Name
			}
			found = append(found, path)
		}
	}
	return found
}

// idNames are the names of all places below an argument that take an id.
func idNames(schema *ast.Schema, is *ast.Type, place string, above []string) []string {
	def := schema.Types[is.Name()]
	if def.Name == "ID" {
		return []string{place}
	}
	if def.Kind != ast.InputObject || slices.Contains(above, def.Name) {
		return nil
	}
	var found []string
	for _, field := range def.Fields {
		found = append(found, idNames(schema, field.Type, def.Name+"."+field.Name, append(above, def.Name))...)
	}
	return found
}
