package dataexport_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	entexport "citygraph/ent/db/dataexport"
	"citygraph/internal/blobstore"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/dataexport"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/personal"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// house is the room with everything it needs, and a clock to turn.
type house struct {
	*dataexport.Exports
	city     *seedtest.City
	clock    *seedtest.Clock
	enqueued []string
	ready    []dataexport.Ready
}

func open(t *testing.T) *house {
	t.Helper()
	files, err := blobstore.Open(t.Context(), blobstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{city: seedtest.Open(t), clock: seedtest.NewClock()}
	h.Exports = &dataexport.Exports{
		DB: h.city.DB, Store: h.city.Store, Clock: h.clock, Events: event.New(), Vault: seedtest.Vault(t), Files: files,
		Once:    idempotency.Ledger{DB: h.city.DB, Store: h.city.Store, Clock: h.clock},
		Records: &personal.Records{DB: h.city.DB, Store: h.city.Store, Vault: seedtest.Vault(t)},
		Links:   blobstore.Links{Key: bytes.Repeat([]byte("l"), 32), Clock: h.clock},
		Prepare: func(_ context.Context, exportID string) error { h.enqueued = append(h.enqueued, exportID); return nil },
	}
	event.On(h.Events, func(_ context.Context, e dataexport.Ready) error { h.ready = append(h.ready, e); return nil })
	return h
}

// ask has a member of the cast ask for an export, and returns its id.
func (h *house) ask(t *testing.T, member string) string {
	t.Helper()
	row, err := h.Request(h.city.As(t, member), uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

func (h *house) work(exportID string, last bool) error {
	return h.Work(context.Background(), jobs.Job[dataexport.Args]{Args: dataexport.Args{ExportID: exportID}, Last: last})
}

// made asks for an export and prepares it.
func (h *house) made(t *testing.T, member string) string {
	t.Helper()
	exportID := h.ask(t, member)
	if err := h.work(exportID, false); err != nil {
		t.Fatal(err)
	}
	return exportID
}

func (h *house) row(t *testing.T, exportID string) *db.DataExport {
	t.Helper()
	return h.DB.DataExport.GetX(seedtest.System(t), exportID)
}

// files is the content of an export by file name.
func (h *house) files(t *testing.T, exportID string) map[string]string {
	t.Helper()
	file, err := h.Download(t.Context(), exportID)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file.Content)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name] = string(text)
	}
	return found
}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("fault %q, want %q: %v", got, want, err)
	}
}

func TestWhatIsInAnExport(t *testing.T) {
	h := open(t)
	system, me := seedtest.System(t), seedtest.Person(t, "chenjing")
	reported := h.DB.CityCase.Query().Where(citycase.ReporterID(me)).FirstX(system)
	h.DB.CaseEvent.Create().SetCityCaseID(reported.ID).SetSeq(reported.LastSeq + 1).SetNote("内部备注").SetPublic(false).
		SetToStatus(machine.Accepted).SetActorKind(caseevent.ActorKindOfficer).SetActorID(seedtest.Person(t, "zhaoqiang")).ExecX(system)
	h.DB.Device.Create().SetPersonID(me).SetPlatform("IOS").SetPushToken("secret-token").SetPushTokenHash("hash").SetLastSeenAt(h.clock.Now()).ExecX(system)
	files := h.files(t, h.made(t, "chenjing"))

	var person struct {
		ID           string
		PersonalData struct{ Name, IDNumber, BirthDate, Phone string }
	}
	if err := json.Unmarshal([]byte(files["person.json"]), &person); err != nil {
		t.Fatal(err)
	}
	want, err := h.Records.Mine(h.city.As(t, "chenjing"), me)
	if err != nil || person.ID != me || person.PersonalData.Name != want.Name || person.PersonalData.IDNumber != want.IDNumber ||
		person.PersonalData.BirthDate != want.BirthDate || person.PersonalData.Phone != want.Phone || want.Phone == "" {
		t.Errorf("the person is not who asked: %v", err)
	}
	for name, has := range map[string]string{
		"README.txt":         "cases.json",
		"accounts.json":      `"subject": "chenjing"`,
		"sessions.json":      `[]`,
		"devices.json":       `"platform": "IOS"`,
		"roles.json":         `[]`,
		"card.json":          `"maskedNumber": "**** **** **** `,
		"cases.json":         reported.Number,
		"notifications.json": `[]`,
		"exports.json":       `"status": "PREPARING"`,
		"audit.json":         `"action": "exportMyData"`,
	} {
		if !strings.Contains(files[name], has) {
			t.Errorf("%s lacks %s: %s", name, has, files[name])
		}
	}
	for name, text := range files {
		if name != "README.txt" && (!json.Valid([]byte(text)) || !strings.Contains(files["README.txt"], name)) {
			t.Errorf("%s is no JSON or not in the README", name)
		}
		for _, secret := range []string{"secret-token", "内部备注", seedtest.Person(t, "zhaoqiang")} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
	}
	if n := h.DB.AuditEvent.Query().Where(auditevent.Action("downloadDataExport"), auditevent.SubjectID(me)).CountX(system); n != 1 {
		t.Errorf("%d downloads in the audit log", n)
	}
}

// What one person is given holds nothing of another, and who is not bound by real name is given theirs.
func TestAnExportIsOfOnePerson(t *testing.T) {
	h := open(t)
	system := seedtest.System(t)
	unbound := h.DB.Person.Create().SaveX(system)
	asks := viewer.With(t.Context(), &viewer.Viewer{PersonID: unbound.ID})
	row, err := h.Request(asks, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.work(row.ID, false); err != nil {
		t.Fatal(err)
	}
	files := h.files(t, row.ID)
	if !strings.Contains(files["person.json"], unbound.ID) || !strings.Contains(files["person.json"], `"personalData": null`) {
		t.Errorf("the person is %s", files["person.json"])
	}
	for _, name := range []string{"accounts", "card", "cases", "notifications"} {
		if strings.TrimSpace(files[name+".json"]) != "[]" {
			t.Errorf("%s: %s", name, files[name+".json"])
		}
	}
}

func TestOneADay(t *testing.T) {
	h := open(t)
	key := uuid.New()
	first, err := h.Request(h.city.As(t, "chenjing"), key)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.Request(h.city.As(t, "chenjing"), key); err != nil || again.ID != first.ID || len(h.enqueued) != 1 {
		t.Errorf("the same request makes %v, %v; %d jobs", again, err, len(h.enqueued))
	}
	h.clock.Turn(time.Hour)
	_, err = h.Request(h.city.As(t, "chenjing"), uuid.New())
	code(t, err, fault.RateLimited)
	if wait := fault.From(err).RetryAfter; wait != 23*time.Hour {
		t.Errorf("asked to wait %s", wait)
	}
	h.ask(t, "maming") // others may
	h.clock.Turn(23 * time.Hour)
	h.ask(t, "chenjing")
	_, err = h.Request(t.Context(), uuid.New())
	code(t, err, fault.Unauthenticated)
}

// However many requests come at once, there is one export.
func TestRequestsAtOnceMakeOneExport(t *testing.T) {
	h := open(t)
	ctx := h.city.As(t, "chenjing")
	var made, refused sync.Map
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			row, err := h.Request(ctx, uuid.New())
			if fault.CodeOf(err) == fault.RateLimited {
				refused.Store(uuid.New(), true)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			made.Store(row.ID, true)
		})
	}
	all.Wait()
	if m, r := size(&made), size(&refused); m != 1 || r != 7 {
		t.Errorf("%d made, %d refused", m, r)
	}
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

// A job that runs again, after a crash or beside itself, leaves one export that opens and one notice.
func TestWorkingTwiceIsWorkingOnce(t *testing.T) {
	h := open(t)
	exportID := h.ask(t, "chenjing")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := h.work(exportID, false); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := h.work(exportID, true); err != nil {
		t.Fatal(err)
	}
	if row := h.row(t, exportID); row.Status != entexport.StatusReady || len(h.ready) != 1 {
		t.Errorf("it is %s, told of %v", row.Status, h.ready)
	}
	if files := h.files(t, exportID); files["person.json"] == "" {
		t.Error("it holds nobody")
	}
	if err := h.work(id.New(id.DataExport), true); err != nil {
		t.Errorf("an export that is gone: %v", err)
	}
}

// An export that cannot be made is tried again, and at last given up, so that another may be asked for.
func TestAFailedExportDoesNotCount(t *testing.T) {
	h := open(t)
	exportID, good := h.ask(t, "chenjing"), h.Files
	inTheWay := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken, err := blobstore.Open(t.Context(), blobstore.Options{Dir: inTheWay})
	if err != nil {
		t.Fatal(err)
	}
	h.Files = broken
	if err := h.work(exportID, false); err == nil || h.row(t, exportID).Status != entexport.StatusPreparing {
		t.Errorf("after a failure it is %s: %v", h.row(t, exportID).Status, err)
	}
	if err := h.work(exportID, true); err == nil || h.row(t, exportID).Status != entexport.StatusFailed {
		t.Errorf("after the last failure it is %s: %v", h.row(t, exportID).Status, err)
	}
	h.Files = good
	if err := h.work(exportID, false); err != nil || h.row(t, exportID).Status != entexport.StatusFailed {
		t.Errorf("it comes back as %s: %v", h.row(t, exportID).Status, err)
	}
	h.made(t, "chenjing")
}

// The file tells nothing to whoever reads the store, and nobody but its person gets a link.
func TestTheFileIsSealedAndTheLinkIsItsPersons(t *testing.T) {
	h := open(t)
	exportID := h.ask(t, "chenjing")
	if url := h.URL(h.city.As(t, "chenjing"), h.row(t, exportID)); url != nil {
		t.Errorf("a link before there is a file: %s", *url)
	}
	if err := h.work(exportID, false); err != nil {
		t.Fatal(err)
	}
	stored, err := h.Files.ReadAll(t.Context(), "exports/"+exportID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zip.NewReader(bytes.NewReader(stored), int64(len(stored))); err == nil || bytes.Contains(stored, []byte("README.txt")) {
		t.Error("the file lies in clear")
	}
	row := h.row(t, exportID)
	if url := h.URL(h.city.As(t, "chenjing"), row); url == nil {
		t.Error("its person gets no link")
	}
	for _, other := range []string{"", "maming", "qianjun", "fanglei"} {
		if url := h.URL(h.city.As(t, other), row); url != nil {
			t.Errorf("%q gets a link", other)
		}
	}
	for _, unknown := range []string{"", id.New(id.DataExport), id.New(id.Person), "../" + exportID} {
		_, err := h.Download(t.Context(), unknown)
		code(t, err, fault.NotFound)
	}
}
