package cloudwatch_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
)

func TestConformance(t *testing.T) {
	sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
		cloud := awsfake.New(t, awsfake.Options{})
		cloud.AddLogGroup("group", 400)
		s := cloudwatch.New(cloudwatchlogs.NewFromConfig(cloud.Config()), cloudwatch.Config{LogGroup: "group", RetentionDays: 400, Now: time.Now})
		return sinktest.Fixture{Sink: s, Arrived: func() (lines [][]byte) {
			for _, e := range cloud.Events("group") {
				lines = append(lines, []byte(e.Message))
			}
			return lines
		}}
	})
}
