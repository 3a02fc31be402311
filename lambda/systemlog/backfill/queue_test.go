package backfill_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// newQueue is a sender to the queue "buffer" of an emulated AWS.
func newQueue(t *testing.T, filter events.Filter) (*backfill.Queue, *awsfake.Cloud) {
	t.Helper()
	cloud := awsfake.New(t, awsfake.Options{Account: account, Region: region})
	url := cloud.AddQueue("buffer", awsfake.QueueOptions{})
	return &backfill.Queue{
		API: sqs.NewFromConfig(cloud.Config(), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} }), URL: url,
		Own: pipeline.Origin{Source: source, Account: account, Region: region}, Filter: filter, Version: "v1",
		Now: time.Now, FirstWait: time.Millisecond,
	}, cloud
}

// Each event of the window is one message: the envelope of the stack around its own
// bytes, marked as a backfill; what the pipeline's filter drops is not sent.
func TestQueue(t *testing.T) {
	w := newWorld(t, 60)
	filter, err := events.NewFilter(nil, []string{"user.session.*"})
	if err != nil {
		t.Fatal(err)
	}
	q, cloud := newQueue(t, filter)
	cloud.SetFaults(func(c awsfake.Call) awsfake.Fault {
		switch {
		case c.N == 2:
			return awsfake.Fault{Throttle: true}
		case c.N%3 == 0:
			return awsfake.Fault{FailEntries: []int{3}}
		}
		return awsfake.Fault{}
	})
	if _, err := w.job(t, 100, q).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := w.want()
	sent := 0
	var d events.Decoder
	for _, m := range cloud.Messages("buffer") {
		var note deadletter.Note
		if err := json.Unmarshal([]byte(m.Attributes[deadletter.Attribute].StringValue), &note); err != nil {
			t.Fatal(err)
		}
		if note.Origin != "backfill" || note.Replays != 0 || note.Reason != "" || note.Version != "v1" {
			t.Fatalf("%+v", note)
		}
		d.Decode([]byte(m.Body), func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				t.Fatal(fault)
			}
			from := e.Provenance
			if string(e.Text()) != want[string(e.UUID)] || from.Source != source || from.Account != account ||
				from.Region != region || from.ID != string(e.UUID) || from.TimeMS != e.PublishedMS/1000*1000 || from.Org != "example" {
				t.Fatalf("%+v\n%s", from, m.Body)
			}
			if !filter.Keeps(string(e.Type)) {
				t.Errorf("%s is not to be sent", e.Type)
			}
			delete(want, string(e.UUID))
			sent++
		})
	}
	for uuid, text := range want {
		var e struct {
			EventType string `json:"eventType"`
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil || filter.Keeps(e.EventType) {
			t.Errorf("%s was not sent", uuid)
		}
	}
	if sent != int(q.Sent) || len(want) != int(q.Filtered) || sent == 0 || len(want) == 0 || len(q.TooLong) > 0 {
		t.Errorf("%d sent, %d filtered; counted %d, %d, %v", sent, len(want), q.Sent, q.Filtered, q.TooLong)
	}
}

// A queue that accepts nothing, or never all of a page, is an error that names it; the
// page counts as not sent. An event that no message can hold is named.
func TestQueueThatFails(t *testing.T) {
	list := []systemlog.Event{{UUID: "a", EventType: "x", JSON: []byte(`{}`)}, {UUID: "b", EventType: "x", JSON: []byte(`{}`)}}
	for name, fault := range map[string]awsfake.Fault{
		"AccessDenied": {Code: "AccessDeniedException"}, "InternalFailure": {FailEntries: []int{0, 1}},
		"ServiceUnavailable": {Status: 503},
	} {
		q, cloud := newQueue(t, events.Filter{})
		cloud.SetFaults(func(awsfake.Call) awsfake.Fault { return fault })
		err := q.Send(t.Context(), list)
		if err == nil || !strings.Contains(err.Error(), "/buffer") || !strings.Contains(err.Error(), name) || q.Sent != 0 {
			t.Errorf("%s: %v, %d sent", name, err, q.Sent)
		}
	}
	q, cloud := newQueue(t, events.Filter{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Send(ctx, list); err == nil {
		t.Error("a send that was interrupted counts as sent")
	}
	long := systemlog.Event{UUID: "long", JSON: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)}
	if err := q.Send(t.Context(), append(list, long)); err != nil || len(q.TooLong) != 1 || q.TooLong[0] != "long" || q.Sent != 2 {
		t.Errorf("%v, %v, %d sent", err, q.TooLong, q.Sent)
	}
	if n := len(cloud.Messages("buffer")); n != 2 {
		t.Errorf("%d messages", n)
	}
}

// An envelope is JSON whatever the names and the event hold, and has no time that the
// event does not have.
func TestEnvelope(t *testing.T) {
	own := pipeline.Origin{Source: `aws.partner/okta.com/a"b\c`, Account: "1", Region: "<é>"}
	var got struct {
		ID, Source, Account, Region, Version string
		Time                                 *string
		Detail                               json.RawMessage
	}
	text := backfill.AppendEnvelope([]byte("x"), own, &systemlog.Event{UUID: "a\nb", JSON: []byte(`[1.0, "é"]`)})
	if err := json.Unmarshal(text[1:], &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "a\nb" || got.Source != own.Source || got.Region != own.Region || got.Time != nil || got.Version != "0" ||
		string(got.Detail) != `[1.0, "é"]` {
		t.Errorf("%+v", got)
	}
}
