package facts

import "fmt"

// check holds the city to what no single row can show: unique codes, references that resolve, and numbers.
func (c *City) check() error {
	districts, err := index(c.Districts, "district", func(d District) string { return d.Code })
	if err != nil {
		return err
	}
	departments, err := index(c.Departments, "department", func(d Department) string { return d.Code })
	if err != nil {
		return err
	}
	if _, err := index(c.Streets, "street", func(s Street) string { return s.Code }); err != nil {
		return err
	}
	categories, err := index(c.CaseCategories, "case category", func(k CaseCategory) string {
		return string(k.Kind) + " " + k.Code
	})
	if err != nil {
		return err
	}
	if _, err := index(c.Facilities, "facility", func(f Facility) string { return f.Code }); err != nil {
		return err
	}
	for _, f := range c.Facilities {
		if !districts[f.District] || !categories[string(Component)+" "+f.Category] {
			return fmt.Errorf("facility %s: unknown district %s or category %s", f.Code, f.District, f.Category)
		}
	}
	for _, s := range c.Streets {
		if !districts[s.District] {
			return fmt.Errorf("street %s: unknown district %s", s.Code, s.District)
		}
	}
	if err := checkPlaces("hospital", districts, c.Hospitals, func(h Hospital) Place { return h.Place }); err != nil {
		return err
	}
	if err := checkPlaces("school", districts, c.Schools, func(s School) Place { return s.Place }); err != nil {
		return err
	}
	if err := checkPlaces("scenic spot", districts, c.ScenicSpots, func(s ScenicSpot) Place { return s.Place }); err != nil {
		return err
	}
	for _, h := range c.Hospitals {
		if n := len(h.Departments); n < 8 || n > 30 {
			return fmt.Errorf("hospital %s: %d departments, want 8 to 30", h.Key, n)
		}
		for _, code := range h.Departments {
			if !departments[code] {
				return fmt.Errorf("hospital %s: unknown department %s", h.Key, code)
			}
		}
	}
	return c.checkNumbers()
}

// checkNumbers wants the official numbers exactly, and of the rest enough for a lively demo.
func (c *City) checkNumbers() error {
	components := 0
	for _, k := range c.CaseCategories {
		if k.Kind == Component {
			components++
		}
	}
	for _, n := range []struct {
		what      string
		got, want int
		orMore    bool
	}{
		{"districts", len(c.Districts), 13, false},
		{"streets", len(c.Streets), 191, false},
		{"component categories", components, 83, false},
		{"event categories", len(c.CaseCategories) - components, 54, false},
		{"hospitals", len(c.Hospitals), 40, true},
		{"schools", len(c.Schools), 60, true},
		{"scenic spots", len(c.ScenicSpots), 40, true},
	} {
		if n.got < n.want || n.got > n.want && !n.orMore {
			return fmt.Errorf("%d %s instead of %d", n.got, n.what, n.want)
		}
	}
	return nil
}

func checkPlaces[T any](what string, districts map[string]bool, rows []T, of func(T) Place) error {
	if _, err := index(rows, what, func(r T) string { return of(r).Key }); err != nil {
		return err
	}
	for _, r := range rows {
		if p := of(r); !districts[p.District] {
			return fmt.Errorf("%s %s: unknown district %s", what, p.Key, p.District)
		}
	}
	return nil
}

// index returns the set of the rows' codes, or an error when a code comes twice.
func index[T any](rows []T, what string, code func(T) string) (map[string]bool, error) {
	codes := make(map[string]bool, len(rows))
	for _, r := range rows {
		key := code(r)
		if codes[key] {
			return nil, fmt.Errorf("%s %s comes twice", what, key)
		}
		codes[key] = true
	}
	return codes, nil
}
