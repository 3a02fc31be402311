package handler

import (
	"testing"

	"github.com/oktastream/oktastream/lambda/pipeline"
)

// TestAllocationsOfAnEvent bounds what one event of a batch of 100 costs in
// garbage, of all that an invocation makes: a function with a fraction of a core
// pays for it twice.
func TestAllocationsOfAnEvent(t *testing.T) {
	const n = 100
	in := payload(t, n)
	for format, most := range map[pipeline.Format]struct{ bytes, objects float64 }{
		pipeline.OCSF:    {1000, 8},
		pipeline.Datadog: {1500, 14},
		pipeline.Raw:     {1000, 7},
	} {
		var sink counting
		h := function(format, &sink)
		run := func() {
			if _, err := h.Invoke(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		run() // what is kept from one invocation to the next is there now
		b, o := allocated(run)
		bytes, objects := float64(b)/n, float64(o)/n
		t.Logf("%s: %.0f bytes in %.1f allocations an event", format, bytes, objects)
		if bytes > most.bytes || objects > most.objects {
			t.Errorf("%s: %.0f bytes in %.1f allocations an event, more than %.0f in %.0f", format, bytes, objects, most.bytes, most.objects)
		}
	}
}
