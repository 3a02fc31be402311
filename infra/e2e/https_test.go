//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// destinations are Splunk and Elastic: fakes in a process of their own.
type destinations struct {
	Splunk, Elastic, Control, CA string
}

// startDestinations starts them. They end with the test.
func startDestinations(t *testing.T, dir string) *destinations {
	t.Helper()
	binary := filepath.Join(dir, "httpsfake")
	if out, err := exec.Command("go", "build", "-o", binary,
		"../../lambda/internal/httpsfake/cmd").CombinedOutput(); err != nil {
		t.Fatalf("build the fake destinations: %v\n%s", err, out)
	}
	process := exec.Command(binary)
	process.Stderr = os.Stderr
	// They end when this pipe does, however this process ends.
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatalf("start the fake destinations: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = process.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the fake destinations do not start: %v", err)
	}
	d := &destinations{}
	decode(t, line, d)
	return d
}

// set changes a fake: its secret, or the status of all its answers.
func (d *destinations) set(t *testing.T, name, key, value string) {
	t.Helper()
	query := url.Values{key: {value}}.Encode()
	response, err := http.Post(d.Control+"/"+name+"?"+query, "", nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("set %s of %s: %v %v", key, name, response, err)
	}
	_ = response.Body.Close()
}

// stored are the events that a fake has stored, and how many requests it has got.
func (d *destinations) stored(t *testing.T, name string) (requests int, events []string) {
	t.Helper()
	response, err := http.Get(d.Control + "/" + name)
	if err != nil {
		t.Fatalf("look at %s: %v", name, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("look at %s: %v", name, err)
	}
	head, rest, _ := strings.Cut(string(text), "\n")
	if _, err := fmt.Sscan(head, &requests); err != nil {
		t.Fatalf("look at %s: %q", name, head)
	}
	for line := range strings.Lines(rest) {
		events = append(events, strings.TrimSpace(line))
	}
	return requests, events
}

// secret makes a secret, or gives it another value.
func (c *cloud) secret(t *testing.T, operation, name, value string) {
	t.Helper()
	in := map[string]string{"Name": name, "SecretString": value}
	if operation == "PutSecretValue" {
		in = map[string]string{"SecretId": name, "SecretString": value}
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	c.call(t, "secretsmanager", "POST", "/", "secretsmanager."+operation, text)
}

// TestHTTPSDestinations deploys pipelines to Splunk and to Elastic. Both refuse us after
// a rotation of their keys, and are down for longer than the outage budget; afterwards
// every event is there, and nothing else.
func TestHTTPSDestinations(t *testing.T) {
	w := &world{cloud: newCloud(t), sent: map[string]sent{"splunk": {}, "elastic": {}}, dead: map[string]sent{}}
	w.destinations = startDestinations(t, w.dir)
	w.binary = filepath.Join(w.dir, "oktastream")
	if out, err := exec.Command("go", "build", "-o", w.binary, "../../lambda/cmd/oktastream").CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	ca := filepath.Join(w.dir, "ca.pem")
	if err := os.WriteFile(ca, []byte(w.destinations.CA), 0o600); err != nil {
		t.Fatal(err)
	}
	for name := range w.sent {
		w.secret(t, "CreateSecret", name+"/key", "first:key")
		w.destinations.set(t, name, "secret", "first:key")
	}
	w.first = w.stream(t, "e2e-cccc")
	w.cdk(t, "bootstrap", "--ci", "-o", filepath.Join(w.dir, "cdk.out"), "-c", "source="+w.first.source, "-c",
		"destination=cloudwatch")
	w.one = w.deploy(t, "https", "source="+w.first.source, "window=1", "timeout=15", "outageHours=1",
		"destination=splunk,elastic",
		"splunk.endpoint="+w.destinations.Splunk, "splunk.secret=splunk/key", "splunk.caCertificate="+ca,
		"elastic.endpoint="+w.destinations.Elastic, "elastic.secret=elastic/key", "elastic.caCertificate="+ca)
	for name := range w.sent {
		p, ok := w.one[name]
		if !ok {
			t.Fatalf("the stack has no pipeline %s", name)
		}
		w.hasten(t, p, outageVisibility)
		w.receives(t, p, 1000)
		w.hosts.up(t, p.Name)
	}
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"both get every kind of event", func(t *testing.T) { w.send(t, some(300)...) }},
		{"the keys are rotated: 401, then the new ones are read", w.rotated},
		{"both are down for longer than the outage budget, then replay", w.downTooLong},
	} {
		began := time.Now()
		if !t.Run(scenario.name, func(t *testing.T) {
			scenario.run(t)
			w.balance(t, "splunk")
			w.balance(t, "elastic")
		}) {
			t.FailNow()
		}
		t.Logf("%5.1f s %s", time.Since(began).Seconds(), scenario.name)
	}
}

// outageVisibility is the visibility timeout of these buffer queues: longer than a call
// of the function, which tries until its timeout of 15 s.
const outageVisibility = 18 * time.Second

// rotated: the destinations take new keys only. The functions are refused, nothing is
// dead, and they read the new keys when Secrets Manager has them, without a deployment.
func (w *world) rotated(t *testing.T) {
	before := map[string]int{}
	for name := range w.sent {
		w.destinations.set(t, name, "secret", "second:key")
		before[name], _ = w.destinations.stored(t, name)
	}
	batch := w.send(t, some(40)...)
	for name, p := range w.one {
		for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
			if requests, _ := w.destinations.stored(t, name); requests > before[name] {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s: no request was refused", name)
			}
		}
		now := w.standing(t, p)
		if missing := now.missing(batch); len(missing) != len(batch) || len(now.dead) > 0 {
			t.Errorf("%s: of %d refused events %d are still to come, and %d are dead", name, len(batch), len(missing),
				len(now.dead))
		}
		w.secret(t, "PutSecretValue", name+"/key", "second:key")
	}
}

// downTooLong: both destinations answer 503 until everything is in redrive; then they are
// well again, and one command brings all of it.
func (w *world) downTooLong(t *testing.T) {
	for name, p := range w.one {
		w.destinations.set(t, name, "status", "503")
		w.receives(t, p, 2)
	}
	batch := w.send(t, some(60)...)
	for name, p := range w.one {
		now := w.counts(t, p, w.sent[name])
		w.areDead(t, p, now, batch, "redrive", "exhausted")
		if n := w.listed(t, "https", p, "exhausted"); n != len(batch) {
			t.Errorf("%s: dlq list finds %d exhausted events, not %d", name, n, len(batch))
		}
		w.destinations.set(t, name, "status", "0")
		w.receives(t, p, 1000)
		w.replay(t, "https", p, "--in", "redrive")
	}
}
