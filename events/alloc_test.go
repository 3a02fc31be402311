package events

import "testing"

// maxAllocations is the limit for one enveloped event in steady state. It bounds the garbage of a
// batch of a thousand events, and the time of the garbage collector on a function with a fraction
// of a core.
const maxAllocations = 4

func TestDecodeAllocatesLittle(t *testing.T) {
	enveloped := envelope(string(detail(t, files("testdata", "events", "session-start-success.json")[0].Text)))
	for name, text := range map[string]string{
		"an envelope":              enveloped,
		"an envelope in SQS":       batch(message(enveloped)),
		"one with an escaped uuid": envelope(object("uuid", `"\u0061"`, "eventType", `"a\u002eb"`)),
		"one whose envelopes differ": "[" + enveloped + "," + envelope(bare("a"), "account", `"999999999999"`, "region",
			`"eu-west-1"`) + "]",
	} {
		d, events := new(Decoder), 0
		visit := func(e *Event, fault *Fault) {
			if fault != nil {
				t.Fatal(fault)
			}
			e.Hash()
			events++
		}
		body := []byte(text)
		d.Decode(body, visit)
		each := events
		allocations := testing.AllocsPerRun(100, func() { d.Decode(body, visit) }) / float64(each)
		t.Logf("%s: %.1f allocations an event", name, allocations)
		if allocations > maxAllocations {
			t.Errorf("%s: %.1f allocations an event, want at most %d", name, allocations, maxAllocations)
		}
	}
}
