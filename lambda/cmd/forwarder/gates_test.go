package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
)

// What the function may cost. A cold start fetches the zip, starts the process
// and waits for its first poll; memory is what one pays for.
const (
	maxZip    = 8 << 20
	maxStart  = 25 * time.Millisecond
	maxMemory = 64 << 20 // with batches of 1,000 events
)

func TestTheZipIsSmall(t *testing.T) {
	binary, err := os.ReadFile(build(t, "arm64"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	f, err := z.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(binary); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("arm64: %.1f MB, zipped %.2f MB", float64(len(binary))/1e6, float64(packed.Len())/1e6)
	if packed.Len() > maxZip {
		t.Errorf("the zip has %d bytes, more than %d", packed.Len(), maxZip)
	}
}

// TestTheFunctionStartsQuickly takes the best of some starts: what a machine
// that has other things to do adds is not the function's.
func TestTheFunctionStartsQuickly(t *testing.T) {
	w := newWorld(t, config.CloudWatch)
	path := build(t, "")
	var starts []time.Duration
	for range 20 {
		api := newRuntimeAPI(t)
		began := time.Now()
		p := start(t, path, w.environment(api))
		wait(t, api.polled, "poll")
		starts = append(starts, time.Since(began))
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait() // it says that it was killed
		if len(starts) >= 5 && slices.Min(starts) < maxStart {
			break
		}
	}
	slices.Sort(starts)
	t.Logf("start to first poll: %.1f ms at best, %.1f ms at worst of %d", ms(starts[0]), ms(starts[len(starts)-1]), len(starts))
	if starts[0] > maxStart {
		t.Errorf("start to first poll %v, more than %v", starts[0], maxStart)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// TestTheFunctionNeedsLittleMemory invokes it with batches of 1,000 events of
// usual size. How far the collector of garbage is behind depends on what else the
// machine does, so it takes the best of some processes.
func TestTheFunctionNeedsLittleMemory(t *testing.T) {
	path := build(t, "")
	// The binary calls Datadog at a site of Datadog's, and no other host.
	for _, destination := range []config.Destination{config.CloudWatch, config.Datadog, config.Splunk, config.Archive} {
		t.Run(string(destination), func(t *testing.T) {
			peak := memoryOfLargeBatches(t, path, destination)
			for tries := 1; peak > maxMemory && tries < 5; tries++ {
				peak = min(peak, memoryOfLargeBatches(t, path, destination))
			}
			t.Logf("peak memory %d MB", peak>>20)
			if peak > maxMemory {
				t.Errorf("peak memory %d MB, more than %d", peak>>20, maxMemory>>20)
			}
		})
	}
}

func memoryOfLargeBatches(t *testing.T, path string, destination config.Destination) int64 {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/benchmark.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	events := strings.Split(strings.TrimSpace(string(text)), "\n")
	w := newWorld(t, destination)
	api := newRuntimeAPI(t)
	p := start(t, path, w.environment(api))
	const batches, batch = 3, 1000
	for b := range batches {
		for i := range batch {
			w.Send("buffer", envelope(fresh(t, events[i%len(events)], fmt.Sprintf("%d-%d", b, i))), nil)
		}
		api.work <- w.LambdaBatch("buffer", batch).Payload
		if a := wait(t, api.answers, "answer"); a.body != `{"batchItemFailures":[]}` {
			t.Fatalf("%.200s", a.body)
		}
	}
	if destination == config.Archive {
		w.readArchive(t)
	}
	if len(w.delivered) != batches*batch {
		t.Errorf("%d events delivered", len(w.delivered))
	}
	return peakMemory(t, p.Process.Pid)
}

// fresh is an event with another uuid, published now.
func fresh(t *testing.T, event, uuid string) string {
	t.Helper()
	for name, value := range map[string]string{"uuid": uuid, "published": time.Now().UTC().Format("2006-01-02T15:04:05.000Z")} {
		before, rest, ok := strings.Cut(event, `"`+name+`":"`)
		_, after, closed := strings.Cut(rest, `"`)
		if !ok || !closed {
			t.Fatalf("no %s", name)
		}
		event = before + `"` + name + `":"` + value + `"` + after
	}
	return event
}

// peakMemory is the most memory that a process has held, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Logf("no figure for the memory on this system: %v", err)
		return 0
	}
	var kB int64
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kB); err == nil {
			return kB << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// linked is all that the function may link beside the standard library: modules
// whole, or the parts of them that it has business with. The command line's
// libraries, the CDK and the parts of the SDK that look for profiles, roles and
// metadata are not among them, nor are our own fakes.
var linked = []string{
	"github.com/oktastream/oktastream/events",
	"github.com/oktastream/oktastream/lambda",
	"github.com/aws/aws-lambda-go",
	"github.com/aws/aws-sdk-go-v2/aws",
	"github.com/aws/aws-sdk-go-v2/credentials",
	"github.com/aws/aws-sdk-go-v2/internal",
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs",
	"github.com/aws/aws-sdk-go-v2/service/eventbridge",
	"github.com/aws/aws-sdk-go-v2/service/internal",
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager",
	"github.com/aws/aws-sdk-go-v2/service/sqs",
	"github.com/aws/smithy-go",
	"github.com/cenkalti/backoff",
	"github.com/go-json-experiment/json",
	"golang.org/x/sync",
}

// notLinked is what has no place in it though a prefix in linked lets it pass, or
// the standard library has it.
var notLinked = []string{
	"github.com/oktastream/oktastream/lambda/internal",
	"github.com/oktastream/oktastream/lambda/bulk",
	"github.com/oktastream/oktastream/lambda/cmd/oktastream",
	"github.com/oktastream/oktastream/events/internal/eventstest",
	"github.com/oktastream/oktastream/events/stream",
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds",
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds",
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds",
	"os/exec",
	"testing",
}

func TestTheFunctionLinksOnlyWhatItNeeds(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	within := func(of string, list []string) bool {
		return slices.ContainsFunc(list, func(one string) bool { return of == one || strings.HasPrefix(of, one+"/") })
	}
	for _, path := range strings.Fields(string(out)) {
		first, _, _ := strings.Cut(path, "/")
		standard := !strings.Contains(first, ".") // vendor/ is the standard library's own
		if !standard && !within(path, linked) || within(path, notLinked) {
			t.Errorf("%s is linked", path)
		}
	}
}
