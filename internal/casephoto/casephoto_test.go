package casephoto_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/casephoto"
	"citygraph/ent/db/citycase"
	"citygraph/internal/blobstore"
	"citygraph/internal/casephoto"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/photo"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/vault"
)

// album is the room with everything it needs, and a clock to turn.
type album struct {
	*casephoto.Photos
	city  *seedtest.City
	clock *seedtest.Clock
}

func open(t *testing.T) *album {
	t.Helper()
	files, err := blobstore.Open(t.Context(), blobstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &album{city: seedtest.Open(t), clock: seedtest.NewClock()}
	a.Photos = &casephoto.Photos{
		DB: a.city.DB, Store: a.city.Store, Clock: a.clock, Vault: seedtest.Vault(t), Files: files, Studio: photo.NewStudio(0),
		Once:  idempotency.Ledger{DB: a.city.DB, Store: a.city.Store, Clock: a.clock},
		Links: blobstore.Links{Key: bytes.Repeat([]byte("l"), 32), Clock: a.clock},
	}
	return a
}

// upload is a photo that a member of the cast uploads.
func (a *album) upload(t *testing.T, member string) *db.CasePhoto {
	t.Helper()
	made, err := a.Upload(a.city.As(t, member), uuid.New(), row.PurposeReport, bytes.NewReader(phototest.Phone(32, 24, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// held lists the files in the store.
func (a *album) held(t *testing.T) (names []string) {
	t.Helper()
	if err := a.Files.List(t.Context(), "", func(name string) error { names = append(names, name); return nil }); err != nil {
		t.Fatal(err)
	}
	return names
}

// attach gives a photo to a case.
func (a *album) attach(t *testing.T, p *db.CasePhoto) {
	t.Helper()
	system := seedtest.System(t)
	reported := a.DB.CityCase.Query().Where(citycase.ReporterID(seedtest.Person(t, "chenjing"))).FirstX(system)
	a.DB.CasePhoto.UpdateOne(p).SetCityCaseID(reported.ID).SetCaseEventID(reported.QueryEvents().FirstIDX(system)).ExecX(system)
}

func (a *album) content(t *testing.T, name string) []byte {
	t.Helper()
	file, err := a.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file.Content)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("fault %q, want %q: %v", got, want, err)
	}
}

// What is in the store is of no use to who runs it.
func TestFilesAreSealed(t *testing.T) {
	a := open(t)
	p := a.upload(t, "chenjing")
	if !strings.HasPrefix(string(a.content(t, p.ID)), "\xff\xd8\xff") || !strings.HasPrefix(string(a.content(t, p.ID+"/thumbnail")), "\xff\xd8\xff") {
		t.Error("a link leads to no JPEG")
	}
	for _, name := range a.held(t) {
		sealed, err := a.Files.ReadAll(t.Context(), name)
		if err != nil || bytes.Contains(sealed, []byte("\xff\xd8\xff")) {
			t.Errorf("%s is in clear, %v", name, err)
		}
	}
	for _, name := range []string{id.New(id.CasePhoto), "x", p.ID + "/../x", p.File} {
		_, err := a.Open(t.Context(), name)
		code(t, err, fault.NotFound)
	}
}

// A phone that did not hear the answer gets it again, and leaves nothing twice.
func TestTheSameKeyMakesOnePhoto(t *testing.T) {
	a := open(t)
	ctx, key := a.city.As(t, "chenjing"), uuid.New()
	send := func(file []byte) (*db.CasePhoto, error) {
		return a.Upload(ctx, key, row.PurposeReport, bytes.NewReader(file))
	}
	first, err := send(phototest.JPEG(32, 24))
	if err != nil {
		t.Fatal(err)
	}
	again, err := send(phototest.JPEG(32, 24))
	if err != nil || again.ID != first.ID {
		t.Errorf("again it is %v, %v", again, err)
	}
	_, err = send(phototest.JPEG(32, 25))
	code(t, err, fault.IdempotencyKeyReused)
	if held := a.held(t); len(held) != 2 {
		t.Errorf("the store holds %v", held)
	}
}

// A phone that sends the same again before it heard the answer leaves one photo, and is told of no fault.
func TestAnAddressTakesOnePhotoOfManySentAtOnce(t *testing.T) {
	a := open(t)
	ctx := a.city.As(t, "chenjing")
	address, err := a.Address(ctx, row.PurposeReport)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Join([]string{address.PhotoID, string(row.PurposeReport), seedtest.Person(t, "chenjing")}, "/")
	file := phototest.JPEG(32, 24)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := a.Receive(t.Context(), name, bytes.NewReader(file)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := a.DB.CasePhoto.Query().CountX(ctx); n != 1 {
		t.Errorf("%d photos are there", n)
	}
	if held := a.held(t); len(held) != 2 {
		t.Errorf("the store holds %v", held)
	}
	if p := a.DB.CasePhoto.GetX(ctx, address.PhotoID); !strings.HasPrefix(string(a.content(t, p.ID)), "\xff\xd8\xff") {
		t.Error("the photo is not there")
	}
}

func TestNoMoreThanThirtyWait(t *testing.T) {
	a := open(t)
	first := a.upload(t, "chenjing")
	for range 28 {
		a.upload(t, "chenjing")
	}
	a.clock.Turn(time.Hour)
	a.upload(t, "chenjing")
	_, err := a.Upload(a.city.As(t, "chenjing"), uuid.New(), row.PurposeReport, bytes.NewReader(phototest.JPEG(32, 24)))
	code(t, err, fault.RateLimited)
	if wait := fault.From(err).RetryAfter; wait != 23*time.Hour {
		t.Errorf("asked to wait %s", wait)
	}
	if held := a.held(t); len(held) != 60 {
		t.Errorf("%d files are held for thirty photos", len(held))
	}
	a.upload(t, "maming") // others may
	a.attach(t, first)
	a.upload(t, "chenjing") // what is used makes room
}

func TestSweep(t *testing.T) {
	a := open(t)
	kept, waiting, forgotten := a.upload(t, "chenjing"), a.upload(t, "chenjing"), a.upload(t, "maming")
	a.attach(t, kept)
	if err := a.Forget(t.Context(), seedtest.Person(t, "maming")); err != nil {
		t.Fatal(err)
	}
	_, err := a.Open(t.Context(), forgotten.ID)
	code(t, err, fault.NotFound)
	sweep := func() {
		t.Helper()
		for range 2 { // the second finds nothing to do
			if err := a.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	sweep()
	if held := a.held(t); len(held) != 6 {
		t.Errorf("before a day is over the store holds %v", held)
	}
	a.clock.Turn(25 * time.Hour)
	sweep()
	held := a.held(t)
	if len(held) != 2 || !strings.HasPrefix(held[0], kept.File) || !strings.HasPrefix(held[1], kept.File) {
		t.Errorf("after a day the store holds %v", held)
	}
	if n := a.DB.CasePhoto.Query().Where(row.ID(waiting.ID)).CountX(seedtest.System(t)); n != 0 {
		t.Error("the row waits on")
	}
	a.content(t, kept.ID)
}

// After a rotation the old key-encryption key may go, and the photos still open.
func TestRotate(t *testing.T) {
	a := open(t)
	p := a.upload(t, "chenjing")
	ring := func(names ...string) *vault.Vault {
		t.Helper()
		var entries []string
		for _, name := range names {
			fill := map[string]string{"test": "v", "next": "n"}[name]
			entries = append(entries, name+":"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(fill), 32)))
		}
		keys, err := vault.ParseRing(strings.Join(entries, ","))
		if err != nil {
			t.Fatal(err)
		}
		v, err := vault.New(keys, vault.SM4GCM, bytes.Repeat([]byte("v"), 32))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a.Vault = ring("next", "test")
	for _, want := range []int{1, 0} {
		if n, err := a.Rotate(t.Context()); n != want || err != nil {
			t.Errorf("%d keys were wrapped anew, want %d: %v", n, want, err)
		}
	}
	a.Vault = ring("next")
	a.content(t, p.ID)
}
