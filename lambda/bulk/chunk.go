package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/stream"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// The size of a chunk, the unit of a worker. Unlike that of a batch, it changes only the speed.
const (
	chunkItems = 256
	chunkBytes = 1 << 20
)

// chunk has consecutive values of the input and their records. The reader fills it, a worker
// processes it, the writer writes it and returns it to the reader.
type chunk struct {
	text  []byte // of all items, one after the other
	items []item
	bytes int // of the inputs, with the bytes between the items

	out     []byte // normalised records, one after the other
	kept    []byte // the carriers of the records, one after the other, for a Remote
	results []result
	done    chan struct{}
}

// item is one value of the input and its place.
type item struct {
	ordinal    int64 // counted over the values of all inputs
	start, end int   // in the chunk's text
	fault      *events.Fault
	broken     error // why the input ended here, before its end
	input      string
	line       int
	offset     int64
	length     int64
}

// result is one record of an item.
type result struct {
	pipeline.Record
	item  int
	empty bool          // the item had no records
	fault *events.Fault // its Body is a copy; nil Body: too long to be kept

	keptStart, keptEnd int // in the chunk's kept
}

func (c *chunk) reset() {
	// A chunk that was once very large does not keep its memory.
	if cap(c.text)+cap(c.out)+cap(c.kept) > 16*chunkBytes {
		c.text, c.out, c.kept = nil, nil, nil
	}
	*c = chunk{text: c.text[:0], items: c.items[:0], out: c.out[:0], kept: c.kept[:0], results: c.results[:0]}
}

// process normalises the items. keep also keeps the carrier of each record.
func (c *chunk) process(p *pipeline.Pipeline, keep bool) {
	for i := range c.items {
		it := &c.items[i]
		text := c.text[it.start:it.end]
		if it.broken != nil {
			continue
		}
		if it.fault != nil {
			if it.length == int64(len(text)) {
				it.fault.Body = text
			}
			c.results = append(c.results, result{Record: pipeline.Record{Stage: "read"}, item: i, fault: it.fault})
			continue
		}
		before := len(c.results)
		c.out = p.Process(c.out, text, func(r *pipeline.Record) {
			res := result{Record: *r, item: i}
			res.Carrier = nil // valid only during this call
			if keep && r.Fault == nil && !r.Filtered {
				res.keptStart = len(c.kept)
				c.kept = append(c.kept, r.Carrier...)
				res.keptEnd = len(c.kept)
			}
			if r.Fault != nil {
				fault := *r.Fault
				fault.Body = append([]byte{}, fault.Body...)
				res.fault, res.Record.Fault = &fault, nil
			}
			c.results = append(c.results, res)
		})
		if len(c.results) == before {
			c.results = append(c.results, result{item: i, empty: true})
		}
	}
}

// reader is the first stage: it fills chunks.
type reader struct {
	job               *Job
	free, work, order chan *chunk
	chunk             *chunk
	ordinal           int64
}

func (r *reader) run(ctx context.Context) {
	for _, in := range r.job.Inputs {
		if ctx.Err() != nil {
			return
		}
		if err := r.input(ctx, in); err != nil && ctx.Err() == nil {
			r.add(ctx, item{input: in.Name, broken: err}, nil)
		}
	}
	r.flush()
}

func (r *reader) input(ctx context.Context, in Input) error {
	source, err := in.Open()
	if err != nil {
		return err
	}
	counted := &countingReader{source: source}
	err = r.items(ctx, in, counted)
	if closing := source.Close(); err == nil && closing != nil {
		err = fmt.Errorf("close %s: %w", in.Name, closing)
	}
	return err
}

func (r *reader) items(ctx context.Context, in Input, source *countingReader) error {
	values := stream.NewReader(source, stream.Options{MaxRecord: r.job.MaxRecord})
	for first := true; ctx.Err() == nil; first = false {
		// Records must not wait while reading the next input may take hours.
		if r.chunk != nil && !values.Ready() {
			r.flush()
		}
		value, err := values.Next()
		if n := source.take(); n > 0 && r.job.Progress != nil {
			r.job.Progress(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if first && value.Fault == nil {
			if format := events.CheckFormat(value.Text); format != nil {
				return format
			}
		}
		if in.Pipe && value.CutOff && interrupted(ctx) {
			return nil
		}
		it := item{
			fault: value.Fault, input: in.Name, line: value.Line, offset: value.Offset, length: value.Length,
		}
		if !r.add(ctx, it, value.Text) {
			return nil
		}
	}
	return nil
}

// interrupted reports whether ctx is done or will be within interruptDelay.
func interrupted(ctx context.Context) bool {
	timer := time.NewTimer(interruptDelay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true
	case <-timer.C:
		return false
	}
}

func (r *reader) add(ctx context.Context, it item, text []byte) bool {
	if r.chunk == nil {
		select {
		case r.chunk = <-r.free:
			r.chunk.done = make(chan struct{})
		case <-ctx.Done():
			return false
		}
	}
	c := r.chunk
	it.ordinal, it.start, it.end = r.ordinal, len(c.text), len(c.text)+len(text)
	c.text = append(c.text, text...)
	c.items = append(c.items, it)
	c.bytes += int(it.length)
	if it.broken == nil {
		r.ordinal++
	}
	if len(c.items) == chunkItems || len(c.text) >= chunkBytes {
		r.flush()
	}
	return true
}

// flush gives the chunk to a worker and to the writer. It never blocks: the channels have room for
// all chunks.
func (r *reader) flush() {
	if r.chunk == nil {
		return
	}
	r.work <- r.chunk
	r.order <- r.chunk
	r.chunk = nil
}

// countingReader counts the bytes that were read of an input, for the progress.
type countingReader struct {
	source io.Reader
	n      int
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	r.n += n
	return n, err
}

func (r *countingReader) take() int {
	n := r.n
	r.n = 0
	return n
}
