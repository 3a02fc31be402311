package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What it serves is what it says: the events of the history, of which the held
// file lacks those of the gap, and the log stream's own two.
func TestRun(t *testing.T) {
	held := filepath.Join(t.TempDir(), "held.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "127.0.0.1:0", "-events-per-hour", "200", "-hours", "3", "-gap", "30m",
			"-held", held, "-token", "t0ken"}, write)
		done <- err
		write.CloseWithError(fmt.Errorf("ended: %v", err))
	}()
	said := map[string]string{}
	for lines := bufio.NewScanner(read); len(said) < 5; {
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		word, rest, _ := strings.Cut(lines.Text(), "  ")
		said[word] = strings.TrimSpace(rest)
	}
	times := func(line string) (all []time.Time) {
		for _, text := range regexp.MustCompile(`\d{4}-[0-9T:-]+Z`).FindAllString(line, -1) {
			parsed, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, parsed)
		}
		return all
	}
	history, gap := times(said["history"]), times(said["gap"])
	if len(history) != 2 || len(gap) != 2 || history[1].Sub(history[0]) != 3*time.Hour ||
		gap[1].Sub(gap[0]) != 30*time.Minute {
		t.Fatalf("%q", said)
	}

	query := url.Values{
		"since": {history[0].Format(time.RFC3339)}, "until": {history[1].Format(time.RFC3339)}, "limit": {"1000"},
	}
	link := said["org URL"] + "/api/v1/logs?" + query.Encode()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	request.Header.Set("Authorization", "SSWS t0ken")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	type event struct {
		UUID, EventType string
		Published       time.Time
	}
	var events []event
	if err := json.NewDecoder(response.Body).Decode(&events); err != nil {
		t.Fatal(err)
	}
	if len(events) != 602 {
		t.Errorf("%d events, want 600 and the log stream's two", len(events))
	}
	text, err := os.ReadFile(held)
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, e := range events {
		if !bytes.Contains(text, []byte(e.UUID)) {
			missing++
			if e.Published.Before(gap[0].Add(-time.Hour)) || e.Published.After(gap[1]) {
				t.Errorf("%s of %v is missing, outside of the gap", e.EventType, e.Published)
			}
		}
	}
	if delivered := bytes.Count(text, []byte("\n")); missing < 80 || missing > 130 || delivered != 602-missing ||
		!strings.Contains(said["history"], fmt.Sprintf("602 events, %d delivered", delivered)) {
		t.Errorf("%d missing, %d delivered: %s", missing, delivered, said["history"])
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"-hours 0", "-gap 6h", "-held /no/such/directory/held"} {
		args += " -addr 127.0.0.1:0"
		if err := run(t.Context(), strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
}
