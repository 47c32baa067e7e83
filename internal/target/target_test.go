package target_test

import (
	"bytes"
	"net/url"
	"testing"

	"citygraph/internal/id"
	"citygraph/internal/target"
)

func TestTargetOpensItsNode(t *testing.T) {
	caseID := id.New(id.CityCase)
	got, err := target.Of(caseID)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ got, want string }{
		"id":           {got.ID(), caseID},
		"kind":         {string(got.Kind()), "CITY_CASE"},
		"app link":     {got.AppLink(), "citygraph://case/" + caseID},
		"mini-program": {got.MiniProgramPath(), "pages/case/index?id=" + caseID},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", name, tt.got, tt.want)
		}
	}
}

func TestEveryKindHasAPage(t *testing.T) {
	for kind, want := range map[id.Kind]struct{ kind, page string }{
		id.CityCase:   {"CITY_CASE", "case"},
		id.Person:     {"PERSON", "account"},
		id.DataExport: {"DATA_EXPORT", "export"},
		id.Clinic:     {"CLINIC", "clinic"},
		id.ScenicSpot: {"SCENIC_SPOT", "spot"},
		id.Bill:       {"BILL", "bill"},
		id.HelpCall:   {"HELP_CALL", "help"},
	} {
		nodeID := id.New(kind)
		got, err := target.Of(nodeID)
		if err != nil || string(got.Kind()) != want.kind || got.AppLink() != "citygraph://"+want.page+"/"+nodeID {
			t.Errorf("%s is a %s at %s: %v", nodeID, got.Kind(), got.AppLink(), err)
		}
	}
}

func TestAnAlertHasAPageOfItsOwn(t *testing.T) {
	alertID := id.New(id.Alert)
	got, err := target.Of(alertID)
	if err != nil || got.Kind() != target.Alert || got.AppLink() != "citygraph://alert/"+alertID ||
		got.MiniProgramPath() != "pages/alert/index?id="+alertID {
		t.Errorf("%s opens %s at %s, %v", alertID, got.AppLink(), got.MiniProgramPath(), err)
	}
}

func TestNothingOpensOtherNodes(t *testing.T) {
	for _, nodeID := range []string{"", "case", "case_1", "https://example.com", id.New(id.Session), id.New("forged"), id.New(id.CityCase) + "?x=1"} {
		if got, err := target.Of(nodeID); err == nil || got != "" {
			t.Errorf("%q opens %q", nodeID, got)
		}
	}
}

// A row of an older release may hold what this one does not know: its link must still lead somewhere
// harmless, and hold the id as one piece.
func TestAStoredTargetNobodyKnows(t *testing.T) {
	const odd = target.Target("wonder/../x?a=b&c#d")
	if odd.Kind() != "" {
		t.Errorf("its kind is %q", odd.Kind())
	}
	link, err := url.Parse(odd.AppLink())
	if err != nil || link.Scheme != "citygraph" || link.Host != "home" || link.Path != "/"+string(odd) || link.RawQuery != "" {
		t.Errorf("link %s, %v", odd.AppLink(), err)
	}
	page, err := url.Parse(odd.MiniProgramPath())
	if err != nil || page.Path != "pages/home/index" || page.Query().Get("id") != string(odd) {
		t.Errorf("page %s, %v", odd.MiniProgramPath(), err)
	}
}

func TestKindIsWrittenAndNeverRead(t *testing.T) {
	kind := target.CityCase
	var out bytes.Buffer
	kind.MarshalGQL(&out)
	if out.String() != `"CITY_CASE"` {
		t.Errorf("written as %s", &out)
	}
	if err := kind.UnmarshalGQL("CITY_CASE"); err == nil {
		t.Error("read from an input")
	}
}
