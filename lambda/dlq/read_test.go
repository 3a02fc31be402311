package dlq_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// look reads a queue, and counts how often each message is met.
func look(ctx context.Context, q *dlq.Queue, change func(*dlq.Reader)) (map[string]int, dlq.Read, error) {
	var mu sync.Mutex
	met := map[string]int{}
	r := &dlq.Reader{Queue: q, Workers: 4, Visit: func(_ context.Context, messages []*dlq.Message) error {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range messages {
			met[m.ID]++
		}
		return nil
	}}
	if change != nil {
		change(r)
	}
	read, err := r.Run(ctx)
	return met, read, err
}

func visible(w *world, queue string) (n int) {
	for _, m := range w.Messages(queue) {
		if !m.InFlight {
			n++
		}
	}
	return n
}

func some(w *world, n int) {
	for i := range n {
		w.Send("dead", envelope(okta(uuid(i), "a.b")), nil)
	}
}

func TestReadingMeetsEachMessageOnceAndGivesItBack(t *testing.T) {
	w := newWorld(t)
	some(w, 105)
	met, read, err := look(t.Context(), w.open(t, w.dead, "dead"), nil)
	if err != nil || len(met) != 105 || read.Messages != 105 || read.Full || read.Hidden != 0 {
		t.Errorf("%d met, %+v, %v", len(met), read, err)
	}
	for id, n := range met {
		if n != 1 {
			t.Errorf("%s is met %d times", id, n)
		}
	}
	if n := visible(w, "dead"); n != 105 {
		t.Errorf("%d of 105 were given back", n)
	}
}

// Reading that lasts longer than messages stay hidden meets them again, knows
// them, and gives them back with the receipt that counts.
func TestMessagesThatComeAgainAreKnown(t *testing.T) {
	w := newWorld(t)
	some(w, 30)
	first := true
	met, read, err := look(t.Context(), w.open(t, w.dead, "dead"), func(r *dlq.Reader) {
		r.Workers = 1
		own := r.Visit
		r.Visit = func(ctx context.Context, m []*dlq.Message) error {
			defer func() { first = false }()
			if !first {
				return own(ctx, m)
			}
			err := own(ctx, m)
			w.clock.add(dlq.Hidden + time.Second)
			return err
		}
	})
	if err != nil || len(met) != 30 || read.Messages != 30 {
		t.Errorf("%d met, %+v, %v", len(met), read, err)
	}
	if n := visible(w, "dead"); n != 30 {
		t.Errorf("%d of 30 were given back", n)
	}
}

// SQS lets 120,000 messages be in flight: reading stops short of that, and of what
// others hold.
func TestReadingStopsShortOfTheLimitInFlight(t *testing.T) {
	w := newWorld(t)
	some(w, 100)
	met, read, err := look(t.Context(), w.open(t, w.dead, "dead"), func(r *dlq.Reader) { r.Hold = 45 })
	if err != nil || !read.Full || len(met) != 40 || visible(w, "dead") != 100 {
		t.Errorf("%d met, %+v, %v, %d visible", len(met), read, err, visible(w, "dead"))
	}
	q := w.open(t, w.dead, "dead")
	q.InFlight = 115_000
	if met, read, err = look(t.Context(), q, nil); err != nil || !read.Full || len(met) != 0 {
		t.Errorf("others hold all: %d met, %+v, %v", len(met), read, err)
	}
	q.InFlight = 115_000 - 20
	if met, read, err = look(t.Context(), q, nil); err != nil || !read.Full || len(met) != 20 {
		t.Errorf("others hold nearly all: %d met, %+v, %v", len(met), read, err)
	}
	from := w.Calls(awsfake.SQS, "ReceiveMessage")
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "ReceiveMessage" && call.N > from+2 {
			return awsfake.Fault{Status: 403, Code: "OverLimit"}
		}
		return awsfake.Fault{}
	})
	if _, read, err = look(t.Context(), w.open(t, w.dead, "dead"), nil); err != nil || !read.Full {
		t.Errorf("SQS says that it is too much: %+v, %v", read, err)
	}
}

// A call that fails once is not the end of the queue; one that fails for good is
// an error, and not a short list (sqsmover ends with 0).
func TestReadingAndFaults(t *testing.T) {
	w := newWorld(t)
	some(w, 50)
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		return awsfake.Fault{Throttle: call.Operation == "ReceiveMessage" && call.N%2 == 1}
	})
	met, _, err := look(t.Context(), w.open(t, w.dead, "dead"), func(r *dlq.Reader) { r.Workers = 1 })
	if err != nil || len(met) != 50 {
		t.Errorf("%d met, %v", len(met), err)
	}
	for name, fault := range map[string]awsfake.Fault{"down": {Status: 503}, "forbidden": {Status: 403, Code: "AccessDeniedException"}} {
		from := w.Calls(awsfake.SQS, "ReceiveMessage")
		w.SetFaults(func(call awsfake.Call) awsfake.Fault {
			if call.Operation == "ReceiveMessage" && call.N > from+2 {
				return fault
			}
			return awsfake.Fault{}
		})
		_, _, err := look(t.Context(), w.open(t, w.dead, "dead"), func(r *dlq.Reader) { r.Workers = 1 })
		var p *dlq.Problem
		if !errors.As(err, &p) || p.Call != "ReceiveMessage" || p.Denied() != (name == "forbidden") ||
			!strings.HasPrefix(err.Error(), "read queue dead: ReceiveMessage: ") {
			t.Errorf("%s: %v", name, err)
		}
		if calls := w.Calls(awsfake.SQS, "ReceiveMessage") - from; calls > 2+5 || name == "forbidden" && calls != 3 {
			t.Errorf("%s: %d calls", name, calls)
		}
		w.SetFaults(nil)
		if n := visible(w, "dead"); n != 50 {
			t.Errorf("%s: %d of 50 were given back", name, n)
		}
	}
}

func TestWhatCannotBeGivenBackIsTold(t *testing.T) {
	w := newWorld(t)
	some(w, 25)
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "ChangeMessageVisibilityBatch" {
			return awsfake.Fault{FailEntries: []int{1}}
		}
		return awsfake.Fault{}
	})
	_, read, err := look(t.Context(), w.open(t, w.dead, "dead"), nil)
	if err != nil || read.Hidden != 0 || visible(w, "dead") != 25 {
		t.Errorf("an entry that fails once: %+v, %v", read, err)
	}
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		return awsfake.Fault{Throttle: call.Operation == "ChangeMessageVisibilityBatch"}
	})
	_, read, err = look(t.Context(), w.open(t, w.dead, "dead"), nil)
	if err != nil || read.Hidden != 25 || visible(w, "dead") != 0 {
		t.Errorf("a call that fails: %+v, %v", read, err)
	}
}

// Ctrl-C gives everything back, also what SQS was handing out just then.
func TestAnInterruptedReadingGivesAllBack(t *testing.T) {
	w := newWorld(t)
	some(w, 100)
	ctx, cancel := context.WithCancel(t.Context())
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "ReceiveMessage" && call.N == 3 {
			cancel()
			return awsfake.Fault{Delay: 20 * time.Millisecond}
		}
		return awsfake.Fault{}
	})
	_, _, err := look(ctx, w.open(t, w.dead, "dead"), nil)
	if !errors.Is(err, context.Canceled) || visible(w, "dead") != 100 {
		t.Errorf("%v, %d of 100 visible", err, visible(w, "dead"))
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	_, err := dlq.Open(t.Context(), w.api, w.dead+"-not", "", w.clock.now)
	var p *dlq.Problem
	if !errors.As(err, &p) || !p.Permanent || !strings.Contains(err.Error(), "dead-not: GetQueueAttributes: ") {
		t.Errorf("%v", err)
	}
	some(w, 3)
	if q := w.open(
		t,
		w.dead,
		"",
	); q.Name != "dead" || q.Visible != 3 || q.Retention != days14 ||
		!strings.HasSuffix(q.ARN, ":dead") {
		t.Errorf("%+v", q)
	}
}
