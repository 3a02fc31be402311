package deadletter

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

type fakeSQS struct {
	in  *sqs.SendMessageInput
	out *sqs.SendMessageOutput // of a body that is stored where nil
	err error
}

func stored(body string) *sqs.SendMessageOutput {
	sum := md5.Sum([]byte(body))
	return &sqs.SendMessageOutput{MessageId: aws.String("m-1"), MD5OfMessageBody: aws.String(hex.EncodeToString(sum[:]))}
}

func (f *fakeSQS) SendMessage(
	_ context.Context,
	in *sqs.SendMessageInput,
	_ ...func(*sqs.Options),
) (*sqs.SendMessageOutput, error) {
	f.in = in
	if f.out != nil {
		return f.out, f.err
	}
	return stored(*in.MessageBody), f.err
}

func note() Note {
	return Note{
		Stage:   "decode",
		Reason:  "foreign",
		Detail:  "its account is not the stack's own",
		UUID:    "u-1",
		Version: "v1",
		FirstSeen: time.Date(
			2026,
			9,
			1,
			10,
			11,
			12,
			0,
			time.UTC,
		),
		Receives:    2,
		Replays:     1,
		EventBridge: map[string]string{"ERROR_CODE": "NO_RESOURCE"},
	}
}

func TestSendKeepsTheBodyAndHasOneAttribute(t *testing.T) {
	var f fakeSQS
	body := "{\"untouched\": \"\\u0000 é\" }\n"
	if err := (&Queue{&f, "https://queue"}).Send(t.Context(), []byte(body), note()); err != nil {
		t.Fatal(err)
	}
	if *f.in.MessageBody != body || *f.in.QueueUrl != "https://queue" {
		t.Errorf("%+v", f.in)
	}
	if len(f.in.MessageAttributes) != 1 {
		t.Fatalf("%d attributes, want one: EventBridge needs six of ten", len(f.in.MessageAttributes))
	}
	want := `{"v":1,"stage":"decode","reason":"foreign","detail":"its account is not the stack's own","uuid":"u-1","version":"v1",` +
		`"first_seen":"2026-09-01T10:11:12Z","receives":2,"replays":1,"eb":{"ERROR_CODE":"NO_RESOURCE"}}`
	if got := *f.in.MessageAttributes[Attribute].StringValue; got != want {
		t.Errorf("attribute %s\nwant      %s", got, want)
	}
}

func TestTheAttributeStaysSmall(t *testing.T) {
	n := note()
	n.Detail = strings.Repeat("é", 5000)
	text, err := Encode(n)
	if err != nil || len(text) > maxAttribute {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	var back Note
	if err := json.Unmarshal([]byte(text), &back); err != nil || back.Reason != "foreign" || back.Detail == "" {
		t.Errorf("%s: %v", text, err)
	}
}

// What EventBridge said can be long as well, and is told in a message's words.
func TestTheAttributeStaysSmallWithWhatEventBridgeSaid(t *testing.T) {
	n := note()
	long := strings.Repeat("é", 2000)
	n.EventBridge = map[string]string{
		"ERROR_CODE":    "NO_RESOURCE",
		"ERROR_MESSAGE": long,
		"RULE_ARN":      "arn:aws:events:us-east-1:111122223333:rule/r",
	}
	text, err := Encode(n)
	if err != nil || len(text) > maxAttribute {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	var back Note
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	cut := back.EventBridge["ERROR_MESSAGE"]
	if back.EventBridge["ERROR_CODE"] != "NO_RESOURCE" || back.EventBridge["RULE_ARN"] != n.EventBridge["RULE_ARN"] ||
		cut == "" ||
		!strings.HasPrefix(long, cut) {
		t.Errorf("%+v", back)
	}
	if n.EventBridge["ERROR_MESSAGE"] != long {
		t.Error("the caller's note was cut, too")
	}
}

func TestWhatDoesNotFitIsNotSent(t *testing.T) {
	text, _ := Encode(note())
	room := MaxMessage - MessageSize(0, text)
	var f fakeSQS
	q := &Queue{API: &f, URL: "https://queue"}
	if err := q.Send(t.Context(), make([]byte, room+1), note()); !errors.Is(err, ErrTooLong) || f.in != nil {
		t.Errorf("one byte too many: %v", err)
	}
	if err := q.Send(t.Context(), make([]byte, room), note()); err != nil {
		t.Errorf("exactly 1 MiB: %v", err)
	}
}

func TestErrorsHoldNoContent(t *testing.T) {
	for want, err := range map[string]error{
		"SendMessage: InvalidMessageContents": &smithy.GenericAPIError{Code: "InvalidMessageContents", Message: "secret body"},
		"SendMessage: no response":            errors.New("dial: secret host"),
	} {
		f := fakeSQS{err: err}
		if got := (&Queue{API: &f}).Send(t.Context(), []byte("{}"), note()); got == nil || got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestForwardCarriesTheAttributeOn(t *testing.T) {
	var f fakeSQS
	q := &Queue{API: &f}
	if err := q.Forward(
		t.Context(),
		[]byte("{}"),
		`{"replays":2}`,
	); err != nil ||
		*f.in.MessageAttributes[Attribute].StringValue != `{"replays":2}` {
		t.Errorf("%v, %+v", err, f.in)
	}
	if err := q.Forward(t.Context(), []byte("{}"), ""); err != nil || f.in.MessageAttributes != nil {
		t.Errorf("%v, %+v", err, f.in)
	}
}

// What says less than SQS says of a stored message is no yes.
func TestOnlyAnAnswerOfSQSIsASuccess(t *testing.T) {
	whole := stored("{}")
	for name, out := range map[string]*sqs.SendMessageOutput{
		"nothing":       {},
		"no id":         {MD5OfMessageBody: whole.MD5OfMessageBody},
		"no MD5":        {MessageId: whole.MessageId},
		"another's MD5": {MessageId: whole.MessageId, MD5OfMessageBody: stored("[]").MD5OfMessageBody},
	} {
		f := fakeSQS{out: out}
		if err := (&Queue{API: &f}).Send(t.Context(), []byte("{}"), note()); err == nil {
			t.Errorf("%s: taken for a stored message", name)
		}
	}
}

// Whatever is in a record, its note is small enough to be sent with it.
func TestTheAttributeStaysSmallWithEveryMemberHuge(t *testing.T) {
	huge := map[string]string{"plain": strings.Repeat("x", 600<<10), "escaped": strings.Repeat("\x00\"", 300<<10),
		"wide": strings.Repeat("é", 300<<10), "not UTF-8": strings.Repeat("\xff", 600<<10)}
	for name, text := range huge {
		for _, members := range []int{1, 2, 4, 8, 16, 32, 63} {
			n := note()
			for bit, member := range []*string{&n.UUID, &n.Version, &n.Stage, &n.Detail} {
				if members>>bit&1 == 1 {
					*member = text
				}
			}
			if members>>4&1 == 1 {
				for i := range 30 {
					n.EventBridge[fmt.Sprint("ERROR_MESSAGE", i)] = text
				}
			}
			if members>>5&1 == 1 {
				n.EventBridge[text] = "x"
			}
			value, err := Encode(n)
			if err != nil || len(value) > maxAttribute {
				t.Fatalf("%s, members %b: %d bytes, %v", name, members, len(value), err)
			}
			var back Note
			if err := json.Unmarshal(
				[]byte(value),
				&back,
			); err != nil || back.Reason != n.Reason ||
				!back.FirstSeen.Equal(n.FirstSeen) {
				t.Fatalf("%s, members %b: %v, %+v", name, members, err, back)
			}
			if members&1 == 1 && !strings.HasPrefix(text, back.UUID) && name != "not UTF-8" {
				t.Errorf("%s: the uuid became %q", name, back.UUID)
			}
		}
	}
}

// FuzzEncode checks that any note is small, and read as it was written but for
// what is cut.
func FuzzEncode(f *testing.F) {
	f.Add("u-1", "decode", "foreign", "its account is not the stack's own", "v1", "ERROR_CODE", "NO_RESOURCE")
	f.Add(strings.Repeat("\x00", 4096), "", "", strings.Repeat("é", 4096), "", strings.Repeat("k", 4096), "\xff")
	f.Fuzz(func(t *testing.T, uuid, stage, reason, detail, version, key, value string) {
		n := Note{
			UUID: uuid, Stage: stage, Reason: reason, Detail: detail, Version: version,
			EventBridge: map[string]string{key: value},
		}
		text, err := Encode(n)
		if err != nil || len(text) > maxAttribute {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		var back Note
		if err := json.Unmarshal([]byte(text), &back); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(uuid) && !strings.HasPrefix(uuid, back.UUID) ||
			utf8.ValidString(detail) && !strings.HasPrefix(detail, back.Detail) {
			t.Errorf("%q became %q, %q became %q", uuid, back.UUID, detail, back.Detail)
		}
	})
}
