package dlq_test

import (
	"context"
	"encoding/json"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// recognised reads a queue and gives what is in it, by message id.
func recognised(t *testing.T, w *world, url, name string) map[string]*dlq.Dead {
	t.Helper()
	q := w.open(t, url, name)
	var mu sync.Mutex
	found := map[string]*dlq.Dead{}
	reader := dlq.Reader{Queue: q, Visit: func(_ context.Context, messages []*dlq.Message) error {
		mu.Lock()
		defer mu.Unlock()
		r := recogniser(w)()
		for _, m := range messages {
			found[m.ID] = r.Recognise(q, m)
		}
		return nil
	}}
	if _, err := reader.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return found
}

// only is the one message of a queue.
func only(t *testing.T, w *world, url, name string) *dlq.Dead {
	t.Helper()
	found := recognised(t, w, url, name)
	if len(found) != 1 {
		t.Fatalf("%d messages, want 1", len(found))
	}
	for _, d := range found {
		return d
	}
	return nil
}

// Every form in which a message can be dead is known, in the queue in which it is.
func TestEveryFormIsRecognised(t *testing.T) {
	at := time.Date(2026, 9, 1, 10, 14, 12, 345_000_000, time.UTC)
	start, end := "user.session.start", "user.session.end"
	for i, want := range []dlq.Dead{
		{Form: dlq.Redrive, Reason: "exhausted", Code: "-", Events: []dlq.Ref{{"u-1", start}}, Attempts: 2},
		{Form: dlq.Poison, Reason: "not_json", Code: "-", Events: []dlq.Ref{}, FirstFailure: firstSeen, Attempts: 2},
		{Form: dlq.Poison, Reason: "refused", Code: "-", Events: []dlq.Ref{{"u-1", end}}, FirstFailure: firstSeen, Attempts: 2, Replays: 1},
		{Form: dlq.RuleTarget, Reason: "rule_target", Code: "NO_PERMISSIONS", Events: []dlq.Ref{{"u-1", "app.oauth2.as.authorize"}}, Attempts: 5},
		{Form: dlq.APIDestination, Reason: "api_destination", Code: "NO_PERMISSIONS", Events: []dlq.Ref{{"u-1", start}, {"u-1b", "group.user_membership.add"}}, Attempts: 5, Replays: 1},
		{Form: dlq.LambdaRecord, Reason: "lambda_record", Code: "RetriesExhausted", Events: []dlq.Ref{{"u-1", start}}, LastFailure: at, Attempts: 3},
		{Form: dlq.LambdaDLQ, Reason: "lambda_dlq 200", Code: "-", Events: []dlq.Ref{{"u-1", "policy.evaluate_sign_on"}}},
		{Form: dlq.Event, Reason: "no_reason", Code: "-", Events: []dlq.Ref{{"u-1", start}, {"u-1b", end}}},
		{Form: dlq.Unknown, Reason: "unknown", Code: "-", Events: []dlq.Ref{}},
	} {
		w := newWorld(t)
		want.MessageID, want.Queue, want.Pipeline = forms[i].put(w, "u-1"), forms[i].queue, "okta-cloudwatch"
		if want.Form == dlq.Redrive {
			w.exhaust(t)
			want.Attempts-- // received once before its redrive
		}
		before := w.Messages(want.Queue)[0].Sent
		want.Since, want.Expires = before.UTC().
			Truncate(time.Millisecond),
			before.UTC().
				Truncate(time.Millisecond).
				Add(days14)
		if want.Form == dlq.Poison || want.Form == dlq.RuleTarget || want.Form == dlq.APIDestination ||
			want.Form == dlq.LambdaDLQ {
			want.LastFailure = want.Since
		}
		url := w.dead
		if want.Queue == "redrive" {
			url = w.redrive
		}
		got := only(t, w, url, want.Queue)
		if (got.Note != nil) != (want.Form == dlq.Poison) {
			t.Errorf("%s: note %+v", want.Form, got.Note)
		}
		got.Note = nil
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
	}
}

func TestWhatIsKnownAndWhatIsNot(t *testing.T) {
	for name, test := range map[string]struct {
		body       string
		attributes map[string]awsfake.Attribute
		form       dlq.Form
		reason     string
	}{
		"EventBridge's, of somebody else":     {`{"detail-type":"X","source":"aws.ec2","detail":{}}`, eventBridge(), dlq.Unknown, "unknown"},
		"Okta's, without a uuid":              {envelope(`{"eventType":"a.b"}`), eventBridge(), dlq.RuleTarget, "rule_target"},
		"Okta's, with an empty detail":        {envelope(`{}`), eventBridge(), dlq.RuleTarget, "rule_target"},
		"a note that is no JSON":              {envelope(okta("u-1", "a.b")), attributes("oktastream", "{"), dlq.Event, "no_reason"},
		"a note that is no JSON, and nothing": {"x", attributes("oktastream", "{"), dlq.Unknown, "unknown"},
		"a packed batch that is broken":       {`{"detail-type":"oktastream.logs.v1","source":"oktastream","detail":{"logs":[{}]}}`, eventBridge(), dlq.Unknown, "unknown"},
		"Lambda's record of another function": {lambdaRecord(`{"x":1}`), nil, dlq.Unknown, "unknown"},
		"a reason that is none":               {"x", poisoned(deadletter.Note{Reason: "Homer Simpson <homer@example.com>"}), dlq.Poison, "no_reason"},
		"text":                                {"hello", nil, dlq.Unknown, "unknown"},
		"a replayed one, without its reason":  {envelope(okta("u-1", "a.b")), poisoned(deadletter.Note{Replays: 1}), dlq.Event, "no_reason"},
	} {
		w := newWorld(t)
		w.Send("dead", test.body, test.attributes)
		if got := only(t, w, w.dead, "dead"); got.Form != test.form || got.Reason != test.reason {
			t.Errorf("%s: %s, %s", name, got.Form, got.Reason)
		}
	}
}

// The HTTP status of a failed delivery is part of the reason, and EventBridge's own
// code stands beside it.
func TestTheHTTPStatusIsPartOfTheReason(t *testing.T) {
	for message, want := range map[string]string{
		"ApiDestination returned HTTP status 401 with payload: {\"status\":\"500\"}":                            "rule_target 401",
		"The API destination returned HTTP status 503.":                                                         "rule_target 503",
		"Request failed with status code: 429":                                                                  "rule_target 429",
		"request failed with HTTP status code 413":                                                              "rule_target 413",
		"Unable to invoke ApiDestination endpoint: API destination endpoint cannot be reached.":                 "rule_target",
		"Unable to invoke ApiDestination endpoint: Timeout calling endpoint for API Destination: socket closed": "rule_target",
		"HTTP status 4010": "rule_target",
		"":                 "rule_target",
	} {
		w := newWorld(t)
		w.Send(
			"dead",
			envelope(okta("u-1", "a.b")),
			attributes("ERROR_CODE", "SDK_CLIENT_ERROR", "ERROR_MESSAGE", message+" "),
		)
		if got := only(t, w, w.dead, "dead"); got.Reason != want || got.Code != "SDK_CLIENT_ERROR" {
			t.Errorf("%q: %s, %s", message, got.Reason, got.Code)
		}
	}
}

// A message in redrive that the buffer's redrive policy did not put there is not
// replayed without Force, whatever it holds.
func TestForgedMessagesInRedriveAreLeft(t *testing.T) {
	for _, force := range []bool{false, true} {
		w := newWorld(t)
		w.Send("redrive", envelope(okta("u-1", "a.b")), nil)
		w.Send("redrive", envelope(okta("u-2", "a.b")), eventBridge())
		w.Send("redrive", "{", poisoned(deadletter.Note{Reason: "not_json"}))
		w.Send("buffer", envelope(okta("u-3", "a.b")), nil)
		w.exhaust(t)
		r := w.replay(w.open(t, w.redrive, "redrive"))
		r.Force = force
		report, err := r.Run(t.Context())
		want := map[bool]int{false: 1, true: 4}[force]
		if err != nil || report.Outcomes[dlq.Replayed] != want || report.Outcomes[dlq.NotTheBuffer] != 4-want ||
			len(w.Messages("buffer")) != want || report.Left() != 4-want {
			t.Errorf("force %v: %v, %v", force, report.Outcomes, err)
		}
	}
}

// A message of another queue's redrive policy is not ours by that alone.
func TestOnlyTheBuffersRedriveIsOurs(t *testing.T) {
	w := newWorld(t)
	w.Send("buffer", "anything", nil)
	w.exhaust(t)
	if got := only(t, w, w.redrive, "redrive"); got.Form != dlq.Redrive {
		t.Errorf("out of the buffer: %s", got.Form)
	}
	q := w.open(t, w.redrive, "redrive")
	r := dlq.Recogniser{BufferARN: "arn:aws:sqs:us-east-1:111122223333:other"}
	m := dlq.Message{Body: "anything", DeadFrom: "arn:aws:sqs:us-east-1:111122223333:buffer"}
	if got := r.Recognise(q, &m); got.Form != dlq.Unknown {
		t.Errorf("out of another queue: %s", got.Form)
	}
}

// What is reported of a message outside of it cannot be content: a uuid, a type and a
// reason are whatever somebody has written there.
func TestIdsAndWordsAreNoContent(t *testing.T) {
	const secret = "Homer Simpson <homer@example.com>"
	w := newWorld(t)
	w.Send("dead", envelope(okta(secret, secret)), attributes("ERROR_CODE", secret))
	w.Send("dead", packed(0, okta(secret, secret)), attributes("ERROR_CODE", secret))
	for _, d := range recognised(t, w, w.dead, "dead") {
		d.Note = nil
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if contains(string(text), "omer") {
			t.Errorf("%s", text)
		}
	}
}
