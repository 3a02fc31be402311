package archive

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// maxBatch bounds an object before compression, in bytes, and so the memory of one call. The function
// stays below it: an invocation has 6 MB at most ("Lambda quotas", AWS, 2026-11). S3 takes 5 GB in
// one PutObject ("Uploading objects", Amazon S3 user guide, 2026-11).
const maxBatch = 64 << 20

var limits = sink.Limits{Bytes: maxBatch, PerRecord: 1, Sorted: true}

// Config are the settings of a Sink.
type Config struct {
	// CallTimeout is how long one Put may take; 10 s where it is 0.
	CallTimeout time.Duration
	Now         func() time.Time // time.Now where it is nil
}

// Sink delivers records to one archive, one line a record. It is a sink.BatchSink and may be used
// by many goroutines.
//
// An object holds records of one org and of one hour of published, whatever their age, and its name
// is the hash of its bytes. So records that are sent again in the same batch, because the response
// was lost, are the same object, which is not stored twice: they are Accepted, and AlreadyThere. A
// record that SQS delivers again together with other records is in two objects: count distinct
// uuids.
//
// S3 takes any bytes: where it refuses a call, the cause is the bucket, its key or a permission,
// and never a record. Dead is only a record of more than 33 MiB, which Verify does not read. The
// function gets none: an SQS message has 1 MiB at most ("Amazon SQS message quotas", 2026-11).
type Sink struct {
	objects Putter
	timeout time.Duration
	now     func() time.Time
	writers sync.Pool // of *gzip.Writer
}

// New returns a Sink that stores objects with Put.
func New(objects Putter, c Config) *Sink {
	s := &Sink{objects: objects, timeout: cmp.Or(c.CallTimeout, sink.CallTimeout), now: c.Now}
	if s.now == nil {
		s.now = time.Now
	}
	s.writers.New = func() any { return gzip.NewWriter(nil) }
	return s
}

// Cut returns the indexes of records in batches of one org and hour, each sorted by time:
// a batch is an object.
func (s *Sink) Cut(records []sink.Record) [][]int {
	var hours []Hour
	of := map[Hour][]int{}
	for i := range records {
		hour := hourOf(&records[i])
		if of[hour] == nil {
			hours = append(hours, hour)
		}
		of[hour] = append(of[hour], i)
	}
	var batches [][]int
	for _, hour := range hours {
		indexes := of[hour]
		measure := func(n int) (int, int64) {
			r := &records[indexes[n]]
			return len(r.Line), r.TimeMS
		}
		for _, batch := range sink.Cut(len(indexes), limits, measure) {
			for n, at := range batch {
				batch[n] = indexes[at]
			}
			batches = append(batches, batch)
		}
	}
	return batches
}

func hourOf(r *sink.Record) Hour {
	return HourOf(cmp.Or(r.Org, NoOrg), r.TimeMS)
}

// Deliver stores records, one object for each batch that Cut makes of them. The first failure ends it,
// and all records that are not stored by then stay at Retry. A call whose response was lost may have
// stored its object: sent again, its records are AlreadyThere.
func (s *Sink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	for _, batch := range s.Cut(records) {
		batch = slices.DeleteFunc(batch, func(i int) bool {
			if n := len(records[i].Line); n > maxRecord {
				answers[i] = sink.Answer{State: sink.Dead, Reason: events.TooLarge, Detail: fmt.Sprintf(
					"the record has %d bytes, and the archive takes at most %d", n, maxRecord)}
			}
			return answers[i].State == sink.Dead
		})
		if len(batch) == 0 {
			continue
		}
		body, err := s.object(records, batch)
		if err != nil {
			return err
		}
		err = s.put(ctx, Key(hourOf(&records[batch[0]]), body), body)
		exists := errors.Is(err, ErrExists)
		if err != nil && !exists {
			return s.failure(err)
		}
		for _, i := range batch {
			answers[i] = sink.Answer{State: sink.Accepted, AlreadyThere: exists, Bytes: len(records[i].Line) + 1}
		}
	}
	return nil
}

// object returns the bytes of the object that holds a batch. The same batch has the same bytes: the
// gzip header has no time and no name, and its OS is 255, "unknown" (RFC 1952, 2.3.1). Another
// version of Go may compress differently.
func (s *Sink) object(records []sink.Record, batch []int) ([]byte, error) {
	// The buffer is not reused: a call that has timed out may still be sending its bytes.
	var body bytes.Buffer
	zip := s.writers.Get().(*gzip.Writer)
	defer s.writers.Put(zip)
	zip.Reset(&body)
	for _, i := range batch {
		if _, err := zip.Write(records[i].Line); err != nil {
			return nil, fmt.Errorf("compress an object: %w", err)
		}
		if _, err := zip.Write([]byte{'\n'}); err != nil {
			return nil, fmt.Errorf("compress an object: %w", err)
		}
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("compress an object: %w", err)
	}
	return body.Bytes(), nil
}

func (s *Sink) put(ctx context.Context, key string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.objects.Put(ctx, key, body)
}

// failure judges an error of Put. S3 refuses no request for its records: it would refuse it again until
// a person changes the bucket or a permission.
func (s *Sink) failure(err error) *sink.Error {
	_, isPath := errors.AsType[*fs.PathError](err)
	_, isLink := errors.AsType[*os.LinkError](err)
	if isPath || isLink { // of a directory: a full disk, no permission
		return &sink.Error{Kind: sink.Blocked, Err: err}
	}
	e := awserror.New("PutObject", err, s.now())
	if e.Kind == sink.Content || e.Kind == sink.Unknown {
		e.Kind = sink.Blocked
	}
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && awserror.Is(err, "PermanentRedirect") {
		region := awserror.Code(r.Response.Header.Get("X-Amz-Bucket-Region"))
		e.Err = fmt.Errorf("%w: the bucket is in the region %s", e.Err, region)
	}
	return e
}
