package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// service is something that the function calls and that may misbehave.
type service struct {
	mode  string
	delay time.Duration // of mode slow
	calls int
}

var modes = []string{"works", "hangs", "is slow", "refuses", "fails at times"}

// call does what a client does: it lasts until the service answers or ctx ends.
func (s *service) call(ctx context.Context) error {
	s.calls++
	wait := time.Duration(0)
	switch s.mode {
	case "hangs":
		wait = time.Hour
	case "is slow":
		wait = s.delay
	case "refuses":
		return &sink.Error{Kind: sink.Blocked, Err: errors.New("Call: AccessDenied")}
	case "fails at times":
		if s.calls%3 == 0 {
			return &sink.Error{Kind: sink.Transient, Err: errors.New("Call: InternalFailure")}
		}
	}
	// Not a timer's channel: in a bubble, selecting on one can crash the race
	// detector (go.dev/issue/78156).
	answer, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	<-answer.Done()
	return ctx.Err()
}

// cloudOf is everything around a function, and what has arrived where.
type cloudOf struct {
	mu                        sync.Mutex
	destination, dead, buffer service
	arrived                   map[string]int // uuids at the destination
	copied                    map[string]int // bodies in the queue `dead`
	buffered                  int
}

func (c *cloudOf) call(ctx context.Context, s *service) error {
	c.mu.Lock()
	n := *s
	s.calls++
	c.mu.Unlock()
	return n.call(ctx)
}

func (c *cloudOf) Cut(records []sink.Record) [][]int {
	return sink.Cut(len(records), sink.Limits{Records: 100}, func(int) (int, int64) { return 0, 0 })
}

func (c *cloudOf) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	if err := c.call(ctx, &c.destination); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range records {
		answers[i].State = sink.Accepted
		c.arrived[r.UUID]++
	}
	return nil
}

func (c *cloudOf) Send(ctx context.Context, body []byte, _ deadletter.Note) error {
	if err := c.call(ctx, &c.dead); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copied[string(body)]++
	return nil
}

func (c *cloudOf) Forward(ctx context.Context, _ []byte, _ string) error {
	if err := c.call(ctx, &c.buffer); err != nil {
		return err
	}
	c.buffered++
	return nil
}

// message of the test: what is in it, and what must have become of it.
type sent struct {
	id     string
	body   string
	uuids  []string // of its events
	poison []string // bodies of its dead letters
}

func drawMessages(t *rapid.T) (list []sent) {
	good := rapid.SampledFrom([]int{0, 1, 30, 300}).Draw(t, "good")
	for i := range good {
		uuid := fmt.Sprintf("u-%d", i)
		list = append(list, sent{fmt.Sprintf("good-%d", i), envelope(uuid), []string{uuid}, nil})
	}
	poison := rapid.SampledFrom([]int{0, 1, 5, 110, 1000, 10_000}).Draw(t, "poison")
	for i := range poison {
		body := fmt.Sprintf(`{"poison":%d}`, i)
		list = append(list, sent{fmt.Sprintf("bad-%d", i), body, nil, []string{body}})
	}
	if many := rapid.SampledFrom([]int{0, 0, 3, 100, 101, 5000}).Draw(t, "poison in one message"); many > 0 {
		bad := make([]string, many)
		for i := range bad {
			bad[i] = fmt.Sprint(i)
		}
		m := sent{
			"many",
			"[" + strings.Join(append([]string{envelope("u-many")}, bad...), ",") + "]",
			[]string{"u-many"},
			bad,
		}
		if many > maxDeadLetters {
			m.poison = []string{m.body}
		}
		list = append(list, m)
	}
	return list
}

// TestTheAnswerComesInTime: whatever hangs, is slow or refuses, the function
// answers at least half a second before its deadline, and its answer is the truth.
func TestTheAnswerComesInTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &cloudOf{arrived: map[string]int{}, copied: map[string]int{}}
		draw := func(name string, s *service) {
			s.mode = rapid.SampledFrom(modes).Draw(rt, name)
			s.delay = time.Duration(rapid.IntRange(1, 8000).Draw(rt, name+" ms")) * time.Millisecond
		}
		draw("destination", &c.destination)
		draw("dead", &c.dead)
		draw("buffer", &c.buffer)
		left := time.Duration(rapid.IntRange(5000, 60_000).Draw(rt, "deadline ms")) * time.Millisecond
		queue := rapid.Bool().Draw(rt, "queue")
		list := drawMessages(rt)
		if !queue && len(list) > 0 {
			list = list[len(list)-1:]
		}
		if !queue && len(list) == 0 {
			return
		}
		fault := ""
		synctest.Test(t, func(*testing.T) { fault = invokeInTime(c, list, queue, left) })
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// invokeInTime invokes a function once and says what of it is wrong, "" where
// nothing is.
func invokeInTime(c *cloudOf, list []sent, queue bool, left time.Duration) (fault string) {
	counters := balance{ok: true}
	h := &Handler{
		Config: config.Config{
			Pipeline: "okta", Source: ownSource, Account: ownAccount, Region: ownRegion,
			Destination: config.CloudWatch, Format: pipeline.Raw, MaxReceiveCount: 5,
		},
		Deliver: &sink.Loop{Sink: c, Concurrency: 4}, Dead: c, Buffer: c, Metrics: &counters, Now: time.Now, Version: "v1",
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	}
	var payload []byte
	if !queue {
		payload = []byte(list[0].body)
	} else {
		messages := make([]string, len(list))
		for i, m := range list {
			messages[i] = sqsMessage(m.id, m.body)
		}
		payload = batchOf(messages...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), left)
	defer cancel()
	start := time.Now()
	answer, err := h.Invoke(ctx, payload)
	if took := time.Since(start); took > left-500*time.Millisecond {
		return fmt.Sprintf("answered after %v of %v", took, left)
	}
	if !counters.ok {
		return fmt.Sprintf("the ledger does not balance: %s", counters.line)
	}
	if !queue {
		// It is settled, or waits in the buffer, or Lambda tries again.
		if settled := c.settled(list[0]); settled == (err != nil || c.buffered > 0) || err != nil && c.buffered > 0 {
			return fmt.Sprintf("settled %v, buffered %d times, %v", settled, c.buffered, err)
		}
		return ""
	}
	var response struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err != nil || json.Unmarshal(answer, &response) != nil {
		return fmt.Sprintf("%v, %s", err, answer)
	}
	returned := map[string]bool{}
	for _, f := range response.BatchItemFailures {
		returned[f.ItemIdentifier] = true
	}
	for _, m := range list {
		if c.settled(m) == returned[m.id] {
			return fmt.Sprintf("%s is settled: %v, and comes again: %v", m.id, c.settled(m), returned[m.id])
		}
	}
	for uuid, n := range c.arrived {
		if n > 1 {
			return fmt.Sprintf("%s arrived %d times", uuid, n)
		}
	}
	return ""
}

// settled reports whether everything in a message has arrived somewhere.
func (c *cloudOf) settled(m sent) bool {
	return !slices.ContainsFunc(m.uuids, func(uuid string) bool { return c.arrived[uuid] == 0 }) &&
		!slices.ContainsFunc(m.poison, func(body string) bool { return c.copied[body] == 0 })
}

// balance looks at the ledger in the metrics.
type balance struct {
	ok   bool
	line string
}

func (b *balance) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(`"received"`)) {
		var l ledger.Ledger
		b.ok, b.line = json.Unmarshal(p, &l) == nil && l.Balanced(), string(p)
	}
	return len(p), nil
}
