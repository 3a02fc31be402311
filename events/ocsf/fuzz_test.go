package ocsf_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

// nameless finds members whose name is empty, for which the paths that Explain
// writes have no sign.
var nameless = regexp.MustCompile(`""\s*:`)

// For any bytes that are decoded as an event, the record is one line of JSON with the event's uuid,
// and every step of Explain is true.
func FuzzNormalise(f *testing.F) {
	for _, s := range append(append(fixtures(), canary()), rare...) {
		f.Add(s.Text)
	}
	for _, s := range files("testdata", "forms", "*.json") {
		f.Add(s.Text)
	}
	for _, written := range []string{`"\ud83d"`, `"a\u0000"`, `"\\"`, `"null"`} {
		f.Add(
			[]byte(
				`{"uuid":` + written + `,"eventType":` + written + `,"published":"2026-09-01 10:11:12","actor":{"id":` + written + `,"id":1}}`,
			),
		)
	}
	n := ocsf.New()
	var d events.Decoder
	f.Fuzz(func(t *testing.T, text []byte) {
		d.Decode(text, func(e *events.Event, fault *events.Fault) {
			if fault != nil {
				return
			}
			out := n.Append(nil, e)
			if !json.Valid(out) {
				t.Fatalf("not JSON: %s", out)
			}
			if bytes.ContainsAny(out, "\r\n") {
				t.Fatalf("more than one line: %s", out)
			}
			root := parse(t, out)
			if uid := root.at("metadata.uid"); uid == nil || uid.text != string(e.UUID) {
				t.Fatalf("metadata.uid is %v, the event's uuid %q", uid, e.UUID)
			}
			if uid := root.member("class_uid"); uid == nil || uid.kind != '0' {
				t.Fatalf("class_uid is %v", uid)
			}
			if nameless.Match(e.Text()) {
				return
			}
			if wrong := misled(out, n.Explain(e)); wrong != "" {
				t.Fatalf("%s\n%s", wrong, out)
			}
		})
	})
}
