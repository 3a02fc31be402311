package backfill_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

var (
	start = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	end   = start.Add(6 * time.Hour)
)

const (
	source  = "aws.partner/okta.com/example/oktastream"
	account = "111122223333"
	region  = "us-east-1"
	token   = "t0ken"
)

// world is a fake org with a clock that waiting moves.
type world struct {
	*oktafake.Org
	server *httptest.Server
	mu     sync.Mutex
	at     time.Time
}

func newWorld(t testing.TB, perHour int) *world {
	t.Helper()
	w := &world{at: end.Add(48 * time.Hour)}
	w.Org = oktafake.New(oktafake.Config{Now: w.now, Principals: []oktafake.Principal{
		{Name: "audit", Token: token, Role: oktafake.ReportAdmin},
	}})
	w.Generate(oktafake.Load{Since: start.Add(-time.Hour), Span: 8 * time.Hour, PerHour: perHour, Seed: 1, Late: 0.02,
		LateBy: time.Hour})
	w.server = httptest.NewServer(w.Org)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(10 * time.Millisecond)
	return w.at
}

func (w *world) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
	return ctx.Err()
}

func (w *world) client(t testing.TB, pageSize int) *systemlog.Client {
	t.Helper()
	auth, err := systemlog.ParseToken([]byte(token))
	if err != nil {
		t.Fatal(err)
	}
	c, err := systemlog.New(systemlog.Config{
		OrgURL: w.server.URL, Auth: auth, Now: w.now, Sleep: w.sleep, HTTP: w.server.Client(), PageSize: pageSize,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// job is a backfill of the six hours.
func (w *world) job(t testing.TB, pageSize int, to ...backfill.Sender) *backfill.Job {
	return &backfill.Job{Client: w.client(t, pageSize), Since: start, Until: end, Senders: to, Now: w.now}
}

// want are the events of the window by uuid.
func (w *world) want() map[string]string {
	want := map[string]string{}
	for e := range w.Events(start, end) {
		want[e.UUID] = string(e.JSON)
	}
	return want
}

// senderFunc is a Sender.
type senderFunc func(context.Context, []systemlog.Event) error

func (f senderFunc) Send(ctx context.Context, list []systemlog.Event) error { return f(ctx, list) }

// tally counts what is sent, by uuid.
type tally map[string]int

func (c tally) Send(_ context.Context, list []systemlog.Event) error {
	for _, e := range list {
		c[e.UUID]++
	}
	return nil
}

func load(since time.Time, span time.Duration) oktafake.Load {
	return oktafake.Load{Since: since, Span: span, PerHour: 50, Seed: 7}
}
