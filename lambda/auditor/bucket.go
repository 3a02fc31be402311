package auditor

import (
	"context"
	"errors"
	"fmt"

	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// Bucket is what BucketState needs of an *archive.S3.
type Bucket interface {
	GetTagged(ctx context.Context, key string) (body []byte, etag string, err error)
	Replace(ctx context.Context, key string, body []byte, etag string) (newETag string, err error)
}

// BucketState is a State in a bucket.
type BucketState struct {
	Bucket Bucket
	Key    string
}

// StateKey returns the key of the state of an org's auditor: auditor/org=ORG/state.json, with the
// name of the org as the archive has it.
func StateKey(org string) string {
	return "auditor/" + archive.OrgPrefix(org)[len(archive.EventsPrefix):] + "state.json"
}

// Read implements State.
func (b *BucketState) Read(ctx context.Context) (body []byte, tag string, err error) {
	return b.Bucket.GetTagged(ctx, b.Key)
}

// Write implements State.
func (b *BucketState) Write(ctx context.Context, body []byte, tag string) (newTag string, err error) {
	newTag, err = b.Bucket.Replace(ctx, b.Key, body, tag)
	if errors.Is(err, archive.ErrChanged) {
		err = fmt.Errorf("%w: %w", ErrRaced, err)
	}
	return newTag, err
}
