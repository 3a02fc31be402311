package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

const (
	ownSource  = "aws.partner/okta.com/example/oktastream"
	ownAccount = "111122223333"
	ownRegion  = "us-east-1"
)

// bench is a handler among fakes.
type bench struct {
	*Handler
	outcome   func(sink.Record) sink.Answer // what the destination says of a record
	err       error                         // and of those it leaves
	delivered [][]sink.Record               // calls of the destination
	dead      []deadLetter
	deadErr   error
	buffered  []string
	bufferErr error
	log, emf  bytes.Buffer
	mu        sync.Mutex
}

type deadLetter struct {
	body string
	note deadletter.Note
}

func newBench(destination config.Destination) *bench {
	b := &bench{outcome: func(r sink.Record) sink.Answer { return sink.Answer{State: sink.Accepted, Bytes: len(r.Line)} }}
	format := pipeline.OCSF
	if destination == config.Datadog {
		format = pipeline.Datadog
	}
	b.Handler = &Handler{
		Config: config.Config{
			Pipeline: "okta-" + string(destination), Source: ownSource, Account: ownAccount, Region: ownRegion,
			Destination: destination, Format: format, MaxReceiveCount: 5,
		},
		Deliver: b, Dead: b, Buffer: b, Metrics: &b.emf, Log: slog.New(slog.NewJSONHandler(&b.log, nil)),
		Now:     func() time.Time { return time.Date(2026, 9, 1, 10, 11, 13, 0, time.UTC) },
		Version: "v1",
	}
	if destination == config.Datadog {
		b.Unpack = &eventbridge.Unpacker{Pipeline: b.Config.Pipeline, Account: ownAccount}
	}
	return b
}

func (b *bench) Deliver(_ context.Context, records []sink.Record) sink.Outcome {
	b.delivered = append(b.delivered, records)
	out := sink.Outcome{Batches: 1}
	for _, r := range records {
		answer := b.outcome(r)
		cause := -1
		if answer.State == sink.Retry && b.err != nil {
			cause = 0
		}
		out.Answers, out.Causes = append(out.Answers, answer), append(out.Causes, cause)
	}
	if b.err != nil {
		out.Errors = []error{b.err}
	}
	return out
}

func (b *bench) Send(_ context.Context, body []byte, note deadletter.Note) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deadErr != nil {
		return b.deadErr
	}
	b.dead = append(b.dead, deadLetter{string(body), note})
	return nil
}

func (b *bench) Forward(_ context.Context, body []byte, _ string) error {
	if b.bufferErr != nil {
		return b.bufferErr
	}
	b.buffered = append(b.buffered, string(body))
	return nil
}

// returned invokes the handler with an SQS batch and returns the ids that are to
// come again.
func (b *bench) returned(t *testing.T, messages ...string) []string {
	t.Helper()
	answer, err := b.Invoke(t.Context(), []byte(`{"Records":[`+strings.Join(messages, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		BatchItemFailures *[]struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(answer, &response); err != nil || response.BatchItemFailures == nil {
		t.Fatalf("answer %s: %v", answer, err)
	}
	ids := []string{}
	for _, f := range *response.BatchItemFailures {
		if f.ItemIdentifier == nil || *f.ItemIdentifier == "" {
			t.Fatalf("answer %s: an empty identifier brings the whole batch back", answer)
		}
		ids = append(ids, *f.ItemIdentifier)
	}
	return ids
}

// ledger is what the metrics say of one word, over all documents of an origin.
func (b *bench) ledger(t *testing.T, origin string) map[string]float64 {
	t.Helper()
	sum := map[string]float64{}
	for line := range strings.Lines(b.emf.String()) {
		var document map[string]any
		if err := json.Unmarshal([]byte(line), &document); err != nil {
			t.Fatal(err)
		}
		if is, _ := document["origin"].(string); is != origin {
			continue
		}
		for key, value := range document {
			if n, ok := value.(float64); ok {
				sum[key] += n
			}
		}
	}
	if sum["received"] != sum["delivered"]+sum["accepted_by_eventbridge"]+sum["duplicate"]+sum["filtered"]+sum["returned"]+sum["exhausted"]+sum["dead"] {
		t.Errorf("the ledger does not balance: %v", sum)
	}
	return sum
}

func (b *bench) wantLedger(t *testing.T, want map[string]float64) {
	t.Helper()
	got := b.ledger(t, "")
	for _, word := range []string{
		"received", "delivered", "accepted_by_eventbridge", "duplicate", "filtered", "returned", "exhausted", "dead",
		"unknown_type", "conflict", "restamped", "dead_letter_failed", "fallback_raw", "stream_changed",
		"already_there", "refused_by_destination",
	} {
		if got[word] != want[word] {
			t.Errorf("%s = %v, want %v", word, got[word], want[word])
		}
	}
}

func okta(uuid string) string {
	return fmt.Sprintf(`{"uuid":%q,"eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z"}`, uuid)
}

func envelopeOf(detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"e","detail-type":"SystemLog","source":%q,"account":%q,"time":"2026-09-01T10:11:12Z","region":%q,"resources":[],"detail":%s}`,
		ownSource, ownAccount, ownRegion, detail)
}

func envelope(uuid string) string { return envelopeOf(okta(uuid)) }

// messageOf is an SQS message as Lambda hands it over.
func messageOf(id, body string, receives int, attribute string) string {
	attributes := "{}"
	if attribute != "" {
		attributes = fmt.Sprintf(`{"oktastream":{"stringValue":%q,"stringListValues":[],"binaryListValues":[],"dataType":"String"}}`, attribute)
	}
	quoted, _ := json.Marshal(body)
	return fmt.Sprintf(`{"messageId":%q,"receiptHandle":"r-%s","body":%s,"attributes":{"ApproximateReceiveCount":"%d","SentTimestamp":"1"},`+
		`"messageAttributes":%s,"md5OfBody":"x","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:111122223333:buffer","awsRegion":"us-east-1"}`,
		id, id, quoted, receives, attributes)
}

func sqsMessage(id, body string) string { return messageOf(id, body, 1, "") }
