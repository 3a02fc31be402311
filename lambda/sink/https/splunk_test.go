package https_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
)

// hec is a target with a fake that is set up by o.
func hec(o httpsfake.HECOptions) (target, *httpsfake.HEC) {
	o.Token = token
	h := httpsfake.NewHEC(o)
	d := splunk()
	d.handler = h
	d.arrived = func() (lines [][]byte) {
		for _, e := range h.Events() {
			lines = append(lines, e.Event)
		}
		return lines
	}
	return d, h
}

func TestCodesOfHEC(t *testing.T) {
	for code, want := range map[int]struct {
		kind    sink.Kind
		setting string
	}{
		1: {sink.Blocked, "secret"}, 2: {sink.Blocked, "secret"}, 3: {sink.Blocked, "secret"}, 4: {sink.Blocked, "secret"},
		7: {sink.Blocked, "index"}, 10: {sink.Blocked, "ack"}, 11: {sink.Blocked, "ack"}, 14: {sink.Blocked, "ack"},
		8: {sink.Transient, ""}, 9: {sink.Transient, ""},
		// Without invalid-event-number nothing tells which event it is.
		5: {sink.Content, ""}, 6: {sink.Content, ""}, 12: {sink.Content, ""}, 13: {sink.Content, ""}, 15: {sink.Content, ""},
	} {
		d := splunk()
		s, _ := d.start(t, always(httpsfake.HECFault(code)))
		answers, err := deliver(t.Context(), s, records(3))
		if states(answers) != "rrr" || err == nil || sink.KindOf(err) != want.kind ||
			!strings.Contains(err.Error(), fmt.Sprintf("splunk: code %d, ", code)) ||
			strings.HasSuffix(err.Error(), "correct the setting "+want.setting) != (want.setting != "") {
			t.Errorf("code %d: %s, kind %d: %v", code, states(answers), sink.KindOf(err), err)
		}
	}
}

// The event that HEC names dies, and all others arrive, those before it too.
func TestOnlyTheEventThatHECNamesIsDead(t *testing.T) {
	for _, code := range []int{6, 12, 13, 15} {
		for _, number := range []int{-1, 0, 4, 9, 10, 1 << 40} {
			first := true
			d := splunk()
			s, _ := d.start(t, func(*http.Request) httpsfake.Fault {
				if !first {
					return httpsfake.Fault{}
				}
				first = false
				f := httpsfake.HECFault(code)
				f.Body = fmt.Sprintf(`{"text":"canary","code":%d,"invalid-event-number":%d}`, code, number)
				return f
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			out := (&sink.Loop{Sink: s}).Deliver(ctx, records(10))
			cancel()
			arrived := uuids(t, d.arrived())
			for i, a := range out.Answers {
				uuid := fmt.Sprintf("u-%d", i)
				switch {
				case i == number:
					if a.State != sink.Dead || a.Reason != "refused" || arrived[uuid] != 0 ||
						!strings.HasPrefix(a.Detail, fmt.Sprintf("splunk: code %d, ", code)) || strings.Contains(a.Detail, "canary") {
						t.Errorf("code %d, event %d: %+v", code, number, a)
					}
				case a.State != sink.Accepted || arrived[uuid] != 1:
					t.Errorf("code %d, event %d: record %d arrived %d times: %+v", code, number, i, arrived[uuid], a)
				}
			}
		}
	}
}

// The same with a fake that finds the bad events itself and keeps those before them.
func TestBadEventsAmongGoodOnes(t *testing.T) {
	d, _ := hec(httpsfake.HECOptions{})
	s, calls := d.start(t, nil)
	list := records(60)
	bad := map[int]bool{0: true, 17: true, 18: true, 40: true}
	for i := range bad {
		list[i].Line = []byte("{}") // an event that is blank
	}
	list[30].Line = []byte(`{"uuid":}`) // not JSON: it never leaves, or spoils the request
	bad[30] = true
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := (&sink.Loop{Sink: s}).Deliver(ctx, list)
	arrived := uuids(t, d.arrived())
	for i, a := range out.Answers {
		n := arrived[fmt.Sprintf("u-%d", i)]
		if bad[i] != (a.State == sink.Dead) || !bad[i] && (a.State != sink.Accepted || n < 1 || n > 2) {
			t.Errorf("record %d arrived %d times: %+v", i, n, a)
		}
	}
	if calls.Load() > 12 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestAWrongIndexIsTheSetting(t *testing.T) {
	d, h := hec(httpsfake.HECOptions{Indexes: []string{"main", "okta"}})
	d.config.Index = "otka"
	s, _ := d.start(t, nil)
	answers, err := deliver(t.Context(), s, records(2))
	if states(answers) != "rr" || sink.KindOf(err) != sink.Blocked || !strings.HasSuffix(err.Error(), "correct the setting index") {
		t.Errorf("%s, %v", states(answers), err)
	}
	d.config.Index = "okta"
	s, _ = d.start(t, nil)
	if answers, err := deliver(t.Context(), s, records(2)); err != nil || states(answers) != "aa" || h.Events()[0].Index != "okta" {
		t.Errorf("%s, %v", states(answers), err)
	}
}

// With ack=true a record is delivered when the indexers have it.
func TestAcks(t *testing.T) {
	d, h := hec(httpsfake.HECOptions{Acks: true})
	d.config.Ack = true
	var polls atomic.Int64
	h.SetAcked(func(int64) bool { return polls.Add(1) > 2 })
	s, _ := d.start(t, nil)
	if answers, err := deliver(t.Context(), s, records(2)); err != nil || states(answers) != "aa" || polls.Load() != 3 {
		t.Errorf("%s after %d questions, %v", states(answers), polls.Load(), err)
	}
	if answers, err := deliver(t.Context(), s, records(2)); err != nil || states(answers) != "aa" || polls.Load() != 4 {
		t.Errorf("%s after %d questions, %v", states(answers), polls.Load(), err)
	}

	// What is not indexed in time goes back.
	h.SetAcked(func(int64) bool { return false })
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	began := time.Now()
	answers, err := deliver(ctx, s, records(2))
	if states(answers) != "rr" || sink.KindOf(err) != sink.Transient || time.Since(began) > 5*time.Second {
		t.Errorf("%s, %v", states(answers), err)
	}
	// The question may fail in between.
	var asked atomic.Int64
	h.SetAcked(func(int64) bool { return true })
	s, _ = d.start(t, func(r *http.Request) httpsfake.Fault {
		if strings.HasSuffix(r.URL.Path, "/ack") && asked.Add(1) == 2 {
			return httpsfake.HECFault(9)
		}
		return httpsfake.Fault{}
	})
	if answers, err := deliver(t.Context(), s, records(2)); err != nil || states(answers) != "aa" || asked.Load() != 3 {
		t.Errorf("%s after %d questions, %v", states(answers), asked.Load(), err)
	}
}

func TestAckAndTokenMustAgree(t *testing.T) {
	for _, acks := range []bool{false, true} {
		d, h := hec(httpsfake.HECOptions{Acks: acks})
		d.config.Ack = !acks
		s, _ := d.start(t, nil)
		for range 2 {
			answers, err := deliver(t.Context(), s, records(2))
			if states(answers) != "rr" || sink.KindOf(err) != sink.Blocked ||
				!strings.HasSuffix(err.Error(), "correct the setting ack") || len(h.Events()) != 0 {
				t.Errorf("token with acks %v: %s, %d stored: %v", acks, states(answers), len(h.Events()), err)
			}
		}
	}
	// A server that takes the events and gives no ackId.
	d, _ := hec(httpsfake.HECOptions{Acks: true})
	d.config.Ack = true
	s, _ := d.start(t, func(r *http.Request) httpsfake.Fault {
		if strings.HasSuffix(r.URL.Path, "/ack") {
			return httpsfake.Fault{}
		}
		return httpsfake.HECFault(0)
	})
	if answers, err := deliver(t.Context(), s, records(2)); states(answers) != "rr" || sink.KindOf(err) != sink.Blocked {
		t.Errorf("%s, %v", states(answers), err)
	}
}

// No time of an event makes what Splunk cannot read.
func TestTimesOfHEC(t *testing.T) {
	for ms, want := range map[int64]string{
		1782167832728: "1782167832.728", 1782167832005: "1782167832.005", 0: "0.000", -1: "-0.001", -62135596800000: "-62135596800.000",
	} {
		d, h := hec(httpsfake.HECOptions{})
		s, _ := d.start(t, nil)
		list := records(1)
		list[0].TimeMS = ms
		if answers, err := deliver(t.Context(), s, list); err != nil || states(answers) != "a" || h.Events()[0].Time.String() != want {
			t.Errorf("%d: %s, %v, %v", ms, states(answers), err, h.Events())
		}
	}
}
