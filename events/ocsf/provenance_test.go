package ocsf_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

// envelope is an EventBridge event as Okta's partner source sends it.
func envelope(detail string) string {
	return `{"version":"0","id":"13a9c0e3","detail-type":"SystemLog","source":"aws.partner/okta.com/example/stream-1",` +
		`"account":"111122223333","time":"2026-09-01T10:11:13Z","region":"eu-west-1","resources":[],"detail":` + detail + `}`
}

func TestProvenance(t *testing.T) {
	got := parse(t, normalised(t, envelope(okta(typeEntity))))
	for path, want := range map[string]string{
		"tenant_uid": `"example"`, "profiles": `["cloud"]`,
		"loggers": `[{"uid":"aws.partner/okta.com/example/stream-1","name":"EventBridge","event_uid":"13a9c0e3","logged_time":1788257473000}]`,
	} {
		if is := got.member("metadata").member(path); is == nil || is.String() != want {
			t.Errorf("metadata.%s = %v, want %s", path, is, want)
		}
	}
	if is, want := got.member(
		"cloud",
	).String(), `{"region":"eu-west-1","account":{"uid":"111122223333"},"provider":"AWS"}`; is != want {
		t.Errorf("cloud = %s, want %s", is, want)
	}
	bare := parse(t, normalised(t, okta(typeEntity)))
	if bare.member("cloud") != nil || bare.member("metadata").member("loggers") != nil ||
		bare.member("metadata").member("tenant_uid") != nil {
		t.Errorf("an event without an envelope has provenance: %s", bare)
	}
}

// An envelope that lacks something must not get it from the one before.
func TestProvenanceIsNotThatOfTheEnvelopeBefore(t *testing.T) {
	const poor = `{"detail-type":"SystemLog","source":"aws.partner/okta.com/other/stream-2","detail":`
	var d events.Decoder
	n := ocsf.New()
	var got []byte
	for _, text := range []string{envelope(okta(typeEntity)), poor + okta(typeEntity) + "}"} {
		d.Decode([]byte(text), func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				t.Fatal(fault)
			}
			got = n.Append(nil, e)
		})
	}
	if want := normalised(t, poor+okta(typeEntity)+"}"); !bytes.Equal(got, want) {
		t.Errorf("after another envelope the record is\n%s\nbefore it\n%s", got, want)
	}
	metadata := parse(t, got).member("metadata")
	if loggers := metadata.member(
		"loggers",
	).String(); loggers != `[{"uid":"aws.partner/okta.com/other/stream-2","name":"EventBridge"}]` {
		t.Errorf("loggers = %s", loggers)
	}
}

// The hash is that of the event's JSON text as received: with its blanks, after an SQS body has
// been unescaped, and without the envelope.
func TestHashIsOfTheBytesAsTheyCame(t *testing.T) {
	for name, detail := range map[string]string{
		"compact": okta(typeEntity),
		"blanks":  "{ \"uuid\" : \"u\",\r\n\t\"eventType\":\"zone.update\" , \"published\":\"2026-09-01T10:11:12.345Z\" }",
		"escapes": okta(typeEntity, `"displayMessage":"\u0041\/\ud83d\ude00 é <&>"`),
		"numbers": okta(typeEntity, `"novel":[1.0,1e2,-0]`),
	} {
		sum := sha256.Sum256([]byte(detail))
		want := `{"algorithm_id":3,"algorithm":"SHA-256","value":"` + hex.EncodeToString(sum[:]) + `"}`
		body := envelope(" " + detail + "\n")
		for form, text := range map[string]string{
			"bare":      detail,
			"blanks":    "\n " + detail + " \n",
			"array":     "[ " + detail + " ]",
			"envelope":  body,
			"SQS batch": `{"Records":[{"messageId":"m","eventSource":"aws:sqs","body":` + quote(body) + `}]}`,
		} {
			if got := parse(t, normalised(t, text)).member("raw_data_hash").String(); got != want {
				t.Errorf("%s, %s: raw_data_hash = %s, want %s", name, form, got, want)
			}
		}
	}
}

func TestTheSameEventGivesTheSameBytes(t *testing.T) {
	for _, s := range fixtures() {
		each(s, func(e *events.Event) {
			n := ocsf.New()
			once, twice := n.Append(nil, e), n.Append(nil, e)
			if !bytes.Equal(once, twice) {
				t.Errorf("%s: first\n%s\nthen\n%s", s.Name, once, twice)
			}
		})
	}
}

// Nothing of an event may be left for the next one: neither in the Decoder nor in the Normaliser,
// after any events in any order.
func TestNothingIsLeftOfTheEventBefore(t *testing.T) {
	all := everything(t)
	var reusedDecoder events.Decoder
	reused := ocsf.New()
	step, seen := 37, 0 // 37 jumps back and forth between files and sizes
	for len(all)%step == 0 {
		step++
	}
	for i := range min(len(all), 1200) {
		s := all[i*step%len(all)]
		var got []byte
		reusedDecoder.Decode(s.Text, func(e *events.Event, fault *events.Fault) {
			if fault == nil {
				got = append(reused.Append(got, e), '\n')
			}
		})
		if seen%3 == 0 {
			each(s, func(e *events.Event) { reused.Explain(e) })
		}
		var want []byte
		each(s, func(e *events.Event) {
			seen++
			want = append(ocsf.New().Append(want, e), '\n')
		})
		if !bytes.Equal(got, want) {
			t.Fatalf("%s: a Normaliser that has been used writes\n%s\na fresh one\n%s", s.Name, got, want)
		}
	}
	if seen < 250 {
		t.Errorf("only %d events were looked at", seen)
	}
	t.Logf("%d events", seen)
}

// The bytes before the record are not changed.
func TestAppendKeepsWhatIsThere(t *testing.T) {
	for _, s := range fixtures()[:20] {
		each(s, func(e *events.Event) {
			n := ocsf.New()
			const before = `{"a":[1,{`
			if got := n.Append([]byte(before), e); string(got) != before+string(n.Append(nil, e)) {
				t.Errorf("%s: %s", s.Name, got)
			}
		})
	}
}
