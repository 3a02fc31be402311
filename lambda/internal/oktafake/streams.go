package oktafake

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Stream is a log stream to a partner bus of Amazon EventBridge. It is active and
// delivers the events that are persisted from the making of the org on.
type Stream struct {
	ID, Name        string
	Account, Region string // default 111122223333, us-east-1
	Source          string // the event source name; default Name

	// Deliver sends an event to the bus. Okta tries twice "without any additional
	// wait time" and then deactivates the stream (Okta help, about-log-streams).
	Deliver func(Event) error
}

type stream struct {
	Stream
	active           bool
	created, updated time.Time
	sent             position // in the order of persistence
}

// deliveryAttempts of an event, before the stream is deactivated.
const deliveryAttempts = 2

// Deliver sends to each active stream the events persisted since the last call, in the order of
// persistence. An event that fails twice deactivates the stream; that event and those persisted
// until the next activation are never sent.
func (o *Org) Deliver() {
	o.delivering.Lock()
	defer o.delivering.Unlock()
	for _, s := range o.streams {
		for {
			e, ok := o.nextDelivery(s)
			if !ok {
				break
			}
			var err error
			for range deliveryAttempts {
				if err = s.Deliver(e); err == nil {
					break
				}
			}
			if err != nil {
				o.mu.Lock()
				o.setActive(s, false, "system@okta.com", "SystemPrincipal", "Delivery failed repeatedly")
				o.mu.Unlock()
			}
		}
	}
}

func (o *Org) nextDelivery(s *stream) (Event, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !s.active {
		return Event{}, false
	}
	now := o.cfg.Now().UnixMilli()
	for at, r := range o.log.after(s.sent, true) {
		if at.at > now {
			break
		}
		s.sent = at
		return o.log.event(r), true
	}
	return Event{}, false
}

// setActive activates or deactivates a stream, and writes the event about that to the log.
func (o *Org) setActive(s *stream, active bool, actor, kind, reason string) {
	if s.active == active {
		return
	}
	now := o.cfg.Now()
	s.active, s.updated = active, now
	if active {
		s.sent = position{now.UnixMilli(), len(o.log.records) - 1} // nothing before it is sent
	}
	change := "deactivate"
	if active {
		change = "activate"
	}
	o.add(lifecycleEvent(s.Stream, now, change, actor, kind, reason))
}

// Switch activates or deactivates a stream, as the user actor does in the Admin Console.
func (o *Org) Switch(id string, active bool, actor string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setActive(o.streams[o.mustFind(id)], active, actor, "User", "")
}

// Delete deletes a stream, as the user actor does in the Admin Console.
func (o *Org) Delete(id, actor string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.mustFind(id)
	o.add(lifecycleEvent(o.streams[i].Stream, o.cfg.Now(), "delete", actor, "User", ""))
	o.streams = slices.Delete(o.streams, i, i+1)
}

func (o *Org) mustFind(id string) int {
	i := slices.IndexFunc(o.streams, func(s *stream) bool { return s.ID == id })
	if i < 0 {
		panic("oktafake: no log stream " + id)
	}
	return i
}

// lifecycleEvent is the event of a change of a stream.
func lifecycleEvent(s Stream, now time.Time, change, actor, kind, reason string) Event {
	eventType := "system.log_stream.lifecycle." + change
	display := strings.ToUpper(change[:1]) + change[1:] + " log stream"
	severity := "WARN"
	if change == "activate" {
		severity = "INFO"
	}
	outcome := "null"
	if reason != "" {
		outcome = string(mustJSON(reason))
	}
	random := strings.ToLower(fmt.Sprintf("%x", rand.Text()))
	id := fmt.Sprintf("%s-%s-4%s-8%s-%s", random[:8], random[8:12], random[12:15], random[15:18], random[18:30])
	published := now.UTC().Truncate(time.Millisecond)
	text := fmt.Appendf(nil, `{"actor":{"id":"00uaJD4LnWY79iml45d7","type":"%s","alternateId":%s,"displayName":%s,`+
		`"detailEntry":null},"client":{"userAgent":null,"zone":null,"device":null,"id":null,"ipAddress":null,`+
		`"geographicalContext":null},"device":null,"authenticationContext":{"authenticationStep":0,`+
		`"externalSessionId":"trs%s"},"displayMessage":"%s","eventType":"%s",`+
		`"outcome":{"result":"SUCCESS","reason":%s},"published":"%s","securityContext":{},"severity":"%s",`+
		`"debugContext":{"debugData":{}},"legacyEventType":null,"transaction":{"type":"JOB","id":"ij1%s","detail":{}},`+
		`"uuid":"%s","version":"0","request":{"ipChain":[]},"target":[{"id":%s,"type":"LogStream",`+
		`"alternateId":"unknown","displayName":%s,"detailEntry":null}]}`,
		kind, mustJSON(actor), mustJSON(actor), random[:17], display, eventType, outcome,
		stamp(published.UnixMilli()), severity, random[17:34], id, mustJSON(s.ID), mustJSON(s.Name))
	return Event{UUID: id, Published: published, JSON: text}
}

// wire is a stream as the Log Streaming API writes it (OpenAPI 2026.06.3).
func (s *stream) wire(r *request) map[string]any {
	self := r.base() + "/api/v1/logStreams/" + s.ID
	status, other := "ACTIVE", "deactivate"
	if !s.active {
		status, other = "INACTIVE", "activate"
	}
	return map[string]any{
		"id": s.ID, "type": "aws_eventbridge", "name": s.Name, "status": status,
		"created": stamp(s.created.UnixMilli()), "lastUpdated": stamp(s.updated.UnixMilli()),
		"settings": map[string]string{
			"accountId": cmp.Or(s.Account, "111122223333"), "eventSourceName": cmp.Or(s.Source, s.Name),
			"region": cmp.Or(s.Region, "us-east-1"),
		},
		"_links": map[string]any{
			"self": map[string]string{"href": self, "method": "GET"},
			other:  map[string]string{"href": self + "/lifecycle/" + other, "method": "POST"},
		},
	}
}

var streamFilter = regexp.MustCompile(`^(status|type) eq "\w+"$`)

// listStreams is GET /api/v1/logStreams. An org has two streams at most, so there
// are no pages.
func (o *Org) listStreams(r *request) answer {
	r.known("limit", "filter")
	n, err := strconv.Atoi(cmp.Or(r.query.Get("limit"), "20"))
	if err != nil || n < max(1, len(o.streams)) || n > 200 {
		invalid("limit", "must be from the number of streams to 200")
	}
	filter := r.query.Get("filter")
	if r.query.Has("filter") && !streamFilter.MatchString(filter) {
		badFilter(filter, "only status eq and type eq are supported")
	}
	all := []map[string]any{}
	for _, s := range o.streams {
		w := s.wire(r)
		if filter == "" || filter == fmt.Sprintf(`status eq "%s"`, w["status"]) || filter == `type eq "aws_eventbridge"` {
			all = append(all, w)
		}
	}
	return answer{http.StatusOK, all}
}

// find returns the stream of a call.
func (o *Org) find(r *request) *stream {
	i := slices.IndexFunc(o.streams, func(s *stream) bool { return s.ID == r.id })
	if i < 0 {
		refuse(http.StatusNotFound, "E0000007", "Not found: Resource not found: "+r.id+" (LogStream)")
	}
	r.known()
	return o.streams[i]
}

// getStream is GET /api/v1/logStreams/{id}.
func (o *Org) getStream(r *request) answer { return answer{http.StatusOK, o.find(r).wire(r)} }

// changeStream is POST /api/v1/logStreams/{id}/lifecycle/activate or deactivate.
func (o *Org) changeStream(r *request, active bool) answer {
	s := o.find(r)
	o.setActive(s, active, r.who.Name, "User", "")
	return answer{http.StatusOK, s.wire(r)}
}
