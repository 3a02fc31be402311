package ocsf_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

// maxRatio is how much longer records may be than the events as Okta would write
// them without blanks, all in all: it is what one pays CloudWatch for.
const maxRatio = 1.6

// maxGrowth is how many bytes one record may add to its compacted input: a
// record of an event that just fits its destination has to fit, too.
const maxGrowth = 1200

// measured are the events that maxRatio is about: one of every type, else those
// of testdata.
func measured(t *testing.T) []sample {
	all := slices.DeleteFunc(slices.Clone(corpora()), func(s sample) bool { return s.Name != "synthetic-catalogue.jsonl" })
	if len(all) == 0 {
		t.Log("synthetic-catalogue.jsonl is not there: the events of testdata are measured")
		return fixtures()
	}
	return all
}

func TestRecordsAreNotMuchLongerThanTheirEvents(t *testing.T) {
	n := ocsf.New()
	in, out := 0, 0
	for _, s := range measured(t) {
		each(s, func(e *events.Event) {
			in += len(compact(t, e.Text()))
			out += len(n.Append(nil, e))
		})
	}
	ratio := float64(out) / float64(in)
	t.Logf("%d bytes of events become %d bytes of records: %.3f", in, out, ratio)
	if ratio > maxRatio {
		t.Errorf("records are %.3f times as long as events, more than %.1f", ratio, maxRatio)
	}
}

// maxObserved is how many bytes observables may add to a record, on average over the same events: what the cost page
// says of them.
const maxObserved = 1000

func TestObservablesAddBytes(t *testing.T) {
	off, on := ocsf.New(), ocsf.New(ocsf.WithObservables())
	records, without, with := 0, 0, 0
	for _, s := range measured(t) {
		each(s, func(e *events.Event) {
			records++
			without += len(off.Append(nil, e))
			with += len(on.Append(nil, e))
		})
	}
	added := (with - without) / records
	t.Logf("observables add %d bytes to a record of %d: %.0f %%", added, without/records,
		100*float64(with-without)/float64(without))
	if added > maxObserved {
		t.Errorf("observables add %d bytes to a record, more than %d", added, maxObserved)
	}
}

func TestNoRecordIsMuchLongerThanItsInput(tt *testing.T) {
	t := &few{T: tt}
	n := ocsf.New()
	worst, name := 0, ""
	for _, s := range append(fixtures(), corpora()...) {
		each(s, func(e *events.Event) {
			in, out := len(compact(t, s.Text)), len(n.Append(nil, e))
			if out-in > worst {
				worst, name = out-in, s.Name
			}
			if out-in > maxGrowth {
				t.Errorf("%s (%s): %d bytes become %d, %d more", s.Name, e.Type, in, out, out-in)
			}
		})
	}
	t.Logf("the most that a record adds is %d bytes (%s)", worst, name)
}

func compact(t testing.TB, text []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
