package auditor

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

var (
	storyDays  = flag.Int("story.days", 3, "days of the story of an org")
	storySeeds = flag.Int("story.seeds", 1, "stories that are told")
	storyKills = flag.Int("story.kills", 4, "calls at which a run is killed")
)

const day = 24 * time.Hour

// audited is the end of the hours that have to be closed by now.
func (w *world) audited() time.Time { return w.now().Add(-closesAfter).Truncate(time.Hour) }

// TestQuietDays: without a gap each hour is read twice and closed, and nothing is sent.
func TestQuietDays(t *testing.T) {
	w := newWorld(t, false, 5, 3, 1)
	total := w.ticks(3 * day)
	w.check(w.audited())
	if w.copies > 0 || total.Missing > 0 || total.Behind > 0 || total.Hours < 40 {
		t.Errorf("%d copies, %+v", w.copies, total)
	}
	// A request lists an hour of 5 events; the third is the one of hours that changed meanwhile.
	if calls := w.org.Calls("/api/v1/logs"); int64(calls) > 3*total.Hours {
		t.Errorf("%d requests for %d hours", calls, total.Hours)
	}
}

// story is what happens to an org: the bus is gone for hours until a person activates the stream,
// objects are lost, the token is replaced, the function stands still, Okta fails, and the auditor is
// killed.
func (w *world) story(random *rand.Rand, days int) (kills int) {
	w.faults(random)
	outageEnds, stallEnds, rotate := time.Time{}, time.Time{}, w.now().Add(day+time.Duration(random.IntN(12))*time.Hour)
	for end := w.now().Add(time.Duration(days) * day); w.now().Before(end); {
		switch n := random.IntN(4 * 24); {
		case w.outage && w.now().After(outageEnds):
			w.outage = false
			w.activate()
		case n == 0 && !w.outage:
			w.outage, outageEnds = true, w.now().Add(time.Duration(1+random.IntN(5))*time.Hour)
		case n == 1:
			w.loseObject(random)
		case w.stalled && w.now().After(stallEnds):
			w.stalled = false
		case n == 2 && !w.stalled:
			w.stalled, stallEnds = true, w.now().Add(time.Duration(1+random.IntN(12))*time.Hour)
		case n == 3 && w.now().After(rotate):
			w.token, w.validTokens = "token-2", map[string]bool{"token-2": true}
		}
		if random.IntN(20) == 0 {
			w.process.killAt, w.process.after = w.process.calls+1+random.IntN(10), random.IntN(2) == 0
		}
		if _, err := w.tick(); err != nil && !w.process.dead {
			w.t.Fatalf("%s: %v", w.now(), err)
		}
		if w.process.dead {
			kills++
			w.restart(0, false)
		}
	}
	w.process.killAt = 0
	w.org.SetFaults(nil)
	w.stalled = false
	if w.outage {
		w.outage = false
		w.activate()
	}
	return kills
}

// loseObject loses an object of an hour that has no digest yet.
func (w *world) loseObject(random *rand.Rand) {
	digests := w.digests()
	var open []string
	for _, key := range w.store.keys("okta/") {
		if h, _, ok := archive.ParseKey(key); ok && len(digests[h.Start]) == 0 && w.now().Sub(h.Start) < 20*time.Hour {
			open = append(open, key)
		}
	}
	if len(open) == 0 {
		return
	}
	key := open[random.IntN(len(open))]
	o := w.store.objects[key]
	err := archive.EachEvent(strings.NewReader(string(o.body)), func(uuid []byte, _ int64) error {
		delete(w.delivered, string(uuid))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	delete(w.store.objects, key)
}

// TestStory: whatever happens, at the end nothing is missing, every hour has its digest, verify is
// green, and each gap was reported once.
func TestStory(t *testing.T) {
	for seed := range uint64(*storySeeds) {
		w := newWorld(t, false, 4, *storyDays, seed)
		kills := w.story(rand.New(rand.NewPCG(seed, 1)), *storyDays)
		w.ticks(2 * day)
		w.check(began.Add(time.Duration(*storyDays) * day))
		// A run that is killed may count a gap, or an hour that it closes, twice.
		missing, filled := w.metrics[ledger.AuditMissing], w.metrics[ledger.AuditFilled]
		if missing == 0 || filled == 0 || kills == 0 && missing != filled || w.metrics[ledger.AuditUnfilled] != 0 {
			t.Errorf("seed %d: %v", seed, w.metrics)
		}
		t.Logf("seed %d: %v, %d digests, killed %d times", seed, w.metrics, len(w.store.keys("digest/")), kills)
	}
}

// contents are the digests of the hours before until without what depends on when and in which
// order they were made.
func (w *world) contents(until time.Time) map[string]string {
	all := map[string]string{}
	for start, list := range w.digests() {
		if !start.Before(until) {
			continue
		}
		d := list[0]
		v := *d.Okta
		v.ReadAt = time.Time{}
		// check compares Root: the two events of the stream have random uuids.
		all[stamp(start)] = fmt.Sprintf("%d %+v", d.Events, v)
	}
	return all
}

// outage is a small story: the bus is gone for two hours.
func (w *world) twoHoursWithout(until time.Duration) {
	w.t.Helper()
	for end := w.now().Add(until); w.now().Before(end); {
		switch at := w.now().Sub(began); at {
		case 3 * time.Hour:
			w.outage = true
		case 5 * time.Hour:
			w.outage = false
			w.activate()
		}
		_, err := w.tick()
		if w.process.dead {
			w.restart(0, false)
			continue
		}
		if err != nil {
			w.t.Fatalf("%s: %v", w.now(), err)
		}
	}
}

// TestKilledAnywhere: a run that is killed at any call, before or after the call is done, and is
// run again, ends with the same digests.
func TestKilledAnywhere(t *testing.T) {
	const until = 40 * time.Hour
	whole := newWorld(t, false, 4, 1, 7)
	whole.org.SetFaults(nil)
	whole.twoHoursWithout(until)
	whole.check(whole.audited())
	want := whole.contents(whole.audited())
	if whole.metrics[ledger.AuditMissing] == 0 {
		t.Fatal("nothing was missing")
	}
	calls := whole.process.calls
	random := rand.New(rand.NewPCG(uint64(calls), 2))
	for kill := range *storyKills {
		at := 1 + (kill*calls+random.IntN(calls)) / *storyKills
		w := newWorld(t, false, 4, 1, 7)
		w.restart(at, kill%2 == 0)
		w.twoHoursWithout(until)
		w.check(w.audited())
		for _, name := range []string{ledger.AuditMissing, ledger.AuditFilled} {
			if w.metrics[name] < whole.metrics[name] {
				t.Errorf("killed at call %d of %d: %s is %d, want %d or more", at, calls, name, w.metrics[name], whole.metrics[name])
			}
		}
		if got := w.contents(w.audited()); !reflect.DeepEqual(got, want) {
			t.Errorf("killed at call %d of %d: other digests", at, calls)
			for hour := range want {
				if got[hour] != want[hour] {
					t.Logf("%s: %s, want %s", hour, got[hour], want[hour])
				}
			}
		}
	}
}

// TestTwoAuditors: of two auditors at once one stops, and events are sent once.
func TestTwoAuditors(t *testing.T) {
	for _, at := range []int{1, 2, 7} {
		w := newWorld(t, false, 4, 1, 3)
		first := w.process
		w.restart(0, false)
		second := w.process
		w.process = first
		var one sync.Mutex // the first one reads objects in several goroutines
		first.before = func(n int) {
			if n%at == 0 {
				one.Lock()
				defer one.Unlock()
				if _, err := second.auditor.Run(t.Context()); err != nil {
					t.Errorf("the second one: %v", err)
				}
			}
		}
		w.twoHoursWithout(36 * time.Hour)
		w.check(w.audited())
		if w.copies > 0 {
			t.Errorf("another run each %d calls: %d events were sent twice", at, w.copies)
		}
	}
}

// TestAgainstALogGroup: events that CloudWatch Logs gives the time of their arrival, because they
// are filled weeks later, are found there and not sent again and again.
func TestAgainstALogGroup(t *testing.T) {
	w := newWorld(t, true, 4, 1, 5)
	w.tickUntil(began.Add(2 * time.Hour))
	w.outage = true
	w.tickUntil(began.Add(4 * time.Hour))
	w.outage = false
	w.activate()
	w.validTokens = nil // nobody can read Okta for 20 days
	for i := range 20 * 4 {
		w.advance(6 * time.Hour)
		if s, err := w.tick(); err != nil || s.Unreachable != (i >= 3) || s.Missing > 0 {
			t.Fatalf("%d: %+v, %v", i, s, err)
		}
	}
	w.validTokens = map[string]bool{"token-1": true}
	total := w.ticks(2 * day)
	if total.Missing == 0 || total.Filled != total.Missing || total.Unfilled > 0 || w.copies > 0 {
		t.Errorf("%+v, %d events were sent twice", total, w.copies)
	}
	w.check(began.Add(day))
}

// TestRestampedBefore: events that were given the time of their arrival before the auditor looked
// are sent once more, and never again.
func TestRestampedBefore(t *testing.T) {
	w := newWorld(t, true, 4, 1, 5)
	if _, err := w.tick(); err != nil {
		t.Fatal(err)
	}
	w.advance(20 * day)
	total := w.ticks(6 * time.Hour) // all that Okta streamed arrives now
	if total.Missing == 0 || total.Filled != total.Missing || total.Unfilled > 0 || int64(w.copies) != total.Missing {
		t.Errorf("%+v, %d events were sent twice", total, w.copies)
	}
	w.check(began.Add(day))
}

// TestAnEventThatNeverArrives is sent maxFills times, and reported.
func TestAnEventThatNeverArrives(t *testing.T) {
	w := newWorld(t, false, 4, 1, 5)
	lost := ""
	for e := range w.org.Events(began.Add(5*time.Hour), began.Add(6*time.Hour)) {
		lost = e.UUID
		break
	}
	sent := 0
	w.dead = func(uuid string) bool {
		if uuid == lost {
			sent++
			return true
		}
		return false
	}
	for end := w.now().Add(2 * day); w.now().Before(end); {
		if _, err := w.tick(); err != nil {
			t.Fatal(err)
		}
		for b := w.cloud.LambdaBatch("dead", 10); b != nil; b = w.cloud.LambdaBatch("dead", 10) {
			w.cloud.Settle(b, []byte(`{"batchItemFailures":[]}`), nil) // somebody empties the queue
		}
	}
	hour := began.Add(5 * time.Hour)
	list := w.digests()[hour]
	if len(list) != 1 || list[0].Okta.State != Missing || list[0].Okta.Missing != 1 || list[0].Okta.Filled != 0 {
		t.Errorf("%+v", list)
	}
	if sent != 1+maxFills || w.gaps[stamp(hour)] != 1 || w.metrics[ledger.AuditUnfilled] != 1 {
		t.Errorf("sent %d times, reported %d times, %v", sent, w.gaps[stamp(hour)], w.metrics)
	}
}

// TestWhatWaitsIsNotFilled: a missing event that was sent, and that the destination refuses then, is in a
// dead-letter queue; it has not arrived.
func TestWhatWaitsIsNotFilled(t *testing.T) {
	w := newWorld(t, false, 4, 1, 5)
	hour := began.Add(5 * time.Hour)
	for range 12 {
		w.ticks(time.Hour)
		for _, key := range w.store.keys((archive.Hour{Org: "example", Start: hour}).Prefix()) {
			delete(w.store.objects, key) // lost before the first read
		}
	}
	w.dead = func(uuid string) bool { return true }
	w.ticks(2 * day)
	list := w.digests()[hour]
	if len(list) == 0 || list[0].Okta.Waiting == 0 {
		t.Fatalf("%+v", list)
	}
	if o := list[0].Okta; o.State != Waiting || o.Filled != 0 || o.Here+o.Waiting != o.Okta {
		t.Errorf("%+v", o)
	}
}

// TestWhatWaitsIsNotMissing: an event in a dead-letter queue is not sent, and once it has been
// replayed the hour is audited again.
func TestWhatWaitsIsNotMissing(t *testing.T) {
	w := newWorld(t, false, 4, 1, 5)
	lost, line := "", ""
	for e := range w.org.Events(began.Add(5*time.Hour), began.Add(6*time.Hour)) {
		lost, line = e.UUID, string(envelope(e.JSON))
		break
	}
	w.dead = func(uuid string) bool { return uuid == lost }
	w.ticks(2 * day)
	hour := began.Add(5 * time.Hour)
	list := w.digests()[hour]
	if len(list) != 1 || list[0].Okta.State != Waiting || list[0].Okta.Waiting != 1 || len(w.gaps) > 0 {
		t.Fatalf("%+v, %v", list, w.gaps)
	}
	if n := len(w.cloud.Messages("dead")); n != 1 {
		t.Errorf("%d dead letters", n)
	}
	w.dead = func(string) bool { return false }
	w.put(line, lost, hour)
	w.ticks(2 * day)
	list = w.digests()[hour]
	if len(list) != 2 || !list[1].Late || list[1].Okta.State != Complete {
		t.Errorf("%+v", list)
	}
	w.check(w.audited())
}

// TestABacklogAndNewHoursShareARun: with few requests a run, neither waits for the other.
func TestABacklogAndNewHoursShareARun(t *testing.T) {
	w := newWorld(t, false, 2, 8, 9)
	for range 4 * 24 {
		w.advance(time.Hour)
		w.org.Deliver()
		w.flush()
	}
	w.setup = func(a *Auditor) { a.Since, a.Requests = began.Add(time.Hour), 1 }
	w.restart(0, false)
	first := w.now().Truncate(time.Hour)
	total := w.ticks(36 * time.Hour)
	if total.Behind > 0 || total.Backlog == 0 {
		t.Errorf("%+v", total)
	}
	if digests := w.digests(); len(digests[began.Add(time.Hour)]) == 0 || len(digests[first]) == 0 {
		t.Error("the oldest or the newest hours have no digest")
	}
	if open := len(w.state().Todo); open > maxSpans {
		t.Errorf("%d spans", open)
	}
	w.process.auditor.Requests = 900
	total = w.ticks(12 * time.Hour)
	if total.Backlog > 0 {
		t.Errorf("%+v", total)
	}
	w.check(w.audited())
}

// TestABigHourTakesSeveralRuns: a read that is stopped continues where it was.
func TestABigHourTakesSeveralRuns(t *testing.T) {
	w := newWorld(t, false, 0, 0, 1)
	w.setup = func(a *Auditor) { a.Requests = 1 }
	w.restart(0, false)
	w.generate(began.Add(time.Hour), 2500, 1)
	w.outage = true
	w.tickUntil(began.Add(2 * time.Hour))
	w.outage = false
	w.activate()
	total := w.ticks(36 * time.Hour)
	if total.Missing < 2500 || total.Filled != total.Missing {
		t.Errorf("%+v", total)
	}
	w.check(began.Add(2 * time.Hour))
}

// TestOktaFailsInTheMiddle: the read of a large hour continues where Okta failed.
func TestOktaFailsInTheMiddle(t *testing.T) {
	w := newWorld(t, false, 0, 0, 1)
	w.generate(began.Add(time.Hour), 2500, 1)
	w.tickUntil(began.Add(25 * time.Hour))
	calls := 0
	w.org.SetFaults(func(oktafake.Call) (f oktafake.Fault) {
		if calls++; calls > 2 {
			f.Status = 503
		}
		return f
	})
	w.advance(time.Hour) // the hour is due
	for w.state().Reading == nil {
		if s, err := w.tick(); err != nil || calls > 2 && !s.Unreachable || calls > 100 {
			t.Fatalf("%+v, %v, %d calls", s, err, calls)
		}
	}
	if at := w.state().Reading; at.Minute == 0 || at.Listed < 500 {
		t.Errorf("%+v", at)
	}
	w.org.SetFaults(nil)
	w.ticks(6 * time.Hour)
	w.check(began.Add(2 * time.Hour))
}

// TestWrongOrg: where no uuid agrees, nothing is sent.
func TestWrongOrg(t *testing.T) {
	w := newWorld(t, false, 0, 0, 1)
	w.generate(began.Add(time.Hour), 200, 1)
	w.mute = true
	other := newWorld(t, false, 0, 0, 2)
	other.generate(began.Add(time.Hour), 200, 2)
	for e := range other.org.Events(began, began.Add(day)) {
		w.put(string(envelope(e.JSON)), e.UUID, e.Published)
	}
	var failed error
	for range 4 * 30 {
		if _, err := w.tick(); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if failed == nil || !strings.Contains(failed.Error(), "none of the uuids agree") {
		t.Errorf("%v", failed)
	}
	if len(w.cloud.Messages("buffer")) > 0 || len(w.gaps) > 0 {
		t.Error("events were sent")
	}
	if !slices.Contains(w.store.keys("digest/"), "digest/org=example/0000000002.json") {
		t.Error("the other hours were not audited")
	}
}

// TestPage: README.md explains all states.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- states -->")
	table, _, _ := strings.Cut(rest, "<!-- /states -->")
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|").FindAllStringSubmatch(table, -1) {
		rows = append(rows, m[1])
	}
	if want := []string{Complete, Missing, Waiting, Provisional, Expired}; !slices.Equal(rows, want) {
		t.Errorf("the page has the states %q, want %q", rows, want)
	}
}
