package bulk

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
)

func file(name string) Input {
	return Input{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
}

// read runs one file with all envelopes and returns the uuids of the events in it.
func read(t *testing.T, name string) (*testRun, []string) {
	t.Helper()
	b := &testRun{workers: 2}
	b.AnyEnvelope = true
	b.run(t.Context(), file(name))
	if b.err != nil || !b.ledger.Balanced() {
		t.Errorf("%s: %v, %s", name, b.err, b.ledger.JSON())
	}
	var uuids []string
	for _, line := range b.memory.Lines {
		new(events.Decoder).Decode(line, func(e *events.Event, _ *events.Fault) {
			if e != nil {
				uuids = append(uuids, string(e.UUID))
			}
		})
	}
	return b, uuids
}

// Every kind of file in which people have events is read, or refused by name; the counts are
// events.
func TestFilesThatPeopleHave(t *testing.T) {
	const first, second = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	one := []string{"logs-filter-envelopes.json", "sns-notification.json"}
	refused := map[string]string{
		"refused-console.csv": "CSV", "refused.zip": "a zip archive", "refused-tar.gz": "a tar archive",
		"refused.bz2": "bzip2", "refused.xz": "xz", "refused-s3.json": "an S3 event notification",
		"refused-ocsf.json": "an OCSF record",
	}
	names, err := filepath.Glob("../../testdata/forms/envelopes/*")
	if err != nil || len(names) < 37 {
		t.Fatalf("%v: %d files", err, len(names))
	}
	for _, name := range names {
		b, uuids := read(t, name)
		if kind, ok := refused[filepath.Base(name)]; ok {
			format, is := &events.FormatError{}, false
			if len(b.unread) == 1 {
				format, is = errors.AsType[*events.FormatError](b.unread[0])
			}
			if !is || format.Name != kind || format.WayOut == "" || b.ledger.Received != 0 || len(b.letters) != 0 {
				t.Errorf("%s: %v, %s; want %s", name, b.broken, b.ledger.JSON(), kind)
			}
			continue
		}
		want := []string{first, second}
		if slices.Contains(one, filepath.Base(name)) {
			want = want[:1]
		}
		if !slices.Equal(uuids, want) || b.ledger.Received != int64(len(want)) || len(b.broken) != 0 {
			t.Errorf("%s: %q, %s, %q", name, uuids, b.ledger.JSON(), b.broken)
		}
	}
}

// The same of files from elsewhere, where they are.
func TestFilesOfReview(t *testing.T) {
	names, err := filepath.Glob("../../../shared/cases/forms/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("the files are not here")
	}
	for _, name := range names {
		b, uuids := read(t, name)
		if strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".zip") {
			if len(b.unread) != 1 || b.ledger.Received != 0 {
				t.Errorf("%s: %q, %s", name, b.broken, b.ledger.JSON())
			}
			continue
		}
		if len(uuids) == 0 || b.ledger.Dead != 0 || len(b.broken) != 0 {
			t.Errorf("%s: %q, %s, %q", name, uuids, b.ledger.JSON(), b.broken)
		}
	}
}

// A long list of log events, as "aws logs filter-log-events" prints it, is read event
// by event: the limit is on one of them.
func TestListsMayBeLongerThanARecord(t *testing.T) {
	var list []string
	for n := range 500 {
		text, err := json.Marshal(signIn(n))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, `{"timestamp":1,"message":`+string(text)+"}")
	}
	b := testRun{maxRecord: 400}
	b.AnyEnvelope = true
	b.run(t.Context(), text("in", pretty(`{"events":[`+strings.Join(list, ",")+`],"searchedLogStreams":[]}`)))
	if b.err != nil || b.ledger.Received != 500 || b.ledger.Delivered != 500 {
		t.Errorf("%v, %s", b.err, b.ledger.JSON())
	}
}
