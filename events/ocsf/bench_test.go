package ocsf_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

// maxAllocs is how many allocations one record may cost once all memory has
// grown to its size: more would show as garbage collection at 40,000 events/s.
const maxAllocs = 3

// oneLine are the fixtures without blanks between tokens, as they arrive.
func oneLine(tb testing.TB) []sample {
	tb.Helper()
	var all []sample
	for _, s := range fixtures() {
		var b bytes.Buffer
		if err := json.Compact(&b, s.Text); err != nil {
			tb.Fatal(err)
		}
		all = append(all, sample{Name: s.Name, Text: b.Bytes()})
	}
	return all
}

// BenchmarkNormalise takes one event after the other of all the fixtures; decode
// is the part of ocsf that is not normalising.
func BenchmarkNormalise(b *testing.B) {
	normalise := func(n *ocsf.Normaliser, out []byte, e *events.Event) []byte { return n.Append(out, e) }
	for _, way := range []struct {
		name    string
		options []ocsf.Option
		use     func(*ocsf.Normaliser, []byte, *events.Event) []byte
	}{
		{"decode", nil, func(_ *ocsf.Normaliser, out []byte, _ *events.Event) []byte { return out }},
		{"ocsf", nil, normalise},
		{"observables", []ocsf.Option{ocsf.WithObservables()}, normalise},
	} {
		use := way.use
		b.Run(way.name, func(b *testing.B) {
			all := oneLine(b)
			size := 0
			for _, s := range all {
				size += len(s.Text)
			}
			var d events.Decoder
			n := ocsf.New(way.options...)
			var out []byte
			visit := func(e *events.Event, _ *events.Fault) { out = use(n, out[:0], e) }
			b.SetBytes(int64(size / len(all)))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d.Decode(all[i%len(all)].Text, visit)
				i++
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func TestAllocationsOfARecord(t *testing.T) {
	all := oneLine(t)
	var d events.Decoder
	n := ocsf.New()
	var out []byte
	normalise := func(e *events.Event, _ *events.Fault) { out = n.Append(out[:0], e) }
	nothing := func(*events.Event, *events.Fault) {}
	count := func(visit func(*events.Event, *events.Fault)) float64 {
		return testing.AllocsPerRun(5, func() {
			for _, s := range all {
				d.Decode(s.Text, visit)
			}
		}) / float64(len(all))
	}
	count(normalise) // the first time, memory grows
	decoding, both := count(nothing), count(normalise)
	observing := ocsf.New(ocsf.WithObservables())
	observe := func(e *events.Event, _ *events.Fault) { out = observing.Append(out[:0], e) }
	count(observe)
	if with := count(observe); with > both {
		t.Errorf("%.2f allocations a record with observables, %.2f without", with, both)
	}
	t.Logf("%.2f allocations a record, of which decoding is %.2f", both, decoding)
	if both > maxAllocs {
		t.Errorf("%.2f allocations a record, more than %d", both, maxAllocs)
	}
	for _, s := range all {
		worst := testing.AllocsPerRun(5, func() { d.Decode(s.Text, normalise) })
		if worst > 8*maxAllocs {
			t.Errorf("%s: %.0f allocations", s.Name, worst)
		}
	}
}
