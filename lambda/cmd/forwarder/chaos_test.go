package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
)

var (
	chaosEvents = flag.Int("chaos.events", 4_000, "events a seed and destination of TestChaos")
	chaosFaults = flag.Int("chaos.faults", 150, "about how many faults a seed and destination of TestChaos")
	chaosSeeds  = flag.Int("chaos.seeds", 1, "seeds of TestChaos")
)

// TestChaos sends tens of thousands of events through the real handler, the real
// SDK and HTTP while everything goes wrong that can: throttling, 5xx, timeouts,
// connections reset before and after the work is done, entries that fail singly,
// rejected indexes, pages of proxies, answers that drip or are cut off, rotated secrets, poison, copies, conflicts, and functions killed before they
// answer. At the end every event is at the destination or in a queue with a
// reason, and every ledger balances.
//
// A longer run: go test ./lambda/cmd/forwarder -run TestChaos -chaos.events 1000000 -chaos.faults 10000 -chaos.seeds 1
// -timeout 1h
func TestChaos(t *testing.T) {
	for _, destination := range destinations {
		for seed := range *chaosSeeds {
			t.Run(fmt.Sprintf("%s/seed %d", destination, seed), func(t *testing.T) {
				chaos(t, destination, uint64(seed)+1)
			})
		}
	}
}

// chaosBatch is the size of a batch: smaller than the default mapping's, for more
// calls that can fail.
const chaosBatch = 25

type faultKind[F any] struct {
	name   string
	weight int
	fault  func(r *rand.Rand) F
}

// deadFaults are what goes wrong with copies to the queue `dead`, beside faultKinds.
var deadFaults = []faultKind[awsfake.Fault]{
	{"dead hangs", 1, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Hang: true} }},
	{"dead is slow", 10, func(r *rand.Rand) awsfake.Fault {
		return awsfake.Fault{Delay: time.Duration(r.IntN(300)) * time.Millisecond}
	}},
	{"dead refuses", 15, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Code: "AccessDeniedException"} }},
}

// faultKinds are what goes wrong, and how often one is chosen against the others.
var faultKinds = []faultKind[awsfake.Fault]{
	{"throttle", 30, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{Throttle: true} }},
	{"5xx", 20, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{Status: []int{500, 502, 503, 504}[r.IntN(4)]} }},
	{"reset before", 15, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{Reset: true} }},
	{"reset after", 10, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{ResetAfter: true} }},
	{"timeout", 2, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{Hang: true} }},
	{"denied", 3, func(r *rand.Rand) awsfake.Fault { return awsfake.Fault{Code: "AccessDeniedException"} }},
	{"entries fail", 20, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{FailEntries: []int{0}} }},
}

// s3Faults are what also goes wrong with S3.
var s3Faults = append(slices.Clone(faultKinds), []faultKind[awsfake.Fault]{
	{"conflict", 15, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Status: http.StatusConflict} }},
	{"key disabled", 3, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Code: "KMS.DisabledException"} }},
	{"broken upload", 5, func(*rand.Rand) awsfake.Fault { return awsfake.Fault{Code: "BadDigest"} }},
}...)

// httpsFaults are what goes wrong with the requests to a destination over HTTPS.
var httpsFaults = []faultKind[httpsfake.Fault]{
	{"429", 15, func(*rand.Rand) httpsfake.Fault { return httpsfake.Page(http.StatusTooManyRequests) }},
	{"5xx", 20, func(r *rand.Rand) httpsfake.Fault { return httpsfake.Page([]int{500, 502, 503, 504}[r.IntN(4)]) }},
	{"reset before", 15, func(*rand.Rand) httpsfake.Fault { return httpsfake.Fault{Reset: true} }},
	{"reset after", 10, func(*rand.Rand) httpsfake.Fault { return httpsfake.Fault{ResetAfter: true} }},
	{"timeout", 2, func(*rand.Rand) httpsfake.Fault { return httpsfake.Fault{Hang: true} }},
	{"dripping", 3, func(*rand.Rand) httpsfake.Fault { return httpsfake.Fault{Drip: 300 * time.Millisecond} }},
	{"cut gzip", 10, func(*rand.Rand) httpsfake.Fault { return httpsfake.Fault{CutGzip: true} }},
	{"slow", 15, func(r *rand.Rand) httpsfake.Fault {
		return httpsfake.Fault{Delay: time.Duration(r.IntN(200)) * time.Millisecond}
	}},
	{"page with 200", 10, func(*rand.Rand) httpsfake.Fault { return httpsfake.Page(http.StatusOK) }},
	{"page with 403", 3, func(*rand.Rand) httpsfake.Fault { return httpsfake.Page(http.StatusForbidden) }},
	{"page with 400", 10, func(*rand.Rand) httpsfake.Fault { return httpsfake.Page(http.StatusBadRequest) }},
	{"busy", 10, func(*rand.Rand) httpsfake.Fault { return httpsfake.HECFault(9) }},
}

// maxRotations is how often a secret is changed in a run.
const maxRotations = 3

// strikeHTTPS decides what goes wrong with a request to a destination over HTTPS. Now and
// then the destination takes another secret from there on; the functions that run have
// read the old one less than a minute ago, and what they hold goes back.
func (f *turmoil) strikeHTTPS(rotate func(secret string)) httpsfake.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 || f.random.Float64() >= f.share {
		return httpsfake.Fault{}
	}
	f.left--
	if f.counts["secret rotated"] < maxRotations && f.random.IntN(20) == 0 {
		f.counts["secret rotated"]++
		rotate(fmt.Sprintf("secret %d", f.counts["secret rotated"]))
		return httpsfake.Fault{}
	}
	k := choose(f.random, httpsFaults)
	f.counts[k.name]++
	return k.fault(f.random)
}

// choose chooses a kind by its weight.
func choose[F any](r *rand.Rand, kinds []faultKind[F]) faultKind[F] {
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	pick := r.IntN(total)
	for _, k := range kinds {
		if pick -= k.weight; pick < 0 {
			return k
		}
	}
	panic("no kind of fault")
}

// turmoil decides what goes wrong.
type turmoil struct {
	mu     sync.Mutex
	random *rand.Rand
	share  float64 // of calls that fail
	left   int
	counts map[string]int
}

func (f *turmoil) strike(call awsfake.Call) awsfake.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	// Copies to the queue are few, and each kind of fault is to meet them.
	if call.Service == awsfake.SQS && f.random.Float64() < 0.2 {
		return f.pick(call, deadFaults)
	}
	if f.left == 0 || f.random.Float64() >= f.share {
		return awsfake.Fault{}
	}
	f.left--
	if call.Service == awsfake.S3 {
		return f.pick(call, s3Faults)
	}
	return f.pick(call, faultKinds)
}

func (f *turmoil) pick(call awsfake.Call, kinds []faultKind[awsfake.Fault]) awsfake.Fault {
	k := choose(f.random, kinds)
	if k.name == "entries fail" && call.Service != awsfake.Events {
		f.left++
		return awsfake.Fault{}
	}
	f.counts[k.name]++
	return k.fault(f.random)
}

func chaos(t *testing.T, destination config.Destination, seed uint64) {
	random := rand.New(rand.NewPCG(seed, uint64(len(destination))))
	w := newWorld(t, destination)
	sent := w.fill(random, fmt.Sprintf("chaos-%d", seed), *chaosEvents)

	// CloudWatch Logs goes ten minutes ahead of the function: it refuses records
	// that the function thinks young enough.
	w.clock.ahead.Store(int64(10 * time.Minute))

	calls := float64(sent.count)/chaosBatch + float64(len(sent.poison))
	storm := &turmoil{
		random: random,
		share:  min(0.5, float64(*chaosFaults)/calls),
		left:   *chaosFaults,
		counts: map[string]int{},
	}
	w.SetFaults(storm.strike)
	of := func(*http.Request) httpsfake.Fault { return storm.strikeHTTPS(w.rotate) }
	w.faults.Store(&of)

	var ledgers counters
	var killed, invocations, redelivered atomic.Int64
	drain := func(lives int) (took int64) {
		var group sync.WaitGroup
		var count atomic.Int64
		for n := range 4 {
			own := rand.New(rand.NewPCG(seed, uint64(n+100*lives)))
			group.Go(func() {
				h := w.function(&ledgers)
				for {
					batch := w.LambdaBatch("buffer", chaosBatch)
					if batch == nil {
						return
					}
					count.Add(1)
					invocations.Add(1)
					ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
					answer, err := h.Invoke(ctx, batch.Payload)
					cancel()
					if err != nil {
						t.Errorf("invoke: %v", err)
					}
					// Killed between the delivery and the acknowledgement: Lambda
					// sees an error, and all messages come again.
					if own.IntN(50) == 0 && lives < 20 {
						killed.Add(1)
						redelivered.Add(int64(len(batch.IDs)))
						answer, err = nil, context.DeadlineExceeded
					}
					w.Settle(batch, answer, err)
				}
			})
		}
		group.Wait()
		return count.Load()
	}
	started := time.Now()
	for lives := 0; ; lives++ {
		took := drain(lives)
		if took == 0 && len(w.Messages("buffer")) == 0 {
			break
		}
		if lives > 2*maxReceive {
			t.Fatalf("the buffer still holds %d messages", len(w.Messages("buffer")))
		}
		w.clock.ahead.Add(int64(visibility + time.Second))
	}
	took := time.Since(started)
	if destination == config.Archive {
		faults := w.readArchive(t)
		if t.Logf("faults of reading: %v", faults); len(faults) < len(readFaults) {
			t.Errorf("not each of %d kinds of fault came to pass while the archive was read", len(readFaults))
		}
	}

	// Everything that was sent is somewhere.
	dead := map[string]int{}
	for _, m := range w.Messages("dead") {
		dead[m.Body]++
		if note := m.Attributes["oktastream"].StringValue; !strings.Contains(note, `"reason":"`) {
			t.Errorf("a dead message without a reason: %q", note)
		}
	}
	redrive := strings.Builder{}
	for _, m := range w.Messages("redrive") {
		redrive.WriteString(m.Body)
	}
	exhausted := redrive.String()
	lost, duplicates := 0, 0
	for uuid, copies := range sent.uuids {
		arrived := w.delivered[uuid]
		if storesOnce(destination) {
			copies = 1
		}
		if arrived < copies && !strings.Contains(exhausted, uuid) {
			lost++
		}
		duplicates += max(arrived-copies, 0)
	}
	for body, copies := range sent.poison {
		if dead[body] < copies && !strings.Contains(exhausted, body) {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d events are lost", lost, len(sent.uuids)+len(sent.poison))
	}
	for uuid := range w.delivered {
		if _, ok := sent.uuids[uuid]; !ok {
			t.Errorf("%q was delivered and never sent", uuid)
		}
	}
	if len(ledgers.broken) > 0 {
		t.Errorf("%d ledgers do not balance, the first: %s", len(ledgers.broken), ledgers.broken[0])
	}
	// What arrives twice was acknowledged late or answered never: no more than a
	// batch for each kill and each answer that was lost on the way back.
	bound := redelivered.Load() + int64(
		chaosBatch*(storm.counts["reset after"]+storm.counts["timeout"]+storm.counts["dripping"]+storm.counts["cut gzip"]),
	) + int64(
		sent.count/50,
	)
	if storesOnce(destination) {
		bound = 0
	}
	if int64(duplicates) > bound {
		t.Errorf("%d duplicates, more than %d explain", duplicates, bound)
	}
	faults := 0
	var kinds []string
	for _, name := range slices.Sorted(maps.Keys(storm.counts)) {
		faults += storm.counts[name]
		kinds = append(kinds, fmt.Sprintf("%s %d", name, storm.counts[name]))
	}
	l := ledgers.total
	t.Logf(
		"%d messages, %d events, %d poison; %d faults (%s), %d functions killed in %d invocations; lost %d, delivered twice %d, redrive %d; "+
			"ledger: %d received = %d delivered + %d accepted by EventBridge + %d duplicate + %d returned + %d exhausted + %d dead; restamped %d, conflicts %d; %.1f s",
		sent.count,
		len(sent.uuids),
		len(sent.poison),
		faults,
		strings.Join(kinds, ", "),
		killed.Load(),
		invocations.Load(),
		lost,
		duplicates,
		len(w.Messages("redrive")),
		l.Received,
		l.Delivered,
		l.AcceptedByEventBridge,
		l.Duplicate,
		l.Returned,
		l.Exhausted,
		l.Dead,
		l.Restamped,
		l.Conflict,
		took.Seconds(),
	)
	if faults < *chaosFaults*3/4 {
		t.Errorf("only %d of %d faults came to pass: the run proves less than it says", faults, *chaosFaults)
	}
}
