package handler

import (
	"encoding/json"
	"strconv"

	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/lambda/deadletter"
)

// invocation is what invoked the function, taken apart into messages.
type invocation struct {
	messages []message
	queue    bool // an SQS batch: it is answered message by message
}

// message is one message of a queue, or all of another payload.
type message struct {
	id        string // SQS's messageId; "" where there is no queue
	body      []byte
	receives  int
	attribute string           // deadletter.Attribute, as it came
	note      *deadletter.Note // what the attribute says; nil without one that can be read

	returned    bool
	cause       error // why it goes back
	notBuffered error
}

// readNote reads the attribute, once for all records of the message.
func (m *message) readNote() {
	if m.attribute == "" {
		return
	}
	var n deadletter.Note
	if json.Unmarshal([]byte(m.attribute), &n) == nil {
		m.note = &n
	}
}

// replays is how often the message has been replayed.
func (m *message) replays() int {
	if m.note == nil {
		return 0
	}
	return m.note.Replays
}

// parser takes invocations apart. Its memory is that of the last one.
type parser struct {
	tree     jsontree.Tree
	messages []message
	bodies   []byte // of all messages, one after the other
}

// parse takes an SQS batch apart. Everything else is one message, whose body is
// the payload: the decoder knows the forms. All of it is valid until the next call.
func (p *parser) parse(payload []byte) (invocation, error) {
	tree := &p.tree
	if err := tree.Parse(payload); err != nil {
		return invocation{}, err
	}
	records := tree.Member(0, "Records")
	if records == 0 || tree.Nodes[records].Kind != '[' || !isQueue(tree, records) {
		return invocation{messages: []message{{body: payload}}}, nil
	}
	if cap(p.bodies) < len(payload) {
		// No string is longer than it is written: this is room for all of them.
		p.bodies = make([]byte, 0, len(payload)+len(payload)/8)
	}
	p.bodies = p.bodies[:0]
	in := invocation{queue: true, messages: p.messages[:0]}
	for i := records + 1; i < tree.Nodes[records].Next; i = tree.Nodes[i].Next {
		in.messages = append(in.messages, p.message(i))
	}
	p.messages = in.messages
	return in, nil
}

func (p *parser) message(record uint32) (m message) {
	tree := &p.tree
	for i := record + 1; i < tree.Nodes[record].Next; i = tree.Nodes[i].Next {
		switch string(tree.Key(i)) {
		case "messageId":
			if tree.Nodes[i].Kind == '"' {
				m.id = string(tree.String(i))
			}
		case "body":
			if tree.Nodes[i].Kind == '"' {
				start := len(p.bodies)
				p.bodies = tree.AppendString(p.bodies, i)
				m.body = p.bodies[start:len(p.bodies):len(p.bodies)]
			}
		case "attributes":
			m.receives, _ = strconv.Atoi(tree.Text(i, "ApproximateReceiveCount"))
		case "messageAttributes":
			if own := tree.Member(i, deadletter.Attribute); own != 0 {
				m.attribute = tree.Text(own, "stringValue")
			}
		}
	}
	return m
}

// isQueue reports whether Records are those of SQS. An empty list counts as SQS's.
func isQueue(tree *jsontree.Tree, records uint32) bool {
	first := records + 1
	return first == tree.Nodes[records].Next ||
		tree.Member(first, "messageId") != 0 && tree.Member(first, "body") != 0
}
