package patterntest

import (
	"encoding/json"
	"testing"
)

// TestMatch holds cases of the user guide, of the README of
// github.com/aws/event-ruler, and answers that EventBridge gave to
// github.com/localstack/localstack on 2024-12-05
// (tests/aws/services/events/event_pattern_templates).
func TestMatch(t *testing.T) {
	for pattern, c := range map[string]struct{ yes, no []string }{
		`{"Location":["New York"],"Day":["Monday"]}`: {
			[]string{`{"Location":"New York","Day":"Monday","x":1}`},
			[]string{`{"Location":"New York"}`, `{"location":"New York","Day":"Monday"}`, `{}`}},
		`{"name":["Alice","Bob"]}`: {[]string{`{"name":"Bob"}`}, []string{`{"name":"alice"}`, `{"name":null}`,
			`{"name":{}}`}},
		`{"a":[{"prefix":"ab"}]}`: {[]string{`{"a":"ab"}`, `{"a":"abc"}`}, []string{`{"a":"xab"}`, `{"a":1}`, `{}`}},
		`{"a":[{"suffix":".x"}]}`: {[]string{`{"a":".x"}`, `{"a":"b.x"}`}, []string{`{"a":"b.X"}`, `{"a":null}`}},
		`{"a":[{"wildcard":"d/*.p"}]}`: {
			[]string{`{"a":"d/a.p"}`, `{"a":"d/.p"}`, `{"a":"d/b\n/c.p"}`}, []string{`{"a":"xd/a.p"}`, `{"a":"d/a.px"}`}},
		`{"a":[{"wildcard":"a\\*b\\\\*"}]}`: {[]string{`{"a":"a*b\\"}`, `{"a":"a*b\\c"}`}, []string{`{"a":"axb\\"}`}},
		`{"a":[{"anything-but":["b","c"]}]}`: {
			[]string{`{"a":"d"}`, `{"a":null}`, `{"a":1}`}, []string{`{"a":"b"}`, `{}`, `{"a":{"b":1}}`}},
		`{"a":[{"anything-but":{"prefix":["u-","e-"]}}]}`: {[]string{`{"a":"ap"}`, `{"a":5}`}, []string{`{"a":"e-w"}`, `{}`}},
		`{"a":[{"anything-but":{"wildcard":["*/i/*","*/d/*"]}}]}`: {
			[]string{`{"a":"d/p/d"}`}, []string{`{"a":"a/d/b"}`, `{"a":"a/i/b"}`}},
		// Two anything-but are ORed and let everything through.
		`{"a":[{"anything-but":["x"]},{"anything-but":["y"]}]}`: {[]string{`{"a":"x"}`, `{"a":"y"}`}, []string{`{}`}},
		`{"d":{"s":["r"]}}`: {[]string{`{"d":{"s":"r"}}`}, []string{`{"d":"r"}`, `{"s":"r"}`}},
	} {
		for _, want := range []bool{true, false} {
			list := c.no
			if want {
				list = c.yes
			}
			for _, event := range list {
				if got, err := Match(read(t, pattern), []byte(event)); got != want || err != nil {
					t.Errorf("%s on %s: %v, %v", pattern, event, got, err)
				}
			}
		}
	}
}

func TestMatchRefuses(t *testing.T) {
	for _, pattern := range []string{
		`{}`, `{"a":{}}`, `{"a":[]}`, `{"a":"x"}`, `{"a":[1]}`, `{"a":[{}]}`, `{"a":[{"prefix":"x","y":1}]}`,
		`{"$or":[{"a":["x"]},{"b":["x"]}]}`,
		`{"a":[{"numeric":["=",1]}]}`, `{"a":[{"exists":true}]}`, `{"a":[{"prefix":["x"]}]}`,
		`{"a":[{"wildcard":"x**y"}]}`, `{"a":[{"wildcard":"x\\y"}]}`,
		`{"a":[{"wildcard":"x\\"}]}`, `{"a":[{"anything-but":[]}]}`, `{"a":[{"anything-but":"x"}]}`,
		`{"a":[{"anything-but":["x",1]}]}`,
		`{"a":[{"anything-but":{"prefix":[""]}}]}`, `{"a":[{"anything-but":{"numeric":["x"]}}]}`,
	} {
		if matched, err := Match(read(t, pattern), []byte(`{"a":"z"}`)); matched || err == nil {
			t.Errorf("%s: matched %v, %v", pattern, matched, err)
		}
	}
	for _, event := range []string{"", "x", "null", "[]", `{"a":1`, `{}{}`, `{"a":["b"]}`} {
		if matched, err := Match(read(t, `{"a":["b"]}`), []byte(event)); matched || err == nil {
			t.Errorf("%q: matched %v, %v", event, matched, err)
		}
	}
}

func read(t *testing.T, text string) (p map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}
