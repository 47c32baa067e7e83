package crashtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/viewer"
)

// foreignRequests writes n requests of another system.
func foreignRequests(n int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"service_request_id":%d,"status":%q,"service_code":"006","description":"lamp %d","requested_datetime":"2026-01-05T08:00:00+08:00",`+
			`"updated_datetime":"2026-01-06T08:00:00+08:00","address":null,"lat":30.259,"long":120.13}`, i, []string{"open", "closed"}[i%2], i)
	}
	return "[\n" + strings.Join(rows, ",\n") + "\n]"
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// takenOver counts the cases of the other system and their events.
func takenOver(t *testing.T, client *db.Client) (cases, events int) {
	t.Helper()
	all := client.CityCase.Query().Where(citycase.Source("ningbo"))
	system := viewer.AsSystem(t.Context(), "count what was taken over")
	return must(all.Clone().Count(system))(t), must(all.QueryEvents().Count(system))(t)
}

// An import that is killed keeps whole batches, and goes on when it is run again.
func TestImportKilledGoesOn(t *testing.T) {
	const all = 6000
	p := newPlace(t)
	if o := command(t, p.env, "seed", "--citizens", "5"); o.code != 0 {
		t.Fatal(o.problems)
	}
	list, codes := file(t, "requests.json", foreignRequests(all)), file(t, "codes.csv", "# theirs, ours\n006,component-0101\n")
	line := []string{"import", "open311", list, "--source", "ningbo", "--codes", codes}
	under := launch(t, p.env, line...)
	select {
	case <-under.began: // a tenth is taken over
	case <-time.After(patience):
		t.Fatal("the import does not begin")
	}
	under.kill()
	_, client := p.open(t)
	cases, events := takenOver(t, client)
	if cases == 0 || cases == all || cases%500 != 0 || events != cases/2*9 {
		t.Errorf("the kill left %d cases with %d events", cases, events)
	}
	for range 2 {
		o := command(t, p.env, line...)
		if o.code != 0 || !strings.Contains(o.out, fmt.Sprintf("%d requests: ", all)) || o.problems != "" {
			t.Fatalf("again: exit %d, %q, %q", o.code, o.out, o.problems)
		}
		if cases, events = takenOver(t, client); cases != all || events != all/2*9 {
			t.Errorf("%d cases with %d events, want %d", cases, events, all)
		}
	}
	if n := must(client.Notification.Query().Count(viewer.AsSystem(t.Context(), "nobody is told")))(t); n != 0 {
		t.Errorf("%d notices were written", n)
	}
}

// What is refused is told with its place and in the exit code; what is asked for by a URL shows no key.
func TestImportOfAURL(t *testing.T) {
	p := newPlace(t)
	if o := command(t, p.env, "seed", "--citizens", "5"); o.code != 0 {
		t.Fatal(o.problems)
	}
	pages := map[string]string{"1": strings.ReplaceAll(foreignRequests(3), `"006"`, `"component-0101"`), "2": "[]"}
	pages["1"] = strings.Replace(pages["1"], `"component-0101","description":"lamp 1"`, `006,"description":"lamp 1"`, 1)
	city := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, found := pages[r.URL.Query().Get("page")]
		if !found {
			http.Error(w, "canary", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(city.Close)
	at := city.URL + "/requests.json"
	for page, want := range map[string]struct {
		code          int
		out, problems string
	}{
		"1": {1, at + ":3:59: request 2: this is not JSON", "1 of 3 requests were refused"},
		"2": {0, "0 requests: ", ""},
		"3": {1, "", at + " answered 500"},
	} {
		o := command(t, p.env, "import", "open311", at+"?api_key=canary&page="+page, "--source", "ningbo")
		if o.code != want.code || !strings.Contains(o.out, want.out) || !strings.Contains(o.problems, want.problems) || strings.Contains(o.out+o.problems, "canary") {
			t.Errorf("page %s: exit %d, %q, %q", page, o.code, o.out, o.problems)
		}
	}
	_, client := p.open(t)
	if cases, events := takenOver(t, client); cases != 2 || events != 2 {
		t.Errorf("%d cases with %d events", cases, events)
	}
	if o := command(t, p.env, "import", "open311", "http://127.0.0.1:1/x?api_key=canary", "--source", "ningbo"); o.code != 1 || strings.Contains(o.problems, "canary") {
		t.Errorf("nobody answers: exit %d, %q", o.code, o.problems)
	}
}
