package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// ObjectsAPI are the calls of a bucket. It is an *archive.S3.
type ObjectsAPI interface {
	archive.Reader
	ObjectLock(context.Context) (archive.ObjectLock, error)
	Encryption(context.Context) (archive.Encryption, error)
	Versioning(context.Context) (string, error)
}

// The IAM actions of a bucket.
const (
	listBucket    = "s3:ListBucket"
	getObject     = "s3:GetObject"
	getLock       = "s3:GetBucketObjectLockConfiguration"
	getEncryption = "s3:GetEncryptionConfiguration"
	getVersioning = "s3:GetBucketVersioning"
)

const (
	// archiveHours is how many hours of published are searched for the newest object, the current
	// one first.
	archiveHours = 24
	// maxObjects bounds the objects of one hour that are listed: ten pages.
	maxObjects = 10_000
)

var errEnough = errors.New("enough objects")

// archive looks at the bucket of an archive: its newest object, its settings, and its last
// digest.
func (d *Doctor) archive(p Pipeline) []Check {
	var list []Check
	for _, look := range []func(context.Context, Pipeline, ObjectsAPI) Result{
		d.newestObject, d.objectLock, d.encryption, d.versioning, d.archiveDigest,
	} {
		list = append(list, Check{Link: Archive, Pipeline: p.Name, Budget: 2 * budget,
			Look: func(ctx context.Context) Result {
				bucket, err := d.Archives(ctx, p.Bucket, p.BucketOwner)
				if err != nil {
					return Unseen(Unclear, err.Error(), "correct the setting bucket")
				}
				return look(ctx, p, bucket)
			}})
	}
	return list
}

// bucketFailed returns the result of a check whose call of a bucket failed.
func (d *Doctor) bucketFailed(bucket, action string, err error) Result {
	return failed(action, err, Gone("bucket "+bucket+" does not exist", d.Stack.deploy()))
}

// newestObject looks for the newest object of an archive, hour by hour of published.
func (d *Doctor) newestObject(ctx context.Context, p Pipeline, bucket ObjectsAPI) Result {
	now := d.Now()
	org, _, _ := events.ParseSource(d.Stack.Source)
	hop := Hop{Hop: HopDestination, From: "archive"}
	for back := range archiveHours {
		hour := archive.Hour{Org: org, Start: now.UTC().Truncate(time.Hour).Add(-time.Duration(back) * time.Hour)}
		newest, all, err := newestOfHour(ctx, bucket, hour)
		if err != nil {
			return d.bucketFailed(p.Bucket, listBucket, err)
		}
		if hop.Since = hour.Start; !newest.IsZero() {
			hop.Newest = &newest
			old := age(now.Sub(newest)) + " old"
			if !all {
				old += " or newer"
			}
			r := Fine(fmt.Sprintf("bucket %s, newest object %s", p.Bucket, old))
			r.Hops = []Hop{hop}
			return r
		}
	}
	r := Fine(fmt.Sprintf("bucket %s, no object of the last %d hours", p.Bucket, archiveHours))
	r.Hops = []Hop{hop}
	return r
}

// objectLock compares the default retention of the bucket with the stack's. Where the stack sets none,
// any is right: a bucket that the stack did not make may have its own.
func (d *Doctor) objectLock(ctx context.Context, p Pipeline, bucket ObjectsAPI) Result {
	got, err := bucket.ObjectLock(ctx)
	if err != nil {
		return d.bucketFailed(p.Bucket, getLock, err)
	}
	seen := "Object Lock without a default retention"
	switch {
	case got.Mode != "":
		seen = "Object Lock " + got.Mode + " " + retained(got)
	case !got.Enabled:
		seen = "no Object Lock"
	}
	want := strings.ToUpper(p.Lock)
	if p.Lock == "" || p.Lock == "off" {
		return Fine(seen)
	}
	if (got.Mode == want || got.Mode == "COMPLIANCE") && 365*got.Years+got.Days >= 365*p.LockYears {
		return Fine(seen)
	}
	return Fault(fmt.Sprintf("%s, and the stack has %s %s", seen, want, many(p.LockYears, "year")),
		fmt.Sprintf("aws s3api put-object-lock-configuration --bucket %s --object-lock-configuration "+
			"ObjectLockEnabled=Enabled,Rule={DefaultRetention={Mode=%s,Years=%d}}; objects keep the retention "+
			"with which they were written", p.Bucket, want, p.LockYears))
}

// retained is how long a bucket retains new objects.
func retained(l archive.ObjectLock) string {
	if l.Years > 0 {
		return many(l.Years, "year")
	}
	return many(l.Days, "day")
}

// encryption compares the key of the bucket's default encryption with the stack's, of a bucket
// that the stack made.
func (d *Doctor) encryption(ctx context.Context, p Pipeline, bucket ObjectsAPI) Result {
	got, err := bucket.Encryption(ctx)
	if err != nil {
		return d.bucketFailed(p.Bucket, getEncryption, err)
	}
	seen := "encrypted with SSE-S3"
	if got.Algorithm != "AES256" {
		seen = "encrypted with the key " + cmp.Or(got.Key, "aws/s3")
	}
	_, id, _ := strings.Cut(p.BucketKey, ":key/")
	switch {
	case p.BucketKey == "" || got.Key == p.BucketKey || got.Key == id:
		return Fine(seen)
	case strings.Contains(got.Key, "alias/"):
		return Unseen(Unclear, seen+": doctor does not look up aliases",
			"look whether it is an alias of the stack's key "+p.BucketKey)
	}
	return Fault(seen+", not with the stack's key",
		fmt.Sprintf("aws s3api put-bucket-encryption --bucket %s --server-side-encryption-configuration "+
			`'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":%q},`+
			`"BucketKeyEnabled":true}]}'`, p.Bucket, p.BucketKey))
}

// versioning looks whether the bucket keeps objects that are deleted or overwritten.
func (d *Doctor) versioning(ctx context.Context, p Pipeline, bucket ObjectsAPI) Result {
	switch got, err := bucket.Versioning(ctx); {
	case err != nil:
		return d.bucketFailed(p.Bucket, getVersioning, err)
	case got != "Enabled":
		return Fault("versioning is off: an object that is deleted or overwritten is lost",
			"aws s3api put-bucket-versioning --bucket "+p.Bucket+" --versioning-configuration Status=Enabled")
	}
	return Fine("versioned")
}

// archiveDigest looks at the last digest of an archive.
func (d *Doctor) archiveDigest(ctx context.Context, p Pipeline, bucket ObjectsAPI) Result {
	org, _, _ := events.ParseSource(d.Stack.Source)
	_, result := d.lastDigest(ctx, p.Bucket, org, bucket)
	return result
}

// lastDigest reads the last digest of an org, and judges it. The digest is nil where there is none, and
// where the result is not ok.
func (d *Doctor) lastDigest(ctx context.Context, name, org string, bucket ObjectsAPI) (*archive.Digest, Result) {
	last, head, err := archive.Last(ctx, bucket, org)
	switch {
	case err != nil && head.Number > 0:
		return nil, d.bucketFailed(name, getObject, err)
	case err != nil:
		return nil, d.bucketFailed(name, listBucket, err)
	case head.Number == 0:
		return nil, Fine("no digest yet")
	case last == nil:
		return nil, Fault(fmt.Sprintf("digest %d was changed after it was written", head.Number),
			"oktastream verify --bucket "+name+" says what was changed")
	}
	return last, Fine(fmt.Sprintf("last digest %d, of hour %s, made %s ago, SHA-256 %s", head.Number,
		last.Hour.UTC().Format("2006-01-02T15Z"), age(d.Now().Sub(last.Made)), head.Hash))
}

// newestOfHour returns when the newest object of an hour was stored; the zero time where the hour has
// none. all is false where the hour has more than maxObjects, of which the first were looked at.
func newestOfHour(ctx context.Context, store ObjectsAPI, hour archive.Hour) (newest time.Time, all bool, err error) {
	n := 0
	err = store.List(ctx, hour.Prefix(), func(o archive.Object) error {
		if n++; n > maxObjects {
			return errEnough
		}
		newest = maxTime(newest, o.Modified)
		return nil
	})
	if errors.Is(err, errEnough) {
		return newest.UTC(), false, nil
	}
	return newest.UTC(), true, err
}
