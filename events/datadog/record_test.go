package datadog_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/internal/eventstest"
)

// settings are those of the tests over all events.
var settings = datadog.Settings{Service: "identity", Tags: []string{"env:prod", "team:iam"}}

// compact returns a text on one line, as encoding/json writes it.
func compact(t reporter, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return b.String()
}

// The record of every event, indented so that a review shows every change.
func TestGolden(t *testing.T) {
	golden := func(name string) string {
		return filepath.Join(eventstest.Root(), "testdata", "golden", strings.TrimSuffix(name, ".json")+".datadog.json")
	}
	want := map[string]bool{}
	for _, s := range fixtures() {
		var got bytes.Buffer
		if err := json.Indent(&got, only(t, string(s.Text)).record, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		file := golden(s.Name)
		want[file] = true
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v (go test ./events/datadog -update writes it)", err)
		}
		if !bytes.Equal(got.Bytes(), before) {
			t.Errorf("%s is now\n%s\nand was\n%s", file, got.Bytes(), before)
		}
	}
	kept, err := filepath.Glob(golden("*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		if !want[file] {
			t.Errorf("%s is the record of no event in testdata/events", file)
		}
	}
}

// checkRecord checks the properties of every record.
func checkRecord(t reporter, l log) {
	t.Helper()
	if !json.Valid(l.record) || bytes.ContainsAny(l.record, "\r\n") {
		t.Errorf("not one line of JSON: %q", l.record)
	}
	checkNames(t, l)
}

// checkNames checks that no name occurs twice at the top of a record, unless the event itself
// repeats it: Datadog would keep one of the two.
func checkNames(t reporter, l log) {
	t.Helper()
	count := func(object []byte) map[string]int {
		counts := map[string]int{}
		for _, m := range members(t, object) {
			counts[m.key]++
		}
		return counts
	}
	inEvent := count(l.event)
	for name, n := range count(l.record) {
		if n > max(1, inEvent[name]) || n > 1 && slices.Contains(ours, name) {
			t.Errorf("%q stands %d times in %s", name, n, l.record)
		}
	}
}

func TestEveryRecordIsOneLineOfJSON(t *testing.T) {
	for _, l := range records(t) {
		checkRecord(t, l.log)
	}
	twice := only(t, okta(`"x":1`, `"x":2`, `"service":3`, `"service":4`))
	checkRecord(t, twice)
	checkLossless(t, twice)
}

// The same event gives the same bytes with a new Normaliser and with one that has written all
// others before, in any order: nothing of one record gets into the next. The bytes before a record
// are not changed.
func TestNormaliserForgets(t *testing.T) {
	all := everything(t)
	fresh := make([][]log, len(all))
	for i, s := range all {
		fresh[i] = normalise(s.Text, settings)
	}
	used := datadog.New(settings)
	for seed := range uint64(3) {
		for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(len(all)) {
			n := 0
			new(events.Decoder).Decode(all[i].Text, func(e *events.Event, fault *events.Fault) {
				if fault != nil {
					return
				}
				for range 2 {
					if got := used.Append([]byte("before "), e); string(got) != "before "+string(fresh[i][n].record) {
						t.Fatalf("%s gives\n%s\nto a new Normaliser\n%s", all[i].Name, got, fresh[i][n].record)
					}
				}
				n++
			})
			if n != len(fresh[i]) {
				t.Fatalf("%s held %d events before and %d now", all[i].Name, len(fresh[i]), n)
			}
		}
	}
}

// Explain names the source of every attribute that is added to the event, and Fields names every
// attribute that can be.
func TestExplainTellsAllThatIsAdded(t *testing.T) {
	described := map[string]bool{}
	for _, f := range datadog.New(settings).Fields() {
		described[f.To] = true
	}
	n := datadog.New(settings)
	for _, s := range fixtures() {
		new(events.Decoder).Decode(s.Text, func(e *events.Event, _ *events.Fault) {
			l := log{event: e.Text(), record: n.Append(nil, e)}
			told := map[string][]string{}
			for _, step := range n.Explain(e) {
				if !described[step.To] || step.How == "" {
					t.Errorf("%s: %s is reported (%q), but not by Fields", s.Name, step.To, step.How)
				}
				for _, l := range leaves(t, step.Value, step.To) {
					told[l.path] = append(told[l.path], l.raw)
				}
			}
			for path, values := range added(t, l) {
				if !slices.Equal(told[path], values) {
					t.Errorf("%s: %s is %s, told is %s", s.Name, path, values, told[path])
				}
				delete(told, path)
			}
			if len(told) > 0 {
				t.Errorf("%s: reported and not in the record: %v", s.Name, told)
			}
			if again := n.Append(nil, e); !bytes.Equal(again, l.record) {
				t.Errorf("%s: after Explain the record is\n%s\nand was\n%s", s.Name, again, l.record)
			}
		})
	}
}

// Datadog charges by the byte, and a packed batch has 240 KiB: the attributes added to an event are
// bounded.
func TestSize(t *testing.T) {
	in, out, most, longest := 0, 0, 0, ""
	for _, s := range everything(t) {
		for _, l := range normalise(s.Text, datadog.Settings{}) {
			event := len(compact(t, l.event))
			in, out = in+event, out+len(l.record)
			if more := len(l.record) - event; more > most {
				most, longest = more, s.Name
			}
		}
	}
	ratio := float64(out) / float64(in)
	t.Logf("records are %.2f times the events, compacted; %s has %d bytes more", ratio, longest, most)
	if ratio > maxRatio {
		t.Errorf("records are %.2f times the events, want at most %.2f", ratio, maxRatio)
	}
}

// maxRatio allows some more attributes, but not the event a second time.
const maxRatio = 1.6
