package ocsf_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/internal/eventstest"
	"github.com/oktastream/oktastream/events/ocsf"
)

// The golden files show the record of each event. They are the records with line breaks and
// indentation added.
func TestGolden(t *testing.T) {
	dir := filepath.Join(eventstest.Root(), "testdata", "golden")
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if len(fixtures()) < 200 {
		t.Fatalf("testdata/events holds %d files only", len(fixtures()))
	}
	expected := map[string]bool{}
	n := ocsf.New()
	for _, s := range fixtures() {
		name := strings.TrimSuffix(s.Name, ".json") + ".ocsf.json"
		expected[name] = true
		t.Run(s.Name, func(t *testing.T) {
			var got bytes.Buffer
			var d events.Decoder
			d.Decode(s.Text, func(e *events.Event, fault *events.Fault) {
				if fault != nil {
					t.Fatal(fault)
				}
				if got.Len() > 0 {
					t.Fatal("more than one event in a file")
				}
				if err := json.Indent(&got, n.Append(nil, e), "", "  "); err != nil {
					t.Fatal(err)
				}
				got.WriteByte('\n')
			})
			path := filepath.Join(dir, name)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf(
					"the record differs from %s (-update rewrites it) at %s",
					path,
					firstDifference(got.String(), string(want)),
				)
			}
		})
	}
	orphans, err := filepath.Glob(filepath.Join(dir, "*.ocsf.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range orphans {
		if !expected[filepath.Base(path)] {
			t.Errorf("%s is the golden of no event: delete it", path)
		}
	}
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(got, want string) string {
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			return "line " + integer(int64(i+1)).text + ":\ngot  " + gots[i] + "\nwant " + wants[i]
		}
	}
	return "the end"
}
