package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// maxState bounds an object that GetTagged reads, in bytes.
const maxState = 16 << 20

// GetTagged returns the bytes of a small object, 16 MiB at most, and its ETag. The error for a key
// without an object wraps fs.ErrNotExist.
func (s *S3) GetTagged(ctx context.Context, key string) (body []byte, etag string, err error) {
	response, err := s.get(ctx, key)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close() // it was only read
	body, err = io.ReadAll(io.LimitReader(response.Body, maxState+1))
	if err == nil && len(body) > maxState {
		err = fmt.Errorf("it has more than %d bytes", maxState)
	}
	if etag = response.Header.Get("ETag"); err == nil && etag == "" {
		err = errors.New("the response has no ETag")
	}
	if err != nil {
		return nil, "", s.problem("get "+key, err)
	}
	return body, etag, nil
}

// Replace replaces the object that has this ETag; where etag is "", it stores an object where there is
// none. It returns the new ETag. Where the object has another ETag, or does not exist, the error wraps
// ErrRaced.
func (s *S3) Replace(ctx context.Context, key string, body []byte, etag string) (newETag string, err error) {
	condition, value := "If-Match", etag
	if etag == "" {
		condition, value = "If-None-Match", "*"
	}
	newETag, err = s.put(ctx, key, body, condition, value)
	if awserror.Is(err, preconditionFailed) || etag != "" && awserror.Is(err, noSuchKey) {
		return "", fmt.Errorf("put %s: %w", key, ErrRaced)
	}
	return newETag, err
}
