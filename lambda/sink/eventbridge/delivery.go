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
// A request has one entry, filled up to the size of a request. More and smaller entries
// would be throttled earlier, and each would cost one invocation of the API destination
// out of its rate. A record that is longer than the size of a request is sent alone.
//
// # What is done to a record
//
// No record is cut. A record too old or too far ahead for Datadog gets the
// time of packing, one too long is replaced by the event's own bytes with the few
// attributes that make it a Datadog log, and only if that is too long as well it is
// dead. All others are sent as they are: records are taken to be valid JSON on one line,
// as the normaliser writes them. One that is not fails its entry, as Content, and halving
// the batch finds it.
//
// # What an accepted record is
//
// EventBridge has accepted it: accepted_by_eventbridge in the ledger. Whether Datadog
// accepts it is not known here. An entry that Datadog refuses for good becomes one message
// in the queue `dead`, which [Unpack] takes apart.
package eventbridge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
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

// Sink is a sink.BatchSink. Deliver may be called from many goroutines.
type Sink struct {
	api     API
	entry   types.PutEventsRequestEntry // without its Detail
	about   string                      // what every batch says alike, as it stands in the detail
	limit   int                         // bytes of a request
	now     func() time.Time
	newID   func() string
	timeout time.Duration
	packer  sink.Packer
}

const putEvents = "PutEvents"

// batchVersion is the version of the form of a packed batch.
const batchVersion = 1

// New makes a Sink.
func New(api API, c Config) *Sink {
	s := &Sink{api: api, limit: c.PackBytes, timeout: c.CallTimeout, now: c.Now, newID: c.NewID}
	s.entry = types.PutEventsRequestEntry{
		EventBusName: &c.Bus, Source: aws.String(Source), DetailType: aws.String(DetailType),
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
	s.timeout = cmp.Or(max(s.timeout, 0), sink.CallTimeout)
	s.about = fmt.Sprintf(`,"pipeline":%s,"format":%s,"packed_at":`, quote(c.Pipeline), quote(c.Format))
	const most = MaxPackBytes - slack
	s.packer = sink.Packer{
		Open: `{"logs":[`, Between: ",", Close: fmt.Sprintf(`],"batch":{"v":%d,"id":`, batchVersion), Age: age,
		NewEncoder: func() sink.Encoder {
			return &Logs{Format: c.Format, Most: most, Limit: fmt.Sprintf("a log in an entry of PutEvents may have %d", most)}
		},
	}
	return s
}

// Cut cuts records by what one request holds.
func (s *Sink) Cut(records []sink.Record) [][]int {
	keeps, now := sink.Age{Past: age.Past - maxInvocation, Ahead: age.Ahead}, s.now()
	limits := sink.Limits{Bytes: s.limit - slack, Records: MaxLogs, PerRecord: len(",")}
	return sink.Cut(len(records), limits, func(i int) (int, int64) {
		size := len(records[i].Line)
		if !keeps.Keeps(records[i].TimeMS, now) {
			size += Growth
		}
		return size, 0
	})
}

// Deliver packs the records and sends them in one request.
func (s *Sink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	now := s.now().UTC()
	pack := s.packer.Pack(records, answers, now)
	defer s.packer.Free(pack)
	if len(pack.Sent) == 0 {
		return nil
	}
	restamped, replays := 0, 0 // replays: the most of any log, for a batch that comes back again
	for _, p := range pack.Sent {
		replays = max(replays, records[p.Index].Replays)
		if p.Answer.Restamped {
			restamped++
		}
	}
	pack.Body = append(append(pack.Body, quote(s.newID())...), s.about...)
	pack.Body = now.AppendFormat(pack.Body, `"`+TimeLayout+`"`)
	pack.Body = fmt.Appendf(pack.Body, `,"count":%d,"restamped":%d,"replays":%d}}`, len(pack.Sent), restamped, replays)
	if failure := s.put(ctx, string(pack.Body)); failure != nil {
		return failure
	}
	for _, p := range pack.Sent {
		answers[p.Index] = p.Answer
	}
	return nil
}

// put sends one entry to the bus. It returns nil where EventBridge has accepted it, which
// an event's id and FailedEntryCount have to say alike.
func (s *Sink) put(ctx context.Context, detail string) *sink.Error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	entry := s.entry
	entry.Detail = &detail
	out, err := s.api.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry}}, once)
	if err != nil {
		return awserror.New(putEvents, err, s.now())
	}
	if len(out.Entries) != 1 {
		return transient("the response does not have one result for the entry")
	}
	r, failed := &out.Entries[0], int32(0)
	if r.ErrorCode != nil || aws.ToString(r.EventId) == "" {
		failed = 1
	}
	switch {
	case failed != out.FailedEntryCount:
		return transient("FailedEntryCount and the result of the entry differ")
	case failed > 0:
		return awserror.Entry(putEvents, aws.ToString(r.ErrorCode))
	}
	return nil
}

func transient(text string) *sink.Error {
	return &sink.Error{Kind: sink.Transient, Err: errors.New(putEvents + ": " + text)}
}

// once switches the SDK's own retries off: sink.Loop is the only place that tries again.
// A 2xx response that is not one of EventBridge fails.
func once(o *eventbridge.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, awserror.RequireJSON)
}
