// Package cloudwatch delivers records to a CloudWatch Logs group.
//
// It keeps to all limits of PutLogEvents, and reads from the response which records were
// refused. No record is cut or dropped: each is accepted, still to be sent, or dead with
// a reason.
//
// # Time
//
// CloudWatch Logs refuses records that are too old or too far ahead. Such a record is
// given the time of delivery; its own time is still among its fields. One that CloudWatch
// Logs still refuses, because its clock or the group's retention differs, is given the
// current time and sent a second time.
//
// # Streams
//
// There is one log stream for each UTC day of delivery, oktastream/2026/11/22. All
// functions that run on that day write to it: sequence tokens are ignored, so
// that writers of one stream do not wait for each other. The first that finds it
// missing creates it.
//
// # Retries
//
// Neither this package nor the SDK repeats a call that was throttled or has failed:
// sink.Loop does. Nothing is kept from one call to the next.
package cloudwatch

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// Limits of PutLogEvents, as of 2026-11-05 (API model of cloudwatchlogs v1.92.0,
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
const (
	maxBytes   = 1_048_576           // "sum of all event messages in UTF-8, plus 26 bytes for each log event"
	perRecord  = 26                  //
	maxRecords = 10_000              // "maximum number of log events in a batch"
	maxSpan    = 24 * time.Hour      // "time span in a single batch cannot exceed 24 hours"
	maxAge     = 14 * 24 * time.Hour // older ones "are rejected while processing remaining valid events"
	maxAhead   = 2 * time.Hour       // and so are those further in the future

	// maxMessage is the longest message that is accepted. The page above says "1 MB"; the
	// service means 2^20 bytes and counts the 26 (AWS's own agent has "1M - 26 bytes",
	// aws/amazon-cloudwatch-agent#25; 1,048,546 bytes were accepted,
	// fluent/fluent-bit#11159 of 2025-11). It fills a batch.
	maxMessage = maxBytes - perRecord
)

// margin is how much younger than the limits of CloudWatch Logs a record has to be to keep
// its time. It covers a call that takes long and two clocks that differ.
const margin = 5 * time.Minute

// limits are what one call of PutLogEvents takes.
var limits = sink.Limits{
	Bytes:     maxBytes,
	Records:   maxRecords,
	PerRecord: perRecord,
	SpanMS:    maxSpan.Milliseconds(),
	Sorted:    true,
}

// API is what a Sink needs of a *cloudwatchlogs.Client.
type API interface {
	PutLogEvents(context.Context, *cloudwatchlogs.PutLogEventsInput,
		...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutLogEventsOutput, error)
	CreateLogStream(context.Context, *cloudwatchlogs.CreateLogStreamInput,
		...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogStreamOutput, error)
}

// Config says where a Sink delivers to.
type Config struct {
	LogGroup string // must exist: a sink makes streams, no groups
	// RetentionDays is the group's: what is older would be refused. 0 is for ever.
	RetentionDays int
	// CallTimeout is how long one call of the API may take; 10 s
	// where it is 0. One Deliver makes several calls.
	CallTimeout time.Duration
	Now         func() time.Time // time.Now where it is nil
}

// Sink delivers to one log group. It is a sink.Sink and may be used by many
// goroutines at once.
type Sink struct {
	api      API
	logGroup string
	age      sink.Age
	timeout  time.Duration
	now      func() time.Time
}

// New makes a Sink.
func New(api API, c Config) *Sink {
	s := &Sink{
		api:      api,
		logGroup: c.LogGroup,
		age:      sink.Age{Past: maxAge - margin, Ahead: maxAhead - margin},
		timeout:  cmp.Or(c.CallTimeout, sink.CallTimeout),
		now:      c.Now,
	}
	if c.RetentionDays > 0 {
		s.age.Past = min(s.age.Past, time.Duration(c.RetentionDays)*24*time.Hour-margin)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// stream is the name of the log stream of a day.
func stream(now time.Time) string { return now.UTC().Format("oktastream/2006/01/02") }

// once switches the SDK's own retries off, whatever the client was made with: sink.Loop
// is the only place that tries again.
func once(o *cloudwatchlogs.Options) { o.Retryer = aws.NopRetryer{} }

// requireJSON makes PutLogEvents fail where a 2xx response is not one of CloudWatch
// Logs. CreateLogStream is documented to succeed with an empty body.
func requireJSON(o *cloudwatchlogs.Options) {
	o.APIOptions = append(o.APIOptions, awserror.RequireJSON)
}
