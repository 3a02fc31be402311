package pipeline

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/oktastream/oktastream/events"
)

// With format raw and Config.Envelope a record is the original envelope, byte for byte. An event
// without one gets an envelope that says so, and that is read like any other.
func TestEnvelope(t *testing.T) {
	detail := `{"uuid": "u-1" ,"eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z","n":1.0e2,"t":"\u00e9\/"}`
	const source = "aws.partner/okta.com/acme/stream"
	envelope := `{"version":"0", "id":"e","detail-type":"SystemLog","source":"` + source + `","account":"1","time":"2026-09-01T10:11:13Z","region":"us-east-1","resources":[],"detail":` + detail + `}`
	made := func(org string) string {
		return `{"version":"0","id":"u-1","detail-type":"SystemLog","source":"aws.partner/okta.com/` + org +
			`/oktastream","account":"","time":"2026-09-01T10:11:12Z","region":"","envelope_by":"oktastream","resources":[],"detail":` + detail + `}`
	}
	for name, c := range map[string]struct{ org, text, want, recordOrg string }{
		"envelope":                 {"other", envelope, envelope, "acme"},
		"in a list":                {"", "[" + envelope + "]", envelope, "acme"},
		"of several lines":         {"", "{\n" + envelope[1:], compact(t, envelope), "acme"},
		"bare":                     {"acme", detail, made("acme"), "acme"},
		"bare, no org":             {"", detail, made(events.NoOrg), ""},
		"an envelope that we made": {"", made("acme"), made("acme"), "acme"},
		"in CloudWatch Logs": {"acme", `{"timestamp":1,"eventId":"1","message":` + quoted(t, detail) + `}`,
			made("acme"), "acme"},
	} {
		t.Run(name, func(t *testing.T) {
			p := New(Config{Format: Raw, Envelope: true, Org: c.org, AnyEnvelope: true})
			list, lines := process(p, c.text)
			if len(list) != 1 || list[0].Fault != nil || lines[0] != c.want || list[0].Org != c.recordOrg {
				t.Fatalf("org %q, record\n%s\nwant\n%s", list[0].Org, lines[0], c.want)
			}
		})
	}
	if _, lines := process(New(Config{Format: OCSF, Envelope: true}), envelope); bytes.Contains([]byte(lines[0]), []byte("detail-type")) {
		t.Errorf("another format has an envelope: %s", lines[0])
	}
}

func quoted(t *testing.T, text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func compact(t *testing.T, text string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// For every form of input, each record is one line of JSON with the unchanged event.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(event("u-1", "user.session.start")), "acme")
	f.Add([]byte(`[`+event("u\u2028\"", "a.b")+`,{"detail-type":"SystemLog","source":"aws.partner/okta.com/a/b","detail":`+
		event("u-2", "a.b")+"\n}]"), "")
	f.Fuzz(func(t *testing.T, text []byte, org string) {
		p := New(Config{Format: Raw, Envelope: true, Org: org, AnyEnvelope: true})
		list, lines := process(p, string(text))
		for i, r := range list {
			if r.Fault != nil {
				continue
			}
			if bytes.ContainsAny([]byte(lines[i]), "\r\n") || !json.Valid([]byte(lines[i])) {
				t.Fatalf("not a line of JSON: %q", lines[i])
			}
			again, same := process(New(Config{Format: Raw, Envelope: true}), lines[i])
			if len(again) != 1 || again[0].Fault != nil || same[0] != lines[i] || again[0].UUID != r.UUID ||
				again[0].PublishedMS != r.PublishedMS || !bytes.ContainsAny(text, "\r\n") && again[0].Hash != r.Hash {
				t.Fatalf("%q\nis read as %+v", lines[i], again)
			}
		}
	})
}
