package contracttest_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"sync"
	"time"
)

// line is the connection of an event stream that the handler has taken over. What it writes goes into the
// answer, without the head.
type line struct {
	net.Conn // of which nothing else is called
	into     *answer
	headless bool
	left     chan struct{} // the client has gone
	closed   chan struct{} // the handler has let go
	leave    func()
	end      func()
}

// Hijack implements http.Hijacker.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	l := &line{into: a, left: make(chan struct{}), closed: make(chan struct{})}
	l.leave = sync.OnceFunc(func() { close(l.left) })
	l.end = sync.OnceFunc(func() { close(l.closed) })
	a.line = l
	return l, bufio.NewReadWriter(bufio.NewReaderSize(l, 16), bufio.NewWriterSize(l, 16)), nil
}

func (l *line) Read([]byte) (int, error) {
	select {
	case <-l.left:
	case <-l.into.gone:
	case <-l.closed:
	}
	return 0, io.EOF
}

func (l *line) Write(b []byte) (int, error) {
	select {
	case <-l.left:
		return 0, net.ErrClosed
	default:
	}
	told := b
	if !l.headless {
		_, told, l.headless = bytes.Cut(b, []byte("\r\n\r\n"))
	}
	if _, err := l.into.Write(told); err != nil {
		return 0, err
	}
	select {
	case <-l.left:
		<-l.closed // so that nothing is counted that the handler did before it noticed
	default:
	}
	return len(b), nil
}

func (l *line) Close() error { l.end(); return nil }

func (l *line) SetWriteDeadline(time.Time) error { return nil }
