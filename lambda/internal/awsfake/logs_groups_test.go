package awsfake_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// Names: API references of CreateLogGroup and CreateLogStream, cloudwatchlogs SDK
// 1.92.0, 2026-11-05.
func TestLogGroupAndStreamNames(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	l := logsClient(c)
	group := func(name string) error {
		_, err := l.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
		return err
	}
	stream := func(name string) error {
		_, err := l.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("/okta/a-b_c.d#1"), LogStreamName: &name})
		return err
	}
	is[*types.ResourceNotFoundException](t, stream("s"))
	check(t, group("/okta/a-b_c.d#1"))
	check(t, group(text(512)))
	for _, bad := range []string{text(513), "aws/x", "a b", "a:b", "é"} {
		is[*types.InvalidParameterException](t, group(bad))
	}
	is[*types.ResourceAlreadyExistsException](t, group("/okta/a-b_c.d#1"))

	check(t, stream("2026/11/22/[$LATEST] é"))
	check(t, stream(text(512)))
	for _, bad := range []string{text(513), "a:b", "a*b"} {
		is[*types.InvalidParameterException](t, stream(bad))
	}
	is[*types.ResourceAlreadyExistsException](t, stream(text(512)))
	want := []string{"2026/11/22/[$LATEST] é", text(512)}
	if got := c.Streams("/okta/a-b_c.d#1"); !slices.Equal(got, want) {
		t.Errorf("streams %q, want %q", got, want)
	}
}

func TestPutLogEventsWithoutGroupOrStream(t *testing.T) {
	l := newLogs(t, 0)
	for _, name := range [][2]string{{"absent", "s"}, {"g", "absent"}} {
		_, err := l.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &name[0], LogStreamName: &name[1], LogEvents: l.at(0)})
		is[*types.ResourceNotFoundException](t, err)
	}
}

// Days: API reference of PutRetentionPolicy, cloudwatchlogs SDK 1.92.0.
func TestRetentionAndDescribe(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	l := logsClient(c)
	for i := range 60 {
		c.AddLogGroup(fmt.Sprintf("okta-%02d", i), 0)
	}
	c.AddLogGroup("other", 400)
	set := func(group string, days int32) error {
		_, err := l.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: &days})
		return err
	}
	check(t, set("okta-07", 3653))
	is[*types.InvalidParameterException](t, set("okta-07", 2))
	is[*types.ResourceNotFoundException](t, set("absent", 7))

	var all []types.LogGroup
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(l, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("okta-")})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		check(t, err)
		all = append(all, page.LogGroups...)
	}
	equal(t, "pages of 50", n, 2)
	equal(t, "groups with the prefix", len(all), 60)
	equal(t, "retention set", *all[7].RetentionInDays, 3653)
	if all[8].RetentionInDays != nil {
		t.Error("a group that keeps its events for ever has retentionInDays")
	}
	equal(t, "arn", *all[7].Arn, "arn:aws:logs:us-east-1:111122223333:log-group:okta-07:*")

	out, err := l.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("the")})
	check(t, err)
	equal(t, "groups with the pattern", len(out.LogGroups), 1)
	equal(t, "its retention", *out.LogGroups[0].RetentionInDays, 400)

	out, err = l.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("absent")})
	check(t, err)
	equal(t, "groups that are not there", len(out.LogGroups), 0)
	_, err = l.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(51)})
	is[*types.InvalidParameterException](t, err)
}
