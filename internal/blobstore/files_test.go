package blobstore_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/blobstore"
	"citygraph/internal/fault"
	"citygraph/internal/seed/seedtest"
)

// desk serves one file by links, beside a kind of file that fails.
type desk struct {
	links blobstore.Links
	clock *seedtest.Clock
	files *blobstore.Files
	asked []string
}

func newDesk() *desk {
	d := &desk{clock: seedtest.NewClock()}
	d.links = blobstore.Links{Key: bytes.Repeat([]byte("k"), 32), Clock: d.clock}
	d.files = blobstore.NewFiles(d.links, zerolog.Nop(), map[string]blobstore.Source{
		"notes": func(_ context.Context, name string) (*blobstore.File, error) {
			d.asked = append(d.asked, name)
			if name != "a" {
				return nil, fault.New(fault.NotFound)
			}
			return &blobstore.File{Name: "笔记.txt", Type: "text/plain", Content: strings.NewReader("hello")}, nil
		},
		"broken": func(context.Context, string) (*blobstore.File, error) {
			return nil, errors.New("secret cause")
		},
	})
	return d
}

func (d *desk) get(method, link string, header http.Header) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, link, nil)
	for name, values := range header {
		request.Header[name] = values
	}
	w := httptest.NewRecorder()
	d.files.ServeHTTP(w, request)
	return w
}

func TestAGoodLinkGivesTheFile(t *testing.T) {
	d := newDesk()
	link := d.links.To("notes/a", d.clock.Now().Add(time.Minute))
	if !strings.HasPrefix(link, "/files/notes/a?expires=") {
		t.Errorf("the link is %s", link)
	}
	got := d.get(http.MethodGet, link, nil)
	if got.Code != http.StatusOK || got.Body.String() != "hello" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/plain", "Content-Length": "5", "Cache-Control": "private, no-store",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Content-Disposition": "attachment; filename*=utf-8''%E7%AC%94%E8%AE%B0.txt",
	} {
		if got := got.Header().Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if head := d.get(http.MethodHead, link, nil); head.Code != http.StatusOK || head.Body.Len() != 0 {
		t.Errorf("HEAD: %d %s", head.Code, head.Body)
	}
	part := d.get(http.MethodGet, link, http.Header{"Range": {"bytes=1-2"}})
	if part.Code != http.StatusPartialContent || part.Body.String() != "el" {
		t.Errorf("a part: %d %s", part.Code, part.Body)
	}
	d.links.Base = "https://city.example.cn"
	if link := d.links.To("notes/a", d.clock.Now()); !strings.HasPrefix(link, "https://city.example.cn/files/notes/a?") {
		t.Errorf("with a base the link is %s", link)
	}
}

// Whatever is changed in a link makes it nobody's: the source is not even asked.
func TestForgedLinksGiveNothing(t *testing.T) {
	d := newDesk()
	genuine := d.links.To("notes/a", d.clock.Now().Add(time.Minute))
	u, err := url.Parse(genuine)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(path *string, query url.Values)) string {
		path, query := u.Path, u.Query()
		change(&path, query)
		return path + "?" + query.Encode()
	}
	other := blobstore.Links{Key: bytes.Repeat([]byte("x"), 32), Clock: d.clock}
	missing := d.get(http.MethodGet, d.links.To("notes/b", d.clock.Now().Add(time.Minute)), nil)
	d.asked = nil
	for name, link := range map[string]string{
		"no query":           u.Path,
		"another file":       with(func(p *string, _ url.Values) { *p = "/files/notes/b" }),
		"another kind":       with(func(p *string, _ url.Values) { *p = "/files/broken/a" }),
		"a longer path":      with(func(p *string, _ url.Values) { *p += "/../b" }),
		"a later end":        with(func(_ *string, q url.Values) { q.Set("expires", "9999999999") }),
		"an end in words":    with(func(_ *string, q url.Values) { q.Set("expires", "tomorrow") }),
		"no end":             with(func(_ *string, q url.Values) { q.Del("expires") }),
		"no signature":       with(func(_ *string, q url.Values) { q.Del("signature") }),
		"a shorter one":      with(func(_ *string, q url.Values) { q.Set("signature", q.Get("signature")[1:]) }),
		"a long one":         with(func(_ *string, q url.Values) { q.Set("signature", strings.Repeat("a", 10_000)) }),
		"two ends":           genuine[:strings.Index(genuine, "?")+1] + "expires=9999999999&" + u.RawQuery,
		"a key of another's": other.To("notes/a", d.clock.Now().Add(time.Minute)),
	} {
		got := d.get(http.MethodGet, link, nil)
		if got.Code != http.StatusNotFound || !bytes.Equal(got.Body.Bytes(), missing.Body.Bytes()) || len(d.asked) > 0 {
			t.Errorf("%s: %d %s, asked %v", name, got.Code, got.Body, d.asked)
		}
	}
}

func TestALinkRunsOut(t *testing.T) {
	d := newDesk()
	link := d.links.To("notes/a", d.clock.Now().Add(time.Minute))
	d.clock.Turn(time.Minute)
	got := d.get(http.MethodGet, link, http.Header{"Accept-Language": {"en"}})
	if got.Code != http.StatusGone || !strings.Contains(got.Body.String(), "expired") || len(d.asked) > 0 {
		t.Errorf("%d %s, asked %v", got.Code, got.Body, d.asked)
	}
}

func TestRefusals(t *testing.T) {
	d := newDesk()
	soon := d.clock.Now().Add(time.Minute)
	for name, tt := range map[string]struct {
		method, link string
		status       int
	}{
		"a method that writes": {http.MethodPost, d.links.To("notes/a", soon), http.StatusMethodNotAllowed},
		"a kind nobody serves": {http.MethodGet, d.links.To("songs/a", soon), http.StatusNotFound},
		"a failing source":     {http.MethodGet, d.links.To("broken/a", soon), http.StatusInternalServerError},
	} {
		got := d.get(tt.method, tt.link, nil)
		if got.Code != tt.status || strings.Contains(got.Body.String(), "secret cause") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if got.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s may be kept: %v", name, got.Header())
		}
	}
	if allow := d.get(http.MethodPost, "/files/notes/a", nil).Header().Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow: %s", allow)
	}
}
