package events

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The hand-written events of these tests differ only in their uuid.
func bare(uuid string) string {
	return `{"uuid":"` + uuid + `","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z"}`
}

const source = "aws.partner/okta.com/example/oktastream"

// envelope is an EventBridge event around detail, with some of its members
// replaced by others, or left out where the other is "".
func envelope(detail string, replaced ...string) string {
	values := []string{
		"version", `"0"`, "id", `"7f06028e-7a7a-4464-b056-279297438e61"`, "detail-type", `"SystemLog"`,
		"source", `"` + source + `"`, "account", `"111122223333"`, "time", `"2026-09-01T10:11:12Z"`,
		"region", `"us-east-1"`, "resources", `[]`, "detail", detail,
	}
	for i := 0; i < len(replaced); i += 2 {
		values[slices.Index(values, replaced[i])+1] = replaced[i+1]
	}
	var parts []string
	for i := 0; i < len(values); i += 2 {
		if values[i+1] != "" {
			parts = append(parts, `"`+values[i]+`":`+values[i+1])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// message is an SQS message as Lambda gets it.
func message(body string) string {
	return `{"messageId":"059f36b4-87a3-44ab-83d2-661975830a7d","receiptHandle":"AQEB","body":` + quoted(body) +
		`,"attributes":{"ApproximateReceiveCount":"1"},"messageAttributes":{},"eventSource":"aws:sqs"}`
}

func batch(messages ...string) string { return `{"Records":[` + strings.Join(messages, ",") + `]}` }

// letter is a line of dead letters.
func letter(body string) string { return `{"v":1,"reason":"refused","body":` + quoted(body) + `}` }

func binaryLetter(body string) string {
	return `{"v":1,"reason":"not_json","body_base64":"` + base64.StdEncoding.EncodeToString([]byte(body)) + `"}`
}

// failedCall is what Lambda sends to the destination of an asynchronous call that
// has failed for good.
func failedCall(payload string) string {
	return `{"version":"1.0","timestamp":"2026-09-01T10:11:12.000Z","requestContext":{"requestId":"e4b46cbf",` +
		`"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":` + payload +
		`,"responseContext":{"statusCode":200},"responsePayload":{"errorMessage":"x"}}`
}

// A visit is written as the uuid of the event, or as the reason of the fault and its body.
func event(uuid string) string                 { return "event " + uuid }
func faulty(reason Reason, body string) string { return "fault " + string(reason) + ": " + body }

func outcome(v visited) string {
	if v.isEvent() {
		return event(v.UUID)
	}
	return faulty(v.Reason, v.Body)
}

func TestDecodeTakesEveryFormApart(t *testing.T) {
	const noEvent = `{"instance-id":"i-0123456789abcdef0","state":"running"}`
	wrongType := envelope(noEvent, "detail-type", `"EC2 Instance State-change Notification"`, "source", `"aws.ec2"`)
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"an event":             {bare("a"), []string{event("a")}},
		"an event with blanks": {" \r\n\t" + bare("a") + "\n", []string{event("a")}},
		"an array": {"[" + bare("a") + ", " + bare("b") + "]",
			[]string{event("a"), event("b")}},
		"an empty array": {"[]", nil},
		"an array in an array": {"[[" + bare("a") + "]," + bare("b") + "]",
			[]string{faulty(NotOkta, "["+bare("a")+"]"), event("b")}},
		"an envelope": {envelope(bare("a")), []string{event("a")}},
		"an array of all": {"[" + envelope(bare("a")) + "," + bare("b") + "," + message(bare("c")) +
			"]", []string{event("a"), event("b"), event("c")}},
		"an SQS message":       {message(envelope(bare("a"))), []string{event("a")}},
		"an SQS message, bare": {message(bare("a")), []string{event("a")}},
		"an SQS batch": {batch(message(bare("a")), message(envelope(bare("b")))),
			[]string{event("a"), event("b")}},
		"an empty SQS batch": {batch(), nil},
		"an SQS body is an array": {batch(message("["+bare("a")+","+envelope(bare("b"))+"]"),
			message(bare("c"))), []string{event("a"), event("b"), event("c")}},
		"an SQS body is not JSON": {batch(message("hello"), message(bare("a"))),
			[]string{faulty(NotJSON, "hello"), event("a")}},
		"an SQS body is empty": {batch(message(""), message(bare("a"))),
			[]string{faulty(NotJSON, ""), event("a")}},
		"an SQS body is a number": {message("42"), []string{faulty(NotOkta, "42")}},
		"an SQS body is cut off":  {message(bare("a")[:40]), []string{faulty(NotJSON, bare("a")[:40])}},
		"an SQS body is not a string": {`{"messageId":"m","body":` + bare("a") + `}`,
			[]string{faulty(NotOkta, `{"messageId":"m","body":`+bare("a")+`}`)}},
		"an SQS message by source": {`{"eventSource":"aws:sqs","body":` + quoted(bare("a")) + `}`,
			[]string{event("a")}},
		"a batch in a batch": {batch(batch(message(bare("a"))), message(bare("b"))),
			[]string{event("a"), event("b")}},
		"records are not messages": {`{"Records":[1,` + bare("a") + `,null]}`,
			[]string{faulty(NotOkta, "1"), event("a"), faulty(NotOkta, "null")}},
		"Records is not an array": {`{"Records":{}}`, []string{faulty(NotOkta, `{"Records":{}}`)}},
		"a dead letter":           {letter(envelope(bare("a"))), []string{event("a")}},
		"a dead letter, binary":   {binaryLetter(envelope(bare("a"))), []string{event("a")}},
		"a dead letter, escaped /": {strings.ReplaceAll(binaryLetter(bare("??????")), "/", `\/`),
			[]string{event("??????")}},
		"a dead letter, not UTF-8": {binaryLetter("{\"a\":\"\xff\"}"),
			[]string{faulty(NotJSON, "{\"a\":\"\xff\"}")}},
		"a dead letter, no base64": {`{"reason":"x","body_base64":"*"}`,
			[]string{faulty(NotJSON, `{"reason":"x","body_base64":"*"}`)}},
		"body without a reason": {`{"body":` + quoted(bare("a")) + `}`,
			[]string{faulty(NotOkta, `{"body":`+quoted(bare("a"))+`}`)}},
		"a dead letter of a batch": {letter(batch(message(bare("a")), message("x"))),
			[]string{event("a"), faulty(NotJSON, "x")}},
		"wrapped three times":       {letter(message(letter(bare("a")))), []string{event("a")}},
		"wrapped as deep as may be": {wrap(message, maxWrappers, bare("a")), []string{event("a")}},
		"wrapped once more than that": {wrap(message, maxWrappers+1, bare("a")),
			[]string{faulty(NotOkta, bare("a"))}},
		"what Lambda says of a failed call": {failedCall(envelope(bare("a"))), []string{event("a")}},
		"the same in an SQS message":        {message(failedCall(envelope(bare("a")))), []string{event("a")}},
		"the same of a broken event": {failedCall(envelope(object("uuid", "1"))),
			[]string{faulty(MissingField, envelope(object("uuid", "1")))}},
		"the same of a payload of no event": {failedCall("7"), []string{faulty(NotOkta, "7")}},
		"a requestPayload without its context": {`{"requestPayload":` + bare("a") + `}`,
			[]string{faulty(NotOkta, `{"requestPayload":`+bare("a")+`}`)}},
		"no JSON":             {"this is not JSON", []string{faulty(NotJSON, "this is not JSON")}},
		"nothing":             {"", []string{faulty(NotJSON, "")}},
		"two values":          {bare("a") + bare("b"), []string{faulty(NotJSON, bare("a")+bare("b"))}},
		"not UTF-8":           {"{\"uuid\":\"\xff\"}", []string{faulty(NotJSON, "{\"uuid\":\"\xff\"}")}},
		"a number":            {"42", []string{faulty(NotOkta, "42")}},
		"a string":            {`"a"`, []string{faulty(NotOkta, `"a"`)}},
		"null":                {"null", []string{faulty(NotOkta, "null")}},
		"an empty object":     {"{}", []string{faulty(NotOkta, "{}")}},
		"none of the three":   {noEvent, []string{faulty(NotOkta, noEvent)}},
		"another detail-type": {wrongType, []string{faulty(NotOkta, wrongType)}},
		"a detail-type like ours": {envelope(bare("a"), "detail-type", `"systemlog"`),
			[]string{faulty(NotOkta, envelope(bare("a"), "detail-type", `"systemlog"`))}},
		"detail-type is not a string": {envelope(bare("a"), "detail-type", `["SystemLog"]`),
			[]string{faulty(NotOkta, envelope(bare("a"), "detail-type", `["SystemLog"]`))}},
		"no detail-type": {envelope(bare("a"), "detail-type", ""),
			[]string{faulty(NotOkta, envelope(bare("a"), "detail-type", ""))}},
		"no detail": {envelope(""), []string{faulty(NotOkta, envelope(""))}},
		"no source": {envelope(bare("a"), "source", ""),
			[]string{faulty(NotOkta, envelope(bare("a"), "source", ""))}},
		"detail is an array": {envelope("[" + bare("a") + "]"),
			[]string{faulty(NotOkta, envelope("["+bare("a")+"]"))}},
		"detail is a string": {envelope(quoted(bare("a"))),
			[]string{faulty(NotOkta, envelope(quoted(bare("a"))))}},
		"detail is null":            {envelope("null"), []string{faulty(NotOkta, envelope("null"))}},
		"detail is another event's": {envelope(noEvent), []string{faulty(NotOkta, envelope(noEvent))}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, v := range decode(t, new(Decoder), []byte(test.text)) {
				got = append(got, outcome(v))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s\ngives %q\nwant  %q", test.text, got, test.want)
			}
		})
	}
}

// A JSON object with the three fields of an event is one, whatever else Okta adds to it: the
// members by which envelopes are recognised may also be in an event.
func TestDecodeKnowsAnEventByItsThreeFields(t *testing.T) {
	for name, added := range map[string]string{
		"Records":          `"Records":[]`,
		"a dead letter's":  `"body":"x","reason":"y"`,
		"an SQS message's": `"body":"x","messageId":"m"`,
		"an envelope's":    `"detail":{},"detail-type":"x"`,
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.TrimSuffix(bare("a"), "}") + "," + added + "}"
			got := decode(t, new(Decoder), []byte(text))
			if len(got) != 1 || got[0].UUID != "a" || got[0].Text != text {
				t.Errorf("%s\ngives %+v\nwant the event", text, got)
			}
		})
	}
}

func TestDecodeReadsProvenance(t *testing.T) {
	whole := Provenance{
		ID: "7f06028e-7a7a-4464-b056-279297438e61", Source: source, Org: "example", Stream: "oktastream",
		Account: "111122223333", Region: "us-east-1", TimeMS: 1788257472000,
	}
	with := func(change func(*Provenance)) Provenance {
		p := whole
		change(&p)
		return p
	}
	for name, test := range map[string]struct {
		text string
		want Provenance
	}{
		"all of it":        {envelope(bare("a")), whole},
		"none":             {bare("a"), Provenance{}},
		"in an SQS body":   {batch(message(envelope(bare("a")))), whole},
		"in a dead letter": {letter(envelope(bare("a"))), whole},
		"a slash in the stream": {envelope(bare("a"), "source", `"aws.partner/okta.com/org/a/b"`),
			with(func(p *Provenance) {
				p.Source, p.Org, p.Stream = "aws.partner/okta.com/org/a/b", "org", "a/b"
			})},
		"with escapes": {envelope(bare("a"), "source", `"aws.partner\/okta.com\/ex\u0061mple\/oktastream"`, "detail-type",
			`"\u0053ystemLog"`,
			"id", `"\u0037f06028e-7a7a-4464-b056-279297438e61"`, "account", `"11112222\u0033333"`, "region",
			`"us\u002deast-1"`,
			"time", `"2026-09-01T10\u003a11:12Z"`), whole},
		"only a source": {envelope(bare("a"), "id", "", "account", "", "time", "", "region", ""),
			Provenance{Source: source, Org: "example", Stream: "oktastream"}},
		"of other types": {envelope(bare("a"), "id", "7", "account", "111122223333", "time", "0", "region", "null"),
			Provenance{Source: source, Org: "example", Stream: "oktastream"}},
		"an unknown time": {envelope(bare("a"), "time", `"yesterday"`), with(func(p *Provenance) { p.TimeMS = 0 })},
		"with a fraction": {envelope(bare("a"), "time", `"2026-09-01T10:11:12.5Z"`),
			with(func(p *Provenance) { p.TimeMS += 500 })},
		"empty strings": {envelope(bare("a"), "id", `""`, "account", `""`, "time", `""`, "region", `""`),
			Provenance{Source: source, Org: "example", Stream: "oktastream"}},
		"another account": {envelope(bare("a"), "account", `"444455556666"`),
			with(func(p *Provenance) { p.Account = "444455556666" })},
		"another region": {envelope(bare("a"), "region", `"eu-west-1"`),
			with(func(p *Provenance) { p.Region = "eu-west-1" })},
		"another event id": {envelope(bare("a"), "id", `"x"`), with(func(p *Provenance) { p.ID = "x" })},
	} {
		t.Run(name, func(t *testing.T) {
			// Once by a Decoder that has seen another envelope before, because it
			// may remember what most envelopes share.
			used := new(Decoder)
			decode(t, used, []byte(envelope(bare("b"), "account", `"999999999999"`, "region", `"sa-east-1"`, "source",
				`"aws.partner/okta.com/other/one"`)))
			for _, d := range []*Decoder{new(Decoder), used} {
				got := decode(t, d, []byte(test.text))
				if len(got) != 1 || got[0].From != test.want {
					t.Errorf("%s\ngives %+v\nwant  %+v", test.text, got, test.want)
				}
			}
		})
	}
}

func TestParseSource(t *testing.T) {
	for _, source := range []string{
		"", "aws.ec2", "aws.partner/okta.com", "aws.partner/okta.com/", "aws.partner/okta.com/org",
		"aws.partner/okta.com/org/",
		"aws.partner/okta.com//x", "aws.partner/okta.com//", "aws.partner/auth0.com/x/y",
		"aws.partner/okta.comx/org/stream",
		" aws.partner/okta.com/org/stream", "AWS.partner/okta.com/org/stream", "aws.partner/okta.community/org/stream",
		"okta",
	} {
		if org, stream, ok := ParseSource(source); ok {
			t.Errorf("ParseSource(%q) = %q, %q; want it refused", source, org, stream)
		}
		text := envelope(bare("a"), "source", quoted(source))
		if got := decode(t, new(Decoder), []byte(text)); len(got) != 1 || outcome(got[0]) != faulty(NotOkta, text) {
			t.Errorf("an envelope of source %q gives %+v; want not_okta", source, got)
		}
	}
	if org, stream, ok := ParseSource(source); !ok || org != "example" || stream != "oktastream" {
		t.Errorf("ParseSource(%q) = %q, %q, %v", source, org, stream, ok)
	}
}

func TestDecodeVisitsInOrder(t *testing.T) {
	var messages, want []string
	for i := range 40 {
		id := fmt.Sprint("u-", i)
		switch i % 4 {
		case 0:
			messages = append(messages, message(envelope(bare(id))))
			want = append(want, event(id))
		case 1:
			messages = append(messages, message("["+bare(id)+",7,"+envelope(bare(id+"b"))+"]"))
			want = append(want, event(id), faulty(NotOkta, "7"), event(id+"b"))
		case 2:
			messages = append(messages, message("!"+id))
			want = append(want, faulty(NotJSON, "!"+id))
		case 3:
			messages = append(messages, message(letter(bare(id))))
			want = append(want, event(id))
		}
	}
	var got []string
	for _, v := range decode(t, new(Decoder), []byte(batch(messages...))) {
		got = append(got, outcome(v))
	}
	if !slices.Equal(got, want) {
		t.Errorf("visits are %q\nwant %q", got, want)
	}
}
