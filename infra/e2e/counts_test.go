//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/tidwall/gjson"
)

// patience is how long a pipeline may take to come to rest.
const patience = 150 * time.Second

// standing is where the events of a pipeline are.
type standing struct {
	delivered map[string][]string // uuid to records, as the destination has them
	dead      map[string]letter   // uuid
	odd       []letter            // dead messages without an event's uuid
}

// letter is a dead message.
type letter struct {
	queue, reason, body string
	id                  string // of the message
}

// counts waits until a pipeline rests, and then strikes the balance: what was sent is
// in the destination or is dead with a reason, and nothing is there that was not
// sent. It gives where everything is.
func (c *cloud) counts(t *testing.T, p pipeline, want sent) standing {
	t.Helper()
	var now standing
	var missing []string
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		if c.rests(t, p) {
			now = c.standing(t, p)
			if missing = now.missing(want); len(missing) == 0 {
				break
			}
		}
		if time.Now().After(end) {
			now = c.standing(t, p)
			missing = now.missing(want)
			break
		}
	}
	for _, uuid := range missing[:min(5, len(missing))] {
		t.Errorf("%s: event %s (%s) is neither in the destination nor dead", p.Name, uuid, want[uuid])
	}
	if len(missing) > 0 {
		t.Errorf("%s: %d of %d events are lost, or still on their way after %v (%s)", p.Name, len(missing), len(want),
			patience, c.depths(t, p))
	}
	for uuid, l := range now.dead {
		if l.reason == "" {
			t.Errorf("%s: event %s is dead in %s without a reason", p.Name, uuid, l.queue)
		}
	}
	for uuid := range now.delivered {
		if _, ok := want[uuid]; !ok {
			t.Errorf("%s: event %q was delivered and never sent", p.Name, uuid)
		}
	}
	return now
}

// all checks that everything has been delivered and is dead no more.
func (s *standing) all(t *testing.T, p pipeline, want sent) {
	t.Helper()
	absent := 0
	for uuid := range want {
		if len(s.delivered[uuid]) == 0 {
			absent++
		}
	}
	if absent > 0 {
		t.Errorf("%s: %d of %d events have not been delivered; %d dead", p.Name, absent, len(want), len(s.dead))
	}
	for uuid, l := range s.dead {
		if _, ok := want[uuid]; ok {
			t.Errorf("%s: event %s is dead in %s: %s", p.Name, uuid, l.queue, l.reason)
			return
		}
	}
}

func (s *standing) missing(want sent) []string {
	var missing []string
	for uuid := range want {
		if len(s.delivered[uuid]) == 0 && s.dead[uuid].id == "" {
			missing = append(missing, uuid)
		}
	}
	slices.Sort(missing)
	return missing
}

// copies is how many records there are more than events.
func (s *standing) copies() int {
	n := 0
	for _, records := range s.delivered {
		n += len(records) - 1
	}
	return n
}

// rests reports whether nothing is queued.
func (c *cloud) rests(t *testing.T, p pipeline) bool {
	t.Helper()
	if !c.hosts.idle() {
		return false
	}
	return p.Buffer == "" || c.depth(t, p.Buffer) == 0
}

// depth is how many messages a queue holds, hidden ones too.
func (c *cloud) depth(t *testing.T, url string) int {
	t.Helper()
	out, err := c.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url,
		AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatalf("look at queue %s: %v", url, err)
	}
	n := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		part, err := strconv.Atoi(out.Attributes[name])
		if err != nil {
			t.Fatalf("queue %s: %s is %q", url, name, out.Attributes[name])
		}
		n += part
	}
	return n
}

func (c *cloud) depths(t *testing.T, p pipeline) string {
	t.Helper()
	var said []string
	for _, queue := range [][2]string{{"buffer", p.Buffer}, {"redrive", p.Redrive}, {"dead", p.Dead}} {
		if queue[1] != "" {
			said = append(said, fmt.Sprintf("%s %d", queue[0], c.depth(t, queue[1])))
		}
	}
	return strings.Join(said, ", ")
}

func (c *cloud) standing(t *testing.T, p pipeline) standing {
	t.Helper()
	now := standing{delivered: map[string][]string{}, dead: map[string]letter{}}
	switch {
	case c.destinations != nil:
		_, events := c.destinations.stored(t, p.Destination)
		for _, event := range events {
			uuid := uuidOf(event)
			now.delivered[uuid] = append(now.delivered[uuid], event)
		}
	case p.Destination == "datadog":
		for uuid, logs := range c.intake.all() {
			if c.others(uuid, p.Source) {
				continue
			}
			for _, log := range logs {
				now.delivered[uuid] = append(now.delivered[uuid], fmt.Sprint(log.log))
			}
		}
	case p.Bucket != "":
		now.delivered = c.archived(t, p.Bucket)
	default:
		for _, record := range c.records(t, p.LogGroup) {
			uuid := uuidOf(record)
			now.delivered[uuid] = append(now.delivered[uuid], record)
		}
	}
	for _, queue := range [][2]string{{"redrive", p.Redrive}, {"dead", p.Dead}} {
		if queue[1] == "" {
			continue
		}
		for _, m := range c.messages(t, queue[1]) {
			l := letter{queue: queue[0], reason: reason(queue[0], m), body: *m.Body, id: *m.MessageId}
			uuids := uuidsOf(l.body)
			for _, uuid := range uuids {
				now.dead[uuid] = l
			}
			if len(uuids) == 0 {
				now.odd = append(now.odd, l)
			}
		}
	}
	return now
}

// records are the messages of a log group.
func (c *cloud) records(t *testing.T, group string) []string {
	t.Helper()
	var records []string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(c.logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("read log group %s: %v", group, err)
		}
		for _, event := range page.Events {
			records = append(records, *event.Message)
		}
	}
	return records
}

// uuidOf is the uuid of a record: OCSF's, an envelope's, or Okta's own.
func uuidOf(record string) string {
	for _, path := range []string{"metadata.uid", "detail.uuid", "uuid"} {
		if v := gjson.Get(record, path); v.Exists() {
			return v.String()
		}
	}
	return ""
}

// uuidsOf are those in the body of a dead message: an event, a packed batch, or
// Lambda's record of a failed call.
func uuidsOf(body string) []string {
	if inner := gjson.Get(body, "requestPayload"); inner.Exists() {
		body = inner.Raw
	}
	var uuids []string
	for _, log := range gjson.Get(body, "detail.logs.#.uuid").Array() {
		uuids = append(uuids, log.String())
	}
	if v := gjson.Get(body, "detail.uuid"); v.Exists() {
		uuids = append(uuids, v.String())
	}
	return uuids
}
