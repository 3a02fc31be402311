package datadog_test

import (
	"bytes"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
)

// FuzzDatadog checks that every record of a text with events has the properties that Datadog and
// its users rely on.
func FuzzDatadog(f *testing.F) {
	for _, s := range fixtures() {
		f.Add([]byte(compact(f, s.Text)))
	}
	for _, text := range []string{
		okta(), okta(everyPart...), enveloped(okta(everyPart...)), okta(`"service":1`, `"okta_displaced":{}`),
		okta(`"debugContext":{"debugData":{"url":"/a?b=%ff&b=&;#","risk":"{level=LOW, reasons=a}","behaviors":["a=B"]}}`),
		"{\n" + okta(`"x":[{},[],null]`)[1:],
	} {
		f.Add([]byte(text))
	}
	used := datadog.New(settings)
	f.Fuzz(func(t *testing.T, text []byte) {
		new(events.Decoder).Decode(text, func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				return
			}
			l := log{event: e.Text(), record: used.Append(nil, e), from: e.Provenance}
			checkRecord(t, l)
			checkLossless(t, l)
			if fresh := datadog.New(settings).Append(nil, e); !bytes.Equal(fresh, l.record) {
				t.Errorf("the record is\n%s\nby a new Normaliser\n%s", l.record, fresh)
			}
			kept := byPath(leaves(t, l.record, ""))
			for _, path := range []string{"uuid", "evt.id"} {
				if len(kept[path]) == 0 || unquoted(t, kept[path][0]) != string(e.UUID) {
					t.Errorf("%s is %s, the event's uuid is %q", path, kept[path], e.UUID)
				}
			}
		})
	})
}
