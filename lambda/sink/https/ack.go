package https

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Splunk's indexer acknowledgement (help.splunk.com, "About HTTP Event Collector Indexer
// Acknowledgment", 2026-11): a response to events carries an
// ackId, and a second address says for an ackId of the same channel whether the events
// are indexed.
const hecAckPath = hecPath + "/ack"

// The waits between two questions whether events are indexed, and how long they are
// asked: with two minutes splunk/kafka-connect-splunk resent without end (issue 122),
// so it is five, unless ctx ends before.
const (
	firstAckWait = 200 * time.Millisecond
	lastAckWait  = 10 * time.Second
	ackTime      = 5 * time.Minute
)

// newChannel returns a GUID (RFC 9562, version 4) for X-Splunk-Request-Channel.
func newChannel() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand, Go 1.24)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// askAck asks HEC whether the events of an ackId are indexed.
func (s *Sink) askAck(ctx context.Context, id int64) (indexed bool, code int, failure *sink.Error) {
	r, failure := s.post(ctx, under(s.url, hecPath, hecAckPath), fmt.Appendf(nil, `{"acks":[%d]}`, id))
	if failure != nil {
		return false, 0, failure
	}
	var out struct {
		Acks map[string]bool `json:"acks"`
	}
	if json.Unmarshal(r.Body, &out) == nil && out.Acks != nil {
		return out.Acks[strconv.FormatInt(id, 10)], 0, nil
	}
	in, ok := readHEC(r.Body)
	if !ok {
		return false, 0, notItsOwn("splunk", r)
	}
	return false, in.code, hecError(r, in.code)
}

// acksAreOn finds out, before anything is sent, that the token has acknowledgements.
func acksAreOn(ctx context.Context, s *Sink) *sink.Error {
	if !s.config.Ack {
		return nil
	}
	if _, code, failure := s.askAck(ctx, 0); code == hecAcksAreOff {
		return failure
	}
	return nil // any other fault shows in the response to the events
}

// awaitAck waits until the events of a response are indexed.
func awaitAck(ctx context.Context, s *Sink, r *Response) *sink.Error {
	if !s.config.Ack {
		return nil
	}
	in, _ := readHEC(r.Body)
	if !in.hasAck {
		return Blocked(SettingAck, "splunk: the response has no ackId: the token has no acknowledgements")
	}
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	for wait := firstAckWait; ; wait = min(2*wait, lastAckWait) {
		indexed, _, failure := s.askAck(ctx, in.ackID)
		switch {
		case indexed:
			return nil
		case failure != nil && failure.Kind == sink.Blocked:
			return failure
		case !sink.Sleep(ctx, wait):
			return transient("splunk: no acknowledgement in the time left")
		}
	}
}
