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

// Bounds of one object. An EventBridge envelope has 1 MiB at most ("Amazon EventBridge quotas",
// user guide, 2026-11), and the command reads records of up to 32 MiB (events/stream).
const (
	maxLine     = 33 << 20
	maxUnpacked = 4 << 30
)

// errTooLarge is an object whose lines have more than 4 GiB together.
var errTooLarge = errors.New("the object has more than 4 GiB when it is unpacked")

// EachEvent calls do with each event of an object: its uuid, valid until do returns, and the time
// at which it was published, in milliseconds since 1970. object are the object's bytes as they are
// stored: gzip-compressed lines, each an EventBridge envelope, an event as Okta sent it, or an OCSF
// record of this product.
//
// It returns the first error of do, and an error for the first line that holds no Okta event,
// which names the line by its number, from 1.
func EachEvent(object io.Reader, do func(uuid []byte, publishedMS int64) error) error {
	unpacked, err := gzip.NewReader(object)
	if err != nil {
		return fmt.Errorf("unpack gzip: %w", err)
	}
	left := &io.LimitedReader{R: unpacked, N: maxUnpacked + 1}
	lines := bufio.NewScanner(left)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var r recogniser
	n := 0
	for lines.Scan() {
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
