//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/handler"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

var (
	storyEvents = flag.Int("story.events", 1_200, "events of the fake org in TestStory, over six hours")
	storySeeds  = flag.Int("story.seeds", 1, "seeds of TestStory")
)

// story is an Okta org that streams to an emulated AWS with the stack okta, whose
// function is the real handler.
type story struct {
	*cloud
	*testing.T
	org          *oktafake.Org
	clock        atomic.Int64 // of the org, in milliseconds since 1970; 0 is the real one
	url          string
	token        string // file
	since, until time.Time
	function     *handler.Handler
	delivered    map[string]bool // by the log stream
	lost         map[string]bool // events of the window that it did not deliver
	down         bool            // the partner bus
	metrics      storyMetrics
}

// storyMetrics adds up what the function counts: the events that it received, by
// origin, and of how many it measured the lag.
type storyMetrics struct {
	mu               sync.Mutex
	received, lagged map[string]int
}

func (m *storyMetrics) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for line := range bytes.Lines(p) {
		var metric struct {
			Origin   string
			Received int
			Lag      []float64 `json:"lag_ms"`
		}
		if err := json.Unmarshal(line, &metric); err != nil {
			return 0, err
		}
		m.received[metric.Origin] += metric.Received
		m.lagged[metric.Origin] += len(metric.Lag)
	}
	return len(p), nil
}

const storyStream = "0oaoktastream"

// newStory plays six hours that ended some time ago. For an hour of them the
// partner bus is down: deliveries fail twice, and Okta deactivates the log stream,
// which an administrator activates when the hour is over. Events come late, by up
// to an hour.
func newStory(t *testing.T, seed uint64, events int, ended time.Duration) *story {
	s := &story{cloud: newCloud(t), T: t, delivered: map[string]bool{}, lost: map[string]bool{}}
	s.metrics = storyMetrics{received: map[string]int{}, lagged: map[string]int{}}
	s.until = time.Now().UTC().Truncate(time.Hour).Add(-ended)
	s.since = s.until.Add(-6 * time.Hour)
	s.clock.Store(s.since.UnixMilli())
	s.function = s.newFunction()
	s.org = oktafake.New(oktafake.Config{
		Now:        s.orgNow,
		RateLimit:  60,
		RateWindow: time.Second,
		Principals: []oktafake.Principal{{Name: "admin@example.com", Token: "t0ken", Role: oktafake.SuperAdmin}},
		Streams:    []oktafake.Stream{{ID: storyStream, Name: "oktastream", Deliver: s.partnerBus}},
	})
	server := httptest.NewServer(s.org)
	t.Cleanup(server.Close)
	s.url, s.token = server.URL, filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(s.token, []byte("t0ken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.org.Generate(oktafake.Load{
		Since: s.since, Span: 6 * time.Hour, PerHour: events / 6, Seed: seed, Late: 0.05, LateBy: time.Hour,
	})
	s.play()
	for e := range s.org.Events(s.since, s.until) {
		if !s.delivered[e.UUID] {
			s.lost[e.UUID] = true
		}
	}
	return s
}

func (s *story) orgNow() time.Time {
	if ms := s.clock.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Now()
}

// play plays the history minute by minute, by the clocks of the org and of AWS.
func (s *story) play() {
	down, up := s.since.Add(150*time.Minute), s.since.Add(210*time.Minute)
	for at := s.since; !at.After(s.until.Add(time.Hour)); at = at.Add(time.Minute) {
		s.clock.Store(at.UnixMilli())
		s.setNow(at)
		s.down = at.After(down) && !at.After(up)
		s.org.Deliver()
		s.drain()
		if at.Equal(up) {
			s.activate()
		}
	}
	s.clock.Store(0)
	s.setNow(time.Now())
}

// setNow sets the clock of the emulated AWS.
func (s *story) setNow(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = time.Until(at)
}

var errBusDown = errors.New("the partner event source does not exist")

// partnerBus takes an event from Okta into the buffer queue.
func (s *story) partnerBus(e oktafake.Event) error {
	if s.down {
		return errBusDown
	}
	s.delivered[e.UUID] = true
	s.Send("buffer", oktaEnvelope(string(e.JSON)), nil)
	return nil
}

// activate is what an administrator does when the target is healthy again.
func (s *story) activate() {
	s.Helper()
	link := s.url + "/api/v1/logStreams/" + storyStream
	call := func(method, link string) (got struct{ Status string }) {
		request, err := http.NewRequestWithContext(s.Context(), method, link, nil)
		if err != nil {
			s.Fatal(err)
		}
		request.Header.Set("Authorization", "SSWS t0ken")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			s.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
			s.Fatal(err)
		}
		return got
	}
	if got := call(http.MethodGet, link); got.Status != "INACTIVE" {
		s.Fatalf("the log stream is %s after two failed deliveries", got.Status)
	}
	if got := call(http.MethodPost, link+"/lifecycle/activate"); got.Status != "ACTIVE" {
		s.Fatalf("the log stream is %s after its activation", got.Status)
	}
}

// newFunction is the function of the stack okta.
func (s *story) newFunction() *handler.Handler {
	s.Helper()
	var dead string
	for _, v := range s.env {
		if url, ok := strings.CutPrefix(v, "DEAD="); ok {
			dead = url
		}
	}
	env := map[string]string{
		"AWS_REGION": ownRegion, "OKTASTREAM_PIPELINE": "okta-cloudwatch", "OKTASTREAM_ACCOUNT": ownAccount,
		"OKTASTREAM_DESTINATION": "cloudwatch", "OKTASTREAM_SOURCE": ownSource, "OKTASTREAM_BUFFER_URL": s.buffer,
		"OKTASTREAM_DEAD_URL": dead, "OKTASTREAM_MAX_RECEIVE_COUNT": "59", "OKTASTREAM_LOG_GROUP": "/okta",
		"OKTASTREAM_RETENTION_DAYS": "400",
	}
	c, err := config.Read(func(key string) string { return env[key] })
	if err != nil {
		s.Fatal(err)
	}
	deliver, err := c.NewLoop(config.Clients{Logs: cloudwatchlogs.NewFromConfig(s.Config())}, s.now, 0)
	if err != nil {
		s.Fatal(err)
	}
	queues := sqs.NewFromConfig(s.Config())
	return &handler.Handler{
		Config: c, Dead: &deadletter.Queue{API: queues, URL: dead}, Buffer: &deadletter.Queue{API: queues, URL: s.buffer},
		Metrics: &s.metrics, Log: slog.New(slog.DiscardHandler), Now: s.now, Version: "test",
		Deliver: deliver,
	}
}

// drain has the function deliver what is in the buffer queue.
func (s *story) drain() {
	for {
		batch := s.LambdaBatch("buffer", 100)
		if batch == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		response, err := s.function.Invoke(ctx, batch.Payload)
		cancel()
		if _, returned := s.Settle(batch, response, err); err != nil || returned > 0 {
			s.Errorf("the function failed: %v, %d messages returned", err, returned)
			return
		}
	}
}

// poll drains the buffer queue as it fills, as Lambda does, until stop is called.
func (s *story) poll() (stop func()) {
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			s.drain()
			select {
			case <-done:
				s.drain()
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() { close(done); group.Wait() }
}

// records counts the records of the log group, by the event's uuid.
func (s *story) records() map[string]int {
	count := map[string]int{}
	for _, e := range s.Events("/okta") {
		_, rest, _ := strings.Cut(e.Message, `"metadata":{`)
		_, rest, _ = strings.Cut(rest, `"uid":"`)
		uuid, _, _ := strings.Cut(rest, `"`)
		count[uuid]++
	}
	return count
}

// run runs the command with the org, the stack and the window, and returns its
// exit code.
func (s *story) run(started func(*os.Process), args ...string) (code int, stdout, stderr string) {
	s.Helper()
	args = append(args, "--org-url", s.url, "--token-file", s.token, "--stack", "okta",
		"--since", s.since.Format(time.RFC3339), "--until", s.until.Format(time.RFC3339))
	cmd := command(s.T, args...)
	cmd.Env = append(cmd.Env, s.env...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	if started != nil {
		started(cmd.Process)
	}
	return exitCode(cmd.Wait()), out.String(), problems.String()
}

// reconciled is what reconcile --json prints, as far as the story needs it.
type reconciled struct {
	Okta, Missing, Extra, Copies int
	Filled                       *struct{ Missing, Sent int }
}

// reconcile runs reconcile against the log group, and wants this exit code.
func (s *story) reconcile(want int, args ...string) (r reconciled) {
	s.Helper()
	code, stdout, stderr := s.run(nil, append([]string{"reconcile", "--against", "cloudwatch", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != want {
		s.Fatalf("reconcile %v: exit %d, want %d: %v: %s%s", args, code, want, err, stdout, stderr)
	}
	return r
}

// fillUnderKills runs reconcile --fill until it ends by itself, and kills it up to
// so many times: at some request to Okta, at some read of the log group, or, for
// the most part, at some send to the buffer queue. The kill comes while the call is
// served, so that its work is done and its answer is lost.
func (s *story) fillUnderKills(random *rand.Rand, most int) (kills int, last reconciled) {
	s.Helper()
	defer s.poll()()
	defer s.org.SetFaults(nil)
	defer s.SetFaults(nil)
	for {
		var process atomic.Pointer[os.Process]
		var killed atomic.Bool
		kill := func() {
			if p := process.Load(); p != nil && kills < most && killed.CompareAndSwap(false, true) {
				_ = p.Kill()
			}
		}
		kind, sends := random.IntN(5), len(s.lost)/10
		okta, read, send := int64(-1), int64(-1), int64(-1)
		switch kind {
		case 0:
			okta = random.Int64N(int64(len(s.delivered)/400 + 1))
		case 1:
			read = random.Int64N(5)
		default:
			send = random.Int64N(int64(sends + 1))
		}
		var oktaCalls, readCalls, sendCalls atomic.Int64
		s.org.SetFaults(func(c oktafake.Call) oktafake.Fault {
			n := oktaCalls.Add(1)
			if n-1 == okta {
				kill()
			}
			// Okta refuses a request, or cuts its answer, now and then.
			return oktafake.Fault{Concurrency: n%61 == 60, Cut: n%97 == 50}
		})
		s.SetFaults(func(c awsfake.Call) awsfake.Fault {
			if c.Operation == "FilterLogEvents" && readCalls.Add(1)-1 == read ||
				c.Operation == "SendMessageBatch" && sendCalls.Add(1)-1 == send {
				kill()
			}
			return awsfake.Fault{}
		})
		code, stdout, stderr := s.run(process.Store,
			"reconcile", "--against", "cloudwatch", "--json", "--fill", "--wait", "2m")
		if killed.Load() {
			kills++
			continue
		}
		if err := json.Unmarshal([]byte(stdout), &last); err != nil || code != 0 {
			s.Fatalf("reconcile --fill after %d kills: exit %d, %v: %s%s", kills, code, err, stdout, stderr)
		}
		return kills, last
	}
}

// storyKills is how often the fill of a story is killed at most.
const storyKills = 3

// tell tells the story from the alarm to the proof.
func (s *story) tell(random *rand.Rand) {
	s.Helper()
	events := len(s.delivered) + len(s.lost)
	before := s.records()
	if len(before) != len(s.delivered) || len(s.lost) < events/10 {
		s.Fatalf("%d of %d delivered events are in the log group; %d are lost", len(before), len(s.delivered),
			len(s.lost))
	}

	// The first run finds the events of the gap, and no other.
	file := filepath.Join(s.TempDir(), "missing")
	first := s.reconcile(1, "--missing", file)
	if first.Okta != events || first.Missing != len(s.lost) || first.Extra != 0 || first.Copies != 0 {
		s.Errorf("the first run: %+v; %d events, %d lost", first, events, len(s.lost))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		s.Fatal(err)
	}
	missing := strings.Fields(string(text))
	for _, uuid := range missing {
		if !s.lost[uuid] {
			s.Errorf("event %s is not missing", uuid)
		}
	}
	if len(missing) != len(s.lost) {
		s.Errorf("%d uuids of %d missing events", len(missing), len(s.lost))
	}

	kills, last := s.fillUnderKills(random, storyKills)

	// The second run proves that nothing is missing, and the log group agrees.
	second := s.reconcile(0)
	if second.Okta != events || second.Missing != 0 || second.Extra != 0 {
		s.Errorf("the second run: %+v", second)
	}
	const page = 1000
	copies := 0
	after := s.records()
	for uuid, n := range after {
		copies += n - 1
		if n > 1 && !s.lost[uuid] {
			s.Errorf("event %s was not missing, and there are %d records of it", uuid, n)
		}
	}
	if len(after) != events || copies > kills*page || copies != second.Copies {
		s.Errorf("%d of %d events are in the log group, with %d copies after %d kills", len(after), events, copies, kills)
	}

	// What was sent is counted apart, and has no lag.
	got := s.metrics.received
	if got[""] != len(s.delivered) || got["backfill"] != len(s.lost)+copies || len(got) != 2 ||
		s.metrics.lagged[""] == 0 || s.metrics.lagged["backfill"] != 0 {
		s.Errorf("the function received %v, and measured the lags of %v", got, s.metrics.lagged)
	}

	// A third run has nothing to send.
	sent := s.Calls(awsfake.SQS, "SendMessageBatch")
	s.reconcile(0, "--fill", "--wait", "2m")
	if n := s.Calls(awsfake.SQS, "SendMessageBatch") - sent; n != 0 {
		s.Errorf("the third run made %d calls of SendMessageBatch", n)
	}
	s.Logf("%d events, %d lost, %d kills, %d copies; the last fill: %+v", events, len(s.lost), kills, copies, last.Filled)
}

// TestStory is the whole story: two deliveries fail, Okta deactivates the log stream,
// an administrator activates it, and reconcile finds what is missing and brings it,
// whenever it is killed.
func TestStory(t *testing.T) {
	for seed := range uint64(*storySeeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel() // most of it waits for the rate limit
			newStory(t, seed, *storyEvents, 25*time.Hour).tell(rand.New(rand.NewPCG(seed, 1)))
		})
	}
}

// TestStoryOfOldEvents is the same for a gap of 60 days ago: CloudWatch Logs takes no
// events older than 14 days, so that the records get the time of their arrival.
func TestStoryOfOldEvents(t *testing.T) {
	t.Parallel()
	const days60 = 60 * 24 * time.Hour
	s := newStory(t, 60, *storyEvents, days60)
	s.tell(rand.New(rand.NewPCG(60, 1)))
	arrived := 0
	for _, e := range s.Events("/okta") {
		if e.TimestampMS > time.Now().Add(-time.Hour).UnixMilli() {
			arrived++
		}
	}
	if arrived < len(s.lost) {
		t.Errorf("%d records have the time of their arrival, and %d events were missing", arrived, len(s.lost))
	}
}
