package eventbridge

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/datadoglog"
)

// batchVersion is the version of the form of a packed batch.
const batchVersion = 1

// packed is one log of a request.
type packed struct {
	record    int    // its index
	body      []byte // the record's line, or made of it in worker.arena
	restamped bool
	fallback  bool
	replays   int
}

// entry is one array of logs.
type entry struct {
	about     string // of its batch, up to the count
	end       int    // the index of the first log that is not in it
	count     int
	restamped int
	replays   int // the most of any log, for a batch that comes back again
	bytes     int // of the logs
}

const (
	detailHead = `{"logs":[`
	detailTail = `],"batch":`
)

func (e entry) with(p packed) entry {
	e.end++
	e.count++
	e.bytes += len(p.body)
	e.replays = max(e.replays, p.replays)
	if p.restamped {
		e.restamped++
	}
	return e
}

// size is what the entry counts for PutEvents, to the byte.
func (e *entry) size() int { return len(Source) + len(DetailType) + e.detailSize() }

func (e *entry) detailSize() int {
	const fixed = len(detailHead) + len(detailTail) + len(`,"restamped":,"replays":}}`)
	return fixed + e.bytes + max(e.count-1, 0) + len(e.about) +
		digits(e.count) + digits(e.restamped) + digits(e.replays)
}

func digits(n int) int {
	count := 1
	for ; n > 9; n /= 10 {
		count++
	}
	return count
}

func (e *entry) detail(logs []packed) string {
	var b strings.Builder
	b.Grow(e.detailSize())
	b.WriteString(detailHead)
	for i, l := range logs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(l.body)
	}
	b.WriteString(detailTail)
	b.WriteString(e.about)
	b.WriteString(strconv.Itoa(e.count))
	b.WriteString(`,"restamped":`)
	b.WriteString(strconv.Itoa(e.restamped))
	b.WriteString(`,"replays":`)
	b.WriteString(strconv.Itoa(e.replays))
	b.WriteString(`}}`)
	return b.String()
}

// worker is what one Deliver needs, kept for the next one.
type worker struct {
	sink *Sink
	// now is the time of the delivery: one for all its requests, which are
	// seconds apart where limits are hours.
	now      time.Time
	failures failures

	logs    []packed
	entries []entry
	size    int    // of the request
	about   string // the next entry's

	arena []byte // what logs are made in; the request's
	maker datadoglog.Maker
}

func (w *worker) begin(now time.Time) {
	w.now = now.UTC()
	w.failures = nil
	w.nextBatch()
	w.reset()
}

// reset forgets the request.
func (w *worker) reset() {
	clear(w.logs) // the caller's lines are not ours to keep alive
	w.logs, w.entries, w.size, w.arena = w.logs[:0], w.entries[:0], 0, w.arena[:0]
}

// maxKept bounds the memory that is kept from one delivery to the next.
const maxKept = 4 << 20

func (w *worker) release() {
	w.reset()
	if cap(w.arena)+w.maker.Memory() <= maxKept {
		w.sink.workers.Put(w)
	}
}

// nextBatch makes what the next batch says of itself, up to the count. It is made
// ahead, because it counts for the size of what is to be in it.
func (w *worker) nextBatch() {
	w.about = `{"v":` + strconv.Itoa(batchVersion) + `,"id":` + quote(w.sink.newID()) +
		w.sink.about + w.now.Format(datadoglog.TimeLayout) + `","count":`
}

// prepare makes the log of a record, or says why there can be none.
func (w *worker) prepare(i int, r *sink.Record) (packed, *sink.Answer) {
	var stamp time.Time
	if !age.Keeps(r.TimeMS, w.now) {
		stamp = w.now
	}
	p := packed{record: i, replays: r.Replays}
	alone := entry{about: w.about}.with(p)
	arena, body, a := w.maker.Make(w.arena, r, stamp, MaxPackBytes-alone.size())
	if a.State == sink.Dead {
		dead := a // only a dead record's answer is allocated
		return packed{}, &dead
	}
	w.arena, p.body, p.restamped, p.fallback = arena, body, a.Restamped, a.FallbackRaw
	return p, nil
}

// add adds a log to the request, and reports false where it has no room left.
func (w *worker) add(p packed) bool {
	n := len(w.entries)
	if n > 0 && w.entries[n-1].count < datadoglog.MaxLogs {
		last := &w.entries[n-1]
		grown := last.with(p)
		size := w.size - last.size() + grown.size()
		if size > w.sink.limit {
			return false
		}
		*last, w.size = grown, size
	} else {
		e := entry{about: w.about, end: len(w.logs)}.with(p)
		size := w.size + e.size()
		// A request without entries takes whatever may go at all.
		if n > 0 && (size > w.sink.limit || n == maxEntries) {
			return false
		}
		w.entries, w.size = append(w.entries, e), size
		w.nextBatch()
	}
	w.logs = append(w.logs, p)
	return true
}

func (w *worker) input() *eventbridge.PutEventsInput {
	entries := make([]types.PutEventsRequestEntry, len(w.entries))
	first := 0
	for i := range w.entries {
		e := &w.entries[i]
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: aws.String(w.sink.bus),
			Source:       aws.String(Source),
			DetailType:   aws.String(DetailType),
			Detail:       aws.String(e.detail(w.logs[first:e.end])),
		}
		first = e.end
	}
	return &eventbridge.PutEventsInput{Entries: entries}
}
