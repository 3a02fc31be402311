// Package bulk runs the pipeline over files and streams on all cores. Records are written in the
// order of the input, with any number of cores, and memory is bounded by the chunks in flight.
package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// batchSize is the number of consecutive values of the input in a batch. Copies of an event are
// recognised within a batch.
const batchSize = 1000

// Input is one stream of events.
type Input struct {
	Name string // for messages
	Open func() (io.ReadCloser, error)
	// Pipe: the input is a pipe, and Ctrl-C also ends the program that writes it. A record that is
	// cut off by the end of a pipe is bad only if the run is not interrupted within interruptDelay.
	Pipe bool
}

// interruptDelay is how long after the end of a pipe the run waits for the signal that may have
// ended the pipe's writer.
const interruptDelay = 100 * time.Millisecond

// NoteKind is the kind of a Note. Kinds of notes about events have the names of the ledger's
// counters.
type NoteKind string

// The notes of a run.
const (
	UnknownType NoteKind = "unknown_type" // Okta had not published the event's type
	Conflict    NoteKind = "conflict"     // an event with this uuid came before, within a batch, with other bytes
	NoEvents    NoteKind = "no_events"    // an envelope without events, such as a CloudWatch Logs control message
)

// Note is about an event that was delivered but that somebody may want to check or, without UUID
// and Type, about an envelope without events.
type Note struct {
	Kind NoteKind `json:"note"`
	UUID string   `json:"uuid,omitempty"`
	Type string   `json:"event_type,omitempty"`
	File string   `json:"file"`
	Line int      `json:"line"`
}

// Result is the result of a run.
type Result struct {
	ledger.Ledger
	// Interrupted: the run ended before all inputs were read, and its output is partial.
	Interrupted bool `json:"interrupted"`
	// Incomplete counts the inputs that were not read, or not to their end.
	Incomplete int `json:"incomplete_inputs"`
	// GaveUp is why the run stopped sending to Job.Remote; nil if it did not.
	GaveUp error `json:"-"`
}

// JSON returns the result as one JSON object: the ledger's members, then its own.
func (r Result) JSON() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic("a struct of integers cannot be written as JSON: " + err.Error())
	}
	return text
}

// Job is one run.
type Job struct {
	Inputs    []Input
	Config    pipeline.Config
	MaxRecord int // bytes; see stream.Options
	Workers   int // goroutines that process; at least 1
	Sink      sink.Sink
	// Remote, if not nil, receives the records instead of Sink.
	Remote *Remote
	// Bad receives every record that cannot be delivered. Its error ends the run.
	Bad func(*deadletter.Letter) error
	// Unreadable receives an input that cannot be opened or read to its end, or is of a kind that
	// is not read (an [events.FormatError]). The run continues with the next input.
	Unreadable func(name string, err error)
	// Note receives the events of unknown types and with conflicting uuids, and the envelopes
	// without events, in order, from one goroutine. It may be nil.
	Note func(Note)
	// Progress is called, from one goroutine, with the number of bytes of the inputs
	// that were read since its last call. It may be nil.
	Progress func(bytes int)
	Now      func() time.Time
	Version  string // of oktastream, for dead letters
}

// Run runs the job until the inputs end or outer does, and returns the result so far. The error is
// that of outer, of the sink or of Bad.
func (j *Job) Run(outer context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)

	// Two chunks for each worker keep all of them busy; the reader fills one more, and the writer
	// writes those of a batch.
	inFlight := 2*j.Workers + 1 + j.batchChunks()
	free := make(chan *chunk, inFlight)
	for range inFlight {
		free <- &chunk{}
	}
	work := make(chan *chunk, inFlight)
	order := make(chan *chunk, inFlight)

	var workers sync.WaitGroup
	for range j.Workers {
		workers.Go(func() {
			p := pipeline.New(j.Config)
			for c := range work {
				c.process(p, j.Remote != nil)
				close(c.done)
			}
		})
	}
	// Run does not wait for the reader, because a Read of a terminal may never return. The reader
	// owns the channels, and ends when it sees that ctx is done.
	go func() {
		defer close(order)
		defer close(work)
		r := reader{job: j, free: free, work: work, order: order}
		r.run(ctx)
	}()

	w := writer{job: j}
	err := w.run(ctx, order, free)
	cancel(err)
	if err == nil {
		workers.Wait()
	}
	interrupted := err != nil && outer.Err() != nil
	return Result{Ledger: w.ledger, Interrupted: interrupted, Incomplete: w.incomplete, GaveUp: w.gaveUp}, err
}

// batchChunks is the maximum number of chunks that are delivered together.
func (j *Job) batchChunks() int {
	if j.Remote == nil {
		return 1
	}
	return remoteChunks
}

// writer is the last stage: it receives the chunks in order.
type writer struct {
	job    *Job
	ledger ledger.Ledger
	window pipeline.Window

	incomplete int // inputs

	chunks  []*chunk // delivered together
	records []sink.Record
	origins []origin // of the records
	answers []sink.Answer
	letter  deadletter.Letter

	gaveUp error // if not nil, nothing more is sent to Job.Remote
}

// origin is the item and input of a record.
type origin struct {
	chunk  *chunk
	result *result
}

// run writes the chunks. All that are ready are delivered together, up to Job.batchChunks: a
// destination that is slower than the input gets larger batches.
func (w *writer) run(ctx context.Context, order, free chan *chunk) error {
	for {
		c, err := next(ctx, order)
		if c == nil {
			return err
		}
		<-c.done
		w.chunks = append(w.chunks, c)
		if len(w.chunks) < w.job.batchChunks() && len(order) > 0 {
			continue
		}
		if err := w.write(ctx); err != nil {
			return err
		}
		for _, c := range w.chunks {
			c.reset()
			free <- c
		}
		w.chunks = w.chunks[:0]
	}
}

// next returns the next chunk in order; nil at the end, with ctx's error if ctx ended the input.
// Chunks that are ready when ctx ends are still written.
func next(ctx context.Context, order chan *chunk) (*chunk, error) {
	var c *chunk
	select {
	case c = <-order:
	default:
		select {
		case c = <-order:
		case <-ctx.Done():
		}
	}
	if c == nil {
		return nil, context.Cause(ctx)
	}
	return c, nil
}

// write delivers the records of the chunks.
func (w *writer) write(ctx context.Context) error {
	clear(w.records)
	w.records, w.origins = w.records[:0], w.origins[:0]
	for _, c := range w.chunks {
		w.ledger.BytesIn += int64(c.bytes)
		for i := range c.results {
			if err := w.add(c, &c.results[i]); err != nil {
				return errors.Join(err, w.deliver(ctx))
			}
		}
	}
	err := w.deliver(ctx)
	for _, c := range w.chunks {
		for i := range c.items {
			if broken := c.items[i].broken; broken != nil {
				w.incomplete++
				w.job.Unreadable(c.items[i].input, broken)
			}
		}
	}
	return err
}

// add counts one record in the ledger and, unless it is already finished, adds it to the batch to
// deliver.
func (w *writer) add(c *chunk, r *result) error {
	if ordinal := c.items[r.item].ordinal; ordinal >= w.ledger.Batches*batchSize {
		w.window.Reset()
		w.ledger.Batches = ordinal/batchSize + 1
	}
	switch {
	case r.empty:
		w.note(NoEvents, c, r)
		return nil
	case r.fault != nil:
		if err := w.bad(c, r); err != nil {
			return err
		}
		w.ledger.Received++
		w.ledger.Dead++
		return nil
	case r.Filtered:
		w.ledger.Received++
		w.ledger.Filtered++
		return nil
	}
	if r.UnknownType {
		w.ledger.UnknownType++
		w.note(UnknownType, c, r)
	}
	switch verdict, _ := w.window.Add(r.UUID, r.Hash, 0); verdict {
	case pipeline.Duplicate:
		w.ledger.Received++
		w.ledger.Duplicate++
		return nil
	case pipeline.Conflict:
		w.ledger.Conflict++
		w.note(Conflict, c, r)
	}
	if events.Match(events.LogStreamEvents, r.Type) {
		w.ledger.StreamChanged++
	}
	w.records = append(w.records, sink.Record{
		Line: c.out[r.Start:r.End:r.End], UUID: r.UUID, TimeMS: r.PublishedMS, Org: r.Org, Raw: r.Raw,
	})
	w.origins = append(w.origins, origin{c, r})
	return nil
}

func (w *writer) note(kind NoteKind, c *chunk, r *result) {
	if w.job.Note == nil {
		return
	}
	at := &c.items[r.item]
	w.job.Note(Note{Kind: kind, UUID: r.UUID, Type: r.Type, File: at.input, Line: at.line})
}

// deliver delivers the batch to the sink. A record that the sink did not accept ends the run, and
// the ledger does not count it as received.
func (w *writer) deliver(ctx context.Context) error {
	if len(w.records) == 0 {
		return nil
	}
	if w.job.Remote != nil {
		return w.send(ctx)
	}
	if cap(w.answers) < len(w.records) {
		w.answers = make([]sink.Answer, len(w.records))
	}
	w.answers = w.answers[:len(w.records)]
	clear(w.answers)
	err := w.job.Sink.Deliver(ctx, w.records, w.answers)
	accepted := 0
	for i, a := range w.answers {
		if a.State == sink.Accepted {
			accepted++
			w.ledger.Received++
			w.ledger.Delivered++
			w.ledger.BytesOut += int64(len(w.records[i].Line)) + 1
		}
	}
	if err == nil && accepted < len(w.records) {
		err = fmt.Errorf("the sink did not accept %d of %d records", len(w.records)-accepted, len(w.records))
	}
	return err
}

func (w *writer) bad(c *chunk, r *result) error {
	at := &c.items[r.item]
	letter := w.newLetter(at, r.Stage, r.fault.Reason, r.fault.Text, r.UUID)
	if r.fault.Body == nil && at.length > 0 {
		letter.Bytes = at.length
	} else {
		letter.SetBody(r.fault.Body)
	}
	return w.job.Bad(letter)
}

// newLetter begins the dead letter of a record of item at.
func (w *writer) newLetter(at *item, stage string, reason events.Reason, detail, uuid string) *deadletter.Letter {
	w.letter = deadletter.Letter{
		Note: deadletter.Note{
			Stage: stage, Reason: string(reason), Detail: detail, UUID: uuid,
			Version: w.job.Version, FirstSeen: w.job.Now().UTC(),
		},
		File: at.input, Line: at.line, Offset: at.offset,
	}
	return &w.letter
}
