package push

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"

	"citygraph/internal/clock"
)

// FCMOptions say which Firebase project sends, and as whom.
type FCMOptions struct {
	ProjectID       string
	CredentialsJSON []byte            // a service account's key file; without one, sends are unauthenticated: for a fake only
	Endpoint        string            // Google's own when empty; that of a fake is its URL with "/v1"
	RootCAs         *x509.CertPool    // who vouches for the endpoint; the system's when nil
	Transport       http.RoundTripper // shared HTTP/2 connections when nil
	Clock           clock.Clock       // clock.System when nil
}

// FCM sends through Firebase Cloud Messaging, one request a message.
type FCM struct {
	client *messaging.Client
	clock  clock.Clock
}

var (
	_ Channel = (*FCM)(nil)
	_ Prober  = (*FCM)(nil)
)

// NewFCM returns the channel. It contacts nobody yet.
func NewFCM(ctx context.Context, o FCMOptions) (*FCM, error) {
	if o.ProjectID == "" {
		return nil, errors.New("fcm: no project id")
	}
	if len(o.CredentialsJSON) == 0 && o.Endpoint == "" {
		return nil, errors.New("fcm: Google's endpoint needs credentials")
	}
	if o.Transport == nil {
		o.Transport = newMotorway(o.RootCAs)
		if strings.HasPrefix(o.Endpoint, "http://") {
			o.Transport = newTransport(nil) // a fake or a relay without HTTP/2
		}
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	transport := o.Transport
	if len(o.CredentialsJSON) > 0 {
		var err error
		if transport, err = authorise(o.Transport, o.CredentialsJSON); err != nil {
			return nil, fmt.Errorf("fcm: %w", err)
		}
	}
	opts := []option.ClientOption{option.WithHTTPClient(&http.Client{
		Transport: once{transport},
		// A redirect would carry the message and the credentials elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})}
	if o.Endpoint != "" {
		opts = append(opts, option.WithEndpoint(o.Endpoint))
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: o.ProjectID}, opts...)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	return &FCM{client: client, clock: o.Clock}, nil
}

// Send hands the message to FCM once. A dead token is DropToken; a message FCM will never take is
// Rejected; whatever may pass (overload, quota, network, our own credentials) is Retry.
func (f *FCM) Send(ctx context.Context, m Message) Result {
	return f.hand(ctx, m, f.client.Send)
}

// Probe asks FCM whether a token is good, without reaching the phone: Delivered when it is, DropToken when
// it is dead.
func (f *FCM) Probe(ctx context.Context, token string, platform Platform) Result {
	return f.hand(ctx, Message{Token: token, Platform: platform, Title: "probe"}, f.client.SendDryRun)
}

func (f *FCM) hand(ctx context.Context, m Message, send func(context.Context, *messaging.Message) (string, error)) Result {
	now := f.clock.Now()
	payload, code := fcmPayload(m, now)
	if payload == nil {
		return Result{Outcome: Rejected, Unsent: true, Code: code, Err: errors.New("fcm: refused before sending")}
	}
	ctx, seen := observe(ctx)
	defer seen.end()
	name, err := send(ctx, payload)
	return classify(name, err, seen, now)
}
