package eventbridge

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/lambda/sink"
)

// Unpacker takes apart the packed batches of one pipeline that come back out of a
// queue: EventBridge events that the API destination gave up on.
type Unpacker struct {
	Pipeline string // the only one whose batches are taken back
	Account  string // the only one that they may come from
}

// Unpack returns the records of body as they were packed, which refer to body. packed is
// false where body is not a packed batch.
func (u *Unpacker) Unpack(body []byte) (records []sink.Record, packed bool, fault *events.Fault) {
	// Packed batches are rare, and this recognises other bodies without parsing them.
	if !bytes.Contains(body, []byte(DetailType)) {
		return nil, false, nil
	}
	var t jsontree.Tree
	if t.Parse(body) != nil || t.Text(0, "detail-type") != DetailType || t.Text(0, "source") != Source {
		return nil, false, nil
	}
	refuse := func(reason events.Reason, why string) ([]sink.Record, bool, *events.Fault) {
		return nil, true, &events.Fault{Reason: reason, Text: why, Body: body}
	}
	if t.Text(0, "account") != u.Account {
		return refuse(events.Foreign, "a packed batch whose account is not the stack's own")
	}
	detail := t.Member(0, "detail")
	if detail == 0 {
		return refuse(events.NotOkta, "a packed batch without a detail")
	}
	logs, meta, err := unpack(&t, detail)
	if err != nil {
		return refuse(events.NotOkta, "packed batch: "+err.Error())
	}
	if meta.Pipeline != u.Pipeline {
		return refuse(events.Foreign, "a packed batch of another pipeline")
	}
	records = make([]sink.Record, 0, len(logs))
	for _, l := range logs {
		records = append(records, sink.Record{Line: l.Line, UUID: l.UUID, TimeMS: l.TimeMS})
	}
	return records, true, nil
}

// Alone returns, for each of places, the packed batch body with only the log at that
// place. places ascend; body is one that Unpack accepts, and is parsed once.
func (u *Unpacker) Alone(body []byte, places []int) [][]byte {
	list := make([][]byte, 0, len(places))
	var t jsontree.Tree
	if t.Parse(body) != nil {
		return list
	}
	detail := t.Member(0, "detail")
	logs := t.Member(detail, "logs")
	count := t.Member(t.Member(detail, "batch"), "count")
	nth := 0
	for i := logs + 1; i < t.Nodes[logs].Next && len(list) < len(places); i = t.Nodes[i].Next {
		if places[len(list)] == nth {
			list = append(list, replace(&t, []swap{{logs, "[" + string(t.Raw(i)) + "]"}, {count, "1"}}))
		}
		nth++
	}
	return list
}

// swap is a value of a text and its replacement.
type swap struct {
	node uint32
	text string
}

// replace makes two edits, in any order.
func replace(t *jsontree.Tree, edits []swap) []byte {
	if t.Nodes[edits[1].node].Start < t.Nodes[edits[0].node].Start {
		edits[0], edits[1] = edits[1], edits[0]
	}
	var out []byte
	at := uint32(0)
	for _, e := range edits {
		n := &t.Nodes[e.node]
		out = append(append(out, t.Bytes[at:n.Start]...), e.text...)
		at = n.End
	}
	return append(out, t.Bytes[at:]...)
}
