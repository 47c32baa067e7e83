package edge

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/internal/fault"
)

// variableChecker holds the values of variables to their types as strictly as validation holds
// literals. The executor's own coercion is laxer: it lets two choices of a @oneOf input through,
// numbers beyond their type and numerals in quotes, and its errors repeat the value.
//
// A fault names the field below the variable by its schema names only.
type variableChecker struct {
	schema *ast.Schema
	limits Limits
	path   []string
}

// checkVariables refuses values that do not fit the variables op declares. Values nobody declared
// are ignored, as the specification asks.
func checkVariables(schema *ast.Schema, op *ast.OperationDefinition, values map[string]any, l Limits) *fault.Fault {
	c := &variableChecker{schema: schema, limits: l}
	for _, def := range op.VariableDefinitions {
		value, given := values[def.Variable]
		if !given {
			if def.Type.NonNull && def.DefaultValue == nil {
				return errVariable
			}
			continue
		}
		if f := c.value(def.Type, value); f != nil {
			return f
		}
	}
	return nil
}

func (c *variableChecker) refuse(f *fault.Fault) *fault.Fault {
	if len(c.path) == 0 {
		return f
	}
	return f.At(append([]string(nil), c.path...)...)
}

func (c *variableChecker) value(t *ast.Type, value any) *fault.Fault {
	if value == nil {
		if t.NonNull {
			return c.refuse(errVariable)
		}
		return nil
	}
	if t.Elem != nil {
		return c.list(t.Elem, value)
	}
	def := c.schema.Types[t.NamedType]
	switch {
	case def == nil:
		return c.refuse(errVariable)
	case def.Kind == ast.InputObject:
		return c.object(def, value)
	case def.Kind == ast.Enum:
		if name, ok := value.(string); !ok || def.EnumValues.ForName(name) == nil {
			return c.refuse(errVariable)
		}
		return nil
	}
	return c.scalar(def, value)
}

func (c *variableChecker) list(elem *ast.Type, value any) *fault.Fault {
	items, ok := value.([]any)
	if !ok {
		return c.value(elem, value) // one value stands for a list of one
	}
	if len(items) > c.limits.ListSize {
		return c.refuse(errListSize)
	}
	for _, item := range items {
		if f := c.value(elem, item); f != nil {
			return f
		}
	}
	return nil
}

func (c *variableChecker) object(def *ast.Definition, value any) *fault.Fault {
	fields, ok := value.(map[string]any)
	if !ok {
		return c.refuse(errVariable)
	}
	for name := range fields {
		if def.Fields.ForName(name) == nil {
			return c.refuse(errVariable)
		}
	}
	if def.Directives.ForName("oneOf") != nil && !oneChosen(fields) {
		return c.refuse(errOneOf)
	}
	for _, field := range def.Fields {
		if f := c.member(field, fields); f != nil {
			return f
		}
	}
	return nil
}

func oneChosen(fields map[string]any) bool {
	for _, value := range fields {
		return len(fields) == 1 && value != nil
	}
	return false
}

func (c *variableChecker) member(field *ast.FieldDefinition, fields map[string]any) *fault.Fault {
	c.path = append(c.path, field.Name)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	value, given := fields[field.Name]
	switch {
	case !given && field.Type.NonNull && field.DefaultValue == nil:
		return c.refuse(errVariable)
	case !given:
		return nil
	}
	if n, isNumber := value.(json.Number); isNumber && isPageSize(field.Name) && !sizeFits(n.String(), c.limits.ListSize) {
		return c.refuse(errListSize)
	}
	return c.value(field.Type, value)
}

// scalar checks the built-in scalars and the range of every number. What else a custom scalar
// accepts is its own affair.
func (c *variableChecker) scalar(def *ast.Definition, value any) *fault.Fault {
	var ok bool
	switch v := value.(type) {
	case string:
		ok = def.Name != "Int" && def.Name != "Float" && def.Name != "Boolean"
	case bool:
		ok = def.Name == "Boolean" || !def.BuiltIn
	case json.Number:
		return c.number(def, v.String())
	default:
		ok = !def.BuiltIn
	}
	if !ok {
		return c.refuse(errVariable)
	}
	return nil
}

func (c *variableChecker) number(def *ast.Definition, raw string) *fault.Fault {
	if def.Name == "String" || def.Name == "Boolean" {
		return c.refuse(errVariable)
	}
	f, err := strconv.ParseFloat(raw, 64)
	_, notWhole := strconv.ParseInt(raw, 10, 64)
	switch {
	case err != nil || math.IsInf(f, 0):
		return c.refuse(errNumber)
	case notWhole != nil && f == math.Trunc(f) && def.Name != "Float":
		return c.refuse(errNumber)
	case notWhole != nil && (def.Name == "Int" || def.Name == "ID"):
		return c.refuse(errVariable)
	case !numberFits(def.Name, raw, notWhole == nil):
		return c.refuse(errNumber)
	}
	return nil
}
