// Package graphiql serves the GraphiQL page of development from the binary itself: nothing is loaded
// from elsewhere, and the page may talk to its own origin only.
package graphiql

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

//go:embed index.html page.css page.js assets/*.gz
var files embed.FS

// policy lets the page run its own scripts and reach its own server. GraphiQL's editor writes style
// attributes, which is why inline styles are allowed.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page is what the page shows of its server.
type Page struct {
	Endpoint string   `json:"endpoint"` // path of the GraphQL endpoint
	Query    string   `json:"query"`    // what the editor holds at first
	Cast     []Member `json:"cast"`     // who can be signed in as
}

// Member is one of the named cast, as the hint lists them.
type Member struct {
	Name  string `json:"name"`
	Roles string `json:"roles"`
}

// Handler serves the page at / and what it loads under /graphiql/. Every other path is not found.
func Handler(page Page) (http.Handler, error) {
	settings, err := json.Marshal(page)
	if err != nil {
		return nil, fmt.Errorf("graphiql settings: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", file("index.html"))
	mux.HandleFunc("GET /graphiql/page.css", file("page.css"))
	mux.HandleFunc("GET /graphiql/page.js", file("page.js"))
	for _, name := range []string{"graphiql.css", "graphiql.js", "react.js", "react-dom.js"} {
		mux.HandleFunc("GET /graphiql/"+name, compressed(name))
	}
	mux.HandleFunc("GET /graphiql/settings.json", func(w http.ResponseWriter, _ *http.Request) {
		headers(w, "settings.json", "no-store")
		_, _ = w.Write(settings) // the browser is gone; there is nobody to tell
	})
	return mux, nil
}

// file serves a file of ours, which changes with the binary.
func file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		headers(w, name, "no-cache")
		http.ServeFileFS(w, r, files, name)
	}
}

// compressed serves a vendored file as it is stored, gzipped, and unpacks it for the rare client that
// does not take gzip.
func compressed(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stored, err := files.Open(path.Join("assets", name+".gz"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer stored.Close()
		headers(w, name, "max-age=3600")
		w.Header().Set("Vary", "Accept-Encoding")
		var body io.Reader = stored
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
		} else if body, err = gzip.NewReader(stored); err != nil {
			http.Error(w, "asset cannot be read", http.StatusInternalServerError)
			return
		}
		_, _ = io.Copy(w, body) //nolint:gosec // the archive is our own; and when the browser is gone there is nobody to tell
	}
}

// contentTypes are fixed, because a machine's own tables may say otherwise.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
}

func headers(w http.ResponseWriter, name, caching string) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", caching)
	h.Set("Content-Type", contentTypes[path.Ext(name)])
}
