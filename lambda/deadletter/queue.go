package deadletter

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// api is what this package needs of SQS.
type api interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Attribute is the name of the one message attribute that a dead message
// carries. SQS allows ten, and EventBridge uses six of its own.
const Attribute = "oktastream"

// MaxMessage is the size in bytes of the longest message and of the longest batch,
// the names, types and values of attributes included (Amazon SQS, "Message quotas",
// 2026-11).
const MaxMessage = 1 << 20

// AttributeType is the data type of the attribute.
const AttributeType = "String"

// MessageSize is what a message counts for against MaxMessage, in bytes: a body of
// so many bytes and the attribute with this value.
func MessageSize(body int, value string) int {
	return body + len(Attribute) + len(AttributeType) + len(value)
}

// maxAttribute bounds the attribute in bytes, whatever is in it: a uuid can be
// anything that an event has there.
const maxAttribute = 2 << 10

// callTimeout is how long one call may take.
const callTimeout = 5 * time.Second

// ErrTooLong says that a body and its note do not fit into a message.
var ErrTooLong = errors.New("the body and the reason do not fit into one SQS message")

// Queue is the queue `dead`, or any other to which messages are sent with a note.
type Queue struct {
	API api
	URL string
}

// Send sends body as it is, with the note as its attribute. The error names the
// call and AWS's code for what went wrong.
func (q *Queue) Send(ctx context.Context, body []byte, note Note) error {
	value, err := Encode(note)
	if err != nil {
		return err
	}
	if MessageSize(len(body), value) > MaxMessage {
		return ErrTooLong
	}
	return q.send(ctx, body, map[string]types.MessageAttributeValue{
		Attribute: {DataType: aws.String(AttributeType), StringValue: aws.String(value)},
	})
}

// Forward sends body as it is, with attribute as it came, if it is not empty.
func (q *Queue) Forward(ctx context.Context, body []byte, attribute string) error {
	var attributes map[string]types.MessageAttributeValue
	if attribute != "" {
		attributes = map[string]types.MessageAttributeValue{
			Attribute: {DataType: aws.String(AttributeType), StringValue: aws.String(attribute)},
		}
	}
	return q.send(ctx, body, attributes)
}

func (q *Queue) send(ctx context.Context, body []byte, attributes map[string]types.MessageAttributeValue) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := q.API.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String(q.URL), MessageBody: aws.String(string(body)), MessageAttributes: attributes,
	}, once, requireJSON)
	if err != nil {
		return awserror.New(sendMessage, err, time.Now())
	}
	if sum := md5.Sum(body); aws.ToString(out.MessageId) == "" ||
		aws.ToString(out.MD5OfMessageBody) != hex.EncodeToString(sum[:]) {
		return errNotStored
	}
	return nil
}

const sendMessage = "SendMessage"

// errNotStored is a successful response without what SQS returns for a message that it
// has stored.
var errNotStored = errors.New(sendMessage + ": the response has no MessageId, or not the MD5 of the body")

// once makes a call of SQS without the SDK's retries. What cannot be sent now is
// received again later, with all its time before it; the SDK would spend the
// time of this invocation.
func once(o *sqs.Options) { o.Retryer = aws.NopRetryer{} }

func requireJSON(o *sqs.Options) { o.APIOptions = append(o.APIOptions, awserror.RequireJSON) }

// Encode returns the note as the value of the attribute: JSON of at most 2 KiB.
// For that the longest texts in it are cut, Detail before all others.
func Encode(note Note) (string, error) {
	note.V = Version
	note.EventBridge = maps.Clone(note.EventBridge)
	texts := []*string{&note.UUID, &note.Version, &note.Stage, &note.Reason, &note.Origin}
	for _, text := range append(texts, &note.Detail) {
		*text = upTo(*text, maxAttribute)
	}
	for key, value := range note.EventBridge {
		if note.EventBridge[key] = upTo(value, maxAttribute); len(key) > maxAttribute {
			delete(note.EventBridge, key)
		}
	}
	for {
		text, err := json.Marshal(note)
		if err != nil {
			return "", fmt.Errorf("write the reason of a dead message: %w", err)
		}
		if len(text) <= maxAttribute {
			return string(text), nil
		}
		shorten(&note, texts)
	}
}

// shorten halves the longest text of a note: Detail while there is any of it,
// else one of texts or of EventBridge's. An attribute of EventBridge's goes
// entirely where its name is the longest that is left.
func shorten(note *Note, texts []*string) {
	if note.Detail != "" {
		note.Detail = upTo(note.Detail, len(note.Detail)/2)
		return
	}
	longest := texts[0]
	for _, text := range texts {
		if len(*text) > len(*longest) {
			longest = text
		}
	}
	key, size := "", 0
	for k, value := range note.EventBridge {
		if n := max(len(k), len(value)); n > size || n == size && k < key {
			key, size = k, n
		}
	}
	switch value := note.EventBridge[key]; {
	case len(*longest) >= size:
		*longest = upTo(*longest, len(*longest)/2)
	case len(key) >= len(value):
		delete(note.EventBridge, key)
	default:
		note.EventBridge[key] = upTo(value, len(value)/2)
	}
}

// upTo is text up to n bytes, in whole characters.
func upTo(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
