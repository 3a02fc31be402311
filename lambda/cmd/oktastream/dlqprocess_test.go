//go:build unix

package main

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// Ctrl-C ends a replay between two sends: what was sent is deleted, the rest is
// visible again, and the summary says how much was replayed.
func TestReplayInterrupted(t *testing.T) {
	c := newCloud(t)
	for i := range 70 {
		c.dead(i*scaleForms + 2)
	}
	cmd := command(t, "dlq", "replay", "--stack", "okta", "--yes", "--rate", "20")
	cmd.Env = append(cmd.Env, c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := make(chan *os.Process, 1)
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" && call.N == 5 {
			_ = (<-started).Signal(os.Interrupt)
		}
		return awsfake.Fault{}
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started <- cmd.Process
	if code := exitCode(cmd.Wait()); code != 130 || stderr.String() != "oktastream: next: the same command continues\n" ||
		!strings.HasSuffix(stdout.String(), "replayed: interrupted\n") {
		t.Errorf("exit %d, %s%s", code, stdout.String(), stderr.String())
	}
	left := c.Messages("dead")
	for _, m := range left {
		if m.InFlight {
			t.Fatalf("message %s is still hidden", m.ID)
		}
	}
	if sent := len(c.Messages("buffer")); sent == 0 || len(left) == 0 || sent+len(left) != 70 {
		t.Errorf("%d sent and %d left of 70", sent, len(left))
	}
}

// A response that is lost hides the messages in it, and the list says so.
func TestAShortListSaysSo(t *testing.T) {
	c := newCloud(t)
	for i := range 30 {
		c.dead(i*scaleForms + 2)
	}
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		return awsfake.Fault{ResetAfter: call.Operation == "ReceiveMessage" && call.N == 1}
	})
	cmd := command(t, "dlq", "list", "--stack", "okta", "--in", "dead")
	cmd.Env = append(cmd.Env, c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	const short = "20 of about 30 messages read: about 10 in flight: another reader, a lost\nresponse or a killed run hides them\n"
	code := exitCode(cmd.Run())
	if code != 1 || !strings.Contains(stdout.String(), "\n20 messages, 20 events") ||
		!strings.HasSuffix(stdout.String(), short) ||
		stderr.Len() > 0 {
		t.Errorf("exit %d, %s%s", code, stdout.String(), stderr.String())
	}
}

// A count of SQS that is out of date does not make a complete reading incomplete:
// SQS is asked again.
func TestAnOldCountIsNotBelieved(t *testing.T) {
	c := newCloud(t)
	for i := range 30 {
		c.dead(i*scaleForms + 2)
	}
	if err := c.hide("dead"); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "ReceiveMessage" {
			once.Do(func() {
				c.mu.Lock()
				c.ahead += time.Hour // what was hidden when it was counted is visible
				c.mu.Unlock()
			})
		}
		return awsfake.Fault{}
	})
	cmd := command(t, "dlq", "list", "--stack", "okta", "--in", "dead")
	cmd.Env = append(cmd.Env, c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if code := exitCode(
		cmd.Run(),
	); code != 0 || !strings.Contains(stdout.String(), "\n30 messages, 30 events") ||
		stderr.Len() > 0 {
		t.Errorf("exit %d, %s%s", code, stdout.String(), stderr.String())
	}
}
