// Package eventbridge is the sink for Datadog: it packs records into arrays and
// puts them on the delivery event bus, from where a rule with the InputPath
// $.detail.logs posts each array through an API destination.
//
// One entry of PutEvents becomes one event, one POST and one JSON array of logs:
//
//	{"logs":[…],"batch":{"v":1,"id":…,"pipeline":…,"format":…,"packed_at":…,
//	  "count":…,"restamped":…,"replays":…}}
//
// # How records are packed
//
// In their order, one entry filled up to the size of a request before the next
// one begins, which happens only where an array would pass Datadog's 1,000 logs.
// So a request usually has one entry. Ten small entries instead would fail in
// smaller parts, but the one thing that fails an entry by itself is throttling,
// and fewer, larger entries are what avoids it; each entry costs an invocation
// of the API destination out of its rate; and a part of a request that failed is
// sent again by itself in either case. A record longer than a request should be
// goes alone, in a request of its own.
//
// # What is done to a record
//
// Nothing is ever cut. A record too old or too far ahead for Datadog gets the
// time of packing (see datadoglog), one too long is replaced by the event's own
// bytes with the few attributes that make it a Datadog log, and only if that is
// too long as well it is dead. Otherwise the bytes that come in go out: records
// are taken to be valid JSON on one line, which is the normaliser's promise. One
// that is not fails its entry, as Content, and halving the batch finds it.
//
// # What an accepted record is
//
// EventBridge has accepted it: accepted_by_eventbridge in the ledger. Whether
// Datadog accepts it is not known here; what Datadog refuses for good is a whole
// entry in the queue `dead`, and [Unpack] takes it apart.
package eventbridge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
	"github.com/oktastream/oktastream/lambda/sink/datadoglog"
)

// Source and DetailType of every packed batch: the rule on the delivery bus matches
// them, and a batch that comes back is recognised by them.
const (
	Source     = events.PackedSource
	DetailType = events.PackedDetailType
)

// API is what is used of the EventBridge client.
type API interface {
	PutEvents(
		context.Context,
		*eventbridge.PutEventsInput,
		...func(*eventbridge.Options),
	) (*eventbridge.PutEventsOutput, error)
}

// Config is where records go, and how.
type Config struct {
	Bus      string // name or ARN of the delivery event bus
	Pipeline string // <stack>-<destination>, written into every batch
	Format   string // of the records: ocsf, datadog or raw
	// PackBytes bounds the size of a request; DefaultPackBytes where it is not
	// positive, MaxPackBytes where it is more than that.
	PackBytes   int
	Now         func() time.Time // time.Now where nil
	NewID       func() string    // of a batch; 128 random bits where nil
	CallTimeout time.Duration    // of one PutEvents; 10 s where not positive
}

// Sink is a sink.Sink. Deliver may be called from many goroutines.
type Sink struct {
	api     API
	bus     string
	format  string
	about   string // what every batch says alike, as it stands in the detail
	limit   int
	now     func() time.Time
	newID   func() string
	timeout time.Duration
	workers sync.Pool // of *worker
}

// New makes a Sink.
func New(api API, c Config) *Sink {
	s := &Sink{
		api: api, bus: c.Bus, format: c.Format,
		limit: c.PackBytes, timeout: c.CallTimeout, now: c.Now, newID: c.NewID,
	}
	if s.limit <= 0 {
		s.limit = DefaultPackBytes
	}
	s.limit = min(s.limit, MaxPackBytes)
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = rand.Text
	}
	s.timeout = cmp.Or(max(s.timeout, 0), defaultCallTimeout)
	s.about = `,"pipeline":` + quote(c.Pipeline) + `,"format":` + quote(c.Format) + `,"packed_at":"`
	s.workers.New = func() any { return s.newWorker() }
	return s
}

func (s *Sink) newWorker() *worker {
	limit := fmt.Sprintf("an entry of PutEvents may have %d", MaxPackBytes)
	return &worker{sink: s, maker: datadoglog.Maker{Format: s.format, Limit: limit}}
}

func quote(text string) string {
	// Of text that is not UTF-8 the library makes text that is, with an error.
	quoted, _ := jsontext.AppendQuote(nil, text)
	return string(quoted)
}

// slack is what a request needs beside its logs: what the batch says of itself,
// and the few bytes by which a record grows that is restamped.
const slack = 4 << 10

// Cut cuts records by about what one request holds.
func (s *Sink) Cut(records []sink.Record) [][]int {
	limits := sink.Limits{Bytes: s.limit - slack, Records: datadoglog.MaxLogs, PerRecord: 1}
	return sink.Cut(len(records), limits, func(i int) (int, int64) { return len(records[i].Line), 0 })
}

// Deliver packs the records and sends each request once to the bus. The answer of an
// accepted record has Bytes, Restamped and FallbackRaw; that of one that stays at
// Retry is zero.
//
// Deliver stops at the first request that fails as Transient or Blocked, and after
// one with an entry that fails as Blocked: the records of later requests stay at
// Retry. An entry that fails by itself does not stop the others. The error has the
// kind of the worst failure, in the order of worst.
func (s *Sink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	w := s.workers.Get().(*worker)
	defer w.release()
	w.begin(s.now())

	for i := range records {
		log, dead := w.prepare(i, &records[i])
		if dead != nil {
			answers[i] = *dead
			continue
		}
		if w.add(log) {
			continue
		}
		if !w.send(ctx, answers) {
			return w.failures.err()
		}
		// The request took with it what the log was made in.
		log, _ = w.prepare(i, &records[i])
		w.add(log)
	}
	w.send(ctx, answers)
	return w.failures.err()
}

// send sends the request to the bus, writes the answers and clears the request. It
// reports whether the next request may be sent.
func (w *worker) send(ctx context.Context, answers []sink.Answer) (more bool) {
	if len(w.entries) == 0 {
		return true
	}
	defer w.reset()
	if err := ctx.Err(); err != nil {
		return w.failures.add(awserror.New(putEvents, err, w.now))
	}
	ctx, cancel := context.WithTimeout(ctx, w.sink.timeout)
	defer cancel()
	out, err := w.sink.api.PutEvents(ctx, w.input(), once)
	if err != nil {
		return w.failures.add(awserror.New(putEvents, err, w.sink.now()))
	}
	if err := agrees(out, len(w.entries)); err != nil {
		return w.failures.add(&sink.Error{Kind: sink.Transient, Err: err})
	}
	more = true
	first := 0
	for i := range w.entries {
		end := w.entries[i].end
		if result := &out.Entries[i]; taken(result) {
			accept(answers, w.logs[first:end])
		} else {
			e := awserror.Entry(putEvents, aws.ToString(result.ErrorCode))
			w.failures.add(e)
			more = more && e.Kind != sink.Blocked
		}
		first = end
	}
	return more
}

// taken reports whether EventBridge has accepted an entry.
func taken(r *types.PutEventsResultEntry) bool {
	return r.ErrorCode == nil && aws.ToString(r.EventId) != ""
}

// agrees returns an error where a response does not say the same twice: one
// result for each of n entries, and as many failed ones as FailedEntryCount
// says. Then nothing is known of any entry, and sending it twice is better than
// not at all.
func agrees(out *eventbridge.PutEventsOutput, n int) error {
	if out == nil || len(out.Entries) != n {
		return errors.New(putEvents + ": the response has not one result for each entry")
	}
	failed := int32(0)
	for i := range out.Entries {
		if !taken(&out.Entries[i]) {
			failed++
		}
	}
	if failed != out.FailedEntryCount {
		return errors.New(putEvents + ": FailedEntryCount and the results of the entries differ")
	}
	return nil
}

func accept(answers []sink.Answer, logs []packed) {
	for _, l := range logs {
		answers[l.record] = sink.Answer{
			State: sink.Accepted, Restamped: l.restamped, FallbackRaw: l.fallback, Bytes: len(l.body),
		}
	}
}

// once switches the SDK's own retries off: the caller's loop, which knows how
// much time is left, is the only one. A 2xx response that is
// not one of EventBridge fails.
func once(o *eventbridge.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, awserror.RequireJSON)
}
