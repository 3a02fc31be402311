package auditor

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

const (
	orgURL   = "https://example.okta.com"
	orgName  = "example"
	group    = "/okta"
	every    = 15 * time.Minute
	streamID = "0oa1"
)

var began = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

var errKilled = errors.New("killed")

// world is an org, its stream into a pipeline, and the auditor of that, with one clock that only
// the test and waiting move.
type world struct {
	t     testing.TB
	mu    sync.Mutex
	at    time.Time
	org   *oktafake.Org
	cloud *awsfake.Cloud
	store *memory
	logs  bool // the destination is a log group, otherwise the archive
	urls  map[string]string

	token       string // what the secret holds
	validTokens map[string]bool
	outage      bool // the bus takes nothing
	mute        bool // the bus takes everything and passes nothing on
	stalled     bool // the function does nothing
	retention   time.Duration
	dead        func(uuid string) bool // events that the destination refuses
	pending     map[time.Time][]string // envelopes by hour
	delivered   map[string]bool        // uuids that the destination was given
	copies      int                    // that were given to it more than once

	process *process
	filter  events.Filter
	setup   func(*Auditor)
	metrics map[string]int64
	gaps    map[string]int // how often a gap of an hour was reported
	closed  map[string]int
	log     []byte // all that was written
}

// process is one process of the auditor, which can be killed at a call.
type process struct {
	mu      sync.Mutex
	calls   int
	killAt  int  // 0 is never
	after   bool // the call is done before
	dead    bool
	before  func(call int) // called before each call
	auditor *Auditor
}

// call does one call of the process, unless it is dead.
func (p *process) call(do func() error) error {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return errKilled
	}
	p.calls++
	n := p.calls
	kill := n == p.killAt
	p.dead = p.dead || kill
	p.mu.Unlock()
	if kill && !p.after {
		return errKilled
	}
	if p.before != nil {
		p.before(n)
	}
	err := do()
	if kill {
		return errKilled
	}
	return err
}

func (p *process) killed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func newWorld(t testing.TB, logs bool, perHour, days int, seed uint64) *world {
	w := &world{
		t: t, at: began, logs: logs, token: "token-1", validTokens: map[string]bool{"token-1": true},
		pending: map[time.Time][]string{}, delivered: map[string]bool{}, metrics: map[string]int64{},
		gaps: map[string]int{}, closed: map[string]int{}, dead: func(string) bool { return false },
	}
	w.org = oktafake.New(oktafake.Config{
		Now: w.now,
		Principals: []oktafake.Principal{
			{Name: "audit", Token: "token-1", Role: oktafake.ReportAdmin},
			{Name: "audit2", Token: "token-2", Role: oktafake.ReportAdmin},
			{Name: "admin", Token: "super", Role: oktafake.SuperAdmin},
		},
		Streams: []oktafake.Stream{{ID: streamID, Name: "oktastream", Deliver: w.deliver}},
	})
	w.org.Generate(oktafake.Load{
		Since: began, Span: time.Duration(days) * 24 * time.Hour, PerHour: perHour, Seed: seed,
		Late: 0.03, LateBy: 20 * time.Hour,
	})
	w.cloud = awsfake.New(t, awsfake.Options{Now: w.now})
	w.urls = map[string]string{"dead": w.cloud.AddQueue("dead", awsfake.QueueOptions{Retention: 14 * 24 * time.Hour})}
	w.urls["redrive"] = w.cloud.AddQueue("redrive", awsfake.QueueOptions{Retention: 14 * 24 * time.Hour})
	w.urls["buffer"] = w.cloud.AddQueue("buffer", awsfake.QueueOptions{Retention: 14 * 24 * time.Hour})
	w.cloud.AddLogGroup(group, 0)
	w.store = &memory{w: w, objects: map[string]object{}, counts: &counts{}}
	w.restart(0, false)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// deliver is EventBridge and the buffer queue: what arrives is at the destination at the next flush.
func (w *world) deliver(e oktafake.Event) error {
	if w.outage {
		return errors.New("the bus is gone")
	}
	if w.filter.Keeps(e.EventType) && !w.mute {
		w.put(string(envelope(e.JSON)), e.UUID, e.Published)
	}
	return nil
}

func envelope(detail []byte) []byte {
	return fmt.Appendf(nil, `{"version":"0","id":"e","detail-type":"SystemLog","source":"aws.partner/okta.com/example/s",`+
		`"account":"111122223333","time":"2026-11-01T00:00:00Z","region":"us-east-1","resources":[],"detail":%s}`, detail)
}

// put is the function: it gives an event to the destination.
func (w *world) put(line, uuid string, published time.Time) {
	if w.dead(uuid) {
		w.cloud.Send("dead", line, nil)
		return
	}
	if w.delivered[uuid] {
		w.copies++
	}
	w.delivered[uuid] = true
	hour := published.UTC().Truncate(time.Hour)
	w.pending[hour] = append(w.pending[hour], line)
}

// flush writes what the function has to the destination.
func (w *world) flush() {
	w.t.Helper()
	for !w.stalled {
		batch := w.cloud.LambdaBatch("buffer", 1000)
		if batch == nil {
			break
		}
		var in struct{ Records []struct{ Body string } }
		if err := json.Unmarshal(batch.Payload, &in); err != nil {
			w.t.Fatal(err)
		}
		for _, m := range in.Records {
			var e struct {
				Detail struct {
					UUID      string
					Published time.Time
					EventType string
				}
			}
			if err := json.Unmarshal([]byte(m.Body), &e); err != nil {
				w.t.Fatal(err)
			}
			if !w.filter.Keeps(e.Detail.EventType) {
				w.t.Errorf("an event was sent that the filter drops: %s", e.Detail.EventType)
			}
			w.put(m.Body, e.Detail.UUID, e.Detail.Published)
		}
		w.cloud.Settle(batch, []byte(`{"batchItemFailures":[]}`), nil)
	}
	for _, hour := range slices.SortedFunc(maps.Keys(w.pending), time.Time.Compare) {
		if w.logs {
			w.putLogs(w.pending[hour])
		} else {
			w.putObject(hour, w.pending[hour])
		}
	}
	clear(w.pending)
}

func (w *world) putObject(hour time.Time, lines []string) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	for _, line := range lines {
		if _, err := z.Write([]byte(line + "\n")); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		w.t.Fatal(err)
	}
	key := archive.Key(archive.Hour{Org: orgName, Start: hour}, body.Bytes())
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.objects[key] = object{body: body.Bytes(), at: w.now()}
}

// putLogs writes to the log group, as the sink does: an event that is too old for it is given
// the current time.
func (w *world) putLogs(lines []string) {
	client := cloudwatchlogs.NewFromConfig(w.cloud.Config())
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String(group), LogStreamName: aws.String("s")}
	if len(w.cloud.Streams(group)) == 0 {
		_, err := client.CreateLogStream(w.t.Context(), &cloudwatchlogs.CreateLogStreamInput{
			LogGroupName: in.LogGroupName, LogStreamName: in.LogStreamName,
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for _, line := range lines {
		var e struct{ Detail struct{ Published time.Time } }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.t.Fatal(err)
		}
		at := e.Detail.Published
		if w.now().Sub(at) > 14*24*time.Hour-time.Hour {
			at = w.now()
		}
		one := types.InputLogEvent{Message: aws.String(line), Timestamp: aws.Int64(at.UnixMilli())}
		in.LogEvents = append(in.LogEvents, one)
	}
	slices.SortStableFunc(in.LogEvents, func(a, b types.InputLogEvent) int { return int(*a.Timestamp - *b.Timestamp) })
	for len(in.LogEvents) > 0 { // 24 hours a call at most
		n := 0
		for n < len(in.LogEvents) && *in.LogEvents[n].Timestamp-*in.LogEvents[0].Timestamp < (23*time.Hour).Milliseconds() {
			n++
		}
		part := *in
		part.LogEvents = in.LogEvents[:n]
		out, err := client.PutLogEvents(w.t.Context(), &part)
		if err != nil || out.RejectedLogEventsInfo != nil {
			w.t.Fatalf("%v, %+v", err, out)
		}
		in.LogEvents = in.LogEvents[n:]
	}
}

// restart starts a new process of the auditor, which is killed at a call; 0 is never.
func (w *world) restart(killAt int, after bool) {
	p := &process{killAt: killAt, after: after}
	w.process = p
	queues := queueAPI{sqs.NewFromConfig(w.cloud.Config()), p}
	store := killable{w.store, p}
	p.auditor = &Auditor{
		Pipeline: "stack-archive", Org: orgURL, Requests: 900, Time: 13 * time.Minute, Filter: w.filter, Outside: w.logs,
		Okta: Okta{
			URL: orgURL, HTTP: &http.Client{Transport: wire{w, p}},
			Secret: func(context.Context) (secret []byte, err error) {
				err = p.call(func() error { secret = []byte(w.token); return nil })
				return secret, err
			},
			Sleep: func(ctx context.Context, d time.Duration) error {
				if p.killed() {
					return errKilled
				}
				w.advance(d)
				return ctx.Err()
			},
		},
		Held: Archive{&reconcile.Archive{Store: store, Org: orgName}},
		Queues: &PipelineQueues{
			API: queues, Buffer: w.urls["buffer"], Dead: []string{w.urls["redrive"], w.urls["dead"]}, Now: w.now,
		},
		Send: &backfill.Queue{
			API: queues, URL: w.urls["buffer"], Filter: w.filter, Now: w.now, FirstWait: time.Millisecond,
			Own: pipeline.Origin{Source: "aws.partner/okta.com/example/s", Account: "111122223333", Region: "us-east-1"},
		},
		Bucket: store, StateKey: StateKey(orgName),
		Chain: func(ctx context.Context, since time.Time) (Digests, error) {
			return archive.Open(ctx, store, orgName, since, archive.Options{Now: w.now})
		},
		Metrics: sink{w, p}, Log: slog.New(slog.NewJSONHandler(sink{w, p}, nil)), Now: w.now,
	}
	if w.logs {
		api := logsAPI{cloudwatchlogs.NewFromConfig(w.cloud.Config()), p}
		p.auditor.Held = LogGroup{&reconcile.LogGroup{API: api, Name: group, Now: w.now}}
		p.auditor.KeptFor = w.retention
	}
	if w.setup != nil {
		w.setup(p.auditor)
	}
}

// tick is a quarter of an hour: events arrive, and the auditor runs once.
func (w *world) tick() (Summary, error) {
	w.advance(every - w.now().Sub(w.now().Truncate(every)))
	w.org.Deliver()
	w.flush()
	s, err := w.process.auditor.Run(w.t.Context())
	if s.Requests > w.process.auditor.Requests+10 { // the tries of one page
		w.t.Errorf("a run made %d requests, and may make %d", s.Requests, w.process.auditor.Requests)
	}
	return s, err
}

// ticks runs for a time, and fails the test at the first error.
func (w *world) ticks(d time.Duration) (total Summary) {
	w.t.Helper()
	for end := w.now().Add(d); w.now().Before(end); {
		s, err := w.tick()
		if err != nil {
			w.t.Fatalf("%s: %v", w.now(), err)
		}
		total.Hours += s.Hours
		total.Missing += s.Missing
		total.Filled += s.Filled
		total.Unfilled += s.Unfilled
		total.Behind, total.Backlog, total.Unreachable = s.Behind, s.Backlog, total.Unreachable || s.Unreachable
	}
	return total
}

// activate activates the stream, as a super admin does who tries again.
func (w *world) activate() {
	for range 20 {
		r := httptest.NewRequest(http.MethodPost, orgURL+"/api/v1/logStreams/"+streamID+"/lifecycle/activate", nil)
		r.Header.Set("Authorization", "SSWS super")
		answer := httptest.NewRecorder()
		w.org.ServeHTTP(answer, r)
		if answer.Code == http.StatusOK {
			return
		}
		w.advance(time.Minute)
	}
	w.t.Fatal("the stream could not be activated")
}

// check checks all hours that ended before until: each event is there, each hour has a digest that
// says so, and the chain is good.
func (w *world) check(until time.Time) {
	w.t.Helper()
	since := w.state().Since
	want := map[time.Time]*archive.UUIDs{}
	missing := 0
	for e := range w.org.Events(since, until) {
		if !w.filter.Keeps(e.EventType) {
			continue
		}
		start := e.Published.Truncate(time.Hour)
		if want[start] == nil {
			want[start] = &archive.UUIDs{}
		}
		want[start].Add([]byte(e.UUID))
		if !w.delivered[e.UUID] {
			missing++
		}
	}
	if missing > 0 {
		w.t.Errorf("%d events are missing", missing)
	}
	digests := w.digests()
	for start := since; start.Before(until); start = start.Add(time.Hour) {
		list := digests[start]
		if len(list) == 0 {
			w.t.Errorf("hour %s has no digest", stamp(start))
			continue
		}
		if all := cmp.Or(want[start], &archive.UUIDs{}); len(list) == 1 &&
			(list[0].Events != int64(all.Len()) || list[0].Root != all.Root()) {
			w.t.Errorf("hour %s: the digest has %d events, %s, want %d", stamp(start), list[0].Events, list[0].Root, all.Len())
		}
		if last := list[len(list)-1].Okta; last == nil || last.State != Complete || last.Missing != 0 {
			w.t.Errorf("hour %s: %+v", stamp(start), last)
		}
		if n := w.gaps[stamp(start)]; n > 1 {
			w.t.Errorf("hour %s: its gap was reported %d times", stamp(start), n)
		}
	}
	if w.t.Failed() {
		w.t.Logf("the end of the log: %s", w.log[max(0, len(w.log)-3000):])
	}
	_, err := archive.Verify(w.t.Context(), w.store, archive.Check{Org: orgName}, func(f archive.Finding) {
		if f.Kind.Broken() {
			w.t.Errorf("verify: %s", f.Text)
		}
	})
	if err != nil {
		w.t.Error(err)
	}
}

// state is the auditor's.
func (w *world) state() (s state) {
	if err := json.Unmarshal(w.store.objects[StateKey(orgName)].body, &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// digests are the digests by hour, in the order of their numbers.
func (w *world) digests() map[time.Time][]archive.Digest {
	found := map[time.Time][]archive.Digest{}
	for _, key := range w.store.keys("digest/") {
		var d archive.Digest
		line, _, _ := strings.Cut(string(w.store.objects[key].body), "\n")
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			w.t.Fatal(err)
		}
		found[d.Hour] = append(found[d.Hour], d)
	}
	return found
}

// sink reads what a process writes.
type sink struct {
	w *world
	p *process
}

func (s sink) Write(text []byte) (int, error) {
	if s.p.killed() {
		return len(text), nil
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.log = append(s.w.log, text...)
	var line struct {
		Msg  string
		Hour string
		Fill int
	}
	values := map[string]any{}
	if err := errors.Join(json.Unmarshal(text, &line), json.Unmarshal(text, &values)); err != nil {
		return 0, err
	}
	switch {
	case strings.HasPrefix(line.Msg, "events are missing: they are sent"):
		s.w.gaps[line.Hour] += 2 - min(line.Fill, 2)
	case line.Msg == "hour audited":
		s.w.closed[line.Hour]++
	}
	for _, name := range ledger.AuditMetrics {
		if n, ok := values[name].(float64); ok {
			s.w.metrics[name] += int64(n)
		}
	}
	return len(text), nil
}

// wire is the way to Okta.
type wire struct {
	w *world
	p *process
}

func (t wire) RoundTrip(r *http.Request) (response *http.Response, err error) {
	err = t.p.call(func() error {
		r = r.Clone(r.Context())
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "SSWS "); ok && !t.w.validTokens[token] {
			r.Header.Set("Authorization", "SSWS revoked")
		}
		r.TLS = &tls.ConnectionState{} // the fake's links begin with https
		answer := httptest.NewRecorder()
		aborted := func() (aborted bool) {
			defer func() { aborted = recover() != nil }()
			t.w.org.ServeHTTP(answer, r)
			return false
		}()
		if aborted {
			return io.ErrUnexpectedEOF
		}
		response = answer.Result()
		response.Request = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// memory is a bucket.
type memory struct {
	w       *world
	mu      sync.Mutex
	objects map[string]object
	tags    int
	counts  *counts
}

// counts are calls of a bucket: objects written, objects with events read, others read, listings.
type counts struct{ puts, events, gets, lists int }

type object struct {
	body []byte
	at   time.Time
	tag  string
}

func (m *memory) keys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (m *memory) List(_ context.Context, prefix string, each func(archive.Object) error) error {
	m.mu.Lock()
	m.counts.lists++
	m.mu.Unlock()
	for _, key := range m.keys(prefix) {
		m.mu.Lock()
		o := m.objects[key]
		m.mu.Unlock()
		if err := each(archive.Object{Key: key, Size: int64(len(o.body)), Modified: o.at}); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Get(_ context.Context, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if strings.HasPrefix(key, archive.EventsPrefix) {
		m.counts.events++
	} else {
		m.counts.gets++
	}
	o, ok := m.objects[key]
	if !ok {
		return nil, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(o.body)), nil
}

func (m *memory) Put(_ context.Context, key string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.puts++
	if _, ok := m.objects[key]; ok {
		return archive.ErrExists
	}
	m.objects[key] = object{body: slices.Clone(body), at: m.w.now()}
	return nil
}

func (m *memory) GetTagged(_ context.Context, key string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.gets++
	o, ok := m.objects[key]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	return slices.Clone(o.body), o.tag, nil
}

func (m *memory) Replace(_ context.Context, key string, body []byte, tag string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.puts++
	if m.objects[key].tag != tag {
		return "", archive.ErrRaced
	}
	m.tags++
	o := object{body: slices.Clone(body), at: m.w.now(), tag: strconv.Itoa(m.tags)}
	m.objects[key] = o
	return o.tag, nil
}

// killable is a bucket as one process calls it.
type killable struct {
	*memory
	p *process
}

func (k killable) List(ctx context.Context, prefix string, each func(archive.Object) error) error {
	return k.p.call(func() error { return k.memory.List(ctx, prefix, each) })
}

func (k killable) Get(ctx context.Context, key string) (body io.ReadCloser, err error) {
	err = k.p.call(func() (err error) { body, err = k.memory.Get(ctx, key); return err })
	return body, err
}

func (k killable) Put(ctx context.Context, key string, body []byte) error {
	return k.p.call(func() error { return k.memory.Put(ctx, key, body) })
}

func (k killable) GetTagged(ctx context.Context, key string) (body []byte, tag string, err error) {
	err = k.p.call(func() (err error) { body, tag, err = k.memory.GetTagged(ctx, key); return err })
	return body, tag, err
}

func (k killable) Replace(ctx context.Context, key string, body []byte, tag string) (newTag string, err error) {
	err = k.p.call(func() (err error) { newTag, err = k.memory.Replace(ctx, key, body, tag); return err })
	return newTag, err
}

// queueAPI is SQS as one process calls it.
type queueAPI struct {
	*sqs.Client
	p *process
}

func (q queueAPI) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, o ...func(*sqs.Options)) (
	out *sqs.SendMessageBatchOutput, err error,
) {
	err = q.p.call(func() (err error) { out, err = q.Client.SendMessageBatch(ctx, in, o...); return err })
	return out, err
}

func (q queueAPI) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options)) (
	out *sqs.ReceiveMessageOutput, err error,
) {
	err = q.p.call(func() (err error) { out, err = q.Client.ReceiveMessage(ctx, in, o...); return err })
	return out, err
}

func (q queueAPI) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, o ...func(*sqs.Options)) (
	out *sqs.GetQueueAttributesOutput, err error,
) {
	err = q.p.call(func() (err error) { out, err = q.Client.GetQueueAttributes(ctx, in, o...); return err })
	return out, err
}

// logsAPI is CloudWatch Logs as one process calls it.
type logsAPI struct {
	*cloudwatchlogs.Client
	p *process
}

func (l logsAPI) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput,
	o ...func(*cloudwatchlogs.Options),
) (out *cloudwatchlogs.FilterLogEventsOutput, err error) {
	err = l.p.call(func() (err error) { out, err = l.Client.FilterLogEvents(ctx, in, o...); return err })
	return out, err
}

// generate adds events of one hour.
func (w *world) generate(since time.Time, perHour int, seed uint64) {
	w.org.Generate(oktafake.Load{Since: since, Span: time.Hour, PerHour: perHour, Seed: seed})
}

// tickUntil ticks until a time.
func (w *world) tickUntil(end time.Time) {
	w.t.Helper()
	if d := end.Sub(w.now()); d > 0 {
		w.ticks(d)
	}
}

// faults makes Okta fail now and then.
func (w *world) faults(random *rand.Rand) {
	w.org.SetFaults(func(oktafake.Call) oktafake.Fault {
		switch n := random.IntN(100); {
		case n < 2:
			return oktafake.Fault{Status: 500}
		case n < 4:
			return oktafake.Fault{Concurrency: true}
		case n < 5:
			return oktafake.Fault{Cut: true}
		}
		return oktafake.Fault{}
	})
}
