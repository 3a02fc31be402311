package dlq_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

func noteIn(t *testing.T, m awsfake.Message) deadletter.Note {
	t.Helper()
	if len(m.Attributes) != 1 {
		t.Fatalf("%d attributes, want one: %v", len(m.Attributes), m.Attributes)
	}
	var n deadletter.Note
	if err := json.Unmarshal([]byte(m.Attributes["oktastream"].StringValue), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Each form goes back as it came, with one attribute that remembers; the unknown
// one stays.
func TestReplaySendsEveryForm(t *testing.T) {
	for _, f := range forms {
		w := newWorld(t)
		f.put(w, "u-1")
		url := w.dead
		if f.form == dlq.Redrive {
			w.exhaust(t)
			url = w.redrive
		}
		before := w.Messages(f.queue)[0]
		report, err := w.replay(w.open(t, url, f.queue)).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.form == dlq.Unknown {
			if len(w.Messages("buffer")) != 0 || len(w.Messages("dead")) != 1 || report.Outcomes[dlq.UnknownForm] != 1 ||
				report.Left() != 1 {
				t.Errorf("unknown: %v", report.Outcomes)
			}
			continue
		}
		back := w.Messages("buffer")
		if len(back) != 1 || len(w.Messages(f.queue)) != 0 || report.Outcomes[dlq.Replayed] != 1 || report.Left() != 0 {
			t.Fatalf("%s: %d back, %v", f.form, len(back), report.Outcomes)
		}
		if back[0].Body != before.Body {
			t.Errorf("%s: the body has changed: %s", f.form, back[0].Body)
		}
		n := noteIn(t, back[0])
		replays := 1
		if strings.Contains(before.Attributes["oktastream"].StringValue, `"replays":1`) || f.form == dlq.APIDestination {
			replays = 2
		}
		if n.V != deadletter.Version || n.Replays != replays || n.Version != "v1" || n.FirstSeen.IsZero() {
			t.Errorf("%s: %+v", f.form, n)
		}
		for key, value := range before.Attributes {
			if key != "oktastream" && n.EventBridge[key] != value.StringValue {
				t.Errorf("%s: %s is not kept: %v", f.form, key, n.EventBridge)
			}
		}
	}
}

// What EventBridge said at the first death is there at the second and third.
func TestEventBridgesWordsOutliveReplays(t *testing.T) {
	w := newWorld(t)
	w.Send("dead", envelope(okta("u-1", "a.b")), eventBridge())
	if _, err := w.replay(w.open(t, w.dead, "dead")).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.exhaust(t)
	if _, err := w.replay(w.open(t, w.redrive, "redrive")).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := noteIn(t, w.Messages("buffer")[0]); n.Replays != 2 || n.EventBridge["ERROR_CODE"] != "NO_PERMISSIONS" {
		t.Errorf("%+v", n)
	}
}

// What dies again and again needs a person.
func TestALoopIsRefused(t *testing.T) {
	for _, force := range []bool{false, true} {
		w := newWorld(t)
		w.Send("dead", envelope(okta("u-1", "a.b")), poisoned(deadletter.Note{Reason: "refused", Replays: 3}))
		w.Send("dead", packed(3, okta("u-2", "a.b")), eventBridge())
		w.Send("dead", envelope(okta("u-3", "a.b")), poisoned(deadletter.Note{Reason: "refused", Replays: 2}))
		r := w.replay(w.open(t, w.dead, "dead"))
		r.Force = force
		report, err := r.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]int{false: 1, true: 3}[force]
		if report.Outcomes[dlq.Replayed] != want || report.Outcomes[dlq.TooOften] != 3-want ||
			len(w.Messages("buffer")) != want {
			t.Errorf("force %v: %v", force, report.Outcomes)
		}
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 30)
	before := w.bodies("redrive", "dead")
	r := w.replay(w.open(t, w.dead, "dead"))
	r.DryRun = true
	report, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dead := len(w.Messages("dead"))
	if report.Outcomes[dlq.WouldReplay]+report.Outcomes[dlq.UnknownForm] != dead ||
		report.Chosen.Total().Messages != dead {
		t.Errorf("%v of %d", report.Outcomes, dead)
	}
	for _, m := range append(w.Messages("dead"), w.Messages("redrive")...) {
		if m.InFlight {
			t.Errorf("message %s is still hidden", m.ID)
		}
	}
	if l := lost(before, w.bodies("redrive", "dead")); len(l) != 0 || len(w.Messages("buffer")) != 0 {
		t.Errorf("%d lost, %d in the buffer", len(l), len(w.Messages("buffer")))
	}
	for _, call := range []string{"SendMessageBatch", "DeleteMessageBatch"} {
		if n := w.Calls(awsfake.SQS, call); n != 0 {
			t.Errorf("%d calls of %s", n, call)
		}
	}
}

func TestFilters(t *testing.T) {
	for name, test := range map[string]struct {
		filter dlq.Filter
		limit  int
		want   int
	}{
		"reason":               {dlq.Filter{Reasons: []string{"api_destination"}}, 0, 1},
		"reason, wild":         {dlq.Filter{Reasons: []string{"lambda_*"}}, 0, 2},
		"EventBridge's code":   {dlq.Filter{Reasons: []string{"NO_PERMISSIONS"}}, 0, 2},
		"any uuid":             {dlq.Filter{UUIDs: []string{"*"}}, 0, 7},
		"type":                 {dlq.Filter{Types: []string{"user.session.*"}}, 0, 4},
		"type in a batch":      {dlq.Filter{Types: []string{"group.*"}}, 0, 1},
		"no type":              {dlq.Filter{Types: []string{"-"}}, 0, 1},
		"uuid":                 {dlq.Filter{UUIDs: []string{uuid(4) + "b"}}, 0, 1},
		"reason and type":      {dlq.Filter{Reasons: []string{"rule_target"}, Types: []string{"app.*"}}, 0, 1},
		"older than what is":   {dlq.Filter{OlderThan: time.Hour}, 0, 0},
		"newer than tomorrow":  {dlq.Filter{NewerThan: time.Hour}, 0, 7},
		"limit":                {dlq.Filter{}, 3, 3},
		"limit and type":       {dlq.Filter{Types: []string{"user.session.*"}}, 2, 2},
		"a name without stars": {dlq.Filter{Types: []string{"user.session"}}, 0, 0},
	} {
		w := newWorld(t)
		w.fill(t, len(forms))
		before := w.bodies("redrive", "dead")
		r := w.replay(w.open(t, w.dead, "dead"))
		r.Filter, r.Limit = test.filter, test.limit
		report, err := r.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(w.Messages("buffer")); n != test.want || report.Outcomes[dlq.Replayed] != test.want {
			t.Errorf("%s: %d back, want %d", name, n, test.want)
		}
		if l := lost(before, w.bodies("redrive", "dead", "buffer")); len(l) > 0 {
			t.Errorf("%s: lost %v", name, l)
		}
		for _, m := range w.Messages("dead") {
			if m.InFlight {
				t.Errorf("%s: message %s is still hidden", name, m.ID)
			}
		}
	}
}

// A message that with its attribute is over 1 MiB stays; its neighbours, which
// together pass what a batch may hold, go.
func TestWhatIsTooLongStays(t *testing.T) {
	w := newWorld(t)
	long := func(n int) string {
		body := envelope(okta("u-1", "a.b"))
		return body + strings.Repeat(" ", n-len(body))
	}
	w.Send("dead", long(1<<20), nil)
	for range 6 {
		w.Send("dead", long(400_000), nil)
	}
	report, err := w.replay(w.open(t, w.dead, "dead")).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Outcomes[dlq.TooLong] != 1 || report.Outcomes[dlq.Replayed] != 6 || len(w.Messages("dead")) != 1 ||
		len(w.Messages("buffer")) != 6 {
		t.Errorf("%v", report.Outcomes)
	}
}

// The audit has a line of each chosen message, with ids and types and no content,
// before the message is gone.
func TestTheAudit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit.jsonl")
	w := newWorld(t)
	w.fill(t, len(forms))
	audit, err := dlq.OpenAudit(name, w.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	r := w.replay(w.open(t, w.dead, "dead"))
	r.Audit = audit
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "DeleteMessageBatch" {
			if got := len(lines(t, name)); got == 0 {
				t.Error("a message is deleted before the audit has it")
			}
		}
		return awsfake.Fault{}
	})
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := audit.Close(); err != nil {
		t.Fatal(err)
	}
	count := map[dlq.Outcome]int{}
	for _, l := range lines(t, name) {
		count[l.Outcome]++
		if l.Outcome == dlq.Replayed &&
			(l.SentAs == "" || l.Replays < 1 || l.MessageID == "" || l.QueueURL != w.dead || l.To != w.buffer) {
			t.Errorf("%+v", l)
		}
	}
	if count[dlq.Replayed] != 7 || count[dlq.UnknownForm] != 1 || len(count) != 2 {
		t.Errorf("%v", count)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secret") {
		t.Errorf("content in the audit: %s", text)
	}
}

func lines(t testing.TB, name string) (list []dlq.Line) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var l dlq.Line
		if json.Unmarshal([]byte(line), &l) == nil && strings.HasSuffix(line, "\n") {
			list = append(list, l)
		}
	}
	return list
}

// What is slow is: ten messages at twenty a second take most of half a second.
func TestTheRateIsKept(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		w.Send("dead", envelope(okta(uuid(i), "a.b")), nil)
	}
	r := w.replay(w.open(t, w.dead, "dead"))
	r.Rate = 20
	started := time.Now()
	if _, err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took < 390*time.Millisecond || len(w.Messages("buffer")) != 10 {
		t.Errorf("%d messages in %v", len(w.Messages("buffer")), took)
	}
}
