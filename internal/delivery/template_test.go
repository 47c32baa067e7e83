package delivery_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db/notification"
	"citygraph/internal/delivery"
)

func TestParseTemplates(t *testing.T) {
	got, err := delivery.ParseTemplates(" CITY_CASE=Ab3-x_:thing1,,time3 ; ")
	want := map[notification.Topic]delivery.Template{notification.TopicCityCase: {ID: "Ab3-x_", Title: "thing1", Time: "time3"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err := delivery.ParseTemplates(""); err != nil || len(got) != 0 {
		t.Errorf("none: %v, %v", got, err)
	}
	for _, bad := range []string{
		"CITY_CASE", "CITY_CASE=", "CITY_CASE=a:thing1", "CITY_CASE=a:,,", "CITY_CASE=:thing1,thing2,time3",
		"WEATHER=a:thing1,thing2,time3", "CITY_CASE=a:thing1,words2,time3", "CITY_CASE=a:thing,thing2,time3",
	} {
		if got, err := delivery.ParseTemplates(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
