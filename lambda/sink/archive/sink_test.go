package archive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

const bucket = "okta-archive"

// inS3 is a sink into a bucket of the fake, whose owner it demands.
func inS3(t testing.TB, c *awsfake.Cloud) *archive.Sink {
	t.Helper()
	s3, err := archive.NewS3(t.Context(), c.Config(), archive.S3Options{Bucket: bucket, Owner: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	return archive.New(s3, archive.Config{CallTimeout: time.Second})
}

func newBucket(t testing.TB, o awsfake.BucketOptions) *awsfake.Cloud {
	c := awsfake.New(t, awsfake.Options{})
	c.AddBucket(bucket, o)
	return c
}

// lines are the lines of an object.
func lines(t interface{ Fatal(...any) }, object io.Reader) (list [][]byte) {
	zip, err := gzip.NewReader(object)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		list = append(list, bytes.TrimSuffix(line, []byte("\n")))
	}
	return list
}

func TestConformance(t *testing.T) {
	t.Run("S3", func(t *testing.T) {
		sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
			c := newBucket(t, awsfake.BucketOptions{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 1}})
			return sinktest.Fixture{Sink: inS3(t, c), Arrived: func() (all [][]byte) {
				for _, o := range c.Objects(bucket, "") {
					all = append(all, lines(t, bytes.NewReader(o.Body))...)
				}
				return all
			}}
		})
	})
	t.Run("directory", func(t *testing.T) {
		sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
			dir := archive.Dir(t.TempDir())
			return sinktest.Fixture{Sink: archive.New(dir, archive.Config{}), Arrived: func() (all [][]byte) {
				err := dir.List(t.Context(), "", func(o archive.Object) error {
					object, err := dir.Get(t.Context(), o.Key)
					if err != nil {
						return err
					}
					all = append(all, lines(t, object)...)
					return object.Close()
				})
				if err != nil {
					t.Fatal(err)
				}
				return all
			}}
		})
	})
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func record(org, uuid string, published time.Time) sink.Record {
	return sink.Record{
		Org: org, UUID: uuid, TimeMS: published.UnixMilli(),
		Line: fmt.Appendf(nil, `{"uuid":%q,"eventType":"user.session.start","published":%q}`,
			uuid, published.Format("2006-01-02T15:04:05.000Z")),
	}
}

// Records of any age lie in the hour in which they were published.
func TestObjects(t *testing.T) {
	c := newBucket(t, awsfake.BucketOptions{})
	batch := []sink.Record{
		record("acme", "b", noon.Add(time.Second)), record("acme", "a", noon),
		record("acme", "last", noon.Add(-time.Millisecond)),
		record("", "no org", noon), record("a/b", "odd org", noon), record("acme", "old", noon.AddDate(-9, 0, 0)),
	}
	answers := make([]sink.Answer, len(batch))
	if err := inS3(t, c).Deliver(t.Context(), batch, answers); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range c.Objects(bucket, "") {
		hour, _, ok := archive.ParseKey(o.Key)
		if !ok || archive.Key(hour, o.Body) != o.Key {
			t.Errorf("the key %s is not that of its bytes", o.Key)
		}
		// RFC 1952: no time, and an unknown operating system.
		if !bytes.Equal(o.Body[:10], []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}) {
			t.Errorf("the gzip header is % x", o.Body[:10])
		}
		got = append(got, hour.Prefix()+" "+string(bytes.Join(uuids(t, o.Body), []byte(","))))
	}
	want := []string{
		"okta/org=a%2Fb/dt=2026-11-22/hour=12/ odd org",
		"okta/org=acme/dt=2017-11-22/hour=12/ old",
		"okta/org=acme/dt=2026-11-22/hour=11/ last",
		"okta/org=acme/dt=2026-11-22/hour=12/ a,b",
		"okta/org=none/dt=2026-11-22/hour=12/ no org",
	}
	if !slices.Equal(got, want) {
		t.Errorf("objects\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func uuids(t interface{ Fatal(...any) }, object []byte) (list [][]byte) {
	err := archive.EachEvent(bytes.NewReader(object), func(uuid []byte, _ int64) error {
		list = append(list, bytes.Clone(uuid))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// putter is a store whose every Put fails.
type putter struct{ err error }

func (p putter) Put(context.Context, string, []byte) error { return p.err }

// failures are what can become of a PutObject, and what it means. row is the row of the page.
var failures = []struct {
	row, does string // does is what the function then does
	bucket    awsfake.BucketOptions
	fault     awsfake.Fault
	kind      sink.Kind
	text      string
}{
	{row: "503 SlowDown", does: again, fault: awsfake.Fault{Throttle: true, RetryAfter: 2 * time.Second},
		text: "SlowDown (HTTP 503)"},
	{row: "409 ConditionalRequestConflict", does: again, fault: awsfake.Fault{Status: 409},
		text: "ConditionalRequestConflict (HTTP 409)"},
	{row: "another 5xx", does: again, fault: awsfake.Fault{Status: 500}, text: "InternalError (HTTP 500)"},
	{row: "400 BadDigest, RequestTimeout", does: again, fault: awsfake.Fault{Status: 400, Code: "BadDigest"},
		text: "BadDigest (HTTP 400)"},
	{fault: awsfake.Fault{Status: 400, Code: "RequestTimeout"}, text: "RequestTimeout (HTTP 400)"},
	{row: "no answer: network error, time-out", does: again, fault: awsfake.Fault{Reset: true},
		text: "connection reset by peer"},
	{fault: awsfake.Fault{Hang: true}, text: "context deadline exceeded"},
	{row: "403 AccessDenied: no permission, or `OKTASTREAM_BUCKET_OWNER` does not own the bucket", does: returns,
		fault: awsfake.Fault{Status: 403}, kind: sink.Blocked, text: "AccessDenied (HTTP 403)"},
	{bucket: awsfake.BucketOptions{Owner: "999999999999"}, kind: sink.Blocked, text: "AccessDenied (HTTP 403)"},
	{row: "404 NoSuchBucket", does: returns, fault: awsfake.Fault{Status: 404, Code: "NoSuchBucket"},
		kind: sink.Blocked, text: "NoSuchBucket (HTTP 404)"},
	{row: "301 PermanentRedirect: the bucket is in another region, which the error names", does: returns,
		bucket: awsfake.BucketOptions{Region: "eu-west-1"}, kind: sink.Blocked,
		text: "PermanentRedirect (HTTP 301): the bucket is in the region eu-west-1"},
	{row: "KMS.DisabledException and others of the key", does: returns,
		fault: awsfake.Fault{Code: "KMS.DisabledException"}, kind: sink.Blocked, text: "KMS.DisabledException (HTTP 400)"},
	{row: "any other 4xx", does: returns, fault: awsfake.Fault{Status: 400, Code: "InvalidRequest"},
		kind: sink.Blocked, text: "InvalidRequest (HTTP 400)"},
	{fault: awsfake.Fault{Status: 400, Code: "InvalidArgument"}, kind: sink.Blocked, text: "InvalidArgument (HTTP 400)"},
	{fault: awsfake.Fault{Status: 400, Code: "Whatever"}, kind: sink.Blocked, text: "Whatever (HTTP 400)"},
}

const (
	again   = "tries again; the same object is not stored twice"
	returns = "returns all, counts `refused_by_destination`; none is dead"
)

// What S3 refuses is never a record's fault.
func TestFailures(t *testing.T) {
	for _, tt := range failures {
		t.Run(tt.text, func(t *testing.T) {
			c := newBucket(t, tt.bucket)
			c.SetFaults(func(awsfake.Call) awsfake.Fault { return tt.fault })
			batch, answers := []sink.Record{record("acme", "jane.doe", noon)}, make([]sink.Answer, 1)
			err := inS3(t, c).Deliver(t.Context(), batch, answers)
			var e *sink.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Error() != "PutObject: "+tt.text {
				t.Fatalf("%v, want kind %v: %s", err, tt.kind, tt.text)
			}
			if tt.does != "" && (tt.does == returns) != (e.Kind == sink.Blocked) {
				t.Errorf("kind %v, and the page says: %s", e.Kind, tt.does)
			}
			if e.RetryAfter != tt.fault.RetryAfter || answers[0] != (sink.Answer{}) {
				t.Errorf("wait %v, answer %+v", e.RetryAfter, answers[0])
			}
			if n := c.Calls(awsfake.S3, "PutObject"); n != 1 {
				t.Errorf("%d calls: only the loop tries again", n)
			}
		})
	}
}

var update = flag.Bool("update", false, "rewrite the table of failures in lambda/README.md")

// TestThePageHasEveryFailure compares the table of failures in lambda/README.md with the failures.
func TestThePageHasEveryFailure(t *testing.T) {
	const name, begin, end = "../../README.md", "<!-- archive -->\n", "<!-- /archive -->"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("README.md has no table of the archive's failures")
	}
	var table strings.Builder
	table.WriteString("| S3 answers | what the function does |\n|---|---|\n")
	table.WriteString("| 200 | the records are delivered |\n")
	table.WriteString("| 412 PreconditionFailed | the records are delivered, and counted as `already_there` |\n")
	for _, f := range failures {
		if f.row != "" {
			fmt.Fprintf(&table, "| %s | %s |\n", f.row, f.does)
		}
	}
	want := before + begin + table.String() + end + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatal("README.md has other failures than the test; look at what -update makes of it")
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFailuresOfADirectory(t *testing.T) {
	missing := archive.Dir(t.TempDir() + "/missing")
	full := putter{fmt.Errorf("write to the archive: %w", &fs.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC})}
	for name, s := range map[string]*archive.Sink{
		"missing": archive.New(missing, archive.Config{}), "full": archive.New(full, archive.Config{}),
	} {
		err := s.Deliver(t.Context(), []sink.Record{record("acme", "a", noon)}, make([]sink.Answer, 1))
		if sink.KindOf(err) != sink.Blocked {
			t.Errorf("%s: kind %v of %v", name, sink.KindOf(err), err)
		}
	}
}

// A call that stored its object and lost its response stores no second one.
func TestALostResponse(t *testing.T) {
	c := newBucket(t, awsfake.BucketOptions{Versioning: "Enabled"})
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		switch call.N {
		case 1:
			return awsfake.Fault{ResetAfter: true}
		case 2:
			return awsfake.Fault{Throttle: true}
		}
		return awsfake.Fault{}
	})
	loop := sink.Loop{Sink: inS3(t, c), FirstCeiling: time.Millisecond}
	out := loop.Deliver(t.Context(), []sink.Record{record("acme", "a", noon), record("acme", "b", noon)})
	for i, a := range out.Answers {
		if a.State != sink.Accepted || !a.AlreadyThere {
			t.Errorf("record %d: %+v", i, a)
		}
	}
	objects := c.Objects(bucket, "")
	if len(objects) != 1 || c.Versions(bucket, objects[0].Key) != 1 || out.Batches != 3 {
		t.Errorf("%d objects after %d calls", len(objects), out.Batches)
	}
}

// memory is a store that keeps the objects.
type memory map[string][]byte

func (m memory) Put(_ context.Context, key string, body []byte) error {
	if m[key] != nil {
		return archive.ErrExists
	}
	m[key] = body
	return nil
}

// However records are grouped into calls, the archive holds the same events, each line in
// the hour it belongs to; and the same call again stores nothing.
func TestGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "records")
		batch := make([]sink.Record, n)
		for i := range batch {
			org := rapid.SampledFrom([]string{"", "acme", "a b"}).Draw(t, "org")
			at := noon.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "hour")) * time.Hour)
			at = at.Add(time.Duration(rapid.IntRange(0, 3_599_999).Draw(t, "ms")) * time.Millisecond)
			batch[i] = record(org, fmt.Sprintf("u-%d", i), at)
		}
		order := rapid.Permutation(batch).Draw(t, "order")
		m := memory{}
		s := archive.New(m, archive.Config{})
		for len(order) > 0 {
			part := order[:rapid.IntRange(1, len(order)).Draw(t, "part")]
			order = order[len(part):]
			for again := range 2 {
				stored := len(m)
				answers := make([]sink.Answer, len(part))
				if err := s.Deliver(context.Background(), part, answers); err != nil {
					t.Fatal(err)
				}
				for _, a := range answers {
					if a.State != sink.Accepted || a.AlreadyThere != (again == 1) {
						t.Fatalf("call %d: %+v", again, a)
					}
				}
				if again == 1 && len(m) != stored {
					t.Fatal("the same records were stored again")
				}
			}
		}
		var got, want []string
		for key, object := range m {
			hour, _, ok := archive.ParseKey(key)
			if !ok || archive.Key(hour, object) != key {
				t.Fatalf("the key %s is not that of its bytes", key)
			}
			last := int64(0)
			err := archive.EachEvent(bytes.NewReader(object), func(uuid []byte, ms int64) error {
				got = append(got, hour.Prefix()+string(uuid))
				if archive.HourOf(hour.Org, ms) != hour || ms < last {
					t.Fatalf("%s lies in %s, after an event of %d", uuid, hour, last)
				}
				last = ms
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range batch {
			org := batch[i].Org
			if org == "" {
				org = archive.NoOrg
			}
			want = append(want, archive.HourOf(org, batch[i].TimeMS).Prefix()+batch[i].UUID)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%d events, want %d", len(got), len(want))
		}
	})
}

// An object before compression stays within its bound, and what is longer is alone.
func TestCutBySize(t *testing.T) {
	s := archive.New(memory{}, archive.Config{})
	long := func(n int) sink.Record { return sink.Record{Line: make([]byte, n), TimeMS: noon.UnixMilli()} }
	batches := s.Cut([]sink.Record{long(40 << 20), long(24<<20 - 2), long(1), long(70 << 20), long(1)})
	if got := fmt.Sprint(batches); got != "[[0 1] [2] [3] [4]]" {
		t.Errorf("batches %s", got)
	}
}

func BenchmarkDeliver1000(b *testing.B) {
	line := []byte(`{"version":"0","detail":{"uuid":"x","text":"` + strings.Repeat("abcdefghij ", 180) + `"}}`)
	batch := make([]sink.Record, 1000)
	for i := range batch {
		batch[i] = sink.Record{Line: line, Org: "acme", TimeMS: noon.UnixMilli() + int64(i)}
	}
	s, answers := archive.New(putter{}, archive.Config{}), make([]sink.Answer, len(batch))
	b.SetBytes(int64(len(line) * len(batch)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Deliver(b.Context(), batch, answers); err != nil {
			b.Fatal(err)
		}
	}
}

// A record that Verify would not read is refused, and the others of its batch are stored.
func TestARecordThatIsTooLong(t *testing.T) {
	dir := archive.Dir(t.TempDir())
	long := record("acme", "long", noon)
	long.Line = append(long.Line[:len(long.Line)-1], `,"x":"`+strings.Repeat("x", 33<<20)+`"}`...)
	records := []sink.Record{long, record("acme", "short", noon)}
	answers := make([]sink.Answer, len(records))
	if err := archive.New(dir, archive.Config{CallTimeout: time.Minute}).Deliver(t.Context(), records, answers); err != nil {
		t.Fatal(err)
	}
	if a := answers[0]; a.State != sink.Dead || a.Reason != events.TooLarge || !strings.Contains(a.Detail, "at most 34603008") {
		t.Errorf("%+v", a)
	}
	stored := 0
	err := dir.List(t.Context(), "", func(archive.Object) error { stored++; return nil })
	if err != nil || stored != 1 || answers[1].State != sink.Accepted {
		t.Errorf("%d objects, %v, %+v", stored, err, answers[1])
	}
}

// The longest record that is stored can be read again.
func TestTheLongestRecord(t *testing.T) {
	dir := archive.Dir(t.TempDir())
	r := record("acme", "long", noon)
	r.Line = append(r.Line[:len(r.Line)-1], `,"x":""}`...)
	r.Line = append(r.Line[:len(r.Line)-2], strings.Repeat("x", 33<<20-len(r.Line))+`"}`...)
	answers := make([]sink.Answer, 1)
	err := archive.New(dir, archive.Config{CallTimeout: time.Minute}).Deliver(t.Context(), []sink.Record{r}, answers)
	if err != nil || answers[0].State != sink.Accepted || len(r.Line) != 33<<20 {
		t.Fatalf("%v %+v %d bytes", err, answers[0], len(r.Line))
	}
	var uuids []string
	faulty, err := archive.EachInHour(t.Context(), dir, archive.HourOf("acme", noon.UnixMilli()),
		func(uuid []byte, _ int64) error { uuids = append(uuids, string(uuid)); return nil })
	if err != nil || faulty != 0 || !slices.Equal(uuids, []string{"long"}) {
		t.Errorf("%q, %d faulty, %v", uuids, faulty, err)
	}
}
