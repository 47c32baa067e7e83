package delivery

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"citygraph/ent/db/notification"
	"citygraph/internal/clock"
	"citygraph/internal/push"
)

// Template is a WeChat template and the keys of the fields that take a notice's title, body and time; an
// empty key is a field the template does not have.
type Template struct{ ID, Title, Body, Time string }

// errTemplates says how templates are written.
var errTemplates = errors.New("must be topic=template:title,body,time by semicolon, such as CITY_CASE=Ab3…:thing1,thing2,time3")

// ParseTemplates reads the templates of WECHAT_TEMPLATES.
func ParseTemplates(text string) (map[notification.Topic]Template, error) {
	all := map[notification.Topic]Template{}
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		topic, rest, _ := strings.Cut(part, "=")
		templateID, keys, _ := strings.Cut(rest, ":")
		fields := strings.Split(keys, ",")
		if notification.TopicValidator(notification.Topic(topic)) != nil {
			return nil, fmt.Errorf("there is no topic %q; %w", topic, errTemplates)
		}
		if templateID == "" || len(fields) != 3 || keys == ",," {
			return nil, errTemplates
		}
		for _, key := range fields {
			if key != "" && !push.IsFieldKey(key) {
				return nil, fmt.Errorf("there is no field %q; %w", key, errTemplates)
			}
		}
		all[notification.Topic(topic)] = Template{templateID, fields[0], fields[1], fields[2]}
	}
	return all, nil
}

// fill puts a notice into the template. What is longer than a field takes is cut with an ellipsis; the app
// behind the page shows it whole.
func (t Template) fill(title, body string, told time.Time, page string) *push.Filled {
	filled := &push.Filled{ID: t.ID, Page: page, Fields: map[string]string{}}
	for key, value := range map[string]string{
		t.Title: title, t.Body: body, t.Time: told.In(clock.Shanghai).Format("2006年1月2日 15:04"),
	} {
		if key != "" {
			filled.Fields[key] = cut(key, value)
		}
	}
	return filled
}

// longestThing is what a thing field takes, in characters.
const longestThing = 20

func cut(key, value string) string {
	if characters := []rune(value); strings.HasPrefix(key, "thing") && len(characters) > longestThing {
		return string(characters[:longestThing-1]) + "…"
	}
	return value
}
