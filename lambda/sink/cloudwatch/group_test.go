package cloudwatch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
)

// group is a log group as strict as CloudWatch Logs: it refuses a call for every
// rule of the API's reference, and stores what it accepts. Its numbers are written
// out, so that they do not change with those of the sink.
type group struct {
	t         testing.TB
	now       func() time.Time
	retention time.Duration // 0: for ever
	missing   bool
	streams   map[string]bool
	// before is asked before anything else: an error is the answer, and nothing
	// has happened. n counts the calls of the operation from 1.
	before func(ctx context.Context, operation string, n int) error
	// refuse says beside the rules what to refuse of the nth put that gets so far.
	refuse func(n, events int) *types.RejectedLogEventsInfo

	mu       sync.Mutex
	calls    map[string]int
	puts     []put // those that were answered with 200
	messages map[string]int
}

// put is one successful call.
type put struct {
	stream string
	sent   []types.InputLogEvent
	stored []types.InputLogEvent
}

// quoted is in the text of every error, as AWS's may quote what was sent.
const quoted = "CANARY jane.doe@example.com"

func apiError(code string) error {
	return &smithy.GenericAPIError{Code: code, Message: quoted}
}

func newGroup(t testing.TB, now func() time.Time) *group {
	return &group{
		t: t, now: now, streams: map[string]bool{stream(now()): true},
		calls: map[string]int{}, messages: map[string]int{},
	}
}

// enter does what comes before each operation.
func (g *group) enter(ctx context.Context, operation string, options []func(*cloudwatchlogs.Options)) error {
	g.mu.Lock()
	g.calls[operation]++
	n, before := g.calls[operation], g.before
	g.mu.Unlock()
	if options != nil { // the server has none, nor a deadline
		if _, ok := ctx.Deadline(); !ok {
			g.t.Errorf("%s has no deadline", operation)
		}
		var o cloudwatchlogs.Options
		for _, option := range options {
			option(&o)
		}
		if o.Retryer == nil || o.Retryer.MaxAttempts() != 1 {
			g.t.Errorf("%s: the SDK would try again", operation)
		}
	}
	if before != nil {
		return before(ctx, operation, n)
	}
	return nil
}

// called is how often each operation was called. A call that was given up may still
// be on its way through the server.
func (g *group) called() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.calls)
}

func (g *group) count(operation string) int { return g.called()[operation] }

func (g *group) CreateLogStream(
	ctx context.Context,
	in *cloudwatchlogs.CreateLogStreamInput,
	options ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	if err := g.enter(ctx, "CreateLogStream", options); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.missing:
		return nil, &types.ResourceNotFoundException{Message: new(quoted)}
	case g.streams[*in.LogStreamName]:
		return nil, &types.ResourceAlreadyExistsException{Message: new(quoted)}
	}
	g.streams[*in.LogStreamName] = true
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (g *group) PutLogEvents(
	ctx context.Context,
	in *cloudwatchlogs.PutLogEventsInput,
	options ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.PutLogEventsOutput, error) {
	if err := g.enter(ctx, "PutLogEvents", options); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if *in.LogGroupName != "okta" || g.missing || !g.streams[*in.LogStreamName] {
		return nil, &types.ResourceNotFoundException{Message: new(quoted)}
	}
	info, fault := g.examine(in.LogEvents)
	if fault != "" {
		g.t.Errorf("PutLogEvents: %s", fault)
		return nil, &types.InvalidParameterException{Message: new(quoted)}
	}
	if g.refuse != nil {
		info = merge(info, g.refuse(len(g.puts)+1, len(in.LogEvents)))
	}
	// Copied: the caller may do with its memory what it likes.
	sent := clone(in.LogEvents)
	var stored []types.InputLogEvent
	for n, e := range sent {
		if !refused(info, int32(n)) {
			stored = append(stored, e)
			g.messages[*e.Message]++
		}
	}
	g.puts = append(g.puts, put{stream: *in.LogStreamName, sent: sent, stored: stored})
	if *info == (types.RejectedLogEventsInfo{}) {
		info = nil
	}
	return &cloudwatchlogs.PutLogEventsOutput{RejectedLogEventsInfo: info}, nil
}

// examine applies the rules to a batch: what of it is refused, or why the whole
// call fails.
func (g *group) examine(list []types.InputLogEvent) (info *types.RejectedLogEventsInfo, fault string) {
	if len(list) < 1 || len(list) > 10_000 {
		return nil, fmt.Sprintf("%d events", len(list))
	}
	now, bytes := g.now(), 0
	var valid []int64
	info = &types.RejectedLogEventsInfo{}
	for n, e := range list {
		size := len(*e.Message) + 26
		bytes += size
		at := time.UnixMilli(*e.Timestamp)
		switch {
		case len(*e.Message) == 0, size > 1_048_576, *e.Timestamp < 0:
			return nil, fmt.Sprintf("event %d has %d bytes and time %d", n, size, *e.Timestamp)
		case n > 0 && *e.Timestamp < *list[n-1].Timestamp:
			return nil, fmt.Sprintf("event %d is not in chronological order", n)
		case now.Sub(at) > 14*24*time.Hour:
			info.TooOldLogEventEndIndex = new(int32(n + 1))
		case g.retention > 0 && now.Sub(at) > g.retention:
			info.ExpiredLogEventEndIndex = new(int32(n))
		case at.Sub(now) > 2*time.Hour:
			if info.TooNewLogEventStartIndex == nil {
				info.TooNewLogEventStartIndex = new(int32(n))
			}
		default:
			valid = append(valid, *e.Timestamp)
		}
	}
	if bytes > 1_048_576 {
		return nil, fmt.Sprintf("%d bytes", bytes)
	}
	if len(valid) > 0 && slices.Max(valid)-slices.Min(valid) > 86_400_000 {
		return nil, "more than 24 hours"
	}
	return info, ""
}

// refused reads the three indexes as the API's reference explains them, and
// expired, of which it does not say whether the event itself is one, as the last
// that has expired.
func refused(info *types.RejectedLogEventsInfo, n int32) bool {
	return info.TooOldLogEventEndIndex != nil && n < *info.TooOldLogEventEndIndex ||
		info.ExpiredLogEventEndIndex != nil && n <= *info.ExpiredLogEventEndIndex ||
		info.TooNewLogEventStartIndex != nil && n >= *info.TooNewLogEventStartIndex
}

// merge refuses what either refuses.
func merge(a, b *types.RejectedLogEventsInfo) *types.RejectedLogEventsInfo {
	if b == nil {
		return a
	}
	pick := func(a, b *int32, better func(int32, int32) bool) *int32 {
		if a == nil || b != nil && better(*b, *a) {
			return b
		}
		return a
	}
	higher := func(b, a int32) bool { return b > a }
	lower := func(b, a int32) bool { return b < a }
	return &types.RejectedLogEventsInfo{
		TooOldLogEventEndIndex:   pick(a.TooOldLogEventEndIndex, b.TooOldLogEventEndIndex, higher),
		ExpiredLogEventEndIndex:  pick(a.ExpiredLogEventEndIndex, b.ExpiredLogEventEndIndex, higher),
		TooNewLogEventStartIndex: pick(a.TooNewLogEventStartIndex, b.TooNewLogEventStartIndex, lower),
	}
}

func clone(list []types.InputLogEvent) []types.InputLogEvent {
	list = slices.Clone(list)
	for n, e := range list {
		list[n] = types.InputLogEvent{Message: new(string([]byte(*e.Message))), Timestamp: new(*e.Timestamp)}
	}
	return list
}
