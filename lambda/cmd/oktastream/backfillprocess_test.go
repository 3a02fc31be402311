//go:build unix

package main

import (
	"bytes"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// A backfill that is interrupted, or killed at any moment, continues with its state file:
// every event arrives, and at most a page of them twice for each time.
func TestBackfillContinues(t *testing.T) {
	for name, signal := range map[string]os.Signal{"interrupted": os.Interrupt, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			org := oktafake.New(oktafake.Config{RateLimit: 100_000, Principals: []oktafake.Principal{
				{Name: "auditor", Token: oktaToken, Role: oktafake.ReportAdmin},
			}})
			since := time.Now().UTC().Add(-10 * time.Hour).Truncate(time.Hour)
			org.Generate(oktafake.Load{Since: since, Span: 6 * time.Hour, PerHour: 1000, Seed: 7})
			server := httptest.NewServer(org)
			defer server.Close()
			token := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(token, []byte(oktaToken), 0o600); err != nil {
				t.Fatal(err)
			}
			arguments := []string{"backfill", "--since", since.Format(time.RFC3339),
				"--until", since.Add(6 * time.Hour).Format(time.RFC3339), "--org-url", server.URL, "--token-file", token,
				"--stack", "okta", "--yes", "--state", filepath.Join(t.TempDir(), "state.json")}
			random := rand.New(rand.NewPCG(3, 4))
			stops := 0
			for ; stops < 3; stops++ {
				c := command(t, arguments...)
				c.Env = append(c.Env, cloud.env...)
				var calls atomic.Int64
				at, delay := 2+random.Int64N(2), time.Duration(random.IntN(30))*time.Millisecond
				started := make(chan *os.Process, 1)
				org.SetFaults(func(oktafake.Call) oktafake.Fault {
					if calls.Add(1) == at {
						_ = (<-started).Signal(signal)
					}
					// The signal arrives while the page is read, or sent.
					return oktafake.Fault{Delay: delay}
				})
				var stderr bytes.Buffer
				c.Stderr = &stderr
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				started <- c.Process
				code := exitCode(c.Wait())
				if code == 0 {
					break
				}
				if signal == os.Interrupt && (code != exitInterrupted ||
					!strings.Contains(stderr.String(), "next: run the same command again")) {
					t.Fatalf("exit %d: %s", code, stderr.String())
				}
			}
			if stops == 0 {
				t.Fatal("no run was stopped")
			}
			org.SetFaults(nil)
			c := command(t, arguments...)
			c.Env = append(c.Env, cloud.env...)
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("the last run: %v\n%s", err, out)
			}
			var got, want []string
			for _, m := range cloud.Messages("buffer") {
				got = append(got, eventUUID.FindStringSubmatch(m.Body)[1])
			}
			for e := range org.Events(since, since.Add(6*time.Hour)) {
				want = append(want, e.UUID)
			}
			copies := len(got) - len(want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(slices.Compact(got), want) {
				t.Errorf("%d of %d events arrived", len(slices.Compact(got)), len(want))
			}
			if most := 1000 * stops; copies > most || signal == os.Interrupt && copies > 0 {
				t.Errorf("%d copies after %d stops", copies, stops)
			}
		})
	}
}
