package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// variable is one setting as the struct's tags describe it.
type variable struct {
	name        string
	field       string // name of the struct field, which the env library reports
	kind        reflect.Type
	fallback    string // value when absent, in the chosen mode
	secret      string // "", "true" or "url"
	keepsEmpty  bool
	description string
}

// variables lists every setting in declared order, with the defaults of the mode.
func variables(mode Environment) []variable {
	var list []variable
	var walk func(reflect.Type)
	walk = func(group reflect.Type) {
		for field := range group.Fields() {
			name, ok := field.Tag.Lookup("env")
			if !ok {
				walk(field.Type)
				continue
			}
			fallback := field.Tag.Get("default")
			if development, ok := field.Tag.Lookup("development"); ok && mode != Production {
				fallback = development
			}
			list = append(list, variable{
				name: name, field: field.Name, kind: field.Type, fallback: fallback,
				secret:      field.Tag.Get("secret"),
				keepsEmpty:  field.Tag.Get("empty") == "kept",
				description: field.Tag.Get("doc"),
			})
		}
	}
	walk(reflect.TypeFor[Config]())
	return list
}

// value returns what the environment says, or the default.
func (v variable) value(environ map[string]string) string {
	set, ok := environ[v.name]
	if ok && v.keepsEmpty {
		return set
	}
	return cmp.Or(set, v.fallback)
}

// modeOf returns the mode the environment asks for; anything unknown gets the defaults of development
// and is refused by validation.
func modeOf(environ map[string]string) Environment {
	return Environment(cmp.Or(environ["APP_ENV"], string(Development)))
}

// loadConfig reads and checks the settings. Its error is a Problems that names every bad variable.
func loadConfig(environ map[string]string) (Config, error) {
	list := variables(modeOf(environ))
	settled := make(map[string]string, len(list))
	byField := make(map[string]variable, len(list))
	for _, v := range list {
		settled[v.name] = v.value(environ)
		byField[v.field] = v
	}
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: settled})
	problems := malformed(err, byField)
	for _, p := range cfg.problems() {
		if !problems.names(p.Variable) { // a value that did not parse has one reason, not two
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return cfg, problems
	}
	return cfg, nil
}

// malformed turns the library's errors, which name Go fields and quote values, into problems.
func malformed(err error, byField map[string]variable) Problems {
	if err == nil {
		return nil
	}
	var aggregate env.AggregateError
	if !errors.As(err, &aggregate) {
		return Problems{{Variable: "environment", Reason: "cannot be read"}}
	}
	var found Problems
	for _, one := range aggregate.Errors {
		if parse, ok := errors.AsType[env.ParseError](one); ok {
			v := byField[parse.Name]
			found = append(found, Problem{v.name, "must be " + shape(v.kind)})
		}
	}
	return found
}

// shape says in words what a value of the type looks like.
func shape(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 15s, 10m or 720h"
	case t == reflect.TypeFor[Proxies]():
		return "addresses or CIDR ranges separated by commas, such as 10.0.0.0/8"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}

// Problem is one setting that cannot be used, and why. The reason never quotes a secret.
type Problem struct{ Variable, Reason string }

// Problems is every setting that cannot be used.
type Problems []Problem

// Error is one line per setting.
func (p Problems) Error() string {
	var b strings.Builder
	b.WriteString("the configuration cannot be used:")
	for _, one := range p {
		fmt.Fprintf(&b, "\n  %s %s", one.Variable, one.Reason)
	}
	return b.String()
}

func (p Problems) names(variable string) bool {
	for _, one := range p {
		if one.Variable == variable {
			return true
		}
	}
	return false
}

// Proxies are address ranges.
type Proxies []netip.Prefix

// UnmarshalText reads addresses and CIDR ranges separated by commas.
func (p *Proxies) UnmarshalText(text []byte) error {
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if address, err := netip.ParseAddr(part); err == nil {
			*p = append(*p, netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return fmt.Errorf("trusted proxy: %w", err)
		}
		*p = append(*p, prefix.Masked())
	}
	return nil
}
