package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/archive"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// ObjectsAPI lists the objects of an archive. It is an *archive.S3.
type ObjectsAPI interface {
	List(ctx context.Context, prefix string, each func(archive.Object) error) error
}

const (
	// listBucket is the IAM action of listing a bucket.
	listBucket = "s3:ListBucket"
	// archiveHours is how many hours of published are looked at for the newest object, from
	// the current one back.
	archiveHours = 24
	// maxObjects bounds the objects of one hour that are listed: ten pages.
	maxObjects = 10_000
)

var errEnough = errors.New("enough objects")

// archive looks at the newest object of an archive, hour by hour of published. Object
// Lock, encryption and digests of the bucket are not looked at.
func (d *Doctor) archive(p Pipeline) []Check {
	return []Check{{Link: Archive, Pipeline: p.Name, Budget: 2 * budget, Look: func(ctx context.Context) Result {
		store, err := d.Archives(ctx, p)
		if err != nil {
			return Unseen(Unclear, err.Error(), "correct the setting bucket")
		}
		now := d.Now()
		org, _, _ := events.ParseSource(d.Stack.Source)
		hop := Hop{Hop: HopDestination, From: "archive"}
		for back := range archiveHours {
			hour := archive.Hour{Org: org, Start: now.UTC().Truncate(time.Hour).Add(-time.Duration(back) * time.Hour)}
			newest, err := newestObject(ctx, store, hour)
			switch {
			case awserror.Is(err, "NoSuchBucket"):
				return Gone("bucket "+p.Bucket+" does not exist", deployAgain)
			case err != nil:
				return Failed(listBucket, err)
			}
			if hop.Since = hour.Start; !newest.IsZero() {
				hop.Newest = &newest
				r := Fine(fmt.Sprintf("bucket %s, newest object %s old", p.Bucket, age(now.Sub(newest))))
				r.Hops = []Hop{hop}
				return r
			}
		}
		r := Fine(fmt.Sprintf("bucket %s, no object of the last %d hours", p.Bucket, archiveHours))
		r.Hops = []Hop{hop}
		return r
	}}}
}

// newestObject is when the newest object of an hour was stored; the zero time where the
// hour has none.
func newestObject(ctx context.Context, store ObjectsAPI, hour archive.Hour) (time.Time, error) {
	var newest time.Time
	n := 0
	err := store.List(ctx, hour.Prefix(), func(o archive.Object) error {
		newest = maxTime(newest, o.Modified)
		if n++; n >= maxObjects {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return newest.UTC(), err
}
