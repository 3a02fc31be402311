package archive

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/events/ocsf"
)

// Bounds of one object, in bytes. An EventBridge envelope has 1 MiB at most ("Amazon EventBridge
// quotas", user guide, 2026-11), and the command reads records of up to 32 MiB unless --max-record
// says otherwise (events/stream).
const (
	// maxRecord is the longest record that Sink stores and EachEvent reads.
	maxRecord = 33 << 20
	// maxUnpacked is the longest object that EachEvent reads, four times what Sink stores in one.
	maxUnpacked = 4 * maxBatch
)

// errTooLarge is an object that was not written by Sink, and unpacks to more than maxUnpacked.
var errTooLarge = fmt.Errorf("the object has more than %d MiB when it is unpacked", maxUnpacked>>20)

// EachEvent calls do with each event of an object: its uuid, valid until do returns, and the time
// at which it was published, in milliseconds since 1970. object are the object's bytes as they are
// stored: gzip-compressed lines, each an EventBridge envelope, an event as Okta sent it, or an OCSF
// record of this product.
//
// It returns the first error of do. It is also an error where a line holds no Okta event or is longer
// than 33 MiB, with the number of the line, from 1, and where the lines have more than 256 MiB
// together.
func EachEvent(object io.Reader, do func(uuid []byte, publishedMS int64) error) error {
	return eachEvent(object, maxUnpacked, do)
}

// eachEvent is EachEvent of an object that unpacks to at most longest bytes.
func eachEvent(object io.Reader, longest int64, do func(uuid []byte, publishedMS int64) error) error {
	unpacked, err := gzip.NewReader(object)
	if err != nil {
		return fmt.Errorf("unpack gzip: %w", err)
	}
	left := &io.LimitedReader{R: unpacked, N: longest + 1}
	lines := bufio.NewScanner(left)
	lines.Buffer(make([]byte, 0, 64<<10), maxRecord+2) // with the line feed
	var r recogniser
	n := 0
	for lines.Scan() && left.N > 0 {
		n++
		if err := r.line(lines.Bytes(), do); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if left.N <= 0 {
		return errTooLarge
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("after line %d: %w", n, err)
	}
	return nil
}

// recogniser finds the event in a line. It reuses its memory.
type recogniser struct {
	decoder events.Decoder
	tree    jsontree.Tree
	uuid    []byte
}

func (r *recogniser) line(text []byte, do func(uuid []byte, publishedMS int64) error) (err error) {
	found := 0
	r.decoder.Decode(text, func(e *events.Event, fault *events.Fault) {
		found++
		switch {
		case err != nil:
		case fault == nil:
			err = do(e.UUID, e.PublishedMS)
		default:
			err = r.ocsf(fault, do)
		}
	})
	if found == 0 && err == nil {
		err = errNoEvent
	}
	return err
}

// errNoEvent is a line without an Okta event.
var errNoEvent = errors.New("no Okta event in it")

// ocsf calls do with the event of an OCSF record, which is not an event as Okta sends it.
func (r *recogniser) ocsf(fault *events.Fault, do func(uuid []byte, publishedMS int64) error) error {
	if r.tree.Parse(fault.Body) != nil || r.tree.Nodes[0].Kind != '{' {
		return fmt.Errorf("%w: %s", errNoEvent, fault.Reason)
	}
	uuid, publishedMS, ok := ocsf.Identity(&r.tree, 0, r.uuid[:0])
	if r.uuid = uuid; !ok {
		return fmt.Errorf("%w: %s", errNoEvent, fault.Reason)
	}
	return do(uuid, publishedMS)
}
