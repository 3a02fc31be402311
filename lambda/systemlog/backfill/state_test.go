package backfill_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// A state file is taken only for the org, the window and the target that it is about.
func TestStateOfAnother(t *testing.T) {
	w := newWorld(t, 5)
	path := filepath.Join(t.TempDir(), "state.json")
	j := w.job(t, 10, tally{})
	own := backfill.Window{Org: j.Client.Org(), Since: start, Until: end, To: "queue a"}
	state, err := backfill.OpenState(path, own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("opening writes")
	}
	j.State = state
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*backfill.Window)) backfill.Window {
		want := own
		change(&want)
		return want
	}
	for says, want := range map[string]backfill.Window{
		"for the org http://127.0.0.1":       with(func(w *backfill.Window) { w.Org = "https://b.okta.com" }),
		"its window is 2026-11-20T06:00:00Z": with(func(w *backfill.Window) { w.Since = w.Since.Add(time.Second) }),
		"to 2026-11-20T12:00:00Z, not":       with(func(w *backfill.Window) { w.Until = w.Until.Add(time.Second) }),
		"sent to queue a, not queue b":       with(func(w *backfill.Window) { w.To = "queue b" }),
	} {
		_, err := backfill.OpenState(path, want)
		wantStateError(t, err, says)
	}
	again, err := backfill.OpenState(path, with(func(w *backfill.Window) { w.Since, w.Until = time.Time{}, time.Time{} }))
	if err != nil || again.Window() != own || !again.Done() || int(again.Counts().Events) != len(w.want()) {
		t.Errorf("%v: %+v", err, again)
	}
	// A run that is done sends nothing again.
	sent := tally{}
	j = w.job(t, 10, sent)
	j.State = again
	if r, err := j.Run(t.Context()); err != nil || !r.Done || len(sent) != 0 || int(r.Events) != len(w.want()) {
		t.Errorf("%+v, %d sent again: %v", r, len(sent), err)
	}
	j.Until = end.Add(-time.Hour)
	_, err = j.Run(t.Context())
	wantStateError(t, err, "its window is")
	_, err = backfill.OpenState(filepath.Join(t.TempDir(), "none"), backfill.Window{Org: "o", Since: start})
	wantStateError(t, err, "does not exist")
}

func wantStateError(t *testing.T, err error, says string) {
	t.Helper()
	e, ok := errors.AsType[*backfill.StateError](err)
	if !ok || e.Step == "" || !strings.Contains(err.Error(), says) {
		t.Errorf("%v, want %q", err, says)
	}
}

func TestDamagedState(t *testing.T) {
	good := `{"v":1,"org":"o","since":"2026-11-20T06:00:00Z","until":"2026-11-20T12:00:00Z","to":"","cursor":{},` +
		`"counts":{"events":3,"skipped":0,"pages":1,"bytes":9,"hours":{"2026-11-20T06":2,"":1}}}`
	for says, text := range map[string]string{
		"":                                good,
		"it is damaged, or not a state":   good[:len(good)/2],
		"it is damaged":                   strings.Replace(good, `"events":3`, `"events":4`, 1),
		"it is damaged, ":                 strings.Replace(good, "2026-11-20T06\"", "2026-11-20T6\"", 1),
		"it is damaged, or":               strings.Replace(good, `"until":"2026`, `"until":"2025`, 1),
		"version 2, and this":             strings.Replace(good, `"v":1`, `"v":2`, 1),
		"it is damaged, or no":            "[]",
		"it is damaged, or not a state f": "",
		"it is too long for a state":      strings.Repeat(" ", 1<<20) + good,
	} {
		path := filepath.Join(t.TempDir(), "state.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := backfill.OpenState(path, backfill.Window{Org: "o"})
		if says == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		wantStateError(t, err, says)
	}
}

// What cannot be noted is not sent, and a disk that fails later ends the run: the page
// that was not noted comes again.
func TestStateThatCannotBeWritten(t *testing.T) {
	w := newWorld(t, 20)
	dir := filepath.Join(t.TempDir(), "dir")
	open := func(j *backfill.Job) {
		var err error
		j.State, err = backfill.OpenState(filepath.Join(dir, "state"), backfill.Window{Org: j.Client.Org(), Since: start, Until: end})
		if err != nil {
			t.Fatal(err)
		}
	}
	sent := tally{}
	j := w.job(t, 10, sent)
	open(j)
	_, err := j.Run(t.Context())
	wantStateError(t, err, "cannot be written")
	if len(sent) > 0 {
		t.Errorf("%d events were sent", len(sent))
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	pages := 0
	j.Progress = func(p backfill.Progress) {
		if pages++; pages == 3 {
			if err := os.Rename(dir, dir+".away"); err != nil {
				t.Error(err)
			}
		}
	}
	_, err = j.Run(t.Context())
	wantStateError(t, err, "cannot be written")
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	j = w.job(t, 10, sent)
	open(j)
	if r, err := j.Run(t.Context()); err != nil || !r.Done {
		t.Fatalf("%+v: %v", r, err)
	}
	copies := 0
	for uuid := range w.want() {
		if sent[uuid] == 0 {
			t.Errorf("%s was not sent", uuid)
		}
		copies += sent[uuid] - 1
	}
	if copies != 10 {
		t.Errorf("%d copies, want the page that was not noted", copies)
	}
}

// Whatever a state file holds, opening it gives an error or a state that can be run
// and that reads nothing but the org.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"v":1,"org":"https://a.okta.com","since":"2026-11-20T06:00:00Z","until":"2026-11-20T12:00:00Z","to":"",` +
		`"cursor":{"next":"https://a.okta.com/api/v1/logs?after=1","from":"2026-11-20T07:00:00Z","to":"2026-11-20T12:00:00Z"},` +
		`"counts":{"events":2,"skipped":0,"pages":1,"bytes":9,"hours":{"2026-11-20T06":2}}}`))
	f.Add([]byte(`{"v":1,"org":"https://a.okta.com","since":"0001-01-01T00:00:00Z","until":"9999-12-31T23:59:59Z",` +
		`"cursor":{"done":true},"counts":{"hours":null}}`))
	f.Add([]byte(`{"v":2}`))
	f.Add([]byte(`null`))
	path := filepath.Join(f.TempDir(), "state")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := backfill.OpenState(path, backfill.Window{Org: "https://a.okta.com"})
		if err != nil {
			if _, ok := errors.AsType[*backfill.StateError](err); !ok {
				t.Fatalf("%v is not a StateError", err)
			}
			return
		}
		sum := int64(0)
		for _, n := range s.Counts().Hours {
			sum += n
		}
		if window := s.Window(); !window.Since.Before(window.Until) || sum != s.Counts().Events {
			t.Errorf("%+v", s)
		}
	})
}

// Of two processes with one state file one ends with an error, after at most one page that both have
// sent, and the other completes the window.
func TestTwoProcessesWithOneState(t *testing.T) {
	w := newWorld(t, 5)
	path := filepath.Join(t.TempDir(), "state.json")
	sent := tally{}
	open := func(to backfill.Sender) *backfill.Job {
		j := w.job(t, 10, to)
		var err error
		j.State, err = backfill.OpenState(path, backfill.Window{Org: j.Client.Org(), Since: start, Until: end, To: "q"})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	pages := 0
	first := open(senderFunc(func(ctx context.Context, list []systemlog.Event) error {
		if pages++; pages != 2 {
			return sent.Send(ctx, list)
		}
		// Meanwhile another process continues the same backfill.
		if r, err := open(sent).Run(ctx); err != nil || !r.Done {
			t.Errorf("%+v, %v", r, err)
		}
		return sent.Send(ctx, list)
	}))
	_, err := first.Run(t.Context())
	wantStateError(t, err, "another process has changed it")
	copies := 0
	for uuid := range w.want() {
		if sent[uuid] == 0 {
			t.Errorf("%s is lost", uuid)
		}
		copies += sent[uuid] - 1
	}
	if copies > 10 {
		t.Errorf("%d copies, more than a page", copies)
	}
}
