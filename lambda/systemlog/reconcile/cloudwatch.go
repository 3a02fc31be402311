package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// LogsAPI is what LogGroup needs of a *cloudwatchlogs.Client.
type LogsAPI interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (
		*cloudwatchlogs.FilterLogEventsOutput, error)
}

// LogGroup is the records in a CloudWatch Logs group.
//
// It is read with FilterLogEvents, and not with Logs Insights: FilterLogEvents pages to the
// end of a time range, where "if the results don't include a nextToken, then pagination is
// finished" (API reference of FilterLogEvents, model of cloudwatchlogs v1.92.2, 2026-11). A
// query of Logs Insights returns at most 10,000 rows and no token ("CloudWatch Logs quotas",
// user guide, 2026-11), costs by the bytes scanned, and can time out with partial results.
type LogGroup struct {
	API  LogsAPI
	Name string
	Now  func() time.Time
}

const (
	// before is how long before the window a read starts. A record's timestamp is when the event was
	// published, unless CloudWatch Logs did not accept that: then it is when the record arrived, which
	// is later, but for the difference between two clocks.
	before = 2 * time.Hour
	// pageTimeout is how long one page may take, with the SDK's retries.
	pageTimeout = 2 * time.Minute
	// maxPages bounds the pages of one read: 10 TB at 1 MB a page, the most that FilterLogEvents
	// returns.
	maxPages = 10_000_000
)

// ErrIncomplete is a read that the service ended too early.
var ErrIncomplete = errors.New("the read is incomplete")

// Check makes one call, for one record, and returns its error: the log group does not exist, the caller
// may not read it, or its class does not allow it. Log groups of
// the class Infrequent Access cannot be read: AWS answers InvalidOperationException, "The log
// group NAME is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for
// this log class." (as quoted in aws/karpenter-provider-aws, pull request 9567, 2026-09).
func (g *LogGroup) Check(ctx context.Context) error {
	end := g.Now()
	_, err := g.page(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String(g.Name), Limit: aws.Int32(1),
		StartTime: aws.Int64(end.Add(-time.Minute).UnixMilli()), EndTime: aws.Int64(end.UnixMilli()),
	})
	if err != nil {
		return fmt.Errorf("read log group %s: %w", g.Name, err)
	}
	return nil
}

// Read reads the log group from before the window until now: a record that was given the time of its
// arrival can be anywhere in between.
func (g *LogGroup) Read(ctx context.Context, w Window, take Take) (HeldRead, error) {
	// A timestamp may be ahead of this clock: CloudWatch Logs accepts up to two hours.
	return g.ReadBetween(ctx, w.Since.Add(-before), g.Now().Add(before), take)
}

// ReadBetween reads the records whose timestamps are between since and until, both included. It does not
// find a record of that time that was given a later time, that of its arrival.
func (g *LogGroup) ReadBetween(ctx context.Context, since, until time.Time, take Take) (HeldRead, error) {
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String(g.Name),
		StartTime:    aws.Int64(max(since.UnixMilli(), 0)),
		EndTime:      aws.Int64(until.UnixMilli()),
	}
	var read HeldRead
	r := newRecogniser()
	for range maxPages {
		page, err := g.page(ctx, in)
		if err != nil {
			return read, fmt.Errorf("read log group %s: %w", g.Name, err)
		}
		for i := range page.Events {
			// A message without text is counted as a record that is not recognised.
			if err := r.record([]byte(aws.ToString(page.Events[i].Message)), &read, take); err != nil {
				return read, err
			}
		}
		next := aws.ToString(page.NextToken)
		switch {
		case page.Events == nil:
			return read, fmt.Errorf("read log group %s: FilterLogEvents returned no list of events: %w",
				g.Name, ErrIncomplete)
		case next == "":
			return read, nil
		case next == aws.ToString(in.NextToken):
			return read, fmt.Errorf("read log group %s: FilterLogEvents returned the same nextToken twice: %w",
				g.Name, ErrIncomplete)
		}
		in.NextToken = aws.String(next)
	}
	return read, fmt.Errorf("read log group %s: more than %d pages: %w", g.Name, maxPages, ErrIncomplete)
}

func (g *LogGroup) page(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (
	*cloudwatchlogs.FilterLogEventsOutput, error,
) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	return g.API.FilterLogEvents(ctx, in, func(o *cloudwatchlogs.Options) {
		o.APIOptions = append(o.APIOptions, awserror.RequireJSON)
	})
}
