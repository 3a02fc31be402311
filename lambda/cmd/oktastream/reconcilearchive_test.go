package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

const bucket = "an-archive"

// objects is the store of the stack vault.
func (w *reconcileWorld) objects(t *testing.T) *archive.S3 {
	t.Helper()
	store, err := archive.NewS3(t.Context(), w.Config(), archive.S3Options{Bucket: bucket, Owner: ownAccount})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// store puts events into the bucket, an object for some of each hour.
func (w *reconcileWorld) store(t *testing.T, list ...oktafake.Event) {
	t.Helper()
	store := w.objects(t)
	for hour := range slices.Values([]int{0, 1, 2}) {
		start := w.since.Add(time.Duration(hour) * time.Hour)
		var some [][]byte
		for _, e := range list {
			if e.Published.Truncate(time.Hour).Equal(start) {
				some = append(some, e.JSON)
			}
		}
		for lines := range slices.Chunk(some, 25) {
			body := gzipped(append(bytes.Join(lines, []byte("\n")), '\n'))
			if err := store.Put(t.Context(), archive.Key(archive.Hour{Org: "example", Start: start}, body), body); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A gap in the archive is found, filled by the function, and digested; then an event is taken away.
func TestArchiveFromReconcileToVerify(t *testing.T) {
	w := newReconcileWorld(t, 60)
	list := w.events()
	w.store(t, slices.Concat(list[:50], list[60:])...)
	code, got, stderr := w.reconcile(t, "--against", "archive", "--stack", "vault")
	if code != exitFailed || got.Verdict != "missing" || *got.Missing != 10 || *got.Extra != 0 || stderr != "" ||
		got.Against != "bucket an-archive, org example" || got.Pipeline != "vault-archive" {
		t.Fatalf("exit %d, %+v, %s", code, got, stderr)
	}
	// The same by the bucket's name.
	code, got, stderr = w.reconcile(t, "--against", "archive", "--bucket", bucket, "--org", "example")
	if code != exitFailed || *got.Missing != 10 || stderr != "" {
		t.Fatalf("exit %d, %+v, %s", code, got, stderr)
	}
	w.functionOf(t, map[string]string{
		"OKTASTREAM_PIPELINE": "vault-archive", "OKTASTREAM_DESTINATION": "archive", "OKTASTREAM_FORMAT": "raw",
		"OKTASTREAM_BUCKET": bucket, "OKTASTREAM_BUCKET_OWNER": ownAccount,
	}, config.Clients{Objects: w.objects(t)})
	code, got, stderr = w.reconcile(t, "--against", "archive", "--stack", "vault", "--fill", "--wait", "1m")
	if code != exitDone || got.Verdict != "complete" || got.Filled == nil || got.Filled.Sent != 10 || stderr != "" {
		t.Fatalf("exit %d, %+v, %s", code, got, stderr)
	}

	since, until := w.since.Format(time.RFC3339), w.since.Add(3*time.Hour).Format(time.RFC3339)
	code, stdout, stderr := w.call(t, "", "digest", "--bucket", bucket, "--since", since, "--until", until)
	if code != exitDone || !strings.Contains(stdout, "head: org example, digest 3, ") || stderr != "" {
		t.Fatalf("exit %d, %s, %s", code, stdout, stderr)
	}
	verify := []string{"verify", "--bucket", bucket, "--since", since, "--until", until}
	code, stdout, stderr = w.call(t, "", verify...)
	if code != exitDone || !strings.HasPrefix(stdout, "verified") || stderr != "" {
		t.Fatalf("exit %d, %s, %s", code, stdout, stderr)
	}
	// Nothing is written by it.
	if n := w.Calls(awsfake.S3, "PutObject"); n == 0 {
		t.Fatal("no object was put")
	}
	puts := w.Calls(awsfake.S3, "PutObject")
	objects := w.Objects(bucket, "okta/")
	w.SetObject(bucket, objects[0].Key, nil)
	code, stdout, stderr = w.call(t, "", verify...)
	if code != exitFailed || !strings.Contains(stdout, "object_missing: the object "+objects[0].Key) || stderr != "" {
		t.Errorf("exit %d, %s, %s", code, stdout, stderr)
	}
	if n := w.Calls(awsfake.S3, "PutObject"); n != puts {
		t.Errorf("verify put %d objects", n-puts)
	}
	w.SetObject(bucket, objects[0].Key, objects[0].Body)

	// What may not be read, or is in a colder class, is exit 3.
	w.SetStorageClass(bucket, objects[1].Key, "GLACIER")
	code, stdout, stderr = w.call(t, "", verify...)
	if code != exitUnproven || !strings.Contains(stdout, "not_read: read "+objects[1].Key) ||
		!strings.Contains(stdout, "InvalidObjectState") {
		t.Errorf("exit %d, %s, %s", code, stdout, stderr)
	}
	w.SetFaults(func(c awsfake.Call) (f awsfake.Fault) {
		if c.Service == awsfake.S3 {
			f.Status = 403
		}
		return f
	})
	code, stdout, stderr = w.call(t, "", verify...)
	if code != exitUnproven || stdout != "" || !strings.Contains(stderr, "AccessDenied") ||
		!strings.Contains(stderr, "hint: reading needs s3:ListBucket") {
		t.Errorf("exit %d, %s, %s", code, stdout, stderr)
	}
}

func TestReconcileAgainstArchiveUsage(t *testing.T) {
	w := newReconcileWorld(t, 0)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"an org that is not known": {
			[]string{"--against", "archive", "--dir", dir}, exitUsage, "--org is missing",
		},
		"a pipeline without an archive": {
			[]string{"--against", "archive", "--stack", "okta"}, exitUsage,
			"--against archive is for a pipeline with an archive",
		},
		"an archive and another destination": {
			[]string{"--against", "archive", "--against", "cloudwatch", "--dir", dir}, exitUsage, "not both",
		},
		"a bucket for a log group": {
			[]string{"--against", "cloudwatch", "--stack", "okta", "--bucket", "b"}, exitUsage,
			"--bucket is for --against archive",
		},
		"no such directory": {
			[]string{"--against", "archive", "--dir", dir + "/nothing", "--org", "example"}, exitUsage,
			"no such file or directory",
		},
	} {
		if code, stdout, stderr := w.call(t, "", w.args(c.args...)...); code != c.code || !strings.Contains(stderr, c.want) ||
			stdout != "" {
			t.Errorf("%s: exit %d, %s, %s", name, code, stdout, stderr)
		}
	}
	// An archive without the org is read, and that is said.
	code, got, _ := w.reconcile(t, "--against", "archive", "--dir", dir, "--org", "example")
	if code != exitDone || len(got.Notes) != 1 || got.Notes[0] != "the archive has no events of org example" {
		t.Errorf("exit %d, %+v", code, got)
	}
}
