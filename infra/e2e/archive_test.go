//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// objects returns the store of a bucket.
func (c *cloud) objects(t *testing.T, bucket string) *archive.S3 {
	t.Helper()
	store, err := archive.NewS3(t.Context(), aws.Config{
		Region: region, BaseEndpoint: &c.endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("testing", "testing", ""),
	}, archive.S3Options{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// keys returns the keys of an archive that begin with prefix, in order.
func keys(t *testing.T, store archive.Reader, prefix string) []string {
	t.Helper()
	var all []string
	err := store.List(t.Context(), prefix, func(o archive.Object) error {
		all = append(all, o.Key)
		return nil
	})
	if err != nil {
		t.Fatalf("list the archive: %v", err)
	}
	slices.Sort(all)
	return all
}

// archived returns the lines of an archive's objects by uuid.
func (c *cloud) archived(t *testing.T, bucket string) map[string][]string {
	t.Helper()
	store, found := c.objects(t, bucket), map[string][]string{}
	for _, key := range keys(t, store, archive.EventsPrefix) {
		for line := range strings.Lines(string(unzip(t, store, key))) {
			uuid := uuidOf(line)
			found[uuid] = append(found[uuid], line)
		}
	}
	return found
}

func unzip(t *testing.T, store archive.Reader, key string) []byte {
	t.Helper()
	object, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	lines, err := gzip.NewReader(object)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(lines); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	if err := object.Close(); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return text.Bytes()
}

// proved makes the digests of an archive by hand and verifies them; then an object is
// overwritten and a digest removed, and verify says which.
func (w *world) proved(t *testing.T, p pipeline, okta *fakeOkta) {
	t.Helper()
	window := []string{"--bucket", p.Bucket, "--since", okta.since, "--until", okta.until}
	made := gjson.Parse(w.exits(t, 0, append([]string{"digest", "--json"}, window...)...))
	hours := len(made.Get("digests").Array())
	if hours == 0 || made.Get("unsettled").Int() != 0 {
		t.Fatalf("digest: %s", made.Raw)
	}
	again := gjson.Parse(w.exits(t, 0, append([]string{"digest", "--json"}, window...)...))
	if len(again.Get("digests").Array()) != 0 || again.Get("head").Raw != made.Get("head").Raw {
		t.Errorf("the second digest: %s", again.Raw)
	}
	verify := append([]string{"verify", "--json", "--head", made.Get("head.hash").String()}, window...)
	if good := gjson.Parse(w.exits(t, 0, verify...)); good.Get("verdict").String() != "verified" {
		t.Fatalf("verify: %s", good.Raw)
	}

	store := w.objects(t, p.Bucket)
	since, err := time.Parse(time.RFC3339, okta.since)
	if err != nil {
		t.Fatal(err)
	}
	events := slices.DeleteFunc(keys(t, store, archive.EventsPrefix), func(key string) bool {
		hour, _, ok := archive.ParseKey(key)
		return !ok || hour.Start.Before(since) // of the auditor's hours
	})
	victim := events[len(events)/2]
	original := unzip(t, store, victim)
	w.overwrite(t, p.Bucket, victim, append([]byte("{}\n"), original...))
	w.blames(t, verify, "object_changed", victim)
	w.call(t, "s3", "DELETE", "/"+p.Bucket+"/"+victim, "", nil)
	w.blames(t, verify, "object_missing", victim)
	t.Logf("archive: %d hours digested and verified, a changed and a missing object named", hours)
}

// overwrite puts other bytes under a key, as whoever may write the bucket can.
func (w *world) overwrite(t *testing.T, bucket, key string, lines []byte) {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(lines); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w.call(t, "s3", "PUT", "/"+bucket+"/"+key, "", packed.Bytes())
}

// blames runs verify, which has to find one thing broken: of that kind, at that object.
func (w *world) blames(t *testing.T, verify []string, kind, key string) {
	t.Helper()
	bad := gjson.Parse(w.exits(t, 1, verify...))
	found := bad.Get("findings").Array()
	if bad.Get("verdict").String() != "broken" || len(found) != 1 || found[0].Get("kind").String() != kind ||
		found[0].Get("key").String() != key {
		t.Errorf("verify does not name %s of %s alone: %s", kind, key, bad.Raw)
	}
}

// exits runs the command, wants its exit code, and gives what it prints.
func (w *world) exits(t *testing.T, code int, arguments ...string) string {
	t.Helper()
	command := exec.Command(w.binary, arguments...)
	command.Env = w.environment()
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if command.ProcessState == nil || command.ProcessState.ExitCode() != code {
		t.Fatalf("oktastream %v: %v, want exit code %d\n%.3000s\n%s", arguments, err, code, out, stderr.String())
	}
	return string(out)
}
