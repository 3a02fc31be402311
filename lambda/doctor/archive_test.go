package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/archive"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// The newest object of the archive is found by the hour of its events; a bucket that is
// gone or may not be listed is said.
func TestArchive(t *testing.T) {
	p := Pipeline{Name: "okta-archive", Destination: "archive", Bucket: "okta-archive"}
	for name, test := range map[string]struct {
		bucket bool
		ago    time.Duration // of the object's hour; 0 none
		denied bool
		status Status
		seen   string
		action string
	}{
		"an object":      {true, 5 * time.Hour, false, OK, "bucket okta-archive, newest object 0s old", ""},
		"no object":      {true, 0, false, OK, "no object of the last 24 hours", ""},
		"an old object":  {true, 30 * time.Hour, false, OK, "no object of the last 24 hours", ""},
		"bucket gone":    {false, 0, false, Broken, "bucket okta-archive does not exist", ""},
		"listing denied": {true, 0, true, NotLookedAt, listBucket, listBucket},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := awsfake.New(t, awsfake.Options{Now: clock})
			if test.bucket {
				cloud.AddBucket(p.Bucket, awsfake.BucketOptions{})
			}
			d := &Doctor{Stack: Stack{Source: ownSource}, Now: clock,
				Archives: func(ctx context.Context, p Pipeline) (ObjectsAPI, error) {
					return archive.NewS3(ctx, cloud.Config(), archive.S3Options{Bucket: p.Bucket})
				}}
			if test.ago > 0 {
				hour := archive.Hour{Org: "example", Start: noon.Add(-test.ago).Truncate(time.Hour)}
				cloud.SetObject(p.Bucket, archive.Key(hour, []byte("x")), []byte("x"))
			}
			if test.denied {
				cloud.SetFaults(func(awsfake.Call) awsfake.Fault { return awsfake.Fault{Status: 403} })
			}
			got := only(t, d.destination(p))
			if got.Status != test.status || !strings.Contains(got.Seen, test.seen) || got.Action != test.action {
				t.Errorf("%+v", got)
			}
			if found := len(got.Hops) == 1 && got.Hops[0].Newest != nil; found != (name == "an object") {
				t.Errorf("%+v", got.Hops)
			}
		})
	}
}
