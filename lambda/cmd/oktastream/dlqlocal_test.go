package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/config"
)

// --check takes the stack's own way to Datadog. An event of 900 kB fits in a request over
// HTTPS, and not in an event of EventBridge.
func TestCheckTakesTheTransportOfTheStack(t *testing.T) {
	w, c := newCloud(t), newCaller(t)
	for _, pair := range w.env {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	url := strings.TrimSuffix(w.buffer, "buffer")
	long := fmt.Sprintf(`{"uuid":"u-1","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z","x":%q}`,
		strings.Repeat("x", 900_000))
	w.Send("dead2", oktaEnvelope(long), nil)
	for transport, want := range map[string]string{
		string(config.HTTPS):       "would replay +1 message",
		string(config.EventBridge): "check failed +1 message",
		"":                         "check failed +1 message", // a stack of before 2026-11
		"pigeon":                   `unknown destination "datadog" with transport "pigeon"`,
	} {
		name := "way-" + transport
		text, err := json.Marshal(pipelineOutput{
			Oktastream: 1, Name: name + "-datadog", Destination: "datadog", Transport: transport, Ingest: "queue",
			Format: "raw", Source: ownSource, Account: ownAccount, Region: ownRegion, ReplayRole: replayRole,
			Buffer: w.buffer2, Redrive: url + "redrive2", Dead: url + "dead2", DeliveryBus: "delivery",
		})
		if err != nil {
			t.Fatal(err)
		}
		w.AddStack(name, map[string]string{"Pipeline": string(text)})
		code, stdout, stderr := c.call(t, "", "dlq", "replay", "--stack", name, "--check")
		if !regexp.MustCompile(want).MatchString(stdout + stderr) {
			t.Errorf("transport %q: exit %d, want %q:\n%s%s", transport, code, want, stdout, stderr)
		}
	}
}
