package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"citygraph/internal/jobs"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// crashEnv makes the test binary a server on the named database that takes a job and never ends.
const crashEnv = "CITYGRAPH_TEST_JOBS_CRASH"

// crashTimeout is the time limit of both processes, after which the job counts as lost.
const crashTimeout = time.Second

func TestMain(m *testing.M) {
	if url := os.Getenv(crashEnv); url != "" {
		if err := workForever(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func workForever(url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	registry := jobs.NewRegistry()
	jobs.Register(registry, func(context.Context, jobs.Job[deliver]) error {
		fmt.Println("running")
		select {}
	})
	q, err := jobs.New(s, registry, jobs.Options{Timeout: crashTimeout})
	if err != nil {
		return err
	}
	if err := q.Start(ctx); err != nil {
		return err
	}
	if err := s.InTx(ctx, func(ctx context.Context) error { return q.Enqueue(ctx, deliver{"n1"}) }); err != nil {
		return err
	}
	select {}
}

func TestKilledProcessesJobRunsAgain(t *testing.T) {
	url := storetest.URL(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), crashEnv+"="+url)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != "running" {
		t.Fatalf("the child said %q: %v", line, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child survived")
	}
	killed := time.Now()

	ran := make(chan jobs.Job[deliver], 1)
	r := &rig{t: t, store: storetest.OpenURL(t, url)}
	r.queue = newQueue(t, r.store, jobs.Options{Timeout: crashTimeout}, func(_ context.Context, j jobs.Job[deliver]) error {
		ran <- j
		return nil
	})
	r.start()
	select {
	case j := <-ran:
		if j.Attempt != 2 || j.Args.NoticeID != "n1" {
			t.Errorf("job %+v", j)
		}
		t.Logf("ran again %s after the kill", time.Since(killed).Round(time.Millisecond))
	case <-time.After(patience):
		t.Fatal("the job was lost")
	}
}
