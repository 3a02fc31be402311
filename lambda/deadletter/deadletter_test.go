package deadletter

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
)

func letter(body []byte) Letter {
	l := Letter{
		Note: Note{Stage: "decode", Reason: "not_json", Detail: "JSON syntax error at byte 3", Version: "v1.2.3", FirstSeen: time.Date(2026, 9, 1, 10, 11, 12, 0, time.UTC)},
		File: "in.jsonl", Line: 7, Offset: 1234,
	}
	l.SetBody(body)
	return l
}

func TestLine(t *testing.T) {
	l := letter([]byte("{\"a\": tru\n\x00"))
	line, err := l.AppendLine(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":1,"stage":"decode","reason":"not_json","detail":"JSON syntax error at byte 3","version":"v1.2.3","first_seen":"2026-09-01T10:11:12Z","receives":0,"replays":0,` +
		`"file":"in.jsonl","line":7,"offset":1234,"body":"{\"a\": tru\n\u0000"}` + "\n"
	if string(line) != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

// Whatever the body is, a line is one line, and what it holds is the body.
func TestBodyComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(rt, "body")
		l := letter(body)
		line, err := l.AppendLine(nil)
		if err != nil {
			rt.Fatal(err)
		}
		if bytes.IndexByte(line, '\n') != len(line)-1 {
			rt.Fatalf("not one line: %q", line)
		}
		var back Letter
		if err := json.Unmarshal(line, &back); err != nil {
			rt.Fatal(err)
		}
		got := back.BodyBase64
		if back.Body != nil {
			got = []byte(*back.Body)
		}
		if !bytes.Equal(got, body) {
			rt.Fatalf("body %q came back as %q", body, got)
		}
	})
}

// A line of dead letters is input again: the fixed pipeline takes it as it is.
func TestDecoderTakesALetterApart(t *testing.T) {
	event := `{"uuid":"u-1","eventType":"user.session.start","published":"2026-09-01T10:11:12Z"}`
	for name, body := range map[string]string{"text": event, "bytes": event[:len(event)-1] + ",\"x\":\"\xff\"}"} {
		l := letter([]byte(body))
		line, err := l.AppendLine(nil)
		if err != nil {
			t.Fatal(err)
		}
		var d events.Decoder
		d.Decode(bytes.TrimSpace(line), func(e *events.Event, fault *events.Fault) {
			switch {
			case name == "text" && (fault != nil || string(e.UUID) != "u-1"):
				t.Errorf("%s: event %v, fault %v", name, e, fault)
			case name == "bytes" && (fault == nil || string(fault.Body) != body):
				t.Errorf("%s: want the fault of the body itself, got %v", name, fault)
			}
		})
	}
}

func TestBuildOf(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "3a0d3240123456789abcdef"}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for want, info := range map[string]*debug.BuildInfo{
		"v1.2.3":             {Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{revision, modified}},
		"3a0d32401234":       {Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{revision}},
		"3a0d32401234-dirty": {Settings: []debug.BuildSetting{modified, revision}},
		"devel":              {Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{modified}},
	} {
		if got := buildOf(info); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := buildOf(nil); got != "devel" {
		t.Errorf("without build info: %s", got)
	}
}
