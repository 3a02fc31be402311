package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// drainBuffer lets the function take all that is in the buffer queue.
func (w *world) drainBuffer(t *testing.T, ledgers *counters) {
	t.Helper()
	h := w.function(ledgers)
	for {
		batch := w.LambdaBatch("buffer", 10)
		if batch == nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		answer, err := h.Invoke(ctx, batch.Payload)
		cancel()
		w.Settle(batch, answer, err)
	}
}

// replay brings back all that is in a queue.
func (w *world) replay(t *testing.T, name string) dlq.Report {
	t.Helper()
	api := sqs.NewFromConfig(w.Config(), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	url := strings.TrimSuffix(w.config.DeadURL, "dead") + name
	q, err := dlq.Open(t.Context(), api, url, name, w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	report, err := (&dlq.Replay{
		Queue: q, Target: &dlq.Buffer{API: api, URL: w.config.BufferURL, Version: "v1"}, Workers: 2,
		Recogniser: func() *dlq.Recogniser { return &dlq.Recogniser{Pipeline: w.config.Pipeline} },
	}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Every form in which a message dies is delivered by the function once it has been
// brought back, under the dimension of replays.
func TestTheFunctionTakesWhatIsReplayed(t *testing.T) {
	at := time.Now().Add(-time.Hour)
	in := func(uuid string) string { return envelope(event(uuid, at, "user.session.start")) }
	text := func(pairs ...string) map[string]awsfake.Attribute {
		m := map[string]awsfake.Attribute{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = awsfake.Attribute{DataType: "String", StringValue: pairs[i+1]}
		}
		return m
	}
	for _, destination := range destinations {
		w := newWorld(t, destination)
		w.Send("dead", in("rule"), text("RULE_ARN", "r", "TARGET_ARN", "t", "ERROR_CODE", "NO_PERMISSIONS"))
		w.Send(
			"dead",
			in("poison"),
			text("oktastream", `{"v":1,"stage":"normalise","reason":"panic","receives":1,"replays":0}`),
		)
		w.Send(
			"dead",
			fmt.Sprintf(
				`{"version":"1.0","timestamp":"2026-09-01T10:14:12.345Z","requestContext":{"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":%s,"responseContext":{}}`,
				in("record"),
			),
			nil,
		)
		w.Send("dead", in("async"), text("RequestID", "r", "ErrorCode", "200", "ErrorMessage", "m"))
		want := 4
		if w.config.Destination == config.Datadog {
			want++
			w.Send(
				"dead",
				fmt.Sprintf(
					`{"version":"0","id":"e","detail-type":"oktastream.logs.v1","source":"oktastream","account":%q,"time":"2026-09-01T10:11:12Z","region":%q,"resources":[],"detail":{"logs":[%s],"batch":{"v":1,"id":"b","pipeline":%q,"format":"datadog","packed_at":"2026-09-01T10:11:12.345Z","count":1,"restamped":0,"replays":0}}}`,
					ownAccount,
					ownRegion,
					event("packed", at, "user.session.start"),
					w.config.Pipeline,
				),
				text("ERROR_CODE", "SDK_CLIENT_ERROR"),
			)
		}
		var ledgers counters
		if report := w.replay(t, "dead"); report.Outcomes[dlq.Replayed] != want || report.Left() != 0 {
			t.Fatalf("%s: %v", destination, report.Outcomes)
		}
		w.drainBuffer(t, &ledgers)
		if destination == config.Archive {
			w.readArchive(t)
		}
		for _, uuid := range []string{"rule", "poison", "record", "async", "packed"} {
			if uuid == "packed" && w.config.Destination != config.Datadog {
				continue
			}
			if w.delivered[uuid] != 1 {
				t.Errorf("%s: %s was delivered %d times", destination, uuid, w.delivered[uuid])
			}
		}
		if n := len(
			w.Messages("dead"),
		) + len(
			w.Messages("buffer"),
		) + len(
			w.Messages("redrive"),
		); n != 0 ||
			len(ledgers.broken) != 0 {
			t.Errorf("%s: %d messages are left, %v", destination, n, ledgers.broken)
		}
	}
}

// What is dead-lettered for a cause that is not fixed is dead-lettered again, is counted, and after
// its third replay left alone.
func TestALoopEnds(t *testing.T) {
	w := newWorld(t, config.CloudWatch)
	w.Send("buffer", `{"truncated":`, nil)
	var ledgers counters
	w.drainBuffer(t, &ledgers)
	for round := 1; ; round++ {
		report := w.replay(t, "dead")
		if report.Outcomes[dlq.TooOften] == 1 {
			if round != 4 {
				t.Errorf("it was replayed %d times", round-1)
			}
			break
		}
		if report.Outcomes[dlq.Replayed] != 1 || round > 4 {
			t.Fatalf("round %d: %v", round, report.Outcomes)
		}
		w.drainBuffer(t, &ledgers)
		if len(w.Messages("dead")) != 1 {
			t.Fatalf("round %d: %d in dead", round, len(w.Messages("dead")))
		}
	}
	if body := w.Messages("dead")[0].Body; body != `{"truncated":` {
		t.Errorf("the body has changed: %s", body)
	}
}
