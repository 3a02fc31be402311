package https_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// A page of a proxy is no answer of the destination's, whatever its status.
func TestAPageOfAProxyIsNoAnswer(t *testing.T) {
	for status, want := range map[int]sink.Kind{
		200: sink.Transient, 202: sink.Transient, 204: sink.Transient, 500: sink.Transient, 502: sink.Transient,
		503: sink.Transient, 504: sink.Transient, 429: sink.Transient, 408: sink.Transient,
		// Nothing gets through there.
		301: sink.Blocked, 302: sink.Blocked, 307: sink.Blocked, 401: sink.Blocked, 407: sink.Blocked,
		404: sink.Blocked, 405: sink.Blocked, 410: sink.Blocked,
		// A web application firewall may mean one record, and nothing is dead for it.
		400: sink.Unknown, 403: sink.Unknown, 406: sink.Unknown, 451: sink.Unknown,
		413: sink.Content,
	} {
		for name, open := range targets() {
			d := open()
			fault := httpsfake.Page(status)
			fault.Header = http.Header{"Location": {"https://elsewhere.example/"}}
			if status == 204 {
				fault.Body = ""
			}
			s, calls := d.start(t, always(fault))
			answers, err := deliver(t.Context(), s, records(2))
			if states(answers) != "rr" || err == nil || sink.KindOf(err) != want || calls.Load() != 1 {
				t.Errorf("%s, HTTP %d: %s, kind %d, want %d: %v", name, status, states(answers), sink.KindOf(err), want, err)
			}
			if want == sink.Blocked && !strings.HasSuffix(err.Error(), "correct the setting "+d.where) {
				t.Errorf("%s, HTTP %d: %v", name, status, err)
			}
		}
	}
}

// What the destination itself says with a status and nothing else that is known.
func TestStatusOfTheDestination(t *testing.T) {
	for status, want := range map[int]struct {
		kind    sink.Kind
		setting string
	}{
		401: {sink.Blocked, "secret"}, 403: {sink.Blocked, "secret"}, 404: {sink.Blocked, "where"},
		405: {sink.Blocked, "where"}, 400: {sink.Content, ""}, 413: {sink.Content, ""}, 422: {sink.Unknown, ""},
		408: {sink.Transient, ""}, 429: {sink.Transient, ""}, 500: {sink.Transient, ""}, 503: {sink.Transient, ""},
		200: {sink.Transient, ""},
	} {
		for name, open := range targets() {
			d, want := open(), want
			if d.wholeRequest && status == http.StatusBadRequest {
				want.kind = sink.Unknown
			}
			if d.signed && want.setting == "secret" {
				want.setting = "auth"
			}
			s, _ := d.start(t, always(d.own(status)))
			answers, err := deliver(t.Context(), s, records(2))
			if states(answers) != "rr" || err == nil || sink.KindOf(err) != want.kind {
				t.Errorf("%s, HTTP %d: %s, kind %d, want %d: %v", name, status, states(answers), sink.KindOf(err), want.kind, err)
				continue
			}
			setting := want.setting
			if setting == "where" {
				setting = d.where
			}
			if setting != "" && !strings.HasSuffix(err.Error(), "correct the setting "+setting) {
				t.Errorf("%s, HTTP %d: %v", name, status, err)
			}
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for name, open := range targets() {
		for value, want := range map[string]time.Duration{"7": 7 * time.Second, "86400": time.Hour, "soon": 0} {
			d := open()
			fault := d.own(503)
			fault.Header = http.Header{"Retry-After": {value}}
			s, _ := d.start(t, always(fault))
			_, err := deliver(t.Context(), s, records(1))
			if e, ok := err.(*sink.Error); !ok || e.RetryAfter != want {
				t.Errorf("%s, Retry-After %s: %+v", name, value, err)
			}
		}
	}
}

// An answer that does not come whole, or not in time, leaves the records at Retry.
func TestAnswersThatDoNotCome(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault httpsfake.Fault
		text  string
	}{
		{"dripping", httpsfake.Fault{Drip: 200 * time.Millisecond}, "deadline exceeded"},
		{"never", httpsfake.Fault{Hang: true}, "deadline exceeded"},
		{"reset", httpsfake.Fault{Reset: true}, "connection "},
		{"reset after the work", httpsfake.Fault{ResetAfter: true}, "connection "},
		{"cut gzip", httpsfake.Fault{CutGzip: true}, "unreadable response"},
		{"longer than 1 MiB", httpsfake.Fault{Pad: 2 << 20}, "more than 1048576 bytes"},
		{"longer than 1 MiB, compressed", httpsfake.Fault{Pad: 4 << 20, Gzip: true}, "more than 1048576 bytes"},
	} {
		for name, open := range targets() {
			t.Run(name+", "+c.name, func(t *testing.T) {
				d := open()
				d.config.CallTimeout = 300 * time.Millisecond
				if c.fault.Pad > 0 {
					d.config.CallTimeout = 5 * time.Second
				}
				s, calls := d.start(t, always(c.fault))
				began := time.Now()
				answers, err := deliver(t.Context(), s, records(2))
				if states(answers) != "rr" || err == nil || sink.KindOf(err) != sink.Transient ||
					!strings.Contains(err.Error(), c.text) || calls.Load() != 1 {
					t.Errorf("%s in %d calls: %v", states(answers), calls.Load(), err)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
}

// A success that comes before the request has been read is none.
func TestASuccessBeforeTheRequestIsSentIsNone(t *testing.T) {
	for name, body := range map[string]struct {
		status int
		text   string
	}{"splunk": {200, `{"text":"Success","code":0}`}, "datadog": {202, `{}`}} {
		d := targets()[name]()
		s, _ := d.start(t, always(httpsfake.Fault{
			Status: body.status, ContentType: "application/json", Body: body.text, Early: true,
		}))
		// More than the buffers of a connection hold, and not to be compressed.
		list := records(9)
		random := rand.NewChaCha8([32]byte{})
		for i := range list {
			noise := make([]byte, 450_000)
			_, _ = random.Read(noise)
			list[i].Line = fmt.Appendf(nil, `{"uuid":"u","noise":"%x"}`, noise)
		}
		answers, err := deliver(t.Context(), s, list)
		if states(answers) != "rrrrrrrrr" || err == nil || sink.KindOf(err) != sink.Transient {
			t.Errorf("%s: %s, %v", name, states(answers), err)
		}
		// An error that comes early counts.
		d = targets()[name]()
		early := d.own(http.StatusForbidden)
		early.Early = true
		s, _ = d.start(t, always(early))
		if _, err := deliver(t.Context(), s, list); sink.KindOf(err) != sink.Blocked {
			t.Logf("%s: an early refusal was lost, which costs one more call: %v", name, err)
		}
	}
}

// A connection that the server closes between two requests costs no second copy.
func TestNoBatchIsSentTwiceByItself(t *testing.T) {
	for name, open := range targets() {
		d := open()
		n := 0
		s, calls := d.start(t, func(*http.Request) httpsfake.Fault {
			n++
			return httpsfake.Fault{ResetAfter: n%2 == 0} // the second request of a connection
		})
		for round := 1; round <= 6; round++ {
			answers, err := deliver(t.Context(), s, records(1))
			if (states(answers) == "a") != (round%2 == 1) || (err == nil) != (round%2 == 1) {
				t.Errorf("%s, round %d: %s, %v", name, round, states(answers), err)
			}
			if calls.Load() != int64(round) {
				t.Fatalf("%s: %d requests for %d calls", name, calls.Load(), round)
			}
		}
	}
}

// Errors name no content, no secret and no address.
func TestErrorsHoldNothingOfOthers(t *testing.T) {
	faults := []httpsfake.Fault{
		httpsfake.Page(400), httpsfake.Page(302), {Reset: true}, {CutGzip: true}, {Drip: time.Second},
		{Status: 400, ContentType: "application/json", Body: `{"text":"canary","code":6,"errors":["canary"]}`},
		{Status: 403, ContentType: "canary/canary", Body: `{"text":"canary","code":400,"errors":["` + token + `"]}`},
	}
	for name, open := range targets() {
		for _, f := range faults {
			d := open()
			d.config.CallTimeout = 200 * time.Millisecond
			s, _ := d.start(t, always(f))
			_, err := deliver(t.Context(), s, records(1))
			if err == nil {
				t.Fatalf("%s: %+v: no error", name, f)
			}
			for _, text := range []string{token, "127.0.0.1", "u-0", "secretName"} {
				if strings.Contains(err.Error(), text) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), "canary/canary", ""), "canary") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// 413 halves a batch, and what is alone too long for the destination is dead.
func TestTooLongABatchIsHalved(t *testing.T) {
	for name, open := range targets() {
		d := open()
		d.config.CallTimeout = time.Minute
		s, calls := d.start(t, func(r *http.Request) httpsfake.Fault {
			if r.ContentLength > 700 {
				return d.own(http.StatusRequestEntityTooLarge)
			}
			return httpsfake.Fault{}
		})
		list := records(100)
		list[41].Line = fmt.Appendf(nil, `{"uuid":"u-41","noise":"%x"}`, rand.Perm(2000))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out := (&sink.Loop{Sink: s}).Deliver(ctx, list)
		for i, a := range out.Answers {
			if (a.State == sink.Dead) != (i == 41) || i != 41 && a.State != sink.Accepted {
				t.Errorf("%s, record %d: %+v", name, i, a)
			}
		}
		if calls.Load() > 60 {
			t.Errorf("%s: %d calls", name, calls.Load())
		}
		for uuid, n := range uuids(t, d.arrived()) {
			if n != 1 {
				t.Errorf("%s: %s arrived %d times", name, uuid, n)
			}
		}
	}
}

// A destination that answers every batch alike is wrong about a setting of ours.
func TestNothingIsDeadIfAllRecordsAreRefusedAlike(t *testing.T) {
	for name, open := range targets() {
		d := open()
		s, _ := d.start(t, always(d.own(http.StatusBadRequest)))
		out := (&sink.Loop{Sink: s}).Deliver(t.Context(), records(8))
		if states(out.Answers) != "rrrrrrrr" || sink.KindOf(out.Errors[out.Causes[0]]) != sink.Blocked {
			t.Errorf("%s: %s, %v", name, states(out.Answers), out.Errors)
		}
	}
}

func TestDiscardSendsNothing(t *testing.T) {
	for name, open := range targets() {
		d := open()
		d.config.Discard, d.config.Secret = true, nil
		s, err := https.New(d.config)
		if err != nil {
			t.Fatal(err)
		}
		list := records(3)
		list[1].Line = []byte("[]")
		if answers, err := deliver(t.Context(), s, list); err != nil || states(answers) != "ada" {
			t.Errorf("%s: %s, %v", name, states(answers), err)
		}
	}
}
