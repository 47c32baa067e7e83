package journey_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/internal/id"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// exportRow is what clients see of an export.
type exportRow struct {
	ID, Status string
	ExpiresAt  *time.Time
	SizeBytes  *int
	URL        *string
}

type accountAnswer struct {
	Me struct {
		ID            string
		DeletionDueAt *time.Time
	}
	MyDataExports []exportRow
}

func account(t *testing.T, c *citytest.Client) accountAnswer {
	t.Helper()
	var answer accountAnswer
	c.Do("MyAccount", nil).Decode(t, &answer)
	return answer
}

// keyed is the input of a mutation that takes a key and nothing else.
func keyed() citytest.Vars {
	return citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString()}}
}

// exported asks for an export and waits until it is ready.
func exported(t *testing.T, c *citytest.Client) exportRow {
	t.Helper()
	if found := problems(t, c.Do("ExportMyData", keyed())); len(found) > 0 {
		t.Fatalf("export: %+v", found)
	}
	citytest.Eventually(t, "the export is ready", func() bool { return account(t, c).MyDataExports[0].Status == "READY" })
	return account(t, c).MyDataExports[0]
}

// follow opens a link as a browser does: without a token.
func follow(t *testing.T, city *citytest.City, method, link string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, city.URL+link, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// kept is the content of every file in the city's store.
func kept(t *testing.T, city *citytest.City) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(city.FilesDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// moving is a city whose clock a test moves on, and that looks often at what is due.
func moving(watch later) citytest.Option {
	return func(o *wiring.Options) { o.Clock, o.Rounds = watch, 100*time.Millisecond }
}

// A citizen asks for her data, is told when they are ready, downloads them on whatever replica answers, and
// a day later they are gone.
func TestAPersonTakesTheirDataWithThem(t *testing.T) {
	watch := later{&atomic.Int64{}}
	here := citytest.Start(t, moving(watch), func(o *wiring.Options) { o.AccessTTL, o.RefreshTTL = 100*time.Hour, 200*time.Hour })
	there := here.Replica(t)
	citizen := here.As(t, "chenjing")
	submitted := submit(t, citizen, "路灯不亮")
	var me personalAnswer
	citizen.Do("MyPersonalData", nil).Decode(t, &me)

	ready := exported(t, citizen)
	if ready.URL == nil || ready.SizeBytes == nil || ready.ExpiresAt == nil {
		t.Fatalf("ready: %+v", ready)
	}
	var inbox struct {
		Inbox struct {
			Edges []struct {
				Node struct {
					Topic, Title, Body string
					Target             struct{ Kind, ID string }
				}
			}
		}
	}
	citizen.Do("Inbox", citytest.Vars{"first": 1}).Decode(t, &inbox)
	if told := inbox.Inbox.Edges[0].Node; told.Topic != "ACCOUNT" || told.Target.Kind != "DATA_EXPORT" || told.Target.ID != ready.ID {
		t.Errorf("the notice is %+v", told)
	}

	response, content := follow(t, there, http.MethodGet, *ready.URL)
	if response.StatusCode != http.StatusOK || len(content) != *ready.SizeBytes {
		t.Fatalf("download: %d, %d bytes", response.StatusCode, len(content))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/zip", "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if name := response.Header.Get("Content-Disposition"); !strings.HasPrefix(name, "attachment; filename=citygraph-my-data-") {
		t.Errorf("it is saved as %s", name)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"person.json": me.Me.PersonalData.IDNumber, "cases.json": submitted.Number, "README.txt": "notifications.json"} {
		file, err := archive.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(file); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s lacks %s: %v", name, want, err)
		}
	}
	for path, stored := range kept(t, here) {
		if bytes.Contains(stored, []byte("person.json")) || bytes.Contains(stored, []byte(me.Me.PersonalData.IDNumber)) {
			t.Errorf("%s lies in clear", path)
		}
	}

	// Another key is refused for a day.
	refused := citizen.Do("ExportMyData", keyed())
	if wait, _ := refused.Errors[0].Extensions["retryAfter"].(float64); refused.Code() != "RATE_LIMITED" || wait < 80_000 {
		t.Errorf("a second export: %s", refused.Body)
	}

	watch.by.Store(int64(11 * time.Minute))
	if response, _ := follow(t, here, http.MethodGet, *ready.URL); response.StatusCode != http.StatusGone {
		t.Errorf("a link of eleven minutes: %d", response.StatusCode)
	}
	fresh := account(t, citizen).MyDataExports[0]
	if response, _ := follow(t, here, http.MethodHead, *fresh.URL); response.StatusCode != http.StatusOK {
		t.Errorf("a fresh link: %d", response.StatusCode)
	}
	watch.by.Store(int64(25 * time.Hour))
	citytest.Eventually(t, "the file is removed", func() bool { return len(kept(t, here)) == 0 })
	if over := account(t, citizen).MyDataExports[0]; over.Status != "EXPIRED" || over.URL != nil {
		t.Errorf("after a day: %+v", over)
	}
	exported(t, citizen) // and the next may be asked for
}

// Nobody gets at the data of another: not by the graph, not by guessing a link.
func TestNobodyDownloadsAnothersData(t *testing.T) {
	city := citytest.Start(t)
	hers := exported(t, city.As(t, "chenjing"))
	stranger := city.As(t, "maming")
	own := exported(t, stranger)
	if rows := account(t, stranger).MyDataExports; len(rows) != 1 || rows[0].ID != own.ID {
		t.Errorf("the stranger sees %+v", rows)
	}
	missing, nothing := follow(t, city, http.MethodGet, strings.Replace(*hers.URL, hers.ID, id.New(id.DataExport), 1))
	for name, link := range map[string]string{
		"without a signature":      strings.SplitN(*hers.URL, "?", 2)[0],
		"with one's own signature": strings.Replace(*own.URL, own.ID, hers.ID, 1),
		"with a later end":         strings.Replace(*hers.URL, "expires=", "expires=9", 1),
		"with a changed signature": *hers.URL + "A",
		"below another folder":     strings.Replace(*hers.URL, "/exports/", "/photos/", 1),
	} {
		response, body := follow(t, city, http.MethodGet, link)
		if response.StatusCode != missing.StatusCode || response.StatusCode != http.StatusNotFound || !bytes.Equal(body, nothing) {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
	if response, _ := follow(t, city, http.MethodPost, *hers.URL); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", response.StatusCode)
	}
	var page map[string]json.RawMessage
	if answer := city.Visitor(t).Do("MyAccount", nil); answer.Code() != "UNAUTHENTICATED" || json.Unmarshal(answer.Data, &page) != nil {
		t.Errorf("a visitor: %s", answer.Body)
	}
	if answer := city.Visitor(t).Do("ExportMyData", keyed()); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor: %s", answer.Body)
	}
}
