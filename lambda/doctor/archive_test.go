package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

const (
	bucketKey  = "arn:aws:kms:us-east-1:111122223333:key/ours"
	anotherKey = "arn:aws:kms:us-east-1:111122223333:key/another"
	digestOne  = "digest/org=example/0000000001.json"
)

var toArchive = Pipeline{Name: "s-archive", Destination: "archive", Bucket: "okta-archive", BucketOwner: ownAccount,
	BucketKey: bucketKey, Lock: "governance", LockYears: 2}

// withArchive gives the doctor of a healthy stack an archive with an object of three hours ago
// and a digest of the day before.
func withArchive(t *testing.T, c *awsfake.Cloud, d *Doctor) {
	c.AddBucket(toArchive.Bucket, awsfake.BucketOptions{KMSKey: bucketKey,
		Lock: &awsfake.ObjectLock{Mode: "GOVERNANCE", Years: 2}})
	d.Archives = func(ctx context.Context, bucket, owner string) (ObjectsAPI, error) {
		return archive.NewS3(ctx, c.Config(), archive.S3Options{Bucket: bucket, Owner: owner})
	}
	d.Stack.Pipelines = append(d.Stack.Pipelines, toArchive)
	hour := archive.Hour{Org: "example", Start: noon.Add(-3 * time.Hour)}
	c.SetObject(toArchive.Bucket, archive.Key(hour, []byte("x")), []byte("x"))
	digestIn(t, c, toArchive.Bucket, noon.Add(-26*time.Hour), noon.Add(-time.Hour), nil)
}

// digestIn appends a digest, of an hour without objects, to the chain in a bucket.
func digestIn(t *testing.T, c *awsfake.Cloud, bucket string, hour, made time.Time, verdict *archive.Verdict) {
	t.Helper()
	store, err := archive.NewS3(t.Context(), c.Config(), archive.S3Options{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := archive.Open(t.Context(), store, "example", time.Time{}, archive.Options{
		Now: func() time.Time { return made }})
	if err == nil {
		_, err = chain.Append(t.Context(), hour, verdict, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// broke makes all checks before and after something is broken: exactly this link is, with
// this text and this next step, and what was looked at before still is.
func broke(t *testing.T, c *awsfake.Cloud, d *Doctor, breaks func(*awsfake.Cloud), link Link, seen, next string) {
	t.Helper()
	before := run(t, d.Checks()...)
	breaks(c)
	report := run(t, d.Checks()...)
	found := false
	for _, line := range report.Lines {
		switch {
		case line.Status == Broken && line.Link == link:
			found = true
			if !strings.Contains(line.Seen, seen) || !strings.Contains(line.Next, next) {
				t.Errorf("%+v", line)
			}
		case line.Status == Broken:
			t.Errorf("also broken: %+v", line)
		case line.Status == NotLookedAt && line.Reason != Unclear && !slices.Contains(before.Lines, line):
			t.Errorf("not looked at: %+v", line)
		}
	}
	if !found || report.ExitCode() != ExitBroken || before.ExitCode() == ExitBroken {
		t.Errorf("%s is not broken: %s", link, text(t, report))
	}
}

// TestEachBreakOfTheArchive breaks one thing of the bucket after the other.
func TestEachBreakOfTheArchive(t *testing.T) {
	bucket := func(change func(*awsfake.BucketOptions)) func(*awsfake.Cloud) {
		return func(c *awsfake.Cloud) { c.SetBucket(toArchive.Bucket, change) }
	}
	lock := func(mode string, years int) func(*awsfake.Cloud) {
		return bucket(func(o *awsfake.BucketOptions) { o.Lock = &awsfake.ObjectLock{Mode: mode, Years: years} })
	}
	for name, test := range map[string]struct {
		breaks     func(*awsfake.Cloud)
		seen, next string
	}{
		"no Object Lock": {bucket(func(o *awsfake.BucketOptions) { o.Lock = nil }),
			"no Object Lock, and the stack has GOVERNANCE 2 years", "put-object-lock-configuration --bucket okta-archive"},
		"no default retention": {lock("", 0), "Object Lock without a default retention, and the stack has GOVERNANCE 2 years",
			"Mode=GOVERNANCE,Years=2"},
		"shorter retention": {lock("GOVERNANCE", 1), "Object Lock GOVERNANCE 1 year, and the stack has", "Years=2"},
		"days": {bucket(func(o *awsfake.BucketOptions) { o.Lock = &awsfake.ObjectLock{Mode: "COMPLIANCE", Days: 729} }),
			"COMPLIANCE 729 days, and", "Years=2"},
		"another key": {bucket(func(o *awsfake.BucketOptions) { o.KMSKey = anotherKey }),
			"encrypted with the key " + anotherKey + ", not with the stack's key", `"KMSMasterKeyID":"` + bucketKey},
		"no key": {bucket(func(o *awsfake.BucketOptions) { o.KMSKey = "" }),
			"encrypted with SSE-S3, not with the stack's key", "put-bucket-encryption --bucket okta-archive"},
		"not versioned": {bucket(func(o *awsfake.BucketOptions) { o.Versioning = "Suspended" }), "versioning is off",
			"put-bucket-versioning --bucket okta-archive --versioning-configuration Status=Enabled"},
		"digest changed": {func(c *awsfake.Cloud) { c.SetObject(toArchive.Bucket, digestOne, []byte("x\n")) },
			"digest 1 was changed after it was written", "oktastream verify --bucket okta-archive"},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := healthy(t)
			withArchive(t, c, d)
			broke(t, c, d, test.breaks, Archive, test.seen, test.next)
		})
	}
	t.Run("no bucket", func(t *testing.T) {
		c, d := healthy(t)
		withArchive(t, c, d)
		broke(t, c, d, func(*awsfake.Cloud) { d.Stack.Pipelines[1].Bucket = "okta-gone" }, Archive,
			"bucket okta-gone does not exist", "deploy")
	})
}

// What is right of an archive is said as it is: by the stack's lock, by what an existing bucket
// has, and by the objects and digests that are there.
func TestArchive(t *testing.T) {
	type options = awsfake.BucketOptions
	governed := options{Lock: &awsfake.ObjectLock{Mode: "GOVERNANCE", Years: 2}, KMSKey: bucketKey}
	existing := Pipeline{Name: "s-archive", Destination: "archive", Bucket: "okta-archive", Lock: "off"}
	for name, test := range map[string]struct {
		pipeline Pipeline
		bucket   options
		ago      time.Duration // of the object's hour; 0 is no object
		digest   bool
		want     string
	}{
		"as deployed": {toArchive, governed, 5 * time.Hour, true, "bucket okta-archive, newest object 0s old; " +
			"Object Lock GOVERNANCE 2 years; encrypted with the key " + bucketKey + "; versioned; " +
			"last digest 1, of hour 2026-11-27T10Z, made 1h ago, SHA-256 "},
		"stricter": {toArchive, options{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Days: 730}, KMSKey: bucketKey},
			time.Hour, false, "COMPLIANCE 730 days; "},
		"id of the key": {toArchive, options{Lock: governed.Lock, KMSKey: "ours"}, time.Hour, false, "the key ours; "},
		"no object":     {toArchive, governed, 0, false, "no object of the last 24 hours; "},
		"an old object": {toArchive, governed, 30 * time.Hour, false, "no object of the last 24 hours; "},
		"no lock in the stack": {existing, options{Lock: &awsfake.ObjectLock{}}, time.Hour, false,
			"Object Lock without a default retention; encrypted with SSE-S3; versioned; no digest yet"},
		"an existing bucket": {existing, options{Versioning: "Enabled", KMSKey: anotherKey}, time.Hour, false,
			"no Object Lock; encrypted with the key " + anotherKey + "; versioned; no digest yet"},
		"an existing bucket with a lock": {existing, options{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 7}},
			time.Hour, false, "Object Lock COMPLIANCE 7 years; "},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := healthy(t)
			c.AddBucket(existing.Bucket, test.bucket)
			d.Archives = func(ctx context.Context, bucket, owner string) (ObjectsAPI, error) {
				return archive.NewS3(ctx, c.Config(), archive.S3Options{Bucket: bucket, Owner: owner})
			}
			if test.ago > 0 {
				hour := archive.Hour{Org: "example", Start: noon.Add(-test.ago).Truncate(time.Hour)}
				c.SetObject(existing.Bucket, archive.Key(hour, []byte("x")), []byte("x"))
			}
			if test.digest {
				digestIn(t, c, existing.Bucket, noon.Add(-26*time.Hour), noon.Add(-time.Hour), nil)
			}
			report := run(t, d.destination(test.pipeline)...)
			if len(report.Lines) != 1 || report.Lines[0].Status != OK || !strings.Contains(report.Lines[0].Seen, test.want) {
				t.Errorf("%+v", report.Lines)
			}
			recent := test.ago > 0 && test.ago < 24*time.Hour
			if len(report.Hops) != 1 || (report.Hops[0].Newest != nil) != recent {
				t.Errorf("%+v", report.Hops)
			}
		})
	}
	c, d := healthy(t)
	withArchive(t, c, d)
	c.SetBucket(toArchive.Bucket, func(o *options) { o.KMSKey = "alias/ours" })
	report := run(t, d.Checks()...)
	if !slices.ContainsFunc(report.Lines, func(l Line) bool { return l.Link == Archive && l.Reason == Unclear }) {
		t.Errorf("an alias: %s", fmt.Sprint(report.Lines))
	}
}
