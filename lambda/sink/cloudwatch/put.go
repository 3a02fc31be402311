package cloudwatch

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// The operations, as errors name them.
const (
	putLogEvents    = "PutLogEvents"
	createLogStream = "CreateLogStream"
)

// put sends the events of a batch to the stream of the day. batch[from:to] were accepted,
// the others refused for their time.
func (s *Sink) put(ctx context.Context, events []event, batch []int) (from, to int, failure *sink.Error) {
	in := s.input(events, batch)
	info, err := s.putOnce(ctx, in)
	if isNotFound(err) {
		// It is the group or the stream. To make the stream shows which.
		if failure := s.create(ctx, in); failure != nil {
			return 0, 0, failure
		}
		if info, err = s.putOnce(ctx, in); isNotFound(err) {
			// The stream was just made, so the configuration is not at fault.
			return 0, 0, &sink.Error{
				Kind: sink.Transient,
				Err:  errors.New(putLogEvents + ": the new log stream is not visible yet"),
			}
		}
	}
	if err != nil {
		return 0, 0, awserror.New(putLogEvents, err, s.now())
	}
	from, to = accepted(info, len(batch))
	return from, to, nil
}

// accepted reads from a response which of n events were accepted. All three
// numbers are indexes, none is a count. tooOldLogEventEndIndex is the first that is
// not too old. Of expiredLogEventEndIndex the API's reference does not say whether
// it is the last that has expired, so it is taken for that: the event is sent
// again and arrives twice at worst.
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html, 2026-11-05)
func accepted(info *types.RejectedLogEventsInfo, n int) (from, to int) {
	to = n
	if info == nil {
		return 0, n
	}
	if end := info.TooOldLogEventEndIndex; end != nil {
		from = max(from, int(*end))
	}
	if last := info.ExpiredLogEventEndIndex; last != nil {
		from = max(from, min(int(*last)+1, n))
	}
	if start := info.TooNewLogEventStartIndex; start != nil {
		to = min(to, int(*start))
	}
	return from, to
}

// input builds a call. All messages are parts of one string, made at once.
func (s *Sink) input(events []event, batch []int) *cloudwatchlogs.PutLogEventsInput {
	size := 0
	for _, i := range batch {
		size += len(events[i].message)
	}
	var all strings.Builder
	all.Grow(size)
	for _, i := range batch {
		all.Write(events[i].message)
	}
	text := all.String()
	var (
		messages = make([]string, len(batch))
		times    = make([]int64, len(batch))
		list     = make([]types.InputLogEvent, len(batch))
	)
	for n, i := range batch {
		end := len(events[i].message)
		messages[n], text = text[:end], text[end:]
		times[n] = events[i].timeMS
		list[n] = types.InputLogEvent{Message: &messages[n], Timestamp: &times[n]}
	}
	return &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: &s.logGroup, LogStreamName: new(stream(s.now())), LogEvents: list,
	}
}

func (s *Sink) putOnce(
	ctx context.Context, in *cloudwatchlogs.PutLogEventsInput,
) (*types.RejectedLogEventsInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	out, err := s.api.PutLogEvents(ctx, in, once, requireJSON)
	if awserror.Is(err, "DataAlreadyAcceptedException") {
		return nil, nil // it is stored, from a call whose response was lost
	}
	if err != nil {
		return nil, err
	}
	return out.RejectedLogEventsInfo, nil
}

// create makes the stream of in, unless another writer has made it meanwhile.
func (s *Sink) create(ctx context.Context, in *cloudwatchlogs.PutLogEventsInput) *sink.Error {
	call, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, err := s.api.CreateLogStream(call, &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: in.LogGroupName, LogStreamName: in.LogStreamName,
	}, once)
	if err == nil || awserror.Is(err, "ResourceAlreadyExistsException") {
		return nil
	}
	failure := awserror.New(createLogStream, err, s.now())
	if failure.Kind == sink.Content || failure.Kind == sink.Unknown {
		// It refuses the name of the group or the stream, not a record.
		failure.Kind = sink.Blocked
	}
	return failure
}

func isNotFound(err error) bool { return awserror.Is(err, "ResourceNotFoundException") }
