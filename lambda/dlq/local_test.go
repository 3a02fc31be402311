package dlq_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// sinkOf answers for each record as outcome says.
type sinkOf struct {
	outcome   func(sink.Record) sink.State
	err       error
	delivered []sink.Record
}

func (s *sinkOf) Deliver(_ context.Context, records []sink.Record) sink.Outcome {
	out := sink.Outcome{}
	for _, r := range records {
		a, cause := sink.Answer{State: s.outcome(r), Reason: "too_large"}, -1
		if a.State == sink.Retry && s.err != nil {
			cause = 0
		}
		out.Answers, out.Causes = append(out.Answers, a), append(out.Causes, cause)
		if a.State == sink.Accepted {
			s.delivered = append(s.delivered, r)
		}
	}
	if s.err != nil {
		out.Errors = []error{s.err}
	}
	return out
}

func local(s *sinkOf, destination config.Destination) *dlq.Local {
	l := &dlq.Local{Deliver: s, Config: config.Config{
		Pipeline: "okta-" + string(destination), Source: ownSource, Account: ownAccount, Region: ownRegion,
		Destination: destination, Format: pipeline.OCSF,
	}}
	if destination == config.Datadog {
		l.Config.Format = pipeline.Datadog
	}
	return l
}

func item(body string) *dlq.Item {
	return &dlq.Item{Message: &dlq.Message{ID: "m", Body: body}, Dead: &dlq.Dead{Replays: 1}}
}

func accepted(sink.Record) sink.State { return sink.Accepted }

// A message is taken only when each of its records is.
func TestAMessageIsTakenWhenAllOfItIs(t *testing.T) {
	two := "[" + envelope(okta("u-1", "a.b")) + "," + envelope(okta("u-2", "a.b")) + "]"
	foreign := strings.Replace(envelope(okta("u-3", "a.b")), ownAccount, "444455556666", 1)
	for name, test := range map[string]struct {
		body    string
		outcome func(sink.Record) sink.State
		err     error
		want    string // "" is taken
	}{
		"all":       {two, accepted, nil, ""},
		"one waits": {two, func(r sink.Record) sink.State { return map[string]sink.State{"u-1": sink.Accepted}[r.UUID] }, errors.New("PutLogEvents: X"), "PutLogEvents: X"},
		"one is dead": {two, func(r sink.Record) sink.State {
			return map[bool]sink.State{true: sink.Accepted, false: sink.Dead}[r.UUID == "u-2"]
		}, nil, "too_large"},
		"no answer":     {two, func(sink.Record) sink.State { return sink.Retry }, nil, "no_answer"},
		"one foreign":   {"[" + envelope(okta("u-1", "a.b")) + "," + foreign + "]", accepted, nil, "foreign"},
		"bare":          {okta("u-1", "a.b"), accepted, nil, "foreign"},
		"no JSON":       {"{", accepted, nil, "not_json"},
		"nothing in it": {"[]", accepted, nil, "not_okta"},
		"packed":        {packed(0, okta("u-1", "a.b")), accepted, nil, "foreign"},
	} {
		for _, envelope := range []bool{false, true} {
			l := local(&sinkOf{outcome: test.outcome, err: test.err}, config.CloudWatch)
			l.Envelope = envelope
			p := item(test.body)
			if err := l.Send(t.Context(), []*dlq.Item{p}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got := ""
			if p.Err != nil {
				got = p.Err.Error()
			}
			if got != test.want {
				t.Errorf("%s (envelope %v): %q, want %q", name, envelope, got, test.want)
			}
		}
	}
}

func TestARuleStoresTheWholeEnvelope(t *testing.T) {
	s := &sinkOf{outcome: accepted}
	l := local(s, config.CloudWatch)
	l.Envelope = true
	body := strings.Replace(envelope(okta("u-1", "a.b")), `"detail":`, "\n \"detail\":\n", 1)
	if err := l.Send(t.Context(), []*dlq.Item{item(body)}); err != nil {
		t.Fatal(err)
	}
	// The time is the envelope's, which is what EventBridge gives a log group.
	if len(s.delivered) != 1 || string(s.delivered[0].Line) != envelope(okta("u-1", "a.b")) ||
		s.delivered[0].TimeMS != 1788257472000 {
		t.Errorf("%s at %d", s.delivered[0].Line, s.delivered[0].TimeMS)
	}
}

func TestPackedBatchesGoOutAgain(t *testing.T) {
	s := &sinkOf{outcome: accepted}
	own := item(packed(1, okta("u-1", "a.b"), okta("u-2", "a.b")))
	other := item(strings.Replace(packed(1, okta("u-3", "a.b")), "okta-datadog", "other", 1))
	if err := local(s, config.Datadog).Send(t.Context(), []*dlq.Item{own, other}); err != nil {
		t.Fatal(err)
	}
	if own.Err != nil || other.Err == nil || other.Err.Error() != "foreign" || len(s.delivered) != 2 ||
		s.delivered[1].UUID != "u-2" ||
		s.delivered[1].Replays != 2 {
		t.Errorf("%v, %v, %+v", own.Err, other.Err, s.delivered)
	}
}

// No permission is no message's fault: nothing more is tried.
func TestABlockedSinkEndsAReplay(t *testing.T) {
	blocked := &sink.Error{Kind: sink.Blocked, Err: errors.New("PutEvents: AccessDeniedException")}
	p := item(envelope(okta("u-1", "a.b")))
	err := local(
		&sinkOf{outcome: func(sink.Record) sink.State { return sink.Retry }, err: blocked},
		config.CloudWatch,
	).Send(t.Context(), []*dlq.Item{p})
	if !errors.Is(err, blocked) || p.Err == nil {
		t.Errorf("%v, %v", err, p.Err)
	}
}

// A check of a replay makes the records of any destination and sends nothing.
func TestTheCheckOfAReplayForEachRoute(t *testing.T) {
	for _, route := range config.Routes() {
		c := config.Config{
			Pipeline: "okta-" + string(route.Destination), Source: ownSource, Account: ownAccount, Region: ownRegion,
			Destination: route.Destination, Transport: route.Transport, Format: route.Format,
			LogGroup: "g", DeliveryBus: "b", HTTPS: https.Config{Discard: true},
		}
		loop, err := c.NewLoop(config.Clients{Logs: dlq.Discard{}, Bus: dlq.Discard{}, Objects: dlq.Discard{}}, time.Now, 0)
		if err != nil {
			if route.Transport == config.HTTPS && !hasPreset(route.Destination) {
				continue
			}
			t.Fatal(err)
		}
		target := &dlq.Local{Deliver: loop, Config: c}
		good, bad, batch := item(envelope(okta("u-1", "a.b"))), item(`{"truncated":`), item(packed(0, okta("u-2", "a.b")))
		if err := target.Send(t.Context(), []*dlq.Item{good, bad, batch}); err != nil {
			t.Fatal(err)
		}
		if good.Err != nil || bad.Err == nil || bad.Err.Error() != "not_json" {
			t.Errorf("%s by %s: %v, %v", route.Destination, route.Transport, good.Err, bad.Err)
		}
		if own := route.Destination == config.Datadog; own != (batch.Err == nil) {
			t.Errorf("%s by %s: a packed batch: %v", route.Destination, route.Transport, batch.Err)
		}
	}
}

func hasPreset(d config.Destination) bool {
	return slices.ContainsFunc(https.Presets(), func(p https.Preset) bool { return p.Name == string(d) })
}
