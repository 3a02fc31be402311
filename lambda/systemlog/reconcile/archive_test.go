package reconcile

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// putLines stores an object with these lines of an hour.
func putLines(t *testing.T, store archive.Store, org string, at time.Time, lines ...[]byte) (key string) {
	t.Helper()
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if _, err := z.Write(bytes.Join(append(lines, nil), []byte("\n"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	key = archive.Key(archive.HourOf(org, at.UnixMilli()), body.Bytes())
	if err := store.Put(t.Context(), key, body.Bytes()); err != nil {
		t.Fatal(err)
	}
	return key
}

// An archive has what Okta lists, but one event; copies in two objects count as such.
func TestArchive(t *testing.T) {
	start := now.Add(-50 * time.Hour).Truncate(time.Hour)
	var okta org
	for i := range 10 {
		okta.events = append(okta.events, event(i, start.Add(time.Duration(i)*20*time.Minute)))
	}
	store := archive.Dir(t.TempDir())
	for i, e := range okta.events {
		line := envelope(e.JSON)
		switch i {
		case 4:
			continue // it is missing
		case 5: // in the archive's other format
			line, _ = normalised(t, pipeline.Config{Format: pipeline.OCSF}, e.JSON)
		case 6:
			putLines(t, store, "example", e.Published, line, envelope(event(100, e.Published).JSON))
		}
		putLines(t, store, "example", e.Published, line)
	}
	putLines(t, store, "other", start, envelope(okta.events[4].JSON))                              // of another org
	putLines(t, store, "example", start.Add(-time.Hour), envelope(event(101, start.Add(-1)).JSON)) // before the window
	faulty := putLines(t, store, "example", start, []byte("no event"))
	if err := os.WriteFile(filepath.Join(string(store), "okta", "org=example", "note.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	job := Job{
		Window: Window{start, start.Add(4 * time.Hour)}, List: okta.list, Held: &Archive{Store: store, Org: "example"},
	}
	r, report := run(t, job)
	want := Counts{Okta: 10, Here: 10, Missing: 1, Extra: 1, Copies: 1}
	if report.Counts != want || report.Held != (HeldRead{Records: 12, Unrecognised: 1}) || report.Verdict() != Missing {
		t.Errorf("%+v, %+v, %s, want %+v; %s is faulty", report.Counts, report.Held, report.Verdict(), want, faulty)
	}
	var missing []string
	if err := r.EachMissing(func(uuid string) error { missing = append(missing, uuid); return nil }); err != nil ||
		len(missing) != 1 || missing[0] != okta.events[4].UUID {
		t.Errorf("%q are missing, %v", missing, err)
	}
	// What is filled is found by the next comparison.
	filled, err := r.Fill(t.Context(), func(_ context.Context, list []systemlog.Event) error {
		for _, e := range list {
			putLines(t, store, "example", e.Published, envelope(e.JSON))
		}
		return nil
	})
	if err != nil || filled.Sent != 1 {
		t.Fatal(filled, err)
	}
	again, err := r.Compare(t.Context())
	if err != nil || again.Missing != 0 || again.Verdict() != Complete {
		t.Errorf("%+v, %v", again, err)
	}
}

// An archive that cannot be read to its end gives no figures.
func TestArchiveThatCannotBeRead(t *testing.T) {
	store := archive.Dir(t.TempDir())
	putLines(t, store, "example", now.Add(-time.Minute), envelope(event(1, now.Add(-time.Minute)).JSON))
	denied := errors.New("denied")
	if _, _, err := all(t, &Archive{Store: failing{store, denied}, Org: "example"}); !errors.Is(err, denied) {
		t.Errorf("%v", err)
	}
	if _, _, err := all(t, &Archive{Store: archive.Dir("nowhere"), Org: "example"}); err == nil ||
		!strings.Contains(err.Error(), "of org example") {
		t.Errorf("%v", err)
	}
}

// failing is an archive whose objects cannot be read.
type failing struct {
	archive.Reader
	err error
}

func (f failing) Get(context.Context, string) (io.ReadCloser, error) { return nil, f.err }
