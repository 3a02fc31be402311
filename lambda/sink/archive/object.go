package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
)

// contents is what an object holds.
type contents struct {
	Entry
	// uuids and times, in milliseconds since 1970, are those of its events, in their order. There are
	// none where Fault is FaultContent.
	uuids []string
	times []int64
}

// Bounds of reading: how often an object is read when the read is interrupted, and how many objects of an
// hour are read at the same time.
const (
	maxReads  = 3
	readAhead = 8
)

// errUnfinished is a read that ended too early.
var errUnfinished = errors.New("the read was interrupted")

// unfinished returns the error of a reader as errUnfinished.
func unfinished(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errUnfinished, err)
}

// again makes attempts until one does not end with errUnfinished.
func again(ctx context.Context, do func() error) (err error) {
	for range maxReads {
		if err = do(); !errors.Is(err, errUnfinished) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// readObject reads an object to its end. An error means that its bytes could not be read.
func readObject(ctx context.Context, r Reader, key string) (c contents, err error) {
	err = again(ctx, func() error {
		c, err = readOnce(ctx, r, key)
		return err
	})
	if err != nil {
		return contents{}, fmt.Errorf("read %s: %w", key, err)
	}
	return c, nil
}

func readOnce(ctx context.Context, r Reader, key string) (contents, error) {
	c := contents{Entry: Entry{Key: key}}
	hour, sum, ok := ParseKey(key)
	if !ok {
		return c, fmt.Errorf("%q is not the key of an object with events", key)
	}
	body, err := r.Get(ctx, key)
	if err != nil {
		return c, err
	}
	defer body.Close() // it was only read
	hash := sha256.New()
	source := &source{r: io.TeeReader(body, hash), ctx: ctx}
	first, end := hour.Start.UnixMilli(), hour.End().UnixMilli()
	invalid := EachEvent(source, func(uuid []byte, publishedMS int64) error {
		c.Events++
		c.uuids, c.times = append(c.uuids, string(uuid)), append(c.times, publishedMS)
		if publishedMS < first || publishedMS >= end {
			c.Fault = FaultHour
		}
		return nil
	})
	// The hash needs the bytes after a fault too.
	_, _ = io.Copy(io.Discard, source)
	if source.err != nil {
		return c, unfinished(source.err)
	}
	c.SHA256 = hex.EncodeToString(hash.Sum(nil))
	switch {
	case invalid != nil:
		c.Fault, c.Events, c.uuids, c.times = FaultContent, 0, nil, nil
	case c.SHA256 != sum:
		c.Fault = FaultName
	}
	return c, nil
}

// source keeps the error of a reader.
type source struct {
	r   io.Reader
	ctx context.Context
	err error
}

func (s *source) Read(b []byte) (n int, err error) {
	if err = s.ctx.Err(); err == nil {
		n, err = s.r.Read(b)
	}
	if err != nil && !errors.Is(err, io.EOF) && s.err == nil {
		s.err = err
	}
	return n, err
}

// readObjects reads objects, some at the same time, and returns for each its contents or its error.
func readObjects(ctx context.Context, r Reader, keys []string) ([]contents, []error) {
	all, errs := make([]contents, len(keys)), make([]error, len(keys))
	var group errgroup.Group
	group.SetLimit(readAhead)
	for i, key := range keys {
		group.Go(func() error {
			all[i], errs[i] = readObject(ctx, r, key)
			return nil
		})
	}
	_ = group.Wait() // errs has the errors
	return all, errs
}

// EachInHour calls do with each event of the objects of an hour: its uuid, valid until do returns, and
// the time at which it was published, in milliseconds since 1970. It reads some objects at the same
// time, and calls do from one goroutine. faulty counts the objects for which EachEvent returns an
// error. An object whose bytes could not be read to their end, and an error of do, end it.
func EachInHour(ctx context.Context, r Reader, hour Hour, do func(uuid []byte, publishedMS int64) error) (
	faulty int64, err error,
) {
	var keys []string
	err = r.List(ctx, hour.Prefix(), func(o Object) error {
		if h, _, ok := ParseKey(o.Key); ok && h == hour {
			keys = append(keys, o.Key)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("list the objects of %s: %w", hour, err)
	}
	for some := range slices.Chunk(keys, atATime) {
		all, errs := readObjects(ctx, r, some)
		if err := errors.Join(errs...); err != nil {
			return faulty, err
		}
		for _, c := range all {
			if c.Fault == FaultContent {
				faulty++
			}
			for i, uuid := range c.uuids {
				if err := do([]byte(uuid), c.times[i]); err != nil {
					return faulty, err
				}
			}
		}
	}
	return faulty, nil
}
