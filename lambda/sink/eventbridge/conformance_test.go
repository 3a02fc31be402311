package eventbridge_test

import (
	"encoding/json"
	"testing"

	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

func TestConformance(t *testing.T) {
	sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
		cloud := awsfake.New(t, awsfake.Options{})
		cloud.AddBus("bus")
		s := eventbridge.New(awseventbridge.NewFromConfig(cloud.Config()), eventbridge.Config{Bus: "bus", Pipeline: "okta-datadog", Format: "datadog"})
		return sinktest.Fixture{Sink: s, Arrived: func() (lines [][]byte) {
			for _, entry := range cloud.Put("bus") {
				var detail struct{ Logs []json.RawMessage }
				if err := json.Unmarshal([]byte(entry.Detail), &detail); err != nil {
					t.Fatal(err)
				}
				for _, log := range detail.Logs {
					lines = append(lines, log)
				}
			}
			return lines
		}}
	})
}
