package sink

import (
	"slices"
	"sync"
	"time"
)

// Encoder writes records in the form of a destination. It is for one goroutine and may
// keep its memory from record to record.
type Encoder interface {
	// Append appends r to dst. stamp is the zero time, or the time that r gets instead of
	// its own. The answer is Dead, with its reason, where r cannot be sent, and then nothing
	// is appended; otherwise only FallbackRaw is set.
	Append(dst []byte, r *Record, stamp time.Time) ([]byte, Answer)
}

// Packer makes the bodies of requests: Open, the records with Between between them, and
// Close. It may be used by many goroutines.
type Packer struct {
	Open, Between, Close string
	Age                  Age // the destination's rule of age
	NewEncoder           func() Encoder

	packs sync.Pool // of *Pack
}

// Pack is the body of one request.
type Pack struct {
	Body []byte
	Sent []Packed // the records in Body

	encoder Encoder
}

// Packed is one record of a Pack.
type Packed struct {
	Index  int    // of the record
	Answer Answer // where the destination accepts it
}

// Pack makes the body of one request of records at the time now. It writes the answers of
// the records that cannot be sent. The caller hands the Pack back with Free.
func (p *Packer) Pack(records []Record, answers []Answer, now time.Time) *Pack {
	k, ok := p.packs.Get().(*Pack)
	if !ok {
		k = &Pack{encoder: p.NewEncoder()}
	}
	size := len(p.Open) + len(p.Close) + len(records)*overhead
	for i := range records {
		size += len(records[i].Line)
	}
	k.Body, k.Sent = append(slices.Grow(k.Body[:0], size), p.Open...), k.Sent[:0]
	for i := range records {
		r := &records[i]
		var stamp time.Time
		if !p.Age.Keeps(r.TimeMS, now) {
			stamp = now
		}
		before := len(k.Body)
		if len(k.Sent) > 0 {
			k.Body = append(k.Body, p.Between...)
		}
		start := len(k.Body)
		var a Answer
		if k.Body, a = k.encoder.Append(k.Body, r, stamp); a.State == Dead {
			answers[i], k.Body = a, k.Body[:before]
			continue
		}
		a.State, a.Restamped, a.Bytes = Accepted, !stamp.IsZero(), len(k.Body)-start
		k.Sent = append(k.Sent, Packed{i, a})
	}
	k.Body = append(k.Body, p.Close...)
	return k
}

// overhead is about how many bytes a destination adds to a record. It is for the first
// size of a body, which grows if need be.
const overhead = 128

// maxKept bounds the memory that is kept from one body to the next, in bytes.
const maxKept = 4 << 20

// Free keeps the memory of a Pack for the next one.
func (p *Packer) Free(k *Pack) {
	if cap(k.Body) <= maxKept {
		p.packs.Put(k)
	}
}
