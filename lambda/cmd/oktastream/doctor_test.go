package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/doctor"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// deploy declares what doctor looks at of the stack okta, with nothing wrong.
func (c *cloud) deploy() {
	made := c.now().Add(-time.Hour)
	c.SetEventSource(ownSource, &awsfake.EventSource{State: "ACTIVE", Created: made})
	c.AddBus(ownSource)
	c.setRule("ENABLED")
	arn := func(queue string) string { return "arn:aws:sqs:" + ownRegion + ":" + ownAccount + ":" + queue }
	rule := "arn:aws:events:" + ownRegion + ":" + ownAccount + ":rule/" + ownSource + "/okta-cloudwatch"
	for _, queue := range []string{"buffer", "redrive", "dead"} {
		c.SetQueuePolicy(queue, fmt.Sprintf(`{"Statement":[
{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%[1]q,
"Condition":{"ArnEquals":{"aws:SourceArn":%[2]q}}},
{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Resource":%[1]q,
"Condition":{"ArnNotEquals":{"aws:SourceArn":%[2]q}}}]}`, arn(queue), rule))
	}
	c.SetMapping("okta-mapping", &awsfake.LambdaMapping{State: "Enabled", LastProcessingResult: "OK",
		EventSourceArn: arn("buffer")})
	queues := strings.TrimSuffix(c.buffer, "buffer")
	c.SetFunction("okta-function", &awsfake.LambdaFunction{State: "Active", LastUpdateStatus: "Successful",
		Variables: map[string]string{
			"OKTASTREAM_PIPELINE": "okta-cloudwatch", "OKTASTREAM_SOURCE": ownSource, "OKTASTREAM_ACCOUNT": ownAccount,
			"OKTASTREAM_DESTINATION": "cloudwatch", "OKTASTREAM_FORMAT": "ocsf", "OKTASTREAM_BUFFER_URL": c.buffer,
			"OKTASTREAM_DEAD_URL": queues + "dead", "OKTASTREAM_LOG_GROUP": "/okta",
		}})
	c.SetAlarm("okta-cloudwatch-lag", &awsfake.MetricAlarm{State: "OK"})
	c.SetMetric("oktastream", "received", []awsfake.Point{{At: c.now().Add(-5 * time.Minute), Value: 1}}, "pipeline",
		"okta-cloudwatch")
}

// setRule declares the rule of the stack okta.
func (c *cloud) setRule(state string) {
	c.SetEventRule(ownSource, "okta-cloudwatch", &awsfake.EventRule{State: state,
		Pattern: `{"source":["` + ownSource + `"]}`, Targets: []string{"arn:aws:sqs:" + ownRegion + ":" + ownAccount + ":buffer"}})
}

// --watch looks again until nothing is broken and nothing could be seen by another look.
func TestDoctorWatches(t *testing.T) {
	rounds, said := 0, []string{}
	lines := []doctor.Line{
		{Status: doctor.Broken}, {Status: doctor.NotLookedAt, Reason: doctor.NoAnswer},
		{Status: doctor.NotLookedAt, Reason: doctor.NoPermission}, {Status: doctor.OK},
	}
	once := func() (doctor.Report, error) {
		rounds++
		return doctor.Report{Lines: lines[rounds-1 : rounds]}, nil
	}
	k := &doctorCommand{For: span(time.Hour)}
	report, err := k.watch(t.Context(), once, time.Millisecond, func(line string) { said = append(said, line) })
	if err != nil || rounds != 3 || report.ExitCode() != doctor.ExitNotLookedAt || len(said) != 2 {
		t.Errorf("%d rounds, %+v, %v, %q", rounds, report, err, said)
	}
	// An interruption ends the pause.
	ctx, cancel := context.WithCancel(t.Context())
	rounds = 0
	if _, err := k.watch(ctx, once, time.Minute, func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
