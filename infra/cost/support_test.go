package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/handler"
	"github.com/oktastream/oktastream/lambda/sink"
)

var update = flag.Bool("update", false, "rewrite the tables of costs in the pages")

const (
	source  = "aws.partner/okta.com/example/oktastream"
	account = "111122223333"
	region  = "us-east-1"
	// arrival is when the function runs: some seconds after every event was
	// published, which is what batch windows and queues make of it.
	published = "2026-11-22T12:00:00.000Z"
	lag       = 6543 * time.Millisecond
)

var publishedOf = regexp.MustCompile(`"published":"[^"]*"`)

// details are the events of testdata as Okta writes them, without blanks, all
// published at the same time.
func details(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil || len(names) < 200 {
		t.Fatalf("%d events in testdata, %v", len(names), err)
	}
	var list []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var inside struct {
			Detail json.RawMessage `json:"detail"`
		}
		if err := json.Unmarshal(line.Bytes(), &inside); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		detail := line.String()
		if inside.Detail != nil {
			detail = string(inside.Detail)
		}
		list = append(list, publishedOf.ReplaceAllString(detail, `"published":"`+published+`"`))
	}
	return list
}

// envelopeOf is the event as EventBridge sends it, which is what a rule writes
// into a queue or a log group.
func envelopeOf(detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"4ab6d852-d91b-4c2c-9f8a-1f3f4c2f3a10","detail-type":"SystemLog","source":%q,"account":%q,`+
		`"time":"2026-11-22T12:00:00Z","region":%q,"resources":[],"detail":%s}`, source, account, region, detail)
}

// function is the deployed function with a destination of d's; what it writes to
// stdout goes to out.
func function(t *testing.T, d config.Destination, loop *sink.Loop, out io.Writer) *handler.Handler {
	t.Helper()
	env := map[string]string{
		"AWS_REGION": region, "OKTASTREAM_PIPELINE": "oktastream-" + string(d), "OKTASTREAM_ACCOUNT": account,
		"OKTASTREAM_SOURCE":      source,
		"OKTASTREAM_DESTINATION": string(d), "OKTASTREAM_BUFFER_URL": "https://sqs/buffer",
		"OKTASTREAM_DEAD_URL":          "https://sqs/dead",
		"OKTASTREAM_MAX_RECEIVE_COUNT": "59", "OKTASTREAM_LOG_GROUP": "events", "OKTASTREAM_DELIVERY_BUS": "delivery",
		"OKTASTREAM_BUCKET": "bucket", "OKTASTREAM_BUCKET_OWNER": account,
	}
	c, err := config.Read(func(key string) string { return env[key] })
	if err != nil {
		t.Fatal(err)
	}
	return &handler.Handler{
		Config: c, Deliver: loop, Metrics: out, Log: slog.New(slog.NewJSONHandler(out, nil)), Version: "v1",
		Now: func() time.Time { return now(t) },
	}
}

func now(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, published)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(lag)
}

// payload is the SQS batch that Lambda hands over.
func payload(t *testing.T, details []string) []byte {
	t.Helper()
	messages := make([]string, len(details))
	for i, detail := range details {
		body, err := json.Marshal(envelopeOf(detail))
		if err != nil {
			t.Fatal(err)
		}
		messages[i] = fmt.Sprintf(`{"messageId":"4ab6d852-d91b-4c2c-9f8a-%012d","receiptHandle":"r","body":%s,"attributes":{"ApproximateReceiveCount":"1"},`+
			`"messageAttributes":{},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:111122223333:buffer","awsRegion":"us-east-1"}`, i, body)
	}
	return []byte(`{"Records":[` + strings.Join(messages, ",") + `]}`)
}

// taking is a destination that takes everything and counts.
type taking struct{ records, bytes int }

func (s *taking) Cut(records []sink.Record) [][]int {
	return sink.Cut(len(records), sink.Limits{}, func(int) (int, int64) { return 0, 0 })
}

func (s *taking) Deliver(_ context.Context, records []sink.Record, answers []sink.Answer) error {
	for i := range records {
		answers[i] = sink.Answer{State: sink.Accepted, Bytes: len(records[i].Line)}
		s.bytes += len(records[i].Line)
	}
	s.records += len(records)
	return nil
}

// about reports whether a figure in the code is what was measured.
func about(t *testing.T, what string, got, measured, tolerance float64) {
	t.Helper()
	t.Logf("%s: %.1f measured, %.1f in the code", what, measured, got)
	if got < measured*(1-tolerance) || got > measured*(1+tolerance) {
		t.Errorf("%s is %.1f in the code and %.1f as measured; they may differ by %.0f %%: write the measured figure "+
			"into quantities.csv, then run -update", what, got, measured, 100*tolerance)
	}
}
