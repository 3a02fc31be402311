package events

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wrapper is one way in which another system holds a record.
type wrapper struct {
	name  string
	texts int // how many texts it puts around the record
	wrap  func(record string) string
}

func inBase64(text string) string { return quoted(base64.StdEncoding.EncodeToString([]byte(text))) }

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func subscription(record string) string {
	return `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":` + quoted(record) + `}]}`
}

var wrappers = []wrapper{
	{"filter-log-events", 1, func(r string) string {
		return `{"events":[{"logStreamName":"s","timestamp":1,"message":` + quoted(r) + `}],"searchedLogStreams":[]}`
	}},
	{"get-log-events", 1, func(r string) string {
		return `{"events":[{"timestamp":1,"message":` + quoted(r) + `,"ingestionTime":2}],"nextForwardToken":"f/1"}`
	}},
	{"Logs Insights", 1, func(r string) string {
		return `{"results":[[{"field":"@ptr","value":"x"},{"field":"@message","value":` + quoted(r) + `}]],"statistics":{}}`
	}},
	{"Logs Insights export", 1, func(r string) string {
		return `{"@timestamp":"2026-09-01 10:11:12.345","@message":` + quoted(r) + `}`
	}},
	{"Logs Insights export, parsed", 0, func(r string) string { return `{"@ptr":"x","@message":` + r + `}` }},
	{"Logs subscription", 2, func(r string) string {
		return `{"awslogs":{"data":` + inBase64(zipped(subscription(r))) + `}}`
	}},
	{"Logs subscription, decoded", 1, subscription},
	{"receive-message", 1, func(r string) string {
		return `{"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":` + quoted(r) + `}]}`
	}},
	{"event hook", 0, func(r string) string {
		return `{"eventType":"com.okta.event_hook","eventId":"x","data":{"events":[` + r + `]}}`
	}},
	{"put-events", 1, func(r string) string {
		return `{"Entries":[{"Source":"s","DetailType":"SystemLog","Detail":` + quoted(r) + `}]}`
	}},
	{"SNS notification", 1, func(r string) string {
		return `{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":` + quoted(r) + `}`
	}},
	{"SNS to Lambda", 1, func(r string) string {
		return `{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"m","Message":` + quoted(r) + `}}]}`
	}},
	{"Kinesis to Lambda", 1, func(r string) string {
		return `{"Records":[{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"1","data":` + inBase64(r) + `}}]}`
	}},
	{"Kinesis get-records", 1, func(r string) string {
		return `{"Records":[{"SequenceNumber":"1","Data":` + inBase64(r) + `,"PartitionKey":"1"}]}`
	}},
	{"Firehose", 1, func(r string) string {
		return `{"invocationId":"i","records":[{"recordId":"1","data":` + inBase64(zipped(r)) + `}]}`
	}},
	{"HEC", 0, func(r string) string { return `{"time":1.5,"host":"h","sourcetype":"x","event":` + r + `}` }},
	{"HEC text", 1, func(r string) string { return `{"event":` + quoted(r) + `}` }},
	{"Splunk export", 1, func(r string) string {
		return `{"preview":false,"offset":0,"result":{"_bkt":"x","_raw":` + quoted(r) + `}}`
	}},
	{"Splunk results", 1, func(r string) string { return `{"results":[{"_raw":` + quoted(r) + `}]}` }},
	{"Elastic", 1, func(r string) string {
		return `{"@timestamp":"t","event":{"action":"x","original":` + quoted(r) + `},"message":"text"}`
	}},
	{"Elastic, dotted", 1, func(r string) string { return `{"@timestamp":"t","event.original":` + quoted(r) + `}` }},
	{"Elasticsearch", 1, func(r string) string {
		return `{"hits":{"total":{"value":1},"hits":[{"_source":{"@timestamp":"t","message":` + quoted(r) + `}}]}}`
	}},
	{"Datadog archive", 0, func(r string) string { return `{"_id":"x","message":"text","attributes":` + r + `}` }},
	{"Datadog search", 0, func(r string) string {
		return `{"data":[{"type":"log","attributes":{"timestamp":"t","message":"text","attributes":` + r + `}}]}`
	}},
	{"SQS to Lambda", 1, func(r string) string { return `{"Records":[` + message(r) + `]}` }},
	{"dead letter", 1, letter},
	{"failed call", 0, failedCall},
}

// An event can be in any of the known envelopes, in any order, and is decoded without a change.
// Without AnyEnvelope only the function's own envelopes are read.
func TestAnyStackOfEnvelopes(t *testing.T) {
	for _, w := range wrappers {
		checkStack(t, w.wrap(bare("a")), bare("a"))
	}
	rapid.Check(t, func(t *rapid.T) {
		uuid := rapid.StringOfN(rapid.RuneFrom([]rune("abc-é\"\\")), 1, 8, -1).Draw(t, "uuid")
		event := strings.Replace(bare("a"), quoted("a"), quoted(uuid), 1)
		text, texts := event, 0
		if rapid.Bool().Draw(t, "enveloped") {
			text = envelope(event)
		}
		for range rapid.IntRange(0, maxWrappers).Draw(t, "envelopes") {
			w := rapid.SampledFrom(wrappers).Draw(t, "envelope")
			if texts += w.texts; texts > maxWrappers {
				break
			}
			text = w.wrap(text)
		}
		checkStack(t, text, event)
	})
}

func checkStack(t reporter, text, event string) {
	t.Helper()
	got := decode(t, &Decoder{AnyEnvelope: true}, []byte(text))
	if len(got) != 1 || !got[0].isEvent() || got[0].Text != event {
		t.Fatalf("%.500s\ngives %+v\nwant %s", text, got, event)
	}
}

// An envelope with many events counts as many, good or bad.
func TestEnvelopesOfMany(t *testing.T) {
	a, b, bad := bare("a"), bare("b"), object("uuid", "1")
	many := func(before, after string, wrap func(string) string) string {
		return before + wrap(a) + "," + wrap(bad) + "," + wrap(b) + after
	}
	for name, text := range map[string]string{
		"log events": many(`{"events":[`, "]}", func(r string) string {
			return `{"timestamp":1,"message":` + quoted(r) + "}"
		}),
		"hook": many(`{"data":{"events":[`, "]}}", func(r string) string { return r }),
		"Insights": many(`{"results":[`, "]}", func(r string) string {
			return `[{"field":"@message","value":` + quoted(r) + "}]"
		}),
		"values in a row":            `{"Records":[{"Data":` + inBase64(a+bad+"\n"+b) + `}]}`,
		"values in a row, in a text": `{"event":` + quoted(a+"\n"+bad+"\n"+b) + `}`,
	} {
		got := decode(t, &Decoder{AnyEnvelope: true}, []byte(text))
		if len(got) != 3 || got[0].Text != a || got[1].Reason != MissingField || got[1].Body != bad || got[2].Text != b {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestEnvelopesAreReadOnRequestOnly(t *testing.T) {
	const own = 3 // the last of wrappers are what the function reads
	for _, w := range wrappers[:len(wrappers)-own] {
		for _, v := range decode(t, new(Decoder), []byte(w.wrap(bare("a")))) {
			if v.isEvent() || strings.Contains(v.Why, "it has") {
				t.Errorf("%s: %+v", w.name, v)
			}
		}
	}
}

func TestFaultsOfEnvelopes(t *testing.T) {
	half := zipped(bare("a"))[:40]
	damaged := []byte(zipped(bare("a")))
	damaged[12] ^= 0xff
	long := strings.Repeat("x", maxNameLength+1)
	for text, want := range map[string]Fault{
		`{"data":"*"}`:                                     {Reason: NotJSON, Text: "data is not base64"},
		`{"data":` + inBase64(half) + `}`:                  {Reason: NotJSON, Text: "gzip is cut off"},
		`{"data":` + inBase64(string(damaged)) + `}`:       {Reason: NotJSON, Text: "gzip is damaged"},
		`{"data":` + inBase64("text") + `}`:                {Reason: NotJSON, Text: "JSON syntax error at byte"},
		`{"event":"text"}`:                                 {Reason: NotJSON, Text: "JSON syntax error at byte"},
		`{"event":` + quoted("\xff") + `}`:                 {Reason: NotJSON, Text: "JSON syntax error at byte"},
		`{"results":[[{"field":"@ptr","value":"x"}]]}`:     {Reason: NotOkta, Text: "add @message to the fields"},
		`{"s3":{},"eventName":"x"}`:                        {Reason: NotOkta, Text: "an S3 event notification: it names"},
		`{"class_uid":3002,"metadata":{}}`:                 {Reason: NotOkta, Text: "an OCSF record: "},
		`{"a":1,"b.c":2,"d-e":3,"f_g":4,"h":5,"i":6}`:      {Reason: NotOkta, Text: "published; it has a, b.c, d-e, f_g, h"},
		`{"ada@example.com":1,"x y":2,"":3,"z":4,"@b":5}`:  {Reason: NotOkta, Text: "published; it has z, @b"},
		`{"` + long + `":1}`:                               {Reason: NotOkta, Text: "without uuid, eventType and published"},
		`{"uuid":"a","x":1}`:                               {Reason: MissingField, Text: "eventType is missing"},
		wrap(subscription, maxWrappers, subscription("x")): {Reason: NotOkta, Text: "wrapped too many times"},
	} {
		got := decode(t, &Decoder{AnyEnvelope: true}, []byte(text))
		if len(got) != 1 || got[0].Reason != want.Reason || !strings.Contains(got[0].Why, want.Text) ||
			strings.Contains(got[0].Why, long) || strings.Contains(got[0].Why, "@ex") || got[0].Body == "" {
			t.Errorf("%.200s\ngives %+v\nwant %+v", text, got, want)
		}
	}
}

// A control message of CloudWatch Logs holds no event, and is not a fault; what is beside it is read.
func TestControlMessagesHoldNoEvents(t *testing.T) {
	control := strings.NewReplacer("DATA_MESSAGE", "CONTROL_MESSAGE",
		quoted(bare("a")), `"CWL CONTROL MESSAGE: Checking health of destination Firehose."`).Replace(subscription(bare("a")))
	got := decode(t, &Decoder{AnyEnvelope: true}, []byte(`{"records":[{"data":`+inBase64(zipped(control))+`},{"data":`+
		inBase64(zipped(subscription(bare("b"))))+`}]}`))
	if len(got) != 1 || got[0].Text != bare("b") {
		t.Errorf("%+v", got)
	}
	if got := decode(t, &Decoder{AnyEnvelope: true}, []byte(control)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := decode(t, new(Decoder), []byte(control)); len(got) != 1 || got[0].Reason != NotOkta {
		t.Errorf("the function, which gets none: %+v", got)
	}
}

// What gzip unpacks to is bounded over a whole text, however it is divided.
func TestGzipIsBounded(t *testing.T) {
	half := `{"data":` + inBase64(zipped(`"`+strings.Repeat("x", maxUnpacked/2)+`"`)) + `}`
	good := `{"data":` + inBase64(zipped(bare("a"))) + `}`
	d := &Decoder{AnyEnvelope: true}
	var reasons []Reason
	for _, v := range decode(t, d, []byte("["+good+","+half+","+half+","+good+"]")) {
		reasons = append(reasons, v.Reason)
	}
	if want := []Reason{"", NotOkta, TooLarge, TooLarge}; !slices.Equal(reasons, want) {
		t.Errorf("%q, want %q", reasons, want)
	}
	// The next text has its own bound.
	checkAgain := decode(t, d, []byte(good))
	if len(checkAgain) != 1 || !checkAgain[0].isEvent() {
		t.Errorf("%+v", checkAgain)
	}
}

func TestCheckFormat(t *testing.T) {
	for text, want := range map[string]string{
		`{"class_uid":3002,"metadata":{}}`:      "an OCSF record",
		`{"s3":{},"eventName":"x"}`:             s3Name,
		`{"Event":"s3:TestEvent","Bucket":"b"}`: s3Name,
		bare("a"):                               "", "{": "", "7": "", `{"x":1}`: "", `{"Records":[{"s3":{},"eventName":"x"}]}`: "",
		object("class_uid", "1", "metadata", "{}"): "",
	} {
		got := ""
		if f := CheckFormat([]byte(text)); f != nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// FuzzEnvelopes reads any text as an envelope of any kind: every event is JSON, no
// fault is without a reason, and nothing stays in the Decoder.
func FuzzEnvelopes(f *testing.F) {
	for _, w := range wrappers {
		f.Add([]byte(w.wrap(bare("a"))))
		f.Add([]byte(w.wrap(wrappers[len(w.name)%len(wrappers)].wrap(envelope(bare("b"))))))
	}
	for _, s := range files("testdata", "forms", "envelopes", "*.json") {
		f.Add(s.Text)
	}
	used := &Decoder{AnyEnvelope: true}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := decode(t, used, text)
		for _, v := range got {
			switch {
			case v.isEvent():
				if !isOneValue([]byte(v.Text)) || v.UUID == "" {
					t.Errorf("an event %+v", v)
				}
			case !slices.Contains([]Reason{NotJSON, NotOkta, MissingField, TooLarge}, v.Reason) || v.Why == "":
				t.Errorf("a fault %+v", v)
			case len(v.Why) > 100+maxNames*(maxNameLength+2):
				t.Errorf("a long fault %q", v.Why)
			}
		}
		if fresh := decode(t, &Decoder{AnyEnvelope: true}, text); fmt.Sprint(fresh) != fmt.Sprint(got) {
			t.Errorf("a new Decoder gives %+v, a used one %+v", fresh, got)
		}
		CheckFormat(text)
	})
}
