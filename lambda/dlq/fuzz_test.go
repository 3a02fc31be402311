package dlq

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Whatever a message holds: it has a form and a reason of which there is a row, what
// is printed of it are words and ids, and no form is sent that is unknown.
func FuzzRecognise(f *testing.F) {
	const event = `{"uuid":"u-1","eventType":"a.b","published":"2026-09-01T10:11:12.345Z"}`
	const wrapped = `{"detail-type":"SystemLog","source":"aws.partner/okta.com/x/y","detail":` + event + `}`
	for _, seed := range [][5]string{
		{event, "", "", "", ""},
		{wrapped, `{"v":1,"reason":"not_json","uuid":"u-1","replays":2}`, "", "", ""},
		{wrapped, "", "NO_PERMISSIONS", "m", ""},
		{wrapped, "", "SDK_CLIENT_ERROR", "ApiDestination returned HTTP status 401 with payload: {}", ""},
		{`{"detail-type":"oktastream.logs.v1","source":"oktastream","detail":{"logs":[` + event +
			`],"batch":{"v":1,"id":"b","pipeline":"p","count":1}}}`, "", "X", "status code: 503", ""},
		{`{"requestContext":{"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":` + wrapped + `}`, "", "", "", "200"},
		{"[" + wrapped + "," + wrapped + "]", "{", "", "", "200"},
		{`{"hello":"you"}`, "", "", "", ""}, {"", "", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], true)
	}
	f.Fuzz(func(t *testing.T, text, note, code, message, lambda string, fromBuffer bool) {
		m := &Message{ID: "m", Body: text, Attributes: map[string]types.MessageAttributeValue{}}
		for name, value := range map[string]string{
			"oktastream": note, errorCode: code, errorMessage: message, lambdaErrorCode: lambda, lambdaRequestID: lambda,
		} {
			if value != "" {
				m.Attributes[name] = types.MessageAttributeValue{StringValue: aws.String(value)}
			}
		}
		if fromBuffer {
			m.DeadFrom = "arn:buffer"
		}
		r := Recogniser{BufferARN: "arn:buffer", Pipeline: "p"}
		d := r.Recognise(&Queue{Name: RedriveQueue}, m)
		if d.Form == "" || d.Reason == "" || ReasonOf(d.Reason, d.Code).Fix == "" {
			t.Fatalf("%+v", d)
		}
		if (d.Reason == notFromBuffer) == fromBuffer {
			t.Fatalf("from the buffer %v: %s", fromBuffer, d.Reason)
		}
		form, status, _ := strings.Cut(d.Reason, " ")
		if safeWord(form) != form || status != "" && safeWord(status) != status ||
			d.Code != None && safeWord(d.Code) != d.Code {
			t.Fatalf("%q %q", d.Reason, d.Code)
		}
		for _, e := range d.Events {
			if e.UUID != None && safeID(e.UUID) != e.UUID || e.Type != None && safeWord(e.Type) != e.Type {
				t.Fatalf("%+v", e)
			}
		}
		again := r.Recognise(&Queue{Name: RedriveQueue}, m)
		if again.Form != d.Form || again.Reason != d.Reason || len(again.Events) != len(d.Events) {
			t.Fatalf("%+v, then %+v", d, again)
		}
	})
}

// Whatever an audit holds, a run goes on with it: it knows what whole, recent lines
// say was sent, and nothing else.
func FuzzAuditResume(f *testing.F) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	whole, err := json.Marshal(Line{Time: now, Outcome: Replayed, QueueURL: "q", MessageID: "m"})
	if err != nil {
		f.Fatal(err)
	}
	line := string(whole)
	for _, seed := range []string{
		"", "\n", line, line + "\n", line[:20], line + "\n" + line[:20], "{}\n[]\nnull\n" + line + "\n",
		strings.Replace(line, "replayed", "failed", 1) + "\n", strings.Replace(line, "2026-11", "2026-10", 1) + "\n", "\xff\x00\n" + line,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a Audit
		torn, err := a.read(bytes.NewReader(text), now)
		if err != nil {
			t.Fatal(err)
		}
		if torn != (len(text) > 0 && text[len(text)-1] != '\n') {
			t.Fatalf("torn %v", torn)
		}
		want := false
		for _, l := range bytes.SplitAfter(text, []byte("\n")) {
			var got Line
			if bytes.HasSuffix(l, []byte("\n")) && json.Unmarshal(l, &got) == nil && got.QueueURL == "q" &&
				got.MessageID == "m" && got.Outcome == Replayed && now.Sub(got.Time) < 14*day {
				want = true
			}
		}
		if a.Sent("q", "m") != want {
			t.Fatalf("sent %v, want %v", !want, want)
		}
		if _, err := a.read(
			io.MultiReader(bytes.NewReader(text), strings.NewReader("\n"+line+"\n")),
			now,
		); err != nil ||
			!a.Sent("q", "m") {
			t.Fatalf("a line behind it is not known: %v", err)
		}
	})
}
