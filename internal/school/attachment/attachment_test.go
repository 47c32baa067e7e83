package attachment_test

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/attachment"
	"citygraph/internal/blobstore"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/photo"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/school/attachment"
	"citygraph/internal/school/audience"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/upload"
	"citygraph/internal/viewer"
)

// cabinet is the room with everything it needs, and a clock to turn.
type cabinet struct {
	*attachment.Room
	city  *seedtest.City
	clock *seedtest.Clock
}

func open(t *testing.T) *cabinet {
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
	c := &cabinet{city: seedtest.Open(t), clock: seedtest.NewClock()}
	c.Room = &attachment.Room{
		DB: c.city.DB, Store: c.city.Store, Clock: c.clock, Vault: seedtest.Vault(t), Files: files, Studio: photo.NewStudio(0),
		Once:  idempotency.Ledger{DB: c.city.DB, Store: c.city.Store, Clock: c.clock},
		Links: blobstore.Links{Key: bytes.Repeat([]byte("l"), 32), Clock: c.clock},
	}
	return c
}

// consent is a PDF as a school's program writes it.
func consent(t *testing.T) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	doc.AddPage()
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (c *cabinet) upload(t *testing.T, member, name string, file []byte) *db.Attachment {
	t.Helper()
	made, err := c.Upload(c.city.As(t, member), uuid.New(), name, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (c *cabinet) held(t *testing.T) (names []string) {
	t.Helper()
	if err := c.Files.List(t.Context(), "", func(name string) error { names = append(names, name); return nil }); err != nil {
		t.Fatal(err)
	}
	return names
}

// announcement is one of lina's, with nothing.
func (c *cabinet) announcement(t *testing.T) string {
	t.Helper()
	lina := viewer.From(c.city.As(t, "lina"))
	return c.DB.Announcement.Create().SetSchoolID(lina.Organisations(viewer.Teacher)[0]).SetAuthorID(lina.PersonID).SetKind("NOTICE").
		SetAudience(audience.Audience{School: true}).SetTitle("春游").SetBody("周五").SaveX(seedtest.System(t)).ID
}

func (c *cabinet) give(ctx context.Context, ids []string, announcementID string) error {
	return c.Store.InTx(ctx, func(ctx context.Context) error { return c.GiveAnnouncement(ctx, ids, announcementID) })
}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("fault %q, want %q: %v", got, want, err)
	}
}

func TestTeachersAndGuardiansUpload(t *testing.T) {
	c := open(t)
	for member, want := range map[string]fault.Code{"lina": "", "chenjing": "", "zhouwei": fault.Forbidden, "maming": fault.Forbidden, "qianjun": fault.Forbidden} {
		_, err := c.Upload(c.city.As(t, member), uuid.New(), "a", bytes.NewReader(phototest.Phone(32, 24, 1)))
		code(t, err, want)
		_, err = c.Address(c.city.As(t, member), "a")
		code(t, err, want)
	}
	_, err := c.Upload(t.Context(), uuid.New(), "a", bytes.NewReader(nil))
	code(t, err, fault.Unauthenticated)
}

func TestWhatIsKept(t *testing.T) {
	c := open(t)
	p := c.upload(t, "lina", `C:\docs/春游`+"\u202e"+`回执.docx`, consent(t))
	if p.Kind != row.KindPdf || p.Name != "春游回执.pdf" || p.Width != nil || c.ThumbnailURL(p) != nil || p.SizeBytes != len(consent(t)) {
		t.Errorf("a PDF is kept as %+v", p)
	}
	file, err := c.Open(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file.Content)
	if err != nil || !bytes.HasPrefix(content, []byte("%PDF-")) || file.Type != "application/pdf" || file.Shown || file.Name != p.Name {
		t.Errorf("it is served as %+v, %v", file, err)
	}
	_, err = c.Open(t.Context(), p.ID+upload.Thumbnail)
	code(t, err, fault.NotFound)
	j := c.upload(t, "lina", "操场.exe", phototest.Phone(32, 24, 1))
	if file, err = c.Open(t.Context(), j.ID); err != nil || j.Name != "操场.jpg" || file.Type != "image/jpeg" || !file.Shown || c.ThumbnailURL(j) == nil {
		t.Errorf("a photo is kept as %+v, %v", j, err)
	}
	for _, name := range c.held(t) {
		sealed, err := c.Files.ReadAll(t.Context(), name)
		if err != nil || bytes.Contains(sealed, []byte("%PDF")) || bytes.HasPrefix(sealed, []byte("\xff\xd8")) {
			t.Errorf("%s lies open, %v", name, err)
		}
	}
}

func TestWhatIsRefusedLeavesNothing(t *testing.T) {
	c := open(t)
	lina := c.city.As(t, "lina")
	script := bytes.Replace(consent(t), []byte("/Type /Catalog"), []byte("/Type /Catalog /S /J#61vaScript"), 1)
	for name, x := range map[string]struct {
		file []byte
		name string
		want fault.Code
	}{
		"a program":      {[]byte("MZ\x90"), "a", fault.AttachmentUnsupported},
		"a script":       {script, "a", fault.AttachmentUnsupported},
		"a torn PDF":     {consent(t)[:200], "a", fault.PhotoUnreadable},
		"a torn photo":   {[]byte("\xff\xd8\xff\xe0"), "a", fault.PhotoUnreadable},
		"too much":       {make([]byte, 11<<20), "a", fault.AttachmentTooLarge},
		"no name":        {consent(t), "", fault.BadUserInput},
		"a name of dots": {consent(t), "../..", fault.BadUserInput},
		"a long name":    {consent(t), strings.Repeat("长", 121), fault.BadUserInput},
	} {
		_, err := c.Upload(lina, uuid.New(), x.name, bytes.NewReader(x.file))
		if fault.CodeOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := c.DB.Attachment.Query().CountX(seedtest.System(t)); n != 0 || len(c.held(t)) != 0 {
		t.Errorf("%d rows and %v are left", n, c.held(t))
	}
}

func TestAnAddressTakesOneFile(t *testing.T) {
	c := open(t)
	a, err := c.Address(c.city.As(t, "chenjing"), "病历/诊断.pdf")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, blobstore.Inbox+attachment.Kind+"/")
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := c.Receive(t.Context(), name, bytes.NewReader(consent(t))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	found := c.DB.Attachment.Query().AllX(seedtest.System(t))
	if len(found) != 1 || found[0].ID != a.AttachmentID || found[0].Name != "诊断.pdf" || found[0].UploaderID != seedtest.Person(t, "chenjing") {
		t.Errorf("it took %+v", found)
	}
	code(t, c.Receive(t.Context(), "x/y", nil), fault.NotFound)
}

// Two announcements that want one attachment at the same time: one has it.
func TestOneHasIt(t *testing.T) {
	c := open(t)
	lina := c.city.As(t, "lina")
	wanted := []string{c.upload(t, "lina", "a", consent(t)).ID, c.upload(t, "lina", "b", consent(t)).ID}
	to := []string{c.announcement(t), c.announcement(t), c.announcement(t), c.announcement(t)}
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i, one := range to {
		all.Go(func() {
			ids := slices.Clone(wanted)
			if i%2 == 1 {
				slices.Reverse(ids)
			}
			err := c.give(lina, ids, one)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
		})
	}
	all.Wait()
	if codes[""] != 1 || codes[fault.NotFound] != 3 {
		t.Errorf("they ended with %v", codes)
	}
}

func TestOneGivesOnesOwn(t *testing.T) {
	c := open(t)
	lina, a := c.city.As(t, "lina"), c.announcement(t)
	hers, mine, next := c.upload(t, "chenjing", "a", consent(t)).ID, c.upload(t, "lina", "b", consent(t)).ID, c.upload(t, "lina", "c", consent(t)).ID
	code(t, c.give(lina, []string{mine, hers}, a), fault.NotFound)
	code(t, c.give(lina, []string{id.New(id.Attachment)}, a), fault.NotFound)
	code(t, c.give(lina, []string{"x"}, a), fault.NotFound)
	code(t, c.give(lina, []string{mine, mine}, a), fault.BadUserInput)
	code(t, c.give(lina, make([]string, attachment.Most+1), a), fault.BadUserInput)
	code(t, c.give(lina, []string{mine}, a), "")
	code(t, c.give(lina, []string{mine, next}, a), "") // anew, with another
	code(t, c.give(lina, []string{next}, a), "")       // and without the first, which waits
	waits := c.DB.Attachment.Query().Where(row.AnnouncementIDIsNil()).IDsX(seedtest.System(t))
	slices.Sort(waits)
	if want := []string{hers, mine}; !slices.Equal(waits, want) {
		t.Errorf("there wait %v, want %v", waits, want)
	}
}

func TestWhatNothingNamesGoes(t *testing.T) {
	c := open(t)
	kept, gone := c.upload(t, "lina", "a", consent(t)), c.upload(t, "lina", "b", phototest.Phone(32, 24, 1))
	code(t, c.give(c.city.As(t, "lina"), []string{kept.ID}, c.announcement(t)), "")
	c.clock.Turn(23 * time.Hour)
	if err := c.Sweep(t.Context()); err != nil || len(c.held(t)) != 3 {
		t.Fatalf("before a day is over %v are held, %v", c.held(t), err)
	}
	c.clock.Turn(2 * time.Hour)
	if err := c.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if held := c.held(t); !slices.Equal(held, []string{kept.File}) {
		t.Errorf("held are %v", held)
	}
	_, err := c.Open(t.Context(), gone.ID)
	code(t, err, fault.NotFound)
}

func TestTheAccountTakesWhatWaits(t *testing.T) {
	c := open(t)
	sent, waits := c.upload(t, "lina", "a", consent(t)), c.upload(t, "lina", "b", consent(t))
	code(t, c.give(c.city.As(t, "lina"), []string{sent.ID}, c.announcement(t)), "")
	if err := c.Forget(t.Context(), seedtest.Person(t, "lina")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Open(t.Context(), waits.ID)
	code(t, err, fault.NotFound)
	_, err = c.Open(t.Context(), sent.ID)
	code(t, err, "")
	c.clock.Turn(26 * time.Hour)
	if err := c.Sweep(t.Context()); err != nil || !slices.Equal(c.held(t), []string{sent.File}) {
		t.Errorf("held are %v, %v", c.held(t), err)
	}
}

func TestOnlySoManyWait(t *testing.T) {
	c := open(t)
	for range upload.MostWaiting {
		c.upload(t, "lina", "a", consent(t))
	}
	_, err := c.Upload(c.city.As(t, "lina"), uuid.New(), "a", bytes.NewReader(consent(t)))
	code(t, err, fault.RateLimited)
}
