package reconcile

import (
	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/events/ocsf"
)

// recogniser finds the Okta events in records of all forms that this product writes: an event as Okta
// sent it, its EventBridge envelope, a Datadog log and an OCSF record; and in the envelopes of other
// tools. It is for one goroutine and reuses its memory.
type recogniser struct {
	decoder events.Decoder
	tree    jsontree.Tree
	uuid    []byte
}

func newRecogniser() *recogniser { return &recogniser{decoder: events.Decoder{AnyEnvelope: true}} }

// record counts a record in read, and calls take with the events in it.
func (r *recogniser) record(text []byte, read *HeldRead, take Take) (err error) {
	found := false
	r.decoder.Decode(text, func(e *events.Event, fault *events.Fault) {
		read.Records++
		uuid, ms, ok := []byte(nil), int64(0), fault == nil
		if ok {
			uuid, ms = e.UUID, e.PublishedMS
		} else {
			uuid, ms, ok = r.ocsf(fault.Body)
		}
		found = true
		switch {
		case !ok:
			read.Unrecognised++
		case err == nil:
			err = take(uuid, ms)
		}
	})
	if !found {
		read.Records++
		read.Unrecognised++
	}
	return err
}

// ocsf returns the uuid and the time of an OCSF record of this product, which may be the member ocsf of a
// Datadog log.
func (r *recogniser) ocsf(text []byte) (uuid []byte, publishedMS int64, ok bool) {
	t := &r.tree
	if t.Parse(text) != nil || t.Nodes[0].Kind != '{' {
		return nil, 0, false
	}
	root := uint32(0)
	if inner := t.Member(0, "ocsf"); inner != 0 && t.Nodes[inner].Kind == '{' {
		root = inner
	}
	r.uuid, publishedMS, ok = ocsf.Identity(t, root, r.uuid[:0])
	return r.uuid, publishedMS, ok
}
