package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// different says where two answers differ, "" when they mean the same: members may come in any
// order, and an instant may be written in any form of RFC 3339.
func different(a, b []byte) (string, error) {
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		return "", fmt.Errorf("%.200s: %w", a, err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		return "", fmt.Errorf("%.200s: %w", b, err)
	}
	return differ("$", x, y), nil
}

func differ(at string, x, y any) string {
	switch x := x.(type) {
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			break
		}
		for name := range x {
			if _, ok := y[name]; !ok {
				return fmt.Sprintf("%s.%s is missing on one side", at, name)
			}
			if d := differ(at+"."+name, x[name], y[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if d := differ(fmt.Sprintf("%s[%d]", at, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	case string:
		if y, ok := y.(string); ok && (x == y || sameInstant(x, y)) {
			return ""
		}
	default:
		if x == y {
			return ""
		}
	}
	return fmt.Sprintf("%s: %.200s against %.200s", at, fmt.Sprint(x), fmt.Sprint(y))
}

func sameInstant(x, y string) bool {
	a, errA := time.Parse(time.RFC3339Nano, x)
	b, errB := time.Parse(time.RFC3339Nano, y)
	return errA == nil && errB == nil && a.Equal(b)
}
