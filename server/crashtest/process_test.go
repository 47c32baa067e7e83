package crashtest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that must happen on a busy machine.
const patience = 60 * time.Second

// environment is what a process is told; nothing of the test's own reaches it.
type environment map[string]string

// with returns the environment with changes.
func (e environment) with(changes environment) environment {
	changed := maps.Clone(e)
	maps.Copy(changed, changes)
	return changed
}

func (e environment) list() []string {
	list := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range e {
		list = append(list, name+"="+value)
	}
	return list
}

// process is one running server.
type process struct {
	t       testing.TB
	cmd     *exec.Cmd
	began   chan struct{} // closed when it first says something on its standard output
	serving chan string   // the address, once
	exited  chan struct{}

	mu  sync.Mutex
	log []string
}

// launch starts the server and returns at once. It dies with the test.
func launch(t testing.TB, env environment, args ...string) *process {
	t.Helper()
	p := &process{
		t: t, cmd: exec.Command(binary, args...),
		began: make(chan struct{}), serving: make(chan string, 1), exited: make(chan struct{}),
	}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdout = env.list(), t.TempDir(), &firstWord{said: p.began}
	problems, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.attend(problems)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the log of process %d:\n%s", p.cmd.Process.Pid, strings.Join(p.lastWords(40), "\n"))
		}
	})
	return p
}

// attend reads the log until the process is gone.
func (p *process) attend(problems io.Reader) {
	defer close(p.exited)
	lines := bufio.NewScanner(problems)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.log = append(p.log, lines.Text())
		p.mu.Unlock()
		var entry struct{ Message, Addr string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Message == "serving" {
			p.serving <- entry.Addr
		}
	}
	_ = p.cmd.Wait() // the exit code says it
}

// serve starts the server and waits until it serves; its URL comes back beside it.
func serve(t testing.TB, env environment) (p *process, url string) {
	t.Helper()
	p = launch(t, env)
	return p, p.url()
}

// url waits until the process serves. It is asked for once.
func (p *process) url() string {
	p.t.Helper()
	select {
	case addr := <-p.serving:
		return "http://" + addr
	case <-p.exited:
		p.t.Fatalf("the server ended with %d:\n%s", p.code(), strings.Join(p.lastWords(20), "\n"))
	case <-time.After(patience):
		p.t.Fatal("the server does not serve")
	}
	return ""
}

// kill ends the process as a power cut would, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	p.wait()
}

// firstWord closes said at the first write and forgets what is written.
type firstWord struct {
	once sync.Once
	said chan struct{}
}

func (w *firstWord) Write(b []byte) (int, error) {
	w.once.Do(func() { close(w.said) })
	return len(b), nil
}

// signal asks the process to stop.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// stop asks the process to stop and fails unless it does so well.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != 0 {
		p.t.Fatalf("the server ended with %d", code)
	}
}

// wait returns the exit code; -1 for a process that was killed.
func (p *process) wait() int {
	select {
	case <-p.exited:
		return p.code()
	case <-time.After(patience):
		p.t.Errorf("process %d does not end", p.cmd.Process.Pid)
		return -1
	}
}

func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }

// lastWords are the last lines of the log.
func (p *process) lastWords(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.log[max(0, len(p.log)-n):]...)
}

// outcome is what a finished command left.
type outcome struct {
	code          int
	out, problems string
}

// command runs the server's command line to its end.
func command(t testing.TB, env environment, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, problems bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env.list(), t.TempDir(), &out, &problems
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("server %v: %v %v", args, err, ctx.Err())
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), problems.String()}
}
