package push

import (
	"strings"
	"testing"
)

// The rules are those of WeChat's parameter table.
func TestTemplateFieldsKeepToWechatsRules(t *testing.T) {
	for key, values := range map[string]struct{ good, bad []string }{
		"thing1":            {[]string{"您的上报已受理", strings.Repeat("字", 20), "a 1 !"}, []string{"", strings.Repeat("字", 21), "line\nbreak", "\xff"}},
		"number2":           {[]string{"0", "12.5", strings.Repeat("9", 32)}, []string{"1a", "1.", "-1", strings.Repeat("9", 33)}},
		"letter1":           {[]string{"abcXYZ"}, []string{"a1", "字", strings.Repeat("a", 33)}},
		"symbol1":           {[]string{"+-*", "！？"}, []string{"abc", "++++++"}},
		"character_string3": {[]string{"CASE-2026/1"}, []string{"字", "a b", strings.Repeat("a", 33)}},
		"time4":             {[]string{"15:01", "2019年10月1日 15:01", "2019-10-01 15:01:02", "9:00~10:30"}, []string{"25:00", "now", "2019年10月1日"}},
		"date5":             {[]string{"2019年10月1日", "2019-10-01 15:01"}, []string{"15:01", "1.10.2019"}},
		"amount1":           {[]string{"¥12.50", "12.5元", "1234567890"}, []string{"12,50", "12345678901", "twelve"}},
		"phone_number1":     {[]string{"+86-0571-12345", "13800001234"}, []string{"call", strings.Repeat("1", 18)}},
		"car_number1":       {[]string{"浙A12345", "粤Z1234港"}, []string{"浙A123456789", "car"}},
		"name1":             {[]string{"林晓", "John Smith", strings.Repeat("林", 10)}, []string{strings.Repeat("林", 11), "R2D2", strings.Repeat("a", 21)}},
		"phrase1":           {[]string{"已受理", "五个汉字吧"}, []string{"六个汉字太多", "ok"}},
	} {
		for _, value := range values.good {
			if err := (Filled{ID: "t", Fields: map[string]string{key: value}}).Check(); err != nil {
				t.Errorf("%s %q: %v", key, value, err)
			}
		}
		for _, value := range values.bad {
			err := Filled{ID: "t", Fields: map[string]string{key: value}}.Check()
			if err == nil || value != "" && len(value) > 3 && strings.Contains(err.Error(), value) {
				t.Errorf("%s %q: %v", key, value, err)
			}
		}
	}
	for name, f := range map[string]Filled{
		"no id": {Fields: map[string]string{"thing1": "a"}}, "no fields": {ID: "t"},
		"no such type": {ID: "t", Fields: map[string]string{"word1": "a"}}, "no number": {ID: "t", Fields: map[string]string{"thing": "a"}},
	} {
		if f.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
