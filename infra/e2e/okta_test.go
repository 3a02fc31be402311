//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/events/catalogue"
)

// org is Okta's side: one log stream, and what has been sent on it.
type org struct {
	cloud  *cloud
	source string

	samples []sample
	mu      sync.Mutex
	count   int
}

// sample is an event of testdata, which others are made like.
type sample struct {
	words  []string // of its type
	detail map[string]json.RawMessage
}

// sent is what was sent: by uuid, the event's type.
type sent map[string]string

// stream adds a log stream, as an administrator does in Okta: EventBridge has a
// partner event source of its name from then on.
func (c *cloud) stream(t *testing.T, name string) *org {
	t.Helper()
	o := &org{cloud: c, source: "aws.partner/okta.com/example/" + name}
	if _, err := c.buses.CreatePartnerEventSource(t.Context(),
		&eventbridge.CreatePartnerEventSourceInput{Account: aws.String(account), Name: &o.source}); err != nil {
		t.Fatalf("make the partner event source: %v", err)
	}
	c.streams = append(c.streams, o.source)
	files, err := filepath.Glob(filepath.Join(c.root, "testdata/events/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var envelope struct{ Detail map[string]json.RawMessage }
		decode(t, text, &envelope)
		if envelope.Detail == nil {
			decode(t, text, &envelope.Detail)
		}
		var kind string
		decode(t, envelope.Detail["eventType"], &kind)
		o.samples = append(o.samples, sample{strings.Split(kind, "."), envelope.Detail})
	}
	return o
}

// mark is the part of a uuid that tells the log stream.
func mark(source string) string { return source[len(source)-4:] }

// others reports whether an event was sent on another log stream than this one: all
// of them share one Datadog.
func (c *cloud) others(uuid, source string) bool {
	for _, stream := range c.streams {
		if stream != source && len(uuid) > 13 && uuid[9:13] == mark(stream) {
			return true
		}
	}
	return false
}

// like is the sample that shares most words with an event type from its beginning.
func (o *org) like(kind string) map[string]json.RawMessage {
	words := strings.Split(kind, ".")
	return slices.MaxFunc(o.samples, func(a, b sample) int {
		return shared(a.words, words) - shared(b.words,
			words)
	}).detail
}

func shared(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// event is an event of a type that happens now, with a uuid of its own.
func (o *org) event(t *testing.T, kind string) (uuid string, detail []byte) {
	t.Helper()
	o.mu.Lock()
	o.count++
	n := o.count
	o.mu.Unlock()
	uuid = fmt.Sprintf("%08x-%s-11f1-9d5b-e2e000000000", n, mark(o.source))
	fields := maps.Clone(o.like(kind))
	for name, value := range map[string]string{"uuid": uuid, "eventType": kind,
		"published": time.Now().UTC().Format("2006-01-02T15:04:05.000Z")} {
		fields[name] = json.RawMessage(`"` + value + `"`)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return uuid, text
}

// send makes an event of each type and sends them. One that EventBridge does not take
// is a fault.
func (o *org) send(t *testing.T, kinds ...string) sent {
	t.Helper()
	all := sent{}
	for part := range slices.Chunk(kinds, 10) {
		var entries []types.PutPartnerEventsRequestEntry
		for _, kind := range part {
			uuid, detail := o.event(t, kind)
			all[uuid] = kind
			entries = append(entries, o.entry(detail))
		}
		o.put(t, entries)
	}
	return all
}

func (o *org) entry(detail []byte) types.PutPartnerEventsRequestEntry {
	now := time.Now()
	return types.PutPartnerEventsRequestEntry{Source: &o.source, DetailType: aws.String("SystemLog"),
		Detail: aws.String(string(detail)), Time: &now}
}

func (o *org) put(t *testing.T, entries []types.PutPartnerEventsRequestEntry) {
	t.Helper()
	out, err := o.cloud.buses.PutPartnerEvents(t.Context(), &eventbridge.PutPartnerEventsInput{Entries: entries})
	if err != nil {
		t.Errorf("Okta sends: %v", err)
		return
	}
	for _, entry := range out.Entries {
		if entry.ErrorCode != nil {
			t.Errorf("EventBridge does not take Okta's event: %s: %s", *entry.ErrorCode, aws.ToString(entry.ErrorMessage))
		}
	}
	if len(out.Entries) != len(entries) {
		t.Errorf("EventBridge answers for %d of %d events", len(out.Entries), len(entries))
	}
}

// everyType is each event type that Okta has published, n times.
func everyType(n int) []string { return slices.Repeat(catalogue.All(), n) }

// some are n event types, of many families.
func some(n int) []string {
	all := catalogue.All()
	step := max(1, len(all)/n)
	var chosen []string
	for i := range n {
		chosen = append(chosen, all[i*step%len(all)])
	}
	return chosen
}

// and joins what was sent on several occasions.
func (s sent) and(others ...sent) sent {
	joined := maps.Clone(s)
	for _, other := range others {
		maps.Copy(joined, other)
	}
	return joined
}
