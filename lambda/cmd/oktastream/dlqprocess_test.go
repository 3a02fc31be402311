//go:build unix

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/awsfake"
)

// Ctrl-C ends a replay between two sends: what was sent is deleted, the rest is
// visible again, and the summary says how far it came.
func TestReplayInterrupted(t *testing.T) {
	c := newCloud(t)
	for i := range 70 {
		c.dead(i*scaleForms + 2)
	}
	cmd := command(t, "dlq", "replay", "--stack", "okta", "--yes", "--rate", "20")
	cmd.Env = append(cmd.Env, c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	interrupt := time.AfterFunc(time.Hour, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer interrupt.Stop()
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" && call.N == 5 {
			interrupt.Reset(0)
		}
		return awsfake.Fault{}
	})
	if code := exitCode(cmd.Run()); code != 130 || stderr.Len() > 0 || !strings.Contains(stdout.String(), "replayed") {
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
