package delivery_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/migrations"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// postOffice is a database, a queue and a courier, and a push service in a process of its own.
type postOffice struct {
	db    *db.Client
	store *store.Store
	fcm   *provider
	desk  *notice.Desk
	queue *jobs.Queue
}

func openPostOffice(b *testing.B, protocol string) *postOffice {
	b.Helper()
	o := &postOffice{fcm: startProvider(b, protocol)}
	sender, err := push.NewFCM(b.Context(), push.FCMOptions{ProjectID: "bench", Endpoint: o.fcm.url + "/v1", RootCAs: o.fcm.roots})
	if err != nil {
		b.Fatal(err)
	}
	if o.store, err = store.Open(b.Context(), store.Options{URL: storetest.URL(b, migrations.Files)}); err != nil {
		b.Fatal(err)
	}
	o.db = db.NewClient(db.Driver(o.store.Driver()))
	courier := &delivery.Courier{
		DB: o.db, Store: o.store, Clock: clock.System{}, Pool: push.NewPool(0, 0),
		Channels: map[deliveryattempt.Channel]push.Channel{deliveryattempt.ChannelFcm: sender},
	}
	o.desk = &notice.Desk{
		DB: o.db, Store: o.store, Clock: clock.System{}, Hub: live.NewHub(nil),
		Enqueue: func(ctx context.Context, args jobs.Args, options ...jobs.Option) error {
			return o.queue.Enqueue(ctx, args, options...)
		},
		Deliver: func(ctx context.Context, notificationIDs []string) error {
			return delivery.Enqueue(ctx, o.queue, notificationIDs...)
		},
	}
	registry := jobs.NewRegistry()
	jobs.Register(registry, courier.Work)
	jobs.Register(registry, o.desk.Plan)
	jobs.Register(registry, o.desk.Spell)
	o.queue, err = jobs.New(o.store, registry, jobs.Options{
		Queues: map[string]int{jobs.DefaultQueue: 16, delivery.Queue: delivery.Workers},
	})
	if err != nil {
		b.Fatal(err)
	}
	courier.Jobs = o.queue
	b.Cleanup(func() {
		if err := o.queue.Stop(context.Background()); err != nil {
			b.Error(err)
		}
		if err := o.store.Close(); err != nil {
			b.Error(err)
		}
	})
	return o
}

// drain runs the queue until so many messages have come in and are written down, and reports.
func (o *postOffice) drain(b *testing.B, people int) {
	b.Helper()
	began := time.Now()
	names := []string{"courier", "provider", "postgres"}
	used := func() []time.Duration {
		return []time.Duration{processors(os.Getpid()), processors(o.fcm.pid), processors(postgres()...)}
	}
	before := used()
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	if err := o.queue.Start(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}
	peak, done := uint64(0), 0
	for done < people {
		<-time.After(100 * time.Millisecond)
		runtime.ReadMemStats(&end)
		peak = max(peak, end.HeapInuse)
		if o.fcm.received(b) < people {
			continue // the provider knows at less cost than the database
		}
		done = o.db.DeliveryAttempt.Query().Where(deliveryattempt.OutcomeEQ(deliveryattempt.OutcomeDelivered)).CountX(seedtest.System(b))
	}
	took := time.Since(began)
	b.ReportMetric(float64(people)/took.Seconds(), "deliveries/s")
	for i, now := range used() {
		b.ReportMetric(float64((now-before[i]).Microseconds())/float64(people), "µs-"+names[i]+"/delivery")
	}
	b.ReportMetric(float64(end.Mallocs-start.Mallocs)/float64(people), "allocs/delivery")
	b.ReportMetric(float64(peak)/(1<<20), "MB-heap")
	b.ReportMetric(float64(o.fcm.received(b)-people), "duplicates")
}

// providerEnv makes the test binary a push service that speaks the named protocol.
const providerEnv = "CITYGRAPH_BENCH_PROVIDER"

func TestMain(m *testing.M) {
	if protocol := os.Getenv(providerEnv); protocol != "" {
		provide(protocol)
		return
	}
	os.Exit(m.Run())
}

// provide serves until its standard input ends. It says where, and by whose certificate.
func provide(protocol string) {
	fcm := fcmfake.New()
	fcm.SetLatency(latency)
	fcm.Forget()
	google := httptest.NewUnstartedServer(fcm.Handler())
	said := "-"
	if protocol == "HTTP2" {
		google.EnableHTTP2 = true
		google.StartTLS()
		said = base64.StdEncoding.EncodeToString(google.Certificate().Raw)
	} else {
		google.Start()
	}
	fmt.Println(google.URL, said)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// provider is a push service in a process of its own.
type provider struct {
	pid   int
	url   string
	roots *x509.CertPool
	http  *http.Client
}

func startProvider(b *testing.B, protocol string) *provider {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), providerEnv+"="+protocol)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	p := &provider{pid: cmd.Process.Pid, roots: x509.NewCertPool()}
	var said string
	if _, err := fmt.Fscan(out, &p.url, &said); err != nil {
		b.Fatal(err)
	}
	if der, err := base64.StdEncoding.DecodeString(said); err == nil {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			b.Fatal(err)
		}
		p.roots.AddCert(certificate)
	}
	p.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.roots}}}
	return p
}

// received is how many messages came in.
func (p *provider) received(b *testing.B) (n int) {
	b.Helper()
	answer, err := p.http.Get(p.url + fcmfake.ReceivedPath)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := fmt.Fscan(answer.Body, &n); err != nil {
		b.Fatal(err)
	}
	return n
}

// processors is the processor time that processes have used, with those they have waited for; nothing where the
// system does not tell.
func processors(pids ...int) (used time.Duration) {
	const tick = 10 * time.Millisecond
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		_, numbers, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(numbers)
		for _, field := range fields[11:15] {
			ticks, _ := strconv.Atoi(field)
			used += time.Duration(ticks) * tick
		}
	}
	return used
}

// postgres are the processes of database servers on this machine.
func postgres() (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, name := range names {
		if comm, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(comm)) == "postgres" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			pids = append(pids, pid)
		}
	}
	return pids
}
