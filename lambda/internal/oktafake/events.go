package oktafake

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/tidwall/gjson"
)

// Event is one event of the org's log. It has two times: published, when it happens, and persisted,
// when the log can return it, which is never earlier. Bounded reads use the first, polling reads
// the second.
type Event struct {
	UUID      string
	Published time.Time // in milliseconds
	Persisted time.Time
	EventType string
	JSON      []byte
}

// Load describes a generated history. Equal loads generate equal events.
type Load struct {
	Since   time.Time
	Span    time.Duration
	PerHour int
	Seed    uint64

	Lag    time.Duration // most events are persisted within it; default 2 s
	Late   float64       // the part of the events that is persisted late, 0 to 1
	LateBy time.Duration // late events are persisted within it
}

// record is an event with JSON that is made only when it is read, so that a million events fit into
// memory.
type record struct {
	published, persisted int64 // milliseconds since 1970
	id                   [2]uint64
	template, size       int32
	raw                  []byte // if set, the event itself
}

// position is a place in an order of events: after the event seq with the key at.
type position struct {
	at  int64
	seq int
}

// eventLog holds the events and two orders of them.
type eventLog struct {
	records                  []record
	templates                []template
	byPublished, byPersisted []int32
	sorted                   bool
}

// order is one of the two orders, and its time.
func (l *eventLog) order(persisted bool) (seqs []int32, key func(*record) int64) {
	published := func(r *record) int64 { return r.published }
	persistence := func(r *record) int64 { return r.persisted }
	if !l.sorted {
		l.byPublished, l.byPersisted = l.sort(l.byPublished, published), l.sort(l.byPersisted, persistence)
		l.sorted = true
	}
	if persisted {
		return l.byPersisted, persistence
	}
	return l.byPublished, published
}

func (l *eventLog) sort(seqs []int32, key func(*record) int64) []int32 {
	for n := len(seqs); n < len(l.records); n++ {
		seqs = append(seqs, int32(n))
	}
	slices.SortFunc(seqs, func(a, b int32) int {
		return cmp.Or(cmp.Compare(key(&l.records[a]), key(&l.records[b])), cmp.Compare(a, b))
	})
	return seqs
}

// after yields the events behind a position, in an order.
func (l *eventLog) after(p position, persisted bool) iter.Seq2[position, *record] {
	seqs, key := l.order(persisted)
	start := sort.Search(len(seqs), func(i int) bool {
		at := key(&l.records[seqs[i]])
		return at > p.at || at == p.at && int(seqs[i]) > p.seq
	})
	return func(yield func(position, *record) bool) {
		for _, seq := range seqs[start:] {
			r := &l.records[seq]
			if !yield(position{key(r), int(seq)}, r) {
				return
			}
		}
	}
}

// Add adds events to the log. One without Persisted is persisted when it is published. If persisted
// is in the clock's future, the event becomes visible then; an event with an earlier time must not
// be added once polling has begun.
func (o *Org) Add(events ...Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range events {
		o.add(e)
	}
}

func (o *Org) add(e Event) {
	if e.Persisted.IsZero() {
		e.Persisted = e.Published
	}
	if e.Persisted.Before(e.Published) {
		panic(fmt.Sprintf("oktafake: event %s is persisted before it is published", e.UUID))
	}
	if u, p := gjson.GetBytes(e.JSON, "uuid"), gjson.GetBytes(e.JSON, "published"); u.String() != e.UUID ||
		p.String() != stamp(e.Published.UnixMilli()) {
		panic(fmt.Sprintf("oktafake: event %s: its JSON has another uuid or published", e.UUID))
	}
	o.log.records = append(o.log.records, record{
		published: e.Published.UnixMilli(), persisted: e.Persisted.UnixMilli(), raw: e.JSON,
	})
	o.log.sorted = false
}

// Generate adds a generated history: the events of testdata/benchmark.jsonl with new uuids and
// times, from 2 kB (nine of ten) to 30 kB.
func (o *Org) Generate(l Load) {
	l.Lag = cmp.Or(l.Lag, 2*time.Second)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.log.templates == nil {
		o.log.templates = readTemplates()
	}
	random := rand.New(rand.NewPCG(l.Seed, 0))
	upTo := func(d time.Duration) int64 { return random.Int64N(max(1, d.Milliseconds())) }
	for range int64(l.Span.Hours() * float64(l.PerHour)) {
		r := record{
			published: l.Since.UnixMilli() + upTo(l.Span), id: [2]uint64{random.Uint64(), random.Uint64()},
			template: int32(random.IntN(len(o.log.templates))), size: 2000,
		}
		switch p := random.IntN(100); {
		case p == 0:
			r.size += int32(random.IntN(28_000))
		case p < 10:
			r.size += int32(random.IntN(6000))
		}
		if r.persisted = r.published + upTo(l.Lag); random.Float64() < l.Late {
			r.persisted = r.published + upTo(l.LateBy)
		}
		o.log.records = append(o.log.records, r)
	}
	o.log.sorted = false
}

// Events returns the events published from since to before until, in this order,
// those that are not persisted yet included.
func (o *Org) Events(since, until time.Time) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		p, end := position{since.UnixMilli(), -1}, until.UnixMilli()
		for {
			o.mu.Lock()
			e, next := Event{}, p
			for at, r := range o.log.after(p, false) {
				if at.at < end {
					e, next = o.log.event(r), at
				}
				break
			}
			o.mu.Unlock()
			if next == p || !yield(e) {
				return
			}
			p = next
		}
	}
}

func (l *eventLog) event(r *record) Event {
	text := l.write(nil, r)
	return Event{
		UUID:      gjson.GetBytes(text, "uuid").String(),
		Published: time.UnixMilli(r.published).UTC(),
		Persisted: time.UnixMilli(r.persisted).UTC(),
		EventType: gjson.GetBytes(text, "eventType").String(),
		JSON:      text,
	}
}

// write appends the event's JSON.
func (l *eventLog) write(b []byte, r *record) []byte {
	if r.raw != nil {
		return append(b, r.raw...)
	}
	t := &l.templates[r.template]
	from := 0
	for _, f := range t.fields {
		b = append(b, t.text[from:f.start]...)
		from = f.end
		switch f.name {
		case "uuid":
			b = fmt.Appendf(b, `"%08x-%04x-%04x-%04x-%012x"`, uint32(r.id[0]>>32), uint16(r.id[0]>>16),
				uint16(r.id[0]), uint16(r.id[1]>>48), r.id[1]&(1<<48-1))
		case "published":
			b = fmt.Appendf(b, `"%s"`, stamp(r.published))
		case "target": // targets are added until the event has its length
			b = append(b, '[')
			for n, was := 0, len(b); len(t.text)+len(b)-was < int(r.size); n++ {
				b = fmt.Appendf(b, moreTarget, n, n)
			}
			if f.end-f.start == 2 { // the template has none
				b = bytes.TrimSuffix(b, []byte(","))
			}
			from = f.start + 1
		}
	}
	return append(b, t.text[from:]...)
}

const moreTarget = `{"id":"00g%017d","type":"UserGroup","alternateId":"unknown","displayName":"Group %05d",` +
	`"detailEntry":null},`

// stamp writes a time as Okta does.
func stamp(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}

// template is an event's text, with the positions of the fields that differ between events.
type template struct {
	text   []byte
	fields []field // in the order of the text
}

type field struct {
	name       string
	start, end int
}

// readTemplates reads the module's events for benchmarks, relative to the directory of the process.
func readTemplates() []template {
	dir := "."
	for range 8 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Join(dir, "..")
	}
	text, err := os.ReadFile(filepath.Join(dir, "testdata", "benchmark.jsonl"))
	if err != nil {
		panic(fmt.Sprintf("oktafake: read the events to generate from (run inside the module): %v", err))
	}
	var all []template
	for line := range bytes.Lines(text) {
		t := template{text: bytes.TrimSpace(line)}
		for _, name := range []string{"uuid", "published", "target"} {
			if v := gjson.GetBytes(t.text, name); v.Type == gjson.String || v.IsArray() {
				t.fields = append(t.fields, field{name, v.Index, v.Index + len(v.Raw)})
			}
		}
		slices.SortFunc(t.fields, func(a, b field) int { return cmp.Compare(a.start, b.start) })
		all = append(all, t)
	}
	return all
}
