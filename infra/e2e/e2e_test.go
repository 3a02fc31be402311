//go:build e2e

// Package e2e deploys the CDK app with the CDK's own command line into an emulated
// AWS on loopback, and drives what it has deployed from end to end: events come in
// as Okta sends them, and every one of them is looked for where it belongs.
//
//	go test -tags e2e ./infra/e2e -timeout 20m
//
// The emulator is moto with the patches of the folder emulator. What Lambda does
// around a function (poll the queue, batch, delete what was not returned; queue and
// repeat an asynchronous call) is done here, with the settings that were deployed and
// the code that was uploaded. Datadog is a server on loopback.
//
// IAM is not evaluated here; package access does that on the template. README.md of
// this folder says what else only a real account can show.
package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// world is what the scenarios share: one emulated AWS, two log streams of one Okta
// org, and what has been sent on them so far.
type world struct {
	*cloud
	binary string // of the command

	first, second *org
	// one is the stack that most scenarios run on; its counts are kept over all of
	// them. The maps are by destination.
	one       map[string]pipeline
	sent      map[string]sent
	dead      map[string]sent     // of what was sent: dead for good
	two       map[string]pipeline // of the second stack
	twoSent   sent
	delivered int // records and logs at the end
}

// calm is the visibility timeout of the buffer queues, but where a scenario wants
// another: longer than a batch takes on a busy machine.
const calm = 8 * time.Second

// The settings of the first stack. The short window and the few tries are settings
// like any other: 3,600 s of an outage at a visibility timeout of 6 x 120 + 1 s are
// the five receives that are the fewest.
func (w *world) firstStack(more ...string) []string {
	return append([]string{
		"source=" + w.first.source, "window=1", "timeout=120", "outageHours=1",
	}, more...)
}

// TestEndToEnd goes through the life of a deployment. The scenarios follow one
// another: each begins where the one before has left the stack, and ends with the
// counts of everything that has been sent until then.
func TestEndToEnd(t *testing.T) {
	began := time.Now()
	w := &world{cloud: newCloud(t), sent: map[string]sent{}, dead: map[string]sent{}}
	w.prepare(t)
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"both destinations get every type of event", w.everyEvent},
		{"CloudWatch Logs throttles", w.throttled},
		{"the function is killed in the middle of a batch", w.killed},
		{"Datadog is slow and busy", w.busy},
		{"SendMessage to the queue dead hangs", w.hanging},
		{"Datadog refuses, then replay", w.refused},
		{"CloudWatch Logs refuses for longer than the outage budget, then replay", w.exhausted},
		{"an update changes format and filter in full flow", w.updated},
		{"a destination is removed while its queue holds messages", w.removed},
		{"ingest lambda on a bus that is there", w.single},
		{"ingest rule, Datadog refuses, then replay", w.direct},
		{"destroy, and what stays", w.destroyed},
	} {
		start := time.Now()
		ok := t.Run(scenario.name, func(t *testing.T) {
			scenario.run(t)
			w.intake.check(t)
		})
		if !ok {
			t.Fatalf("scenario %q failed; those after it begin where it ends", scenario.name)
		}
		t.Logf("%5.1f s %s", time.Since(start).Seconds(), scenario.name)
	}
	t.Logf("%d records of %d events on two log streams, %.0f s in all", w.delivered, w.first.count+w.second.count,
		time.Since(began).Seconds())
}

// prepare bootstraps, makes what a user makes before he deploys, and deploys.
func (w *world) prepare(t *testing.T) {
	w.binary = filepath.Join(w.dir, "oktastream")
	if out, err := exec.Command("go", "build", "-o", w.binary,
		"../../lambda/cmd/oktastream").CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	secret, err := json.Marshal(map[string]string{"Name": "datadog/api-key", "SecretString": apiKey,
		"ClientRequestToken": "11111111-1111-1111-1111-111111111111"})
	if err != nil {
		t.Fatal(err)
	}
	w.call(t, "secretsmanager", "POST", "/", "secretsmanager.CreateSecret", secret)
	w.first, w.second = w.stream(t, "e2e-aaaa"), w.stream(t, "e2e-bbbb")
	// The CDK runs the app to bootstrap, too, and the app wants its settings.
	w.cdk(t, "bootstrap", "--ci", "-o", filepath.Join(w.dir, "cdk.out"), "-c", "source="+w.first.source, "-c",
		"destination=cloudwatch")
	w.one = w.deploy(t, "one", w.firstStack("destination=cloudwatch,datadog", "secret=datadog/api-key")...)
	for _, d := range []string{"cloudwatch", "datadog"} {
		p, ok := w.one[d]
		if !ok || p.MaxReceiveCount != 5 {
			t.Fatalf("the stack's output of pipeline %s: %+v", d, p)
		}
		w.hasten(t, p, calm)
		w.hosts.up(t, p.Name)
		w.sent[d], w.dead[d] = sent{}, sent{}
	}
}

// send sends events that both pipelines of the first stack get.
func (w *world) send(t *testing.T, kinds ...string) sent {
	t.Helper()
	s := w.first.send(t, kinds...)
	for d := range w.sent {
		w.sent[d] = w.sent[d].and(s)
	}
	return s
}

// balance compares the counts of a pipeline of the first stack: everything that was
// ever sent is delivered, but for what is dead for good.
func (w *world) balance(t *testing.T, destination string) standing {
	t.Helper()
	p := w.one[destination]
	now := w.counts(t, p, w.sent[destination])
	alive, dead := sent{}, 0
	for uuid, kind := range w.sent[destination] {
		if _, ok := now.dead[uuid]; ok {
			dead++
		}
		if _, dead := w.dead[destination][uuid]; !dead {
			alive[uuid] = kind
		}
	}
	now.all(t, p, alive)
	t.Logf("%s: %d sent = %d delivered + %d dead; %d copies; %d dead that have no uuid or that somebody else has sent",
		p.Name, len(w.sent[destination]), len(now.delivered), dead, now.copies(), len(now.odd)+len(now.dead)-dead)
	return now
}

// oktastream runs the command as an operator does, and gives what it prints.
func (w *world) oktastream(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command(w.binary, arguments...)
	command.Env = w.environment()
	out, err := command.Output()
	if err != nil {
		var said string
		if failed, ok := err.(*exec.ExitError); ok {
			said = string(failed.Stderr)
		}
		t.Fatalf("oktastream %v: %v\n%s%s", arguments, err, out, said)
	}
	return string(out)
}
