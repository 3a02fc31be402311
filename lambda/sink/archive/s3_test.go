package archive

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// retries tries again at once what awserror calls Transient.
type retries struct{ aws.NopRetryer }

func (retries) MaxAttempts() int { return 3 }
func (retries) IsErrorRetryable(err error) bool {
	return awserror.New("x", err, time.Time{}).Kind == sink.Transient
}
func (retries) RetryDelay(int, error) (time.Duration, error) { return time.Millisecond, nil }

// newBucket returns a store in a bucket of the fake.
func newBucket(t *testing.T, o awsfake.BucketOptions, s S3Options) (*awsfake.Cloud, *S3) {
	t.Helper()
	cloud := awsfake.New(t, awsfake.Options{})
	s.Bucket = "an-archive"
	cloud.AddBucket(s.Bucket, o)
	store, err := NewS3(t.Context(), cloud.Config(), s)
	if err != nil {
		t.Fatal(err)
	}
	return cloud, store
}

func TestS3(t *testing.T) {
	for name, o := range map[string]awsfake.BucketOptions{
		"pages of two": {MaxKeys: 2},
		"locked":       {Versioning: "Enabled", Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			_, store := newBucket(t, o, S3Options{})
			testStore(t, store)
		})
	}
}

// A chain in a bucket of its own, found and named when it is tampered with.
func TestChainInS3(t *testing.T) {
	cloud, store := newBucket(t, awsfake.BucketOptions{MaxKeys: 3}, S3Options{Owner: "111122223333", Retryer: retries{}})
	var keys []string
	for i := range 5 {
		keys = append(keys, putEvents(t, store, hourAt(i), "u-1", "u-2"))
	}
	c := open(t, store, nil)
	for i := range 5 {
		mustAppend(t, c, hourAt(i))
	}
	if summary, found := verify(t, store, Check{}); len(found) > 0 || summary.Objects != 5 || summary.Head != c.Head() {
		t.Fatalf("%+v, %+v", summary, found)
	}
	// A window is listed by day.
	listed := cloud.Calls(awsfake.S3, "ListObjectsV2")
	summary, found := verify(t, store, Check{Since: hourAt(1), Until: hourAt(3)})
	if len(found) > 0 || summary.Objects != 2 {
		t.Errorf("a window: %+v, %+v", summary, found)
	}
	if n := cloud.Calls(awsfake.S3, "ListObjectsV2") - listed; n != 4 { // two pages of digests, two of objects
		t.Errorf("%d calls to list", n)
	}
	cloud.SetObject("an-archive", keys[1], []byte("x"))
	cloud.SetObject("an-archive", keys[2], nil)
	cloud.SetStorageClass("an-archive", keys[3], "GLACIER")
	_, found = verify(t, store, Check{})
	want := map[string]Kind{keys[1]: ObjectChanged, keys[2]: ObjectMissing, keys[3]: NotRead}
	for _, f := range found {
		if f.Kind != want[f.Key] || f.Kind == NotRead && !strings.Contains(f.Text, "InvalidObjectState") {
			t.Errorf("%+v", f)
		}
	}
	if len(found) != len(want) {
		t.Errorf("%+v", found)
	}
}

// An object whose reading breaks off is read again, and is not read at all if it always does.
func TestS3PartialReads(t *testing.T) {
	cloud, store := newBucket(t, awsfake.BucketOptions{}, S3Options{Retryer: retries{}})
	key := putEvents(t, store, hourAt(0), "u-1", "u-2")
	mustAppend(t, open(t, store, nil), hourAt(0))
	for cuts, want := range map[int64]int{1: 0, maxReads: 1} {
		var left atomic.Int64
		left.Store(cuts)
		cloud.SetFaults(func(c awsfake.Call) (f awsfake.Fault) {
			if c.Key == key && left.Add(-1) >= 0 {
				f.CutBody = 40
			}
			return f
		})
		_, found := verify(t, store, Check{})
		if len(found) != want || want > 0 && (found[0].Kind != NotRead || found[0].Key != key) {
			t.Errorf("%d readings break off: %+v", cuts, found)
		}
	}
}

// What is not the store's own word is S3's error, for awserror.
func TestS3Errors(t *testing.T) {
	cloud, store := newBucket(t, awsfake.BucketOptions{}, S3Options{})
	put := func() error { return store.Put(t.Context(), "key", []byte("x")) }
	get := func() error { _, err := store.Get(t.Context(), "key"); return err }
	list := func() error { return store.List(t.Context(), "", func(Object) error { return nil }) }
	for _, c := range []struct {
		fault awsfake.Fault
		code  string
	}{
		{awsfake.Fault{Status: 409}, "ConditionalRequestConflict"},
		{awsfake.Fault{Throttle: true}, "SlowDown"},
		{awsfake.Fault{Status: 403}, "AccessDenied"},
		{awsfake.Fault{Status: 404, Code: "NoSuchBucket"}, "NoSuchBucket"},
	} {
		cloud.SetFaults(func(awsfake.Call) awsfake.Fault { return c.fault })
		for name, call := range map[string]func() error{"put": put, "get": get, "list": list} {
			err := call()
			if !awserror.Is(err, c.code) || errors.Is(err, ErrExists) || errors.Is(err, fs.ErrNotExist) ||
				!strings.Contains(err.Error(), "an-archive") {
				t.Errorf("%s with %+v: %v", name, c.fault, err)
			}
		}
	}
	// There was one attempt of each; a Retryer makes more.
	if n := cloud.Calls(awsfake.S3, "PutObject"); n != 4 {
		t.Errorf("%d attempts of 4 calls", n)
	}
	cloud.SetFaults(func(c awsfake.Call) awsfake.Fault { return awsfake.Fault{Throttle: c.N < 7} })
	patient, err := NewS3(t.Context(), cloud.Config(), S3Options{Bucket: "an-archive", Retryer: retries{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := patient.Put(t.Context(), "key", []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestS3OfAnotherOwnerOrRegion(t *testing.T) {
	_, store := newBucket(t, awsfake.BucketOptions{}, S3Options{Owner: "999999999999"})
	if err := store.Put(t.Context(), "key", []byte("x")); !awserror.Is(err, "AccessDenied") {
		t.Errorf("a bucket of another owner: %v", err)
	}
	_, store = newBucket(t, awsfake.BucketOptions{Region: "eu-west-3"}, S3Options{})
	err := store.Put(t.Context(), "key", []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "bucket an-archive is in the region eu-west-3 and not in us-east-1") {
		t.Errorf("a bucket of another region: %v", err)
	}
	for _, name := range []string{"", "a", "A-bucket", "a/b", "a_b", "evil.com#", strings.Repeat("a", 64)} {
		if _, err := NewS3(t.Context(), aws.Config{Region: "us-east-1"}, S3Options{Bucket: name}); err == nil {
			t.Errorf("the bucket name %q was accepted", name)
		}
	}
}

// Without a configured endpoint the bucket is in the host's name, but for a name with dots.
func TestS3Address(t *testing.T) {
	for _, c := range []struct{ region, bucket, endpoint, want string }{
		{"eu-west-1", "an-archive", "", "https://an-archive.s3.eu-west-1.amazonaws.com/a%3Db"},
		{"cn-north-1", "an-archive", "", "https://an-archive.s3.cn-north-1.amazonaws.com.cn/a%3Db"},
		{"eu-west-1", "an.archive", "", "https://s3.eu-west-1.amazonaws.com/an.archive/a%3Db"},
		{"eu-west-1", "an-archive", "http://localhost:9000", "http://localhost:9000/an-archive/a%3Db"},
	} {
		var got string
		sdk := aws.Config{
			Region: c.region, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
			HTTPClient: smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
				got = r.URL.String()
				return nil, errors.New("no network")
			}),
		}
		if c.endpoint != "" {
			sdk.BaseEndpoint = aws.String(c.endpoint)
		}
		store, err := NewS3(t.Context(), sdk, S3Options{Bucket: c.bucket})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Get(t.Context(), "a=b"); err == nil || got != c.want {
			t.Errorf("%+v: the URL is %s, %v", c, got, err)
		}
	}
}

func TestS3State(t *testing.T) {
	_, store := newBucket(t, awsfake.BucketOptions{}, S3Options{})
	ctx, key := t.Context(), "auditor/org=acme/state.json"
	if _, _, err := store.GetTagged(ctx, key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get nothing: %v", err)
	}
	if _, err := store.Replace(ctx, key, []byte("0"), `"x"`); !errors.Is(err, ErrRaced) {
		t.Errorf("replace nothing: %v", err)
	}
	first, err := store.Replace(ctx, key, []byte("1"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Replace(ctx, key, []byte("0"), ""); !errors.Is(err, ErrRaced) {
		t.Errorf("make it a second time: %v", err)
	}
	second, err := store.Replace(ctx, key, []byte("2"), first)
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	if _, err := store.Replace(ctx, key, []byte("3"), first); !errors.Is(err, ErrRaced) {
		t.Errorf("replace what has changed: %v", err)
	}
	if body, etag, err := store.GetTagged(ctx, key); string(body) != "2" || etag != second || err != nil {
		t.Errorf("%s, %s, %v", body, etag, err)
	}
}
