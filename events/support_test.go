package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"strings"
	"sync"

	"github.com/oktastream/oktastream/events/internal/eventstest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type sample = eventstest.Sample

var (
	files    = eventstest.Files
	lines    = eventstest.Lines
	fixtures = eventstest.Fixtures
	corpora  = eventstest.Corpora
)

// forms are the other texts of testdata for Decode: whole files of one JSON value, and the lines of
// the others.
var forms = sync.OnceValue(func() []sample {
	return append(files("testdata", "forms", "*.json"), lines(files("testdata", "forms", "*.jsonl"))...)
})

// reporter has the methods of testing.TB that the helpers need; a rapid.T has them too.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// visited is one call of Decode's visit, copied out of the Decoder's memory.
type visited struct {
	UUID, Type  string
	PublishedMS int64
	From        Provenance
	Text, Line  string
	Carrier     string
	Hash        [32]byte
	Fields      map[Field]string // as written

	Reason        Reason
	Why, FaultsID string
	Body          string
}

func (v visited) isEvent() bool { return v.Reason == "" }

// decode returns everything that d finds in text.
func decode(t reporter, d *Decoder, text []byte) []visited {
	t.Helper()
	var all []visited
	d.Decode(text, func(e *Event, fault *Fault) {
		switch {
		case (e == nil) == (fault == nil):
			t.Fatalf("a visit with event %v and fault %v; want one of the two", e, fault)
		case fault != nil:
			all = append(all, visited{
				Reason: fault.Reason, Why: fault.Text, FaultsID: fault.UUID, Body: string(fault.Body),
			})
		default:
			fields := map[Field]string{}
			for _, f := range allFields() {
				if i := e.Node(f); i != 0 {
					fields[f] = string(e.Tree.Raw(i))
				}
			}
			all = append(all, visited{
				UUID: string(e.UUID), Type: string(e.Type), PublishedMS: e.PublishedMS, From: e.Provenance,
				Text: string(e.Text()), Line: string(e.AppendLine(nil)), Carrier: string(e.Carrier()),
				Hash: e.Hash(), Fields: fields,
			})
		}
	})
	return all
}

// only is the one event in text, found by a separate Decoder.
func only(t reporter, text []byte) visited {
	t.Helper()
	all := decode(t, new(Decoder), text)
	if len(all) != 1 || !all[0].isEvent() {
		t.Fatalf("want one event in %.200s, got %+v", text, all)
	}
	return all[0]
}

// member is a member of an object, with its value as written.
type member struct {
	key   string
	value json.RawMessage
}

// members splits an object with encoding/json, which shares no code with the code under test: in
// order, with repeated names. It returns nil for anything else than an object.
func members(t reporter, object []byte) []member {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		return nil
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

// at is the first value at a path of names joined by dots, as written.
func at(t reporter, object []byte, path string) (value string, ok bool) {
	name, rest, deeper := strings.Cut(path, ".")
	for _, m := range members(t, object) {
		if m.key != name {
			continue
		}
		if !deeper {
			return string(m.value), true
		}
		if value, ok := at(t, m.value, rest); ok {
			return value, true
		}
	}
	return "", false
}

// detail is the event that a file of testdata/events holds, with or without an
// envelope, byte for byte.
func detail(t reporter, text []byte) []byte {
	t.Helper()
	if _, enveloped := at(t, text, "detail-type"); enveloped {
		value, _ := at(t, text, "detail")
		return []byte(value)
	}
	return bytes.TrimSpace(text)
}

// compact returns the text on one line, as encoding/json writes it.
func compact(t reporter, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return b.String()
}

// quoted is text as a JSON string, with more escapes than it needs.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// isOneValue reports whether text is one JSON value and nothing else.
func isOneValue(text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	if d.Decode(&value) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}
