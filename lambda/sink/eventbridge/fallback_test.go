package eventbridge

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/sink"
)

// oversize is a record whose line is too long, of an event of so many bytes.
func oversize(line, raw string, rawSize int, at time.Time) sink.Record {
	r := record(0, 40)
	pad := strings.Repeat("x", max(rawSize-len(raw)-len(`,"pad":""}`)+1, 0))
	r.Raw = fmt.Appendf(nil, `%s,"pad":"%s"}`, strings.TrimSuffix(raw, "}"), pad)
	r.Line = fmt.Appendf(nil, `%s,"pad":"%s"}`, strings.TrimSuffix(line, "}"), strings.Repeat("y", 800_000))
	r.TimeMS = at.UnixMilli()
	return r
}

const (
	someRaw = `{"uuid":"u-1","eventType":"user.session.start","published":"2026-11-22T11:59:00.000Z","displayMessage":"about it","n":1.50}`
	someLog = `{"uuid":"u-1","published":"2026-11-22T11:59:00.000Z","ddsource":"okta","service":"sso","ddtags":"okta_org:a,env:b","hostname":"a.okta.com","message":"about it","date":"2026-11-22T11:59:00.000Z","status":"warn"}`
)

// DESIGN §4, record over the destination's limit; peers.md §1.6 row 19: all peers
// drop it or cut it. The event's own bytes go out, with what makes them a log.
func TestTooLongFallsBackToRaw(t *testing.T) {
	own := `,"pad":"xxx"`
	for name, tc := range map[string]struct {
		format, line, raw string
		at                time.Time
		want              string
	}{
		"datadog": {"datadog", someLog, someRaw, testNow.Add(-time.Minute).Truncate(time.Minute),
			`{"uuid":"u-1","eventType":"user.session.start","published":"2026-11-22T11:59:00.000Z","displayMessage":"about it","n":1.50` + own +
				`,"ddsource":"okta","service":"sso","ddtags":"okta_org:a,env:b","hostname":"a.okta.com","message":"user.session.start","date":"2026-11-22T11:59:00.000Z","status":"warn"}`},
		"ocsf": {"ocsf", `{"class_uid":3002,"metadata":{"uid":"u-1"}}`, someRaw, testNow.Add(-time.Minute).Truncate(time.Minute),
			`{"uuid":"u-1","eventType":"user.session.start","published":"2026-11-22T11:59:00.000Z","displayMessage":"about it","n":1.50` + own +
				`,"ddsource":"okta","service":"okta","message":"user.session.start","date":"2026-11-22T11:59:00.000Z"}`},
		"restamped, in any format": {"ocsf", `{"class_uid":3002}`, someRaw, testNow.Add(-7 * time.Hour),
			`{"uuid":"u-1","eventType":"user.session.start","published":"2026-11-22T12:00:00.123Z","displayMessage":"about it","n":1.50` + own +
				`,"ddsource":"okta","service":"okta","message":"user.session.start","date":"2026-11-22T12:00:00.123Z","okta":{"published_original":"2026-11-22T11:59:00.000Z"}}`},
		"a name that the event has is the event's": {"datadog", someLog, `{"uuid":"u-1","service":{"id":1},"st\u0061tus":7,"message":null}`, testNow.Truncate(time.Minute),
			`{"uuid":"u-1","service":{"id":1},"st\u0061tus":7,"message":null` + own +
				`,"ddsource":"okta","ddtags":"okta_org:a,env:b","hostname":"a.okta.com","date":"2026-11-22T12:00:00.000Z"}`},
		"an event without a type": {"datadog", `{"a":1}`, `{"uuid":"u-1","eventType":9}`, testNow.Truncate(time.Minute),
			`{"uuid":"u-1","eventType":9` + own + `,"ddsource":"okta","service":"okta","message":"Okta System Log event","date":"2026-11-22T12:00:00.000Z"}`},
	} {
		b := newBus(t)
		r := oversize(tc.line, tc.raw, 0, tc.at)
		r.Raw = bytes.Replace(r.Raw, []byte(`"pad":""`), []byte(`"pad":"xxx"`), 1)
		answers, err := deliver(New(b, config(tc.format)), []sink.Record{r})
		if err != nil || answers[0].State != sink.Accepted || !answers[0].FallbackRaw {
			t.Errorf("%s: %+v, %v", name, answers, err)
			continue
		}
		log := string(b.logs()[0])
		if log != tc.want || answers[0].Bytes != len(log) {
			t.Errorf("%s:\n got %s\nwant %s", name, log, tc.want)
		}
		if restamped := strings.HasPrefix(name, "restamped"); answers[0].Restamped != restamped {
			t.Errorf("%s: %+v", name, answers[0])
		}
	}
}

func TestFallbackOfAnEmptyEvent(t *testing.T) {
	for _, raw := range []string{"{}", " { } "} {
		b := newBus(t)
		r := oversize(someLog, someRaw, 0, testNow)
		r.Raw = []byte(raw)
		if answers, err := deliver(New(b, config("datadog")), []sink.Record{r}); err != nil || !answers[0].FallbackRaw {
			t.Errorf("%+v, %v", answers, err)
		}
		if m := sinktest.Members(t, b.logs()[0]); m["ddsource"] != "okta" || m["service"] != "sso" {
			t.Errorf("%v", m)
		}
	}
}

// Whatever falls back stays a log of its neighbours' batch.
func TestFallbackAmongOthers(t *testing.T) {
	b := newBus(t)
	batch := records(3, 100)
	batch[1] = oversize(someLog, someRaw, 300, testNow)
	answers := make([]sink.Answer, len(batch))
	err := New(b, config("datadog")).Deliver(t.Context(), batch, answers)
	if err != nil || states(answers)[sink.Accepted] != 3 || len(b.posts()) != 1 {
		t.Fatalf("%v, %d POSTs, %v", states(answers), len(b.posts()), err)
	}
	logs := b.logs()
	sameLines(t, [][]byte{logs[0], logs[2]}, [][]byte{batch[0].Line, batch[2].Line})
}

// To the byte: the longest fallback goes, one byte more is dead. Nothing is cut.
func TestTooLongIsDeadOnlyIfRawIsTooLong(t *testing.T) {
	c := config("datadog")
	b := newBus(t)
	if _, err := deliver(New(b, c), []sink.Record{oversize(someLog, someRaw, 1000, testNow)}); err != nil {
		t.Fatal(err)
	}
	most := MaxPackBytes - slack - (len(b.logs()[0]) - 1000)
	for more, state := range map[int]sink.State{0: sink.Accepted, 1: sink.Dead} {
		b := newBus(t)
		r := oversize(someLog, someRaw, most+more, testNow)
		if len(r.Raw) != most+more {
			t.Fatalf("%d bytes", len(r.Raw))
		}
		answers, err := deliver(New(b, config("datadog")), []sink.Record{r, record(1, 100)})
		if err != nil || answers[0].State != state || answers[1].State != sink.Accepted {
			t.Errorf("%d bytes more: %+v, %v", more, answers, err)
		}
		if state == sink.Accepted && len(b.logs()[0]) != MaxPackBytes-slack {
			t.Errorf("an entry of %d bytes", entrySize(b.accepted[0]))
		}
		if state == sink.Dead && (answers[0].Reason != "too_large" || answers[0].Detail !=
			fmt.Sprintf("%d bytes, the event's own %d; a log in an entry of PutEvents may have 782336", len(r.Line), len(r.Raw))) {
			t.Errorf("%+v", answers[0])
		}
	}
}

func TestTooLongWithoutUsableRawIsDead(t *testing.T) {
	for name, raw := range map[string]string{"none": "", "no JSON": `{"a":`, "no object": "[]", "as long": `{"a":"` + strings.Repeat("x", 900_000) + `"}`} {
		b := newBus(t)
		for _, at := range []time.Time{testNow, testNow.Add(-9 * time.Hour)} {
			r := oversize(someLog, someRaw, 0, at)
			r.Raw = []byte(raw)
			answers, err := deliver(New(b, config("datadog")), []sink.Record{r})
			if err != nil || answers[0].State != sink.Dead || answers[0].Reason != "too_large" || answers[0].FallbackRaw || b.calls != 0 {
				t.Errorf("%s: %+v, %v", name, answers, err)
			}
		}
	}
}

// A record that only the new time makes too long falls back as well.
func TestRestampingCanMakeTooLong(t *testing.T) {
	b := newBus(t)
	r := record(0, MaxPackBytes-slack)
	r.Raw, r.TimeMS = []byte(someRaw), 0
	answers, err := deliver(New(b, config("raw")), []sink.Record{r})
	if err != nil || answers[0].State != sink.Accepted || !answers[0].FallbackRaw || !answers[0].Restamped {
		t.Errorf("%+v, %v", answers, err)
	}
	b.logs()
}

// An event type that is itself what is too long is not repeated as message.
func TestALongEventTypeIsNotRepeated(t *testing.T) {
	b := newBus(t)
	long := strings.Repeat("x", 440<<10)
	raw := `{"uuid":"00000000","eventType":"` + long + `","published":"2026-11-22T12:00:00.000Z"}`
	r := oversize(someLog, someRaw, 0, testNow)
	r.Raw = []byte(raw)
	answers, err := deliver(New(b, config("datadog")), []sink.Record{r})
	if err != nil || answers[0].State != sink.Accepted || !answers[0].FallbackRaw {
		t.Fatalf("%+v, %v", answers[0], err)
	}
	if log := string(b.logs()[0]); strings.Count(log, long) != 1 || !strings.Contains(log, `"message":"Okta System Log event"`) {
		t.Errorf("the log of %d bytes has the type %d times", len(log), strings.Count(log, long))
	}
}
