package datadog_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
)

// batch returns an SQS batch of n events of testdata, in turn, as Lambda receives it.
func batch(t testing.TB, n int) []byte {
	t.Helper()
	var messages []string
	for i := range n {
		s := fixtures()[i%len(fixtures())]
		text := compact(t, s.Text)
		if !strings.Contains(text, `"detail-type"`) {
			text = enveloped(text)
		}
		body, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, `{"messageId":"`+strconv.Itoa(i)+`","body":`+string(body)+`,"eventSource":"aws:sqs"}`)
	}
	return []byte(`{"Records":[` + strings.Join(messages, ",") + `]}`)
}

// BenchmarkDatadog does what the forwarder does for one batch before packing: from Lambda's payload
// to the records.
func BenchmarkDatadog(b *testing.B) {
	payload := batch(b, 281)
	var d events.Decoder
	n := datadog.New(datadog.Settings{})
	var out []byte
	done := 0
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		out = out[:0]
		d.Decode(payload, func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				b.Fatal(fault)
			}
			out = n.Append(out, e)
			done++
		})
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(len(out))/float64(done/b.N), "bytes/event")
}

// maxAllocations is the limit for one record without decoding: its date, its tags, its hostname and
// the parts of its url. Everything else is copied from the event.
const maxAllocations = 16

func TestNormalisingAllocatesLittle(t *testing.T) {
	n := datadog.New(datadog.Settings{})
	var out []byte
	var total, events, most float64
	worst := ""
	for _, s := range fixtures() {
		allocations := allocationsOf(t, n, &out, []byte(enveloped(compact(t, normalise(s.Text, settings)[0].event))))
		total, events = total+allocations, events+1
		if allocations > most {
			most, worst = allocations, s.Name
		}
	}
	t.Logf("%.1f allocations an event on average, %.0f for %s", total/events, most, worst)
	if total/events > maxAllocations {
		t.Errorf("%.1f allocations an event, want at most %d", total/events, maxAllocations)
	}
}

func allocationsOf(t *testing.T, n *datadog.Normaliser, out *[]byte, text []byte) (allocations float64) {
	t.Helper()
	new(events.Decoder).Decode(text, func(e *events.Event, fault *events.Fault) {
		if fault != nil {
			t.Fatal(fault)
		}
		n.Explain(e) // which must not change the next record
		allocations = testing.AllocsPerRun(20, func() { *out = n.Append((*out)[:0], e) })
	})
	return allocations
}
