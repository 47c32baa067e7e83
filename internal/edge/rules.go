package edge

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Names of our own rules, so that their errors keep their own sentence.
const (
	ruleNumbers = "NumbersInRange"
	ruleLists   = "ListsInRange"
)

// validationRules are the rules of the specification and our own on literals. Without suggestions
// nothing is spent on looking for the name that may have been meant.
func validationRules(l Limits, suggestions bool) *rules.Rules {
	set := rules.NewDefaultRules()
	if !suggestions {
		for name, quiet := range map[string]core.Rule{
			rules.FieldsOnCorrectTypeRule.Name: rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
			rules.ScalarLeafsRule.Name:         rules.ScalarLeafsRuleWithoutSuggestions,
			rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
			rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		} {
			set.ReplaceRule(name, quiet.RuleFunc)
		}
	}
	set.AddRule(ruleNumbers, numbersInRange)
	set.AddRule(ruleLists, func(e *core.Events, report core.AddErrFunc) { listsInRange(e, report, l.ListSize) })
	return set
}

// numbersInRange refuses number literals that no resolver could read. Unchecked, a literal beyond
// 64 bits makes the executor panic.
func numbersInRange(e *core.Events, report core.AddErrFunc) {
	e.OnValue(func(_ *core.Walker, v *ast.Value) {
		if v.Kind != ast.IntValue && v.Kind != ast.FloatValue {
			return
		}
		named := ""
		if v.Definition != nil {
			named = v.Definition.Name
		}
		if !numberFits(named, v.Raw, v.Kind == ast.IntValue) {
			report(core.At(v.Position))
		}
	})
}

// numberFits reports whether the number, as written, is within the range of the named type.
func numberFits(named, raw string, whole bool) bool {
	var err error
	switch {
	case named == "Int":
		_, err = strconv.ParseInt(raw, 10, 32)
	case named == "Float", !whole:
		_, err = strconv.ParseFloat(raw, 64)
	default:
		_, err = strconv.ParseInt(raw, 10, 64)
	}
	return err == nil
}

// listsInRange refuses literal page sizes and lists over the limit. Variables are checked with
// their values.
func listsInRange(e *core.Events, report core.AddErrFunc, limit int) {
	bad := func(name string, v *ast.Value) bool {
		return v != nil && isPageSize(name) && v.Kind == ast.IntValue && !sizeFits(v.Raw, limit)
	}
	e.OnField(func(_ *core.Walker, f *ast.Field) {
		for _, arg := range f.Arguments {
			if bad(arg.Name, arg.Value) {
				report(core.At(arg.Position))
			}
		}
	})
	e.OnValue(func(_ *core.Walker, v *ast.Value) {
		if v.Kind == ast.ListValue && len(v.Children) > limit {
			report(core.At(v.Position))
		}
		if v.Kind != ast.ObjectValue {
			return
		}
		for _, child := range v.Children {
			if bad(child.Name, child.Value) {
				report(core.At(child.Position))
			}
		}
	})
}

// isPageSize reports whether an argument or input field of the name asks for that many rows.
func isPageSize(name string) bool { return name == "first" || name == "last" }

func sizeFits(raw string, limit int) bool {
	n, err := strconv.ParseInt(raw, 10, 64)
	return err == nil && 0 <= n && n <= int64(limit)
}
