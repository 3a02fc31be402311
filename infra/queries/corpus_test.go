package queries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/infra/internal/insights"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// sample is one event: a fixture of testdata, or one derived from a fixture.
type sample struct {
	name   string
	detail []byte // as Okta wrote it, on one line, its members in Okta's order
}

func (s sample) get(path string) string { return gjson.GetBytes(s.detail, path).String() }

// corpus is all events of testdata, read once.
var corpus = sync.OnceValues(func() ([]sample, error) {
	files, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil || len(files) < 250 {
		return nil, fmt.Errorf("%d fixtures: %v", len(files), err)
	}
	var all []sample
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		detail := line.Bytes()
		if inner := gjson.GetBytes(detail, "detail"); gjson.GetBytes(detail, "detail-type").Exists() {
			detail = []byte(inner.Raw)
		}
		all = append(all, sample{strings.TrimSuffix(filepath.Base(file), ".json"), detail})
	}
	return all, nil
})

// fixtures are all events of testdata.
func fixtures(t *testing.T) []sample {
	t.Helper()
	all, err := corpus()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(all)
}

// fixture is one event of testdata.
func fixture(t *testing.T, name string) sample {
	t.Helper()
	all := fixtures(t)
	i := slices.IndexFunc(all, func(s sample) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("no fixture %s", name)
	}
	return all[i]
}

// change is new values by path. A member that is not there yet is added to an
// object that is.
type change map[string]any

// derive is s under another name with a uuid of its own, unless the change gives
// one, and the changed values. The order of members is kept, since it is what
// Okta writes.
func (s sample) derive(t *testing.T, name string, c change) sample {
	t.Helper()
	all := change{"uuid": "uuid-of-" + name}
	for path, v := range c {
		all[path] = v
	}
	left := len(all)
	d := json.NewDecoder(bytes.NewReader(s.detail))
	d.UseNumber()
	detail := rewrite(t, d, "", all, &left)
	if left != 0 {
		t.Fatalf("%s: %d of the changes %v have no place", name, left, c)
	}
	return sample{name, detail}
}

// rewrite copies one value of d, changing what is to be changed.
func rewrite(t *testing.T, d *json.Decoder, path string, c change, left *int) []byte {
	t.Helper()
	token := func() json.Token {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	marshal := func(v any) []byte {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if v, ok := c[path]; ok {
		*left--
		var old json.RawMessage
		if err := d.Decode(&old); err != nil {
			t.Fatal(err)
		}
		return marshal(v)
	}
	tok := token()
	open, ok := tok.(json.Delim)
	if !ok {
		return marshal(tok)
	}
	below := func(part string) string { return strings.TrimPrefix(path+"."+part, ".") }
	var members [][]byte
	seen := map[string]bool{}
	for i := 0; d.More(); i++ {
		part, name := fmt.Sprint(i), []byte(nil)
		if open == '{' {
			part = token().(string)
			name = append(marshal(part), ':')
		}
		seen[part] = true
		members = append(members, append(name, rewrite(t, d, below(part), c, left)...))
	}
	token()
	for full, v := range c {
		parent, part := "", full
		if i := strings.LastIndexByte(full, '.'); i >= 0 {
			parent, part = full[:i], full[i+1:]
		}
		if open == '{' && parent == path && !seen[part] {
			*left--
			members = append(members, append(append(marshal(part), ':'), marshal(v)...))
		}
	}
	text := append([]byte{byte(open)}, bytes.Join(members, []byte(","))...)
	return append(text, byte(open)+2) // ] and } stand two behind [ and {
}

// envelope is the event as EventBridge carries it, which is how the function and
// an ingest=rule log group get it.
func envelope(s sample) []byte {
	id := gjson.GetBytes(s.detail, "uuid").String()
	return fmt.Appendf(
		nil,
		`{"version":"0","id":"eb-%s","detail-type":"SystemLog","source":"aws.partner/okta.com/example/oktastream","account":"111122223333","time":"2026-06-22T22:37:12Z","region":"us-east-1","resources":[],"detail":%s}`,
		id,
		s.detail,
	)
}

// stored is what a log group of that shape holds of the events, made by the
// product's own pipeline.
func stored(shape Shape, samples []sample) ([]insights.Event, error) {
	format := pipeline.Format(shape)
	if shape == Envelope {
		format = pipeline.Raw
	}
	if _, err := pipeline.ParseFormat(string(format)); err != nil {
		return nil, err
	}
	return storedBy(pipeline.Config{Format: format}, shape, samples)
}

// storedBy is what a pipeline of that configuration writes for events.
func storedBy(config pipeline.Config, shape Shape, samples []sample) ([]insights.Event, error) {
	p := pipeline.New(config)
	var events []insights.Event
	for _, s := range samples {
		carried := envelope(s)
		var records []pipeline.Record
		out := p.Process(nil, carried, func(r *pipeline.Record) { records = append(records, *r) })
		if len(records) != 1 || records[0].Fault != nil {
			return nil, fmt.Errorf("%s as %s: %+v", s.name, shape, records)
		}
		message := string(out)
		if shape == Envelope {
			message = string(carried)
		}
		// The function stamps a record with the event's own time; it is stored
		// some time later.
		at := records[0].PublishedMS
		events = append(events, insights.Event{Message: message, Timestamp: at, Ingested: at + 1500})
	}
	return events, nil
}
