//go:build e2e

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/tidwall/gjson"
)

// fakeOkta is an Okta org in a process of its own, with a history of some hours: in its
// middle the log stream fails, Okta deactivates it, and an administrator activates it
// again.
type fakeOkta struct {
	url, since, until string
	held              string // the file of the events that the log stream delivered
}

// startOkta starts it, with more flags than its own. It ends with the test.
func startOkta(t *testing.T, dir, token string, more ...string) *fakeOkta {
	t.Helper()
	binary := filepath.Join(dir, "oktafake")
	if out, err := exec.Command("go", "build", "-o", binary,
		"../../lambda/internal/oktafake/cmd").CombinedOutput(); err != nil {
		t.Fatalf("build the fake Okta org: %v\n%s", err, out)
	}
	o := &fakeOkta{held: filepath.Join(dir, "held.jsonl")}
	process := exec.Command(binary, append([]string{"-addr", "127.0.0.1:0", "-events-per-hour", "120", "-hours", "4",
		"-gap", "1h", "-held", o.held, "-token", token, "-rate", "100000", "-stream", gapStream, "-account", account},
		more...)...)
	process.Stderr = os.Stderr
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatalf("start the fake Okta org: %v", err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	lines := bufio.NewScanner(stdout)
	history := regexp.MustCompile(`^history +(\S+) to (\S+):`)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "org URL"); ok {
			o.url = strings.TrimSpace(rest)
		}
		if found := history.FindStringSubmatch(line); found != nil {
			o.since, o.until = found[1], found[2]
		}
		if strings.HasPrefix(line, "try") {
			break // it serves
		}
	}
	if o.url == "" || o.since == "" {
		t.Fatal("the fake Okta org does not say where it is")
	}
	return o
}

// gapStream is the name of the log stream of TestGap.
const gapStream = "e2e-dddd"

// TestGap deploys a stack and sends it what a log stream delivered that Okta had switched
// off for an hour. `reconcile` finds exactly the events of the gap in the log group and in the
// archive, `--fill` sends them through the deployed pipelines, and the next comparison says that
// none is missing. Then the archive is proved.
func TestGap(t *testing.T) {
	w := &world{cloud: newCloud(t), sent: map[string]sent{}, dead: map[string]sent{}}
	w.binary = filepath.Join(w.dir, "oktastream")
	if out, err := exec.Command("go", "build", "-o", w.binary, "../../lambda/cmd/oktastream").CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	const secret = "00tokenOfTheEndToEndTest"
	token := filepath.Join(w.dir, "token")
	if err := os.WriteFile(token, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	okta := startOkta(t, w.dir, secret)
	w.first = w.stream(t, gapStream)
	w.cdk(t, "bootstrap", "--ci", "-o", filepath.Join(w.dir, "cdk.out"), "-c", "source="+w.first.source, "-c",
		"destination=cloudwatch")
	w.one = w.deploy(t, "gap", w.firstStack("destination=cloudwatch,archive", "okta.secret="+auditorSecret,
		"okta.orgUrl=https://example.okta.com")...)
	p, kept := w.one["cloudwatch"], w.one["archive"]
	for _, p := range w.one {
		w.hasten(t, p, calm)
		w.hosts.up(t, p.Name)
	}

	held := w.streamed(t, okta)
	for _, p := range w.one {
		now := w.counts(t, p, held)
		now.all(t, p, held)
	}
	for _, p := range []pipeline{p, kept} {
		w.filled(t, p, okta, token, len(held))
	}
	if !t.Failed() {
		t.Run("auditor", func(t *testing.T) { w.audited(t, kept, secret) })
	}
	if !t.Failed() {
		t.Run("doctor", func(t *testing.T) { w.doctored(t, okta, secret, token) })
	}
	w.proved(t, kept, okta)
}

// streamed sends what the log stream of the org delivered.
func (w *world) streamed(t *testing.T, okta *fakeOkta) sent {
	t.Helper()
	text, err := os.ReadFile(okta.held)
	if err != nil {
		t.Fatal(err)
	}
	held := sent{}
	var entries []types.PutPartnerEventsRequestEntry
	for line := range strings.Lines(string(text)) {
		event := gjson.Parse(line)
		held[event.Get("uuid").String()] = event.Get("eventType").String()
		if entries = append(entries, w.first.entry([]byte(strings.TrimSpace(line)))); len(entries) == 10 {
			w.first.put(t, entries)
			entries = nil
		}
	}
	if len(entries) > 0 {
		w.first.put(t, entries)
	}
	return held
}

// filled compares Okta's record with what a destination holds, has what is missing sent,
// and compares again.
func (w *world) filled(t *testing.T, p pipeline, okta *fakeOkta, token string, held int) {
	t.Helper()
	compare := []string{"reconcile", "--since", okta.since, "--until", okta.until, "--org-url", okta.url, "--token-file",
		token, "--against", p.Destination, "--stack", "gap", "--pipeline", p.Destination, "--json"}
	before := gjson.Parse(w.exits(t, 1, compare...))
	missing := before.Get("missing").Int()
	if missing == 0 || before.Get("okta").Int() != before.Get("here").Int()+missing {
		t.Fatalf("the gap is not found: %s", before.Raw)
	}
	after := gjson.Parse(w.exits(t, 0, append(compare, "--fill")...))
	if after.Get("missing").Int() != 0 || after.Get("here").Int() != after.Get("okta").Int() {
		t.Errorf("after --fill: %s", after.Raw)
	}
	again := gjson.Parse(w.exits(t, 0, compare...))
	// The emulated rule may deliver an event twice, as EventBridge may: --fill adds no copies to these.
	if again.Get("missing").Int() != 0 || again.Get("copies").Int() != before.Get("copies").Int() {
		t.Errorf("the second comparison: %s", again.Raw)
	}
	t.Logf("%s: %d events of Okta's, %d delivered by the log stream, %d missing and filled", p.Destination,
		before.Get("okta").Int(), held, missing)
}
