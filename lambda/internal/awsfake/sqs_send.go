package awsfake

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sendEntry is a message as SendMessage and SendMessageBatch bring it.
type sendEntry struct {
	ID                string `json:"Id"` // of a batch
	MessageBody       text
	MessageAttributes map[string]Attribute
	DelaySeconds      int
}

type sendResult struct {
	ID                     string `json:"Id,omitempty"`
	MessageID              string `json:"MessageId"`
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

// failedEntry is an entry of a batch that failed by itself.
type failedEntry struct {
	ID          string `json:"Id"`
	SenderFault bool
	Code        string
	Message     string
}

func failEntry(id string, err error) failedEntry {
	e := err.(*apiError)
	code := e.query
	if code == "" {
		code = e.code
	}
	return failedEntry{ID: id, SenderFault: e.status < 500, Code: code, Message: e.message}
}

func (c *Cloud) sendMessage(r *request) (any, error) {
	in, err := decode[struct {
		QueueURL string `json:"QueueUrl"`
		sendEntry
	}](r)
	if err != nil {
		return nil, err
	}
	q, err := c.open(r, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return c.send(r, q, &in.sendEntry)
}

func (c *Cloud) send(r *request, q *queue, e *sendEntry) (sendResult, error) {
	m, err := newMessage(string(e.MessageBody), e.MessageAttributes)
	if err != nil {
		return sendResult{}, err
	}
	m.id, m.sent = c.newID(), r.now
	visibleAt := time.Time{}
	if e.DelaySeconds > 0 {
		visibleAt = r.now.Add(time.Duration(e.DelaySeconds) * time.Second)
	}
	q.addAt(m, visibleAt)
	return sendResult{
		ID: e.ID, MessageID: m.id, MD5OfMessageBody: m.bodyMD5,
		MD5OfMessageAttributes: attributesMD5(m.attributes),
	}, nil
}

func (c *Cloud) sendMessageBatch(r *request) (any, error) {
	in, err := decode[struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []sendEntry
	}](r)
	if err != nil {
		return nil, err
	}
	q, err := c.open(r, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(len(in.Entries), func(i int) string { return in.Entries[i].ID }); err != nil {
		return nil, err
	}
	size := 0
	for i := range in.Entries {
		size += messageSize(string(in.Entries[i].MessageBody), in.Entries[i].MessageAttributes)
	}
	if size > sqsMessageBytes {
		return nil, sqsError(
			"BatchRequestTooLong",
			"Batch requests cannot be longer than %d bytes. You have sent %d bytes.",
			sqsMessageBytes,
			size,
		)
	}
	var out batchResult[sendResult]
	for i := range in.Entries {
		e := &in.Entries[i]
		if code, failed := r.fault.entryFailure(i); failed {
			out.Failed = append(out.Failed, failedEntry{ID: e.ID, Code: code, Message: "injected by the test"})
			continue
		}
		res, err := c.send(r, q, e)
		if err != nil {
			out.Failed = append(out.Failed, failEntry(e.ID, err))
			continue
		}
		out.Successful = append(out.Successful, res)
	}
	return out, nil
}

// batchResult is the output of every batch: a list that is empty is absent.
type batchResult[T any] struct {
	Successful []T           `json:",omitempty"`
	Failed     []failedEntry `json:",omitempty"`
}

// Of the developer guide, "Amazon SQS message quotas".
var batchID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// checkBatch judges a batch by its number of entries and their ids.
func checkBatch(n int, id func(int) string) error {
	if n == 0 {
		return sqsError("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if n > sqsBatchEntries {
		return sqsError(
			"TooManyEntriesInBatchRequest",
			"Maximum number of entries per request are %d. You have sent %d.",
			sqsBatchEntries,
			n,
		)
	}
	for i := range n {
		if !batchID.MatchString(id(i)) {
			return sqsError(
				"InvalidBatchEntryId",
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. "+
					"It can be at most 80 letters long.",
			)
		}
		for j := range i {
			if id(i) == id(j) {
				return sqsError("BatchEntryIdsNotDistinct", "Id %s repeated.", id(i))
			}
		}
	}
	return nil
}

// messageSize is what the limit of a message counts (developer guide, "Amazon SQS
// message metadata"): the body, and name, type and value of each attribute.
func messageSize(body string, attributes map[string]Attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return n
}

// newMessage judges a message and makes it.
func newMessage(body string, attributes map[string]Attribute) (*message, error) {
	if body == "" {
		return nil, &apiError{
			status:  400,
			code:    "com.amazonaws.sqs#MissingRequiredParameterException",
			query:   "MissingParameter",
			message: "The request must contain the parameter MessageBody.",
		}
	}
	if messageSize(body, attributes) > sqsMessageBytes {
		return nil, sqsInvalid(
			"One or more parameters are invalid. Reason: Message must be shorter than %d bytes.",
			sqsMessageBytes,
		)
	}
	if bad, found := badCharacter(body); found {
		return nil, sqsError("InvalidMessageContents", "Invalid characters found: #x%x", bad)
	}
	if len(attributes) > sqsAttributes {
		return nil, sqsInvalid(
			"Number of message attributes [%d] exceeds the allowed maximum [%d].",
			len(attributes),
			sqsAttributes,
		)
	}
	for name, a := range attributes {
		if err := checkAttribute(name, a); err != nil {
			return nil, err
		}
	}
	sum := md5.Sum([]byte(body))
	return &message{body: body, bodyMD5: hex.EncodeToString(sum[:]), attributes: attributes}, nil
}

// badCharacter finds the first character that SQS does not allow: it takes #x9,
// #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD and #x10000 to #x10FFFF (API
// reference, SendMessage, sqs SDK 1.52.10). Some other pages say that such a
// character is replaced by #xFFFD instead of refused.
func badCharacter(s string) (rune, bool) {
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b < 0x20 && b != '\t' && b != '\n' && b != '\r':
			return rune(b), true
		case b == 0xEF && (strings.HasPrefix(s[i:], "\uFFFE") || strings.HasPrefix(s[i:], "\uFFFF")):
			r, _ := utf8.DecodeRuneInString(s[i:])
			return r, true
		}
	}
	return 0, false
}

var attributeName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,256}$`)

// checkAttribute: developer guide, "Amazon SQS message metadata".
func checkAttribute(name string, a Attribute) error {
	lower := strings.ToLower(name)
	if !attributeName.MatchString(name) || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") ||
		name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, "..") {
		return sqsInvalid("Message (user) attribute name '%s' is invalid.", name)
	}
	kind, _, _ := strings.Cut(a.DataType, ".")
	switch {
	case len(a.DataType) > 256 || !slices.Contains([]string{"String", "Number", "Binary"}, kind):
		return sqsInvalid(
			"The type of message (user) attribute '%s' is invalid. "+
				"You must use only the following supported type prefixes: Binary, Number, String.",
			name,
		)
	case kind == "Binary" && len(a.BinaryValue) == 0, kind != "Binary" && a.StringValue == "":
		return sqsInvalid("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, kind)
	case kind == "Number":
		if _, err := strconv.ParseFloat(a.StringValue, 64); err != nil {
			return sqsInvalid("Can't cast the value of message (user) attribute '%s' to a number.", name)
		}
	}
	if bad, found := badCharacter(a.StringValue); found {
		return sqsError("InvalidMessageContents", "Invalid characters found: #x%x", bad)
	}
	return nil
}

// attributesMD5 is the digest over attributes that SQS answers with: developer
// guide, "Calculating the MD5 message digest for message attributes".
func attributesMD5(attributes map[string]Attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	add := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		add(name)
		add(a.DataType)
		if strings.HasPrefix(a.DataType, "Binary") {
			b = append(b, 2)
			add(string(a.BinaryValue))
		} else {
			b = append(b, 1)
			add(a.StringValue)
		}
	}
	return fmt.Sprintf("%x", md5.Sum(b))
}
