package systemlog_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

var start = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)

// clock is the time of the org and, plus skew, of the client. Waiting moves it.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	skew time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) client() time.Time { return c.Now().Add(c.skew) }

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.advance(d)
	return ctx.Err()
}

const token = "00tOkEnTOkEnTOkEnTOkEnTOkEnTOkEnTOkEnTOkEn"

// world is a fake org, served over loopback, and what it has been asked.
type world struct {
	*oktafake.Org
	clock  *clock
	server *httptest.Server
	log    bytes.Buffer // of the client

	mu       sync.Mutex
	asked    []time.Time // requests of pages
	statuses map[int]int
}

func newWorld(t *testing.T, c oktafake.Config) *world {
	t.Helper()
	w := &world{clock: &clock{at: start.Add(24 * time.Hour)}, statuses: map[int]int{}}
	c.Now = w.clock.Now
	if c.Principals == nil {
		c.Principals = []oktafake.Principal{{Name: "audit", Token: token, Role: oktafake.ReportAdmin}}
	}
	w.Org = oktafake.New(c)
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/logs" {
			w.mu.Lock()
			w.asked = append(w.asked, w.clock.Now())
			w.mu.Unlock()
			w.clock.advance(200 * time.Millisecond) // what a request takes
		}
		recorder := &statusWriter{ResponseWriter: rw}
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.statuses[recorder.status]++
		}()
		w.ServeHTTP(recorder, r)
	}))
	t.Cleanup(w.server.Close)
	return w
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// client makes a client of the org.
func (w *world) client(t *testing.T, change func(*systemlog.Config)) *systemlog.Client {
	t.Helper()
	auth, err := systemlog.ParseToken([]byte(token))
	if err != nil {
		t.Fatal(err)
	}
	config := systemlog.Config{
		OrgURL: w.server.URL, Auth: auth, Now: w.clock.client, Sleep: w.clock.sleep, HTTP: w.server.Client(),
		Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&config)
	}
	c, err := systemlog.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// want are the events that a bounded read must give: those that are persisted.
func (w *world) want(since, until time.Time) map[string]string {
	want := map[string]string{}
	for e := range w.Events(since, until) {
		if !e.Persisted.After(w.clock.Now()) {
			want[e.UUID] = string(e.JSON)
		}
	}
	return want
}

type pages interface {
	Next(context.Context) (systemlog.Page, error)
}

// maxPages bounds what a test reads: a read that does not end fails.
const maxPages = 5000

// readAll reads to the end and returns the events, in order.
func readAll(t *testing.T, b pages) (list []systemlog.Event) {
	t.Helper()
	for range maxPages {
		page, err := b.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page.Events...)
	}
	t.Fatalf("the read has not ended after %d pages", maxPages)
	return nil
}

// compare reports what differs: each event once, with its own bytes, in order.
func compare(t *testing.T, got []systemlog.Event, want map[string]string) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range got {
		if seen[e.UUID] {
			t.Errorf("%s comes twice", e.UUID)
		}
		seen[e.UUID] = true
		if string(e.JSON) != want[e.UUID] {
			t.Fatalf("%s has other bytes:\n%s\n%s", e.UUID, e.JSON, want[e.UUID])
		}
	}
	if len(seen) != len(want) {
		t.Errorf("%d events, want %d", len(seen), len(want))
	}
	if !slices.IsSortedFunc(got, func(a, b systemlog.Event) int { return a.Published.Compare(b.Published) }) {
		t.Error("not in the order of published")
	}
}

var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pemOf is a private key as PEM, PKCS #8.
func pemOf(key any) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))})
}

// app is a service app with a key, of an org.
func app(key crypto.Signer, dpop bool, scopes ...string) oktafake.Principal {
	return oktafake.Principal{
		Name: "app", ClientID: clientID, Role: oktafake.ReportAdmin, DPoP: dpop, Scopes: scopes,
		Key: &jose.JSONWebKey{Key: key.Public(), KeyID: "k1"},
	}
}

const clientID = "0oa1audit"

// smallKey is an RSA key that is too short for Okta.
func smallKey() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) }

// stepOf is the next step that an error names.
func stepOf(err error) string {
	if e, ok := errors.AsType[*systemlog.Error](err); ok {
		return e.Step
	}
	return ""
}
