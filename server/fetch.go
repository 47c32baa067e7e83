package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	fetchStall   = 30 * time.Second // for the first word of an answer, and between two reads of it
	mostFetched  = 1 << 30          // bytes of one answer
	mostRedirect = 3
)

// fetch asks for a URL. What it returns ends with an error when nothing comes for a while, or too much.
func fetch(ctx context.Context, from string) (*source, error) {
	at, err := url.Parse(from)
	if err != nil || at.Host == "" {
		return nil, errors.New("the URL cannot be read") // it may hold a key, and its error repeats it
	}
	name := (&url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path}).String() // without keys
	ctx, cancel := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("%s: the URL cannot be asked for", name)
	}
	request.Header.Set("Accept", "application/json, text/xml, application/xml")
	response, err := fetcher().Do(request) //nolint:bodyclose // the answer closes it, in every case
	if err != nil {
		cancel()
		if told, ok := errors.AsType[*url.Error](err); ok {
			err = told.Err // its own sentence has the whole URL
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	body := &answer{body: response.Body, cancel: cancel, stalled: time.AfterFunc(fetchStall, cancel), left: mostFetched}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s answered %d", name, response.StatusCode), body.Close())
	}
	return &source{body, name, int(response.ContentLength)}, nil
}

func fetcher() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: fetchStall}).DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: fetchStall, ResponseHeaderTimeout: fetchStall, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true,
		},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > mostRedirect {
				return errors.New("it is redirected too often")
			}
			return nil
		},
	}
}

// answer is the body of an answer. Only the time in which it is waited for counts: the database may be slow.
type answer struct {
	body    io.ReadCloser
	cancel  context.CancelFunc
	stalled *time.Timer
	left    int
}

func (a *answer) Read(b []byte) (int, error) {
	if a.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", mostFetched)
	}
	a.stalled.Reset(fetchStall)
	n, err := a.body.Read(b[:min(len(b), a.left)])
	a.stalled.Stop()
	a.left -= n
	return n, err
}

// Close implements io.Closer.
func (a *answer) Close() error {
	a.stalled.Stop()
	a.cancel()
	return a.body.Close()
}
