//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// go test ./lambda/cmd/oktastream -run TestScale -v -timeout 1h -dlq.messages 100000
var (
	scaleMessages = flag.Int("dlq.messages", 1500, "dead messages of TestScale")
	scaleKills    = flag.Int("dlq.kills", 2, "how often TestScale kills a replay with SIGKILL")
)

// dead puts the ith of many dead messages of every form into a queue.
func (c *cloud) dead(i int) {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	event := func(id string) string {
		// Of usual size.
		return fmt.Sprintf(
			`{"uuid":%q,"eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z","x":"%s"}`,
			id,
			strings.Repeat("secret ", 230),
		)
	}
	text := func(pairs ...string) map[string]awsfake.Attribute {
		m := map[string]awsfake.Attribute{}
		for n := 0; n < len(pairs); n += 2 {
			m[pairs[n]] = awsfake.Attribute{DataType: "String", StringValue: pairs[n+1]}
		}
		return m
	}
	eb := func() map[string]awsfake.Attribute {
		return text(
			"RULE_ARN",
			"arn:aws:events:us-east-1:111122223333:rule/r",
			"TARGET_ARN",
			"t",
			"ERROR_CODE",
			"NO_PERMISSIONS",
			"ERROR_MESSAGE",
			"m",
			"EXHAUSTED_RETRY_CONDITION",
			"MaximumRetryAttempts",
			"RETRY_ATTEMPTS",
			"185",
		)
	}
	switch i % scaleForms {
	case 0:
		c.Send("buffer", oktaEnvelope(event(id)), nil) // redrive, when it is exhausted
	case 1:
		c.Send(
			"dead",
			`{"truncated":"`+id,
			text(
				"oktastream",
				`{"v":1,"stage":"decode","reason":"not_json","first_seen":"2026-09-01T10:11:12Z","receives":1,"replays":0}`,
			),
		)
	case 2:
		c.Send("dead", oktaEnvelope(event(id)), eb())
	case 3:
		c.Send(
			"dead",
			fmt.Sprintf(
				`{"detail-type":"oktastream.logs.v1","source":"oktastream","account":%q,"detail":{"logs":[%s,%s],"batch":{"v":1,"id":"b","pipeline":"p","format":"datadog","packed_at":"x","count":2,"restamped":0,"replays":0}}}`,
				ownAccount,
				event(id),
				event(id+"b"),
			),
			eb(),
		)
	case 4:
		c.Send(
			"dead",
			fmt.Sprintf(
				`{"version":"1.0","timestamp":"2026-09-01T10:14:12.345Z","requestContext":{"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":%s,"responseContext":{}}`,
				oktaEnvelope(event(id)),
			),
			nil,
		)
	case 5:
		c.Send("dead", oktaEnvelope(event(id)), text("RequestID", "r", "ErrorCode", "200", "ErrorMessage", "m"))
	case 6:
		c.Send("dead", `{"unknown":"`+id+`"}`, nil)
	}
}

const scaleForms = 7

// bodies are those in the queues, by the uuid in each.
func (c *cloud) bodies(queues ...string) map[string]string {
	all := map[string]string{}
	for _, q := range queues {
		for _, m := range c.Messages(q) {
			_, rest, _ := strings.Cut(m.Body, "00000000-0000-4000-8000-")
			all[rest[:12]] = m.Body
		}
	}
	return all
}

// A queue of very many messages of every form is listed, filtered, replayed and
// audited, with faults at every call and the process killed on its way, and
// nothing is lost. Memory is bounded by what SQS lets be in flight, not by what
// messages hold.
func TestScale(t *testing.T) {
	c := newCloud(t)
	n := *scaleMessages
	for i := 0; i < n; i += scaleForms {
		c.dead(i)
	}
	if err := c.exhaust(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if i%scaleForms != 0 {
			c.dead(i)
		}
	}
	before := c.bodies("redrive", "dead")
	if len(before) != n {
		t.Fatalf("%d messages, want %d", len(before), n)
	}
	check := func(when string) {
		t.Helper()
		now := c.bodies("redrive", "dead", "buffer")
		for id, body := range before {
			if now[id] != body {
				t.Fatalf("%s: message %s is lost, or changed", when, id)
			}
		}
	}
	var mu sync.Mutex
	draw := rand.New(rand.NewPCG(1, 2))
	faulted := 0
	c.SetFaults(func(awsfake.Call) awsfake.Fault {
		mu.Lock()
		defer mu.Unlock()
		if draw.IntN(100) > 0 {
			return awsfake.Fault{}
		}
		faulted++
		return []awsfake.Fault{
			{Throttle: true}, {Status: 503}, {Reset: true}, {ResetAfter: true}, {FailEntries: []int{draw.IntN(10)}}, {FailEntries: []int{0, 5, 9}},
		}[draw.IntN(6)]
	})
	run := func(kill time.Duration, args ...string) string {
		t.Helper()
		cmd := command(t, append([]string{"dlq"}, args...)...)
		cmd.Env = append(cmd.Env, c.env...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		started := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		memory := watch(cmd.Process.Pid)
		if kill > 0 {
			time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
		}
		code := exitCode(cmd.Wait())
		t.Logf("%-70s exit %2d, %6.1f s, %4d MB", strings.Join(args, " "), code, time.Since(started).Seconds(), memory()>>20)
		if strings.Contains(stderr.String(), "secret") {
			t.Errorf("content on stderr: %s", stderr.String())
		}
		if code == 2 {
			t.Fatalf("%s", stderr.String())
		}
		return stdout.String()
	}
	pass := func() { // what a killed or faulted process hides comes back
		c.mu.Lock()
		c.ahead += dlq.Hidden + time.Minute
		c.mu.Unlock()
	}

	var l listing
	if err := json.Unmarshal([]byte(run(0, "list", "--stack", "okta", "--json")), &l); err != nil {
		t.Fatal(err)
	}
	// An answer that got lost hides ten messages from the list.
	if l.Total.Messages > n || l.Total.Messages < n-n/20 {
		t.Errorf("list counts %d of %d messages", l.Total.Messages, n)
	}
	check("after the list")
	pass()
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	replay := []string{"replay", "--stack", "okta", "--yes", "--audit", audit}
	run(0, append(replay, "--reason", "RetriesExhausted")...)
	check("after a filter")
	for i := range *scaleKills {
		pass()
		run(time.Duration(300+200*i)*time.Millisecond, replay...)
		check("after a kill")
	}
	for range 5 {
		pass()
		run(0, replay...)
		check("after a replay")
		if len(c.Messages("redrive"))+len(c.Messages("dead")) == (n+scaleForms-1-6)/scaleForms {
			break
		}
	}
	unknown := 0
	for _, m := range append(c.Messages("dead"), c.Messages("redrive")...) {
		if !strings.HasPrefix(m.Body, `{"unknown"`) {
			t.Errorf("message %s was not brought back", m.ID)
		}
		unknown++
	}
	if unknown != (n+scaleForms-1-6)/scaleForms {
		t.Errorf("%d unknown messages are left", unknown)
	}
	lines := audited(t, audit)
	if want := n - unknown; lines != want {
		t.Errorf("the audit knows %d messages, want %d", lines, want)
	}
	t.Logf(
		"%d messages, %d faults, %d copies in the buffer of %d sent",
		n,
		faulted,
		len(c.Messages("buffer"))-(n-unknown),
		len(c.Messages("buffer")),
	)
}

// watch looks at the most memory that a process has had, in bytes, until it is
// asked for it; 0 where the system does not tell. What getrusage tells of a child
// begins with the memory of this process, which holds all the queues.
func watch(pid int) (peak func() int64) {
	end, most := make(chan struct{}), make(chan int64)
	go func() {
		kib := int64(0)
		for {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
				_, _ = fmt.Sscan(rest, &kib)
			}
			select {
			case <-end:
				most <- kib << 10
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(end)
		return <-most
	}
}

// audited counts the messages that an audit says were replayed, and wants no
// content in it.
func audited(t *testing.T, name string) int {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ids := map[string]bool{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var l dlq.Line
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Outcome == dlq.Replayed {
			ids[l.MessageID] = true
		}
		if bytes.Contains(lines.Bytes(), []byte("secret")) {
			t.Fatalf("content in the audit: %s", lines.Text())
		}
	}
	return len(ids)
}
