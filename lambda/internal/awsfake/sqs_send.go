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

// sendEntry is the message of SendMessage, and one of SendMessageBatch.
type sendEntry struct {
	batchEntry
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

func (c *Cloud) sendMessage(r *request, in struct {
	QueueURL string `json:"QueueUrl"`
	sendEntry
}) any {
	return c.send(r, c.open(r, in.QueueURL), in.sendEntry)
}

func (c *Cloud) send(r *request, q *queue, e sendEntry) sendResult {
	visibleAt := time.Time{}
	if e.DelaySeconds > 0 {
		visibleAt = r.now.Add(time.Duration(e.DelaySeconds) * time.Second)
	}
	m := q.addAt(newMessage(string(e.MessageBody), e.MessageAttributes), c.newID(), r.now, visibleAt)
	return sendResult{e.ID, m.id, m.bodyMD5, attributesMD5(m.attributes)}
}

// checkBatchSize: the limit of a message is also that of a batch.
func checkBatchSize(entries []sendEntry) {
	size := 0
	for _, e := range entries {
		size += messageSize(string(e.MessageBody), e.MessageAttributes)
	}
	if size > sqsMessageBytes {
		sqsFail("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.",
			sqsMessageBytes, size)
	}
}

// messageSize is what the limit of a message counts (developer guide, "Amazon SQS
// message metadata"): the body, and name, type and value of each attribute.
func messageSize(body string, attributes map[string]Attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.StringValue)
	}
	return n
}

// newMessage judges a message and makes it.
func newMessage(body string, attributes map[string]Attribute) *message {
	bad, found := badCharacter(body)
	switch {
	case body == "":
		sqsFail("MissingRequiredParameterException", "The request must contain the parameter MessageBody.")
	case messageSize(body, attributes) > sqsMessageBytes:
		sqsInvalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", sqsMessageBytes)
	case found:
		sqsFail("InvalidMessageContents", "Invalid characters found: #x%x", bad)
	case len(attributes) > sqsAttributes:
		sqsInvalid("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(attributes), sqsAttributes)
	}
	for name, a := range attributes {
		checkAttribute(name, a)
	}
	sum := md5.Sum([]byte(body))
	return &message{body: body, bodyMD5: hex.EncodeToString(sum[:]), attributes: attributes}
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
func checkAttribute(name string, a Attribute) {
	lower := strings.ToLower(name)
	if !attributeName.MatchString(name) || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") ||
		name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, "..") {
		sqsInvalid("Message (user) attribute name '%s' is invalid.", name)
	}
	kind, _, _ := strings.Cut(a.DataType, ".")
	_, notNumber := strconv.ParseFloat(a.StringValue, 64)
	bad, found := badCharacter(a.StringValue)
	switch {
	case len(a.DataType) > 256 || kind != "String" && kind != "Number":
		sqsInvalid("The type of message (user) attribute '%s' is invalid. "+
			"You must use only the following supported type prefixes: Binary, Number, String.", name)
	case a.StringValue == "":
		sqsInvalid("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, kind)
	case kind == "Number" && notNumber != nil:
		sqsInvalid("Can't cast the value of message (user) attribute '%s' to a number.", name)
	case found:
		sqsFail("InvalidMessageContents", "Invalid characters found: #x%x", bad)
	}
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
		b = append(b, 1) // a string
		add(a.StringValue)
	}
	return fmt.Sprintf("%x", md5.Sum(b))
}
