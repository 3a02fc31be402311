package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// A run gives each event of the window to each sender once, and counts it in its hour.
func TestRun(t *testing.T) {
	w := newWorld(t, 400)
	a, b := tally{}, tally{}
	j := w.job(t, 100, a, b)
	kept := 0
	j.Keep = func(e *systemlog.Event) bool {
		if e.UUID[0] == 'a' {
			return false
		}
		kept++
		return true
	}
	var last backfill.Progress
	j.Progress = func(p backfill.Progress) {
		if p.Share < last.Share || p.Events < last.Events || p.Share > 1 || p.Left < 0 {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	}
	r, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := w.want()
	if !r.Done || r.Interrupted || int(r.Events) != kept || int(r.Events+r.Skipped) != len(want) || r.Skipped == 0 ||
		len(a) != kept || len(b) != kept || r.Pages < int64(len(want)/100) || r.Bytes == 0 {
		t.Errorf("%+v: %d kept of %d; sent %d, %d", r, kept, len(want), len(a), len(b))
	}
	if last.Share != 1 || last.Left != 0 || last.Rate.PerMinute != 60 {
		t.Errorf("%+v", last)
	}
	hours := map[backfill.Hour]int64{}
	for e := range w.Events(start, end) {
		if e.UUID[0] != 'a' {
			hours[backfill.HourOf(e.Published)]++
		}
	}
	if len(r.Hours) != 6 || fmt.Sprint(r.Hours) != fmt.Sprint(hours) {
		t.Errorf("%v, want %v", r.Hours, hours)
	}
	for uuid, n := range a {
		if n != 1 || want[uuid] == "" {
			t.Errorf("%s was sent %d times", uuid, n)
		}
	}
}

// errKilled stands for a process that ends at once.
var errKilled = errors.New("killed")

// Killed at any moment, a run that is continued with its state file loses nothing, and
// each kill costs at most one page of copies.
func TestKilledAnywhereNothingIsLost(t *testing.T) {
	w := newWorld(t, 20)
	want := w.want()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		dir := t.TempDir()
		path := filepath.Join(dir, "state.json")
		sent := tally{}
		size := 5 + random.IntN(36)
		kills := 0
		for done := false; !done; {
			left := random.IntN(13)
			where := []string{"before", "amid", "after", "noted"}[random.IntN(4)]
			to := senderFunc(func(ctx context.Context, list []systemlog.Event) error {
				if left--; left >= 0 || kills >= 6 {
					return sent.Send(ctx, list)
				}
				switch where {
				case "before":
				case "amid":
					_ = sent.Send(ctx, list[:len(list)/2])
				default:
					_ = sent.Send(ctx, list)
				}
				if where == "noted" {
					return nil
				}
				panic(errKilled)
			})
			j := w.job(t, size, to)
			var err error
			if j.State, err = backfill.OpenState(path, backfill.Window{Org: j.Client.Org(), Since: start, Until: end, To: "q"}); err != nil {
				t.Fatal(err)
			}
			j.Progress = func(backfill.Progress) {
				if left < 0 && kills < 6 {
					panic(errKilled)
				}
			}
			func() {
				defer func() {
					if p := recover(); p != nil {
						kills++
					}
				}()
				result, err := j.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if done = true; !j.State.Done() || int(result.Events) != len(want) {
					t.Errorf("seed %d: the state counts %d events, want %d", seed, result.Events, len(want))
				}
			}()
		}
		copies := 0
		for uuid := range want {
			if sent[uuid] == 0 {
				t.Errorf("seed %d: %s was not sent", seed, uuid)
			}
			copies += max(sent[uuid]-1, 0)
		}
		if len(sent) != len(want) || copies > kills*size {
			t.Errorf("seed %d: %d events of %d, %d copies after %d kills", seed, len(sent), len(want), copies, kills)
		}
		if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 1 {
			t.Errorf("seed %d: files are left: %v, %v", seed, files, err)
		}
	}
}

// A run that is interrupted finishes the page that it sends, so that the next one sends
// none again.
func TestInterruptIsClean(t *testing.T) {
	w := newWorld(t, 60)
	path := filepath.Join(t.TempDir(), "state.json")
	sent := tally{}
	for n := 0; ; n++ {
		if n > 100 {
			t.Fatal("each run sends the same page again")
		}
		ctx, cancel := context.WithCancel(t.Context())
		j := w.job(t, 50, senderFunc(func(ctx context.Context, list []systemlog.Event) error {
			cancel()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return sent.Send(ctx, list)
		}))
		var err error
		if j.State, err = backfill.OpenState(path, backfill.Window{Org: j.Client.Org(), Since: start, Until: end}); err != nil {
			t.Fatal(err)
		}
		r, err := j.Run(ctx)
		if err == nil {
			if n < 5 || !r.Done {
				t.Errorf("%d interrupts, %+v", n, r)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || !r.Interrupted || r.Done {
			t.Fatalf("%+v: %v", r, err)
		}
	}
	for uuid := range w.want() {
		if sent[uuid] != 1 {
			t.Errorf("%s was sent %d times", uuid, sent[uuid])
		}
	}
}

// An error of a sender ends the run, which can be continued.
func TestSenderFails(t *testing.T) {
	w := newWorld(t, 60)
	n := 0
	fault := errors.New("no queue")
	j := w.job(t, 50, senderFunc(func(context.Context, []systemlog.Event) error {
		if n++; n == 3 {
			return fault
		}
		return nil
	}))
	if r, err := j.Run(t.Context()); !errors.Is(err, fault) || r.Done || r.Interrupted || r.Events != 100 || r.Pages != 2 {
		t.Errorf("%+v: %v", r, err)
	}
	j.Until = w.now().Add(time.Hour)
	if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "future") {
		t.Errorf("a window that ends in the future: %v", err)
	}
}

// A plan counts where little happens, and is near the truth where much does.
func TestPlan(t *testing.T) {
	for _, perHour := range []int{20, 2500} {
		w := newWorld(t, perHour)
		j := w.job(t, 1000)
		j.Since, j.Until = start.Add(20*time.Minute), end.Add(-10*time.Minute)
		p, err := j.Plan(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		exact := map[backfill.Hour]int64{}
		n, bytes := int64(0), int64(0)
		for e := range w.Events(j.Since, j.Until) {
			exact[backfill.HourOf(e.Published)]++
			n++
			bytes += int64(len(e.JSON))
		}
		near := func(a, b int64, share float64) bool { return float64(max(a, b)-min(a, b)) <= share*float64(b) }
		if len(p.Hours) != 6 || p.Exact != (perHour == 20) || !near(p.Events, n, 0.05) || !near(p.Bytes, bytes, 0.1) ||
			p.Pages != p.Events/1000+1 || p.Time != time.Duration(p.Pages)*time.Second || w.Calls("/api/v1/logs") > 7 {
			t.Errorf("%d an hour: %+v, want %d events, %d bytes; %d requests", perHour, p, n, bytes, w.Calls("/api/v1/logs"))
		}
		for i, h := range p.Hours {
			if want := exact[h.Hour]; !h.Hour.Time().Equal(start.Add(time.Duration(i)*time.Hour)) || !near(h.Events, want, 0.15) ||
				h.Exact && h.Events != want {
				t.Errorf("%+v, want %d", h, want)
			}
		}
	}
}

// The requests of a plan are bounded, also for 90 busy days.
func TestPlanOfALongWindow(t *testing.T) {
	w := newWorld(t, 50)
	j := w.job(t, 10) // a page is a fifth of an hour
	w.Generate(load(start.Add(-30*24*time.Hour), 29*24*time.Hour))
	j.Since = start.Add(-30 * 24 * time.Hour)
	shares := 0.0
	p, err := j.Plan(t.Context(), func(share float64) {
		if share < shares || share > 1 {
			t.Errorf("%v after %v", share, shares)
		}
		shares = share
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.Calls("/api/v1/logs"); n > 200 || n < 100 || len(p.Hours) != 30*24+6 || p.Exact || shares != 1 {
		t.Errorf("%d requests, %d hours, exact %v, share %v", n, len(p.Hours), p.Exact, shares)
	}
	if p.Events < 20_000 || p.Events > 60_000 {
		t.Errorf("%d events, want about 35,000", p.Events)
	}
}
