package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// LogsAPI are the calls of CloudWatch Logs. It is a *cloudwatchlogs.Client.
type LogsAPI interface {
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (
		*cloudwatchlogs.DescribeLogGroupsOutput, error)
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (
		*cloudwatchlogs.FilterLogEventsOutput, error)
	DescribeLogStreams(context.Context, *cloudwatchlogs.DescribeLogStreamsInput, ...func(*cloudwatchlogs.Options)) (
		*cloudwatchlogs.DescribeLogStreamsOutput, error)
}

// The IAM actions of CloudWatch Logs.
const (
	describeLogGroups  = "logs:DescribeLogGroups"
	filterLogEvents    = "logs:FilterLogEvents"
	describeLogStreams = "logs:DescribeLogStreams"
)

// logGroup looks at the log group that a pipeline writes to, and at the newest event in it.
func (d *Doctor) logGroup(p Pipeline) []Check {
	return append(checks(Destination, p, d.describeGroup), checks(Newest, p, d.newestRecord)...)
}

// describeGroup judges existence, retention, class and deletion protection. Where an
// account-level policy sets the retention, DescribeLogGroups gives that of the policy and
// its name (API reference, model of cloudwatchlogs v1.92.2, 2026-11).
func (d *Doctor) describeGroup(ctx context.Context, p Pipeline) Result {
	group, err := d.findGroup(ctx, p.LogGroup)
	switch {
	case err != nil:
		return failed(describeLogGroups, err)
	case group == nil:
		return Gone("log group "+p.LogGroup+" does not exist", d.Stack.deploy())
	}
	days := int(aws.ToInt32(group.RetentionInDays))
	seen := "log group exists, keeps events " + keeps(days)
	policy := aws.ToString(group.RetentionPolicyName)
	// RetentionDays is 0, as for ever, where the stack did not make the group.
	switch shorter := days > 0 && days < p.RetentionDays; {
	case group.LogGroupClass == types.LogGroupClassDelivery:
		return Fault("log group is of the class DELIVERY, which keeps events one day and cannot be searched",
			"deploy with another logGroup: a group's class cannot be changed")
	case shorter && policy != "":
		return Fault(fmt.Sprintf("the account's retention policy %s keeps events %s; the stack has %s", policy, keeps(days),
			keeps(p.RetentionDays)), "CloudWatch, Logs, Settings: exempt "+p.LogGroup+" in policy "+policy)
	case shorter:
		return Fault(fmt.Sprintf("log group keeps events %s; the stack has %s", keeps(days), keeps(p.RetentionDays)),
			fmt.Sprintf("aws logs put-retention-policy --log-group-name %s --retention-in-days %d", p.LogGroup, p.RetentionDays))
	case policy != "":
		seen += " by the account's policy " + policy
	}
	if group.LogGroupClass != "" && group.LogGroupClass != types.LogGroupClassStandard {
		seen += ", class " + string(group.LogGroupClass)
	}
	if aws.ToBool(group.DeletionProtectionEnabled) {
		seen += ", protected from deletion"
	} else {
		seen += ", not protected from deletion"
	}
	return Fine(seen)
}

// keeps returns the words for a retention; 0 days is for ever.
func keeps(days int) string {
	if days == 0 {
		return "for ever"
	}
	return fmt.Sprintf("%d days", days)
}

// maxGroupPages bounds the empty pages before the first log group.
const maxGroupPages = 5

// findGroup returns the log group with a name; nil where there is none. DescribeLogGroups sorts groups
// by name, so that the name itself comes before all longer names that begin with it.
func (d *Doctor) findGroup(ctx context.Context, name string) (*types.LogGroup, error) {
	in := &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}
	for range maxGroupPages {
		out, err := d.Logs.DescribeLogGroups(ctx, in, requireJSON)
		if err != nil {
			return nil, err
		}
		if len(out.LogGroups) > 0 && aws.ToString(out.LogGroups[0].LogGroupName) == name {
			return &out.LogGroups[0], nil
		}
		if in.NextToken = out.NextToken; len(out.LogGroups) > 0 || aws.ToString(in.NextToken) == "" {
			return nil, nil
		}
	}
	return nil, incomplete("%d empty pages", maxGroupPages)
}

func requireJSON(o *cloudwatchlogs.Options) {
	o.APIOptions = append(o.APIOptions, awserror.RequireJSON)
}

const (
	// recordSpan is how far back the newest record is looked for.
	recordSpan = 7 * 24 * time.Hour
	// recordAhead is how far ahead of now a record may be: CloudWatch Logs takes those of
	// the next two hours (PutLogEvents, API reference, 2026-11).
	recordAhead = 2 * time.Hour
	// maxRecordPages bounds the empty pages of a search for the newest record.
	maxRecordPages = 20
)

// newestRecord finds the newest record in the log group: the latest come first with
// startFromHead false (FilterLogEvents, model of cloudwatchlogs v1.92.2, 2026-11). Groups
// of the class Infrequent Access cannot be searched so; the times of their streams are
// up to an hour old (DescribeLogStreams, lastEventTimestamp).
func (d *Doctor) newestRecord(ctx context.Context, p Pipeline) Result {
	now := d.Now()
	hop := Hop{Hop: HopDestination, Since: now.Add(-recordSpan), From: "log group"}
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &p.LogGroup, StartFromHead: aws.Bool(false), Limit: aws.Int32(1),
		StartTime: aws.Int64(hop.Since.UnixMilli()), EndTime: aws.Int64(now.Add(recordAhead).UnixMilli()),
	}
	for range maxRecordPages {
		out, err := d.Logs.FilterLogEvents(ctx, in, requireJSON)
		switch {
		case awserror.Is(err, "InvalidOperationException"):
			return d.newestStream(ctx, p, hop)
		case awserror.Is(err, "ResourceNotFoundException"):
			return Result{Status: OK} // describeGroup reports it
		case err != nil:
			return failed(filterLogEvents, err)
		}
		if len(out.Events) > 0 {
			at := time.UnixMilli(aws.ToInt64(out.Events[0].Timestamp)).UTC()
			hop.Newest = &at
		}
		if in.NextToken = out.NextToken; hop.Newest != nil || aws.ToString(in.NextToken) == "" {
			return Result{Status: OK, Hops: []Hop{hop}}
		}
	}
	return Unseen(NoAnswer, fmt.Sprintf("FilterLogEvents: %d pages without an event, and no end", maxRecordPages),
		"run it again, or search in CloudWatch Logs Insights")
}

// newestStream finds the newest record by the times of the log streams.
func (d *Doctor) newestStream(ctx context.Context, p Pipeline, hop Hop) Result {
	out, err := d.Logs.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: &p.LogGroup, OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true), Limit: aws.Int32(1),
	}, requireJSON)
	if err != nil {
		return failed(describeLogStreams, err)
	}
	if len(out.LogStreams) == 0 && aws.ToString(out.NextToken) != "" {
		return Unseen(NoAnswer, "DescribeLogStreams: an empty page, and more pages", "run it again")
	}
	hop.Seconds, hop.From = int(time.Hour/time.Second), "log streams"
	for _, stream := range out.LogStreams {
		if stream.LastEventTimestamp == nil {
			continue
		}
		if at := time.UnixMilli(*stream.LastEventTimestamp).UTC(); at.After(hop.Since) {
			hop.Newest = &at
		}
	}
	return Result{Status: OK, Hops: []Hop{hop}}
}
