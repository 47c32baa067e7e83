package firebase

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	admin "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/auth"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"
)

const (
	toolkitScope = "https://www.googleapis.com/auth/identitytoolkit"
	// lookupTimeout is how long a sign-in waits for Firebase; a request by bearer waits as long once in a while.
	lookupTimeout = 2 * time.Second
)

// Standing is what Firebase says of an account now, which a token issued before cannot say.
type Standing struct {
	Ended      bool      // disabled or deleted
	ValidSince time.Time // sign-ins before it are revoked
}

// Holds reports whether a sign-in at the instant is still good.
func (s Standing) Holds(signedIn time.Time) bool {
	return !s.Ended && !signedIn.Before(s.ValidSince)
}

// DirectoryOptions say whose accounts are looked up, and as whom.
type DirectoryOptions struct {
	ProjectID       string
	CredentialsJSON []byte            // a service account's key file; without one, look-ups are unauthenticated: for a fake only
	Endpoint        string            // Google's own when empty, else where its paths are served instead
	Transport       http.RoundTripper // http.DefaultTransport when nil
}

// Directory looks up accounts through the Admin SDK. It is safe for concurrent use.
type Directory struct{ client *auth.Client }

// NewDirectory returns the directory of a project. It contacts nobody yet.
func NewDirectory(ctx context.Context, o DirectoryOptions) (*Directory, error) {
	if len(o.CredentialsJSON) == 0 && o.Endpoint == "" {
		return nil, errors.New("firebase: Google's endpoint needs credentials")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	transport, err := relayTo(o.Endpoint, o.Transport)
	if err != nil {
		return nil, err
	}
	// Without any source the SDK would go looking for credentials of the machine.
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "none"})
	if len(o.CredentialsJSON) > 0 {
		account, err := google.JWTConfigFromJSON(o.CredentialsJSON, toolkitScope)
		if err != nil {
			return nil, fmt.Errorf("firebase: service account: %w", err)
		}
		buying := &http.Client{Transport: o.Transport, Timeout: lookupTimeout}
		source = account.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, buying))
		transport = &oauth2.Transport{Source: source, Base: transport}
	}
	app, err := admin.NewApp(ctx, &admin.Config{ProjectID: o.ProjectID}, option.WithTokenSource(source),
		option.WithHTTPClient(&http.Client{
			Transport: once{transport},
			// A redirect would carry the credentials elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}))
	if err != nil {
		return nil, fmt.Errorf("firebase: %w", err)
	}
	client, err := app.Auth(ctx)
	if err != nil {
		return nil, fmt.Errorf("firebase: %w", err)
	}
	return &Directory{client}, nil
}

// Standing asks Firebase how an account stands. Any error means that nobody knows.
func (d *Directory) Standing(ctx context.Context, uid string) (Standing, error) {
	ctx, end := context.WithTimeout(ctx, lookupTimeout)
	defer end()
	try := &attempt{end: end}
	user, err := d.client.GetUser(context.WithValue(ctx, attemptKey{}, try), uid)
	switch {
	case err == nil:
		return Standing{Ended: user.Disabled, ValidSince: time.UnixMilli(user.TokensValidAfterMillis)}, nil
	case auth.IsUserNotFound(err):
		return Standing{Ended: true}, nil
	case try.err != nil:
		err = try.err
	}
	return Standing{}, fmt.Errorf("firebase: look up account: %w", err)
}

// attempt is a look-up under way, and what the network said to it: the SDK hides that.
type attempt struct {
	end context.CancelFunc
	err error
}

type attemptKey struct{}

// once makes every look-up a single request: the SDK would try again until the caller's deadline. It
// stops when the context ends and when Retry-After asks for more patience than it has.
type once struct{ base http.RoundTripper }

func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.base.RoundTrip(r)
	if try, ok := r.Context().Value(attemptKey{}).(*attempt); ok && err != nil {
		try.err = err
		try.end()
	}
	if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
		resp.Header.Set("Retry-After", "86400")
	}
	return resp, err
}

// relay sends what is meant for Google to another address. The SDK has no switch for that but the
// emulator's, which also turns its checks off.
type relay struct {
	to   *url.URL
	base http.RoundTripper
}

func relayTo(endpoint string, base http.RoundTripper) (http.RoundTripper, error) {
	if endpoint == "" {
		return base, nil
	}
	to, err := url.Parse(endpoint)
	if err != nil || to.Host == "" {
		return nil, errors.New("firebase: the endpoint is not an address")
	}
	return relay{to, base}, nil
}

func (r relay) RoundTrip(request *http.Request) (*http.Response, error) {
	moved := request.Clone(request.Context())
	moved.URL.Scheme, moved.URL.Host, moved.Host = r.to.Scheme, r.to.Host, r.to.Host
	moved.URL.Path = strings.TrimSuffix(r.to.Path, "/") + moved.URL.Path
	return r.base.RoundTrip(moved)
}
