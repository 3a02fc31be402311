package datadog_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/internal/eventstest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type sample = eventstest.Sample

var (
	files    = eventstest.Files
	fixtures = eventstest.Fixtures
	corpora  = eventstest.Corpora
)

// everything has every text with events in testdata.
func everything(t testing.TB) []sample {
	t.Helper()
	if len(corpora()) == 0 {
		t.Log("../shared/corpus is not there: only the events of testdata are looked at")
	}
	return slices.Concat(fixtures(), files("testdata", "canary.json"), files("testdata", "forms", "*.json"), corpora())
}

// fixture is the file name of testdata/events.
func fixture(t testing.TB, name string) sample {
	t.Helper()
	for _, s := range fixtures() {
		if s.Name == name+".json" {
			return s
		}
	}
	t.Fatalf("testdata/events has no %s", name)
	return sample{}
}

// records are those of everything, made once because many tests read them.
func records(t testing.TB) []made {
	t.Helper()
	makeRecords.Do(func() {
		for _, s := range everything(t) {
			for _, l := range normalise(s.Text, settings) {
				allRecords = append(allRecords, made{l, s.Name, added(t, l)})
			}
		}
	})
	return allRecords
}

type made struct {
	log
	name string              // of the file
	more map[string][]string // what stands beside the event, by path
}

var (
	makeRecords sync.Once
	allRecords  []made
)

// reporter is what the helpers need of a testing.TB; a rapid.T is one as well.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// log is one record with the event and the provenance from which it was made.
type log struct {
	event, record []byte
	from          events.Provenance
}

// normalise returns the records of all events in text, each by a separate Normaliser. Texts that
// are not events are skipped: some samples are such texts.
func normalise(text []byte, s datadog.Settings) []log {
	var all []log
	var d events.Decoder
	d.Decode(text, func(e *events.Event, fault *events.Fault) {
		if fault == nil {
			all = append(all, log{bytes.Clone(e.Text()), datadog.New(s).Append(nil, e), e.Provenance})
		}
	})
	return all
}

// only is the record of the one event in text.
func only(t reporter, text string) log {
	t.Helper()
	all := normalise([]byte(text), datadog.Settings{})
	if len(all) != 1 {
		t.Fatalf("%d events in %s", len(all), text)
	}
	return all[0]
}

// okta is the text of an event with the three fields that every event has, and
// members as `"name":value`.
func okta(members ...string) string {
	return `{"uuid":"` + uuid + `","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z"` +
		strings.Join(append([]string{""}, members...), ",") + `}`
}

const uuid = "5a0e6b4e-9c5f-11f1-8f4e-0d6c2a7b9e31"

// enveloped is an event in an EventBridge envelope.
func enveloped(event string) string {
	return `{"version":"0","id":"7f06028e","detail-type":"SystemLog","source":"aws.partner/okta.com/example/oktastream",` +
		`"account":"111122223333","time":"2026-09-01T10:11:12Z","region":"us-east-1","resources":[],"detail":` + event + `}`
}

// member is one of an object's, with its value as it is written.
type member struct {
	key   string
	value json.RawMessage
}

// members splits an object with encoding/json, which shares no code with the code under test: in
// order, with repeated names.
func members(t reporter, object []byte) []member {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		t.Fatalf("no object: %.200s", object)
	}
	var all []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatalf("%v in %.200s", err, object)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatalf("%v in %.200s", err, object)
		}
		all = append(all, member{key.(string), value})
	}
	return all
}

// leaf is a value that holds no other, and its place: member names joined by
// dots, quoted where they are not plain words, and indexes in brackets.
type leaf struct{ path, raw string }

// leaves lists the leaves of a value in order, as they are written; nulls and
// empty objects and arrays are leaves, too. path is that of the value.
func leaves(t reporter, raw []byte, path string) []leaf {
	t.Helper()
	w := walker{t: t, raw: raw, decoder: json.NewDecoder(bytes.NewReader(raw))}
	w.decoder.UseNumber() // a float64 does not hold what Okta's numbers may be
	w.walk(path)
	return w.all
}

type walker struct {
	t       reporter
	raw     []byte
	decoder *json.Decoder
	all     []leaf
}

func (w *walker) token() (token json.Token, raw string) {
	w.t.Helper()
	start := w.decoder.InputOffset()
	token, err := w.decoder.Token()
	if err != nil {
		w.t.Fatalf("%v in %.200s", err, w.raw)
	}
	return token, strings.TrimLeft(string(w.raw[start:w.decoder.InputOffset()]), " \t\r\n,:")
}

func (w *walker) walk(path string) {
	w.t.Helper()
	before := len(w.all)
	switch token, raw := w.token(); token {
	case json.Delim('{'):
		for w.decoder.More() {
			key, _ := w.token()
			w.walk(join(path, key.(string)))
		}
	case json.Delim('['):
		for i := 0; w.decoder.More(); i++ {
			w.walk(path + "[" + strconv.Itoa(i) + "]")
		}
	default:
		w.all = append(w.all, leaf{path, raw})
		return
	}
	_, closing := w.token()
	if len(w.all) == before {
		w.all = append(w.all, leaf{path, map[string]string{"}": "{}", "]": "[]"}[closing]})
	}
}

func join(path, key string) string {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// byPath files leaves under their paths; a path has several where a name stands
// twice in one object.
func byPath(all []leaf) map[string][]string {
	filed := map[string][]string{}
	for _, l := range all {
		filed[l.path] = append(filed[l.path], l.raw)
	}
	return filed
}

// unquoted returns the text of a leaf: the value of a string, and anything else as written.
func unquoted(t reporter, raw string) string {
	t.Helper()
	if raw[0] != '"' {
		return raw
	}
	var text string
	if err := json.Unmarshal([]byte(raw), &text); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return text
}
