//go:build unix

package main

import (
	"bytes"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// lineCounter counts the lines that are written to it.
type lineCounter struct{ lines int }

func (l *lineCounter) Write(p []byte) (int, error) {
	l.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

var rateEvents = flag.Int("rate.events", 2_500, "events an hour of the fake org in TestBackfillRate")

// TestBackfillRate: a backfill makes all the requests that the org allows one token,
// one after the other and none that is refused, and its memory does not grow with the
// window.
func TestBackfillRate(t *testing.T) {
	t.Parallel()
	const (
		limit, window = 20, 5 * time.Second // twice what Workforce Identity allows
		share         = limit / 2
		page          = 1000
	)
	perHour := *rateEvents
	until := time.Now().UTC().Truncate(time.Hour).Add(-24 * time.Hour)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("t0ken"), 0o600); err != nil {
		t.Fatal(err)
	}
	backfill := func(hours, limit int) (requests int, size int64, took time.Duration, memory int64) {
		org := oktafake.New(oktafake.Config{
			RateLimit: limit, RateWindow: window, Concurrent: 1,
			Principals: []oktafake.Principal{{Name: "a", Token: "t0ken", Role: oktafake.ReportAdmin}},
		})
		since := until.Add(-time.Duration(hours) * time.Hour)
		org.Generate(oktafake.Load{Since: since, Span: until.Sub(since), PerHour: perHour, Seed: 1})
		for e := range org.Events(since, until) {
			size += int64(len(e.JSON))
		}
		server := httptest.NewServer(org)
		defer server.Close()
		cmd := command(t, "backfill", "--org-url", server.URL, "--token-file", token, "--to", "-",
			"--since", since.Format(time.RFC3339), "--until", until.Format(time.RFC3339))
		var records lineCounter
		var problems bytes.Buffer
		cmd.Stdout, cmd.Stderr = &records, &problems
		begin := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		peak := watch(cmd.Process.Pid)
		code := exitCode(cmd.Wait())
		took, memory = time.Since(begin), peak()
		if code != 0 || records.lines != hours*perHour {
			t.Fatalf("exit %d, %d records: %s", code, records.lines, problems.String())
		}
		return org.Calls("/api/v1/logs"), size, took, memory
	}
	figure := func(n int, size int64, took time.Duration) (pages, mb float64) {
		return float64(n) / took.Seconds(), float64(size) / took.Seconds() / 1e6
	}

	n, size, took, small := backfill(1, 1_000_000)
	pages, mb := figure(n, size, took)
	t.Logf("without a limit: %d requests in %v, %.1f pages/s, %.1f MB/s, %d MB of memory", n, took, pages, mb, small>>20)
	n, size, took, large := backfill(4, limit)
	pages, mb = figure(n, size, took)
	t.Logf("of %d requests in %v allowed: %d in %v, %.1f pages/s, %.1f MB/s, %d MB of memory",
		share, window, n, took, pages, mb, large>>20)
	// Each page needs one request. An hour's last page can need one more.
	pagesOfHour := (perHour + page - 1) / page
	if most := 4*pagesOfHour + 4 + 1; n > most {
		t.Errorf("%d requests for %d pages: some were refused", n, 4*pagesOfHour)
	}
	// A wait ends at most two seconds after its window, as Reset and Date are whole
	// seconds.
	waits := (n - 1) / share
	if most := time.Duration(waits)*(window+2*time.Second) + 15*time.Second; took > most {
		t.Errorf("it took %v, want %v at most", took, most)
	}
	if large > small+small/2 {
		t.Errorf("%d MB of memory for 4 hours, %d MB for one", large>>20, small>>20)
	}
}
