package events

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// object is the event a, with the values of some of its members replaced, or
// left out where the value is "".
func object(replaced ...string) string {
	values := []string{"uuid", `"a"`, "eventType", `"user.session.start"`, "published", `"2026-09-01T10:11:12.345Z"`}
	for i := 0; i < len(replaced); i += 2 {
		if at := slices.Index(values, replaced[i]); at >= 0 {
			values[at+1] = replaced[i+1]
		} else {
			values = append(values, replaced[i], replaced[i+1])
		}
	}
	var parts []string
	for i := 0; i < len(values); i += 2 {
		if values[i+1] != "" {
			parts = append(parts, `"`+values[i]+`":`+values[i+1])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestRequiredFields(t *testing.T) {
	for _, name := range []string{"uuid", "eventType", "published"} {
		known := "a" // the uuid that the fault should tell
		if name == "uuid" {
			known = ""
		}
		for _, value := range []string{"", "null", `""`, `"null"`, "7", "true", "{}", "[]", `["x"]`} {
			text := object(name, value)
			for whole, carrier := range map[string]string{
				text: text, envelope(text): envelope(text), " " + text + " ": batch(message(" " + text + " ")),
			} {
				got := decode(t, new(Decoder), []byte(carrier))
				if len(got) != 1 || outcome(got[0]) != faulty(MissingField, strings.TrimSpace(whole)) ||
					got[0].FaultsID != known {
					t.Errorf("%s\ngives %+v\nwant missing_field with uuid %q and the record as its body", carrier, got, known)
				} else if !strings.HasPrefix(got[0].Why, name+" ") {
					t.Errorf("%s\nis said to be wrong in %q, want %s", carrier, got[0].Why, name)
				}
			}
		}
	}
	for _, published := range []string{`"redacted"`, `"2026-09-01"`, `"2026-13-01T10:11:12Z"`, `"1788257472345"`} {
		got := decode(t, new(Decoder), []byte(object("published", published)))
		if len(got) != 1 || got[0].Reason != MissingField || got[0].FaultsID != "a" {
			t.Errorf("published %s gives %+v; want missing_field of a", published, got)
		}
	}
}

// An object that has any of the three fields is a broken event. An object that has none of them is
// something else.
func TestMissingFieldOrNotOkta(t *testing.T) {
	for text, want := range map[string]Reason{
		`{"uuid":null}`:                     MissingField,
		`{"eventType":"x"}`:                 MissingField,
		`{"published":""}`:                  MissingField,
		`{"severity":"INFO","version":"0"}`: NotOkta,
		`{"uuidx":"a","eventtype":"x"}`:     NotOkta,
		`{"detail":{"uuid":"a"}}`:           NotOkta,
	} {
		if got := decode(t, new(Decoder), []byte(text)); len(got) != 1 || got[0].Reason != want {
			t.Errorf("%s gives %+v, want %s", text, got, want)
		}
	}
}

func TestIdentityIsUnescaped(t *testing.T) {
	got := only(t, []byte(object("uuid", `"\u0061-\"1\""`, "eventType", `"user\u002esession.start"`, "published",
		`"2026-09-01T10:11:12\u002e345Z"`)))
	if got.UUID != `a-"1"` || got.Type != "user.session.start" || got.PublishedMS != 1788257472345 {
		t.Errorf("got %q, %q, %d", got.UUID, got.Type, got.PublishedMS)
	}
}

// Okta writes its keys without escapes. A key with escapes is compared as it is written: without
// one of the three fields the event is given up with its bytes; any other such field is written
// under its own path.
func TestKeysWrittenWithEscapes(t *testing.T) {
	escaped := strings.Replace(bare("a"), "uuid", `\u0075uid`, 1)
	if got := decode(t, new(Decoder), []byte(escaped)); len(got) != 1 || outcome(got[0]) != faulty(MissingField,
		escaped) {
		t.Errorf("%s\ngives %+v", escaped, got)
	}
	strange := strings.Replace(envelope(bare("a")), "detail-type", `detail\u002dtype`, 1)
	if got := decode(t, new(Decoder), []byte(strange)); len(got) != 1 || outcome(got[0]) != faulty(NotOkta, strange) {
		t.Errorf("%s\ngives %+v", strange, got)
	}
	other := object("\\u0073everity", `"INFO"`, "actor", `{"\u0069d":"x","type":"User"}`)
	got := only(t, []byte(other))
	if got.Text != other || got.Fields[ActorType] != `"User"` || got.Fields[ActorID] != "" ||
		got.Fields[Severity] != "" {
		t.Errorf("%s\ngives %+v", other, got)
	}
}

// All other fields may be of any type: an event is delivered with any content, and Okta's
// documentation says "may change".
func TestOddTypesAreAccepted(t *testing.T) {
	odd := []string{"null", "{}", "[]", "0", "-1.5e300", `""`, `"x"`, "true", `[{"id":7}]`, `{"id":{"id":[]}}`}
	for _, f := range allFields() {
		if f == UUID || f == EventType || f == Published {
			continue
		}
		names := strings.Split(f.Path(), ".")
		for depth := 1; depth <= len(names); depth++ {
			for _, value := range odd {
				for i := depth - 1; i > 0; i-- {
					value = `{"` + names[i] + `":` + value + `}`
				}
				text := object(names[0], value)
				if got := only(t, []byte(text)); got.UUID != "a" || got.Text != text {
					t.Errorf("%s\ngives %+v", text, got)
				}
			}
		}
	}
}

// Okta writes the members of device in two ways. The first in the event is the
// field; a null counts, because it is what the event says.
func TestBothSpellingsOfDevice(t *testing.T) {
	for device, want := range map[string]map[Field]string{
		`{"os_platform":"A","os_version":"1","device_integrator":{"a":1}}`: {DeviceOSPlatform: `"A"`,
			DeviceOSVersion: `"1"`, DeviceIntegrator: `{"a":1}`},
		`{"osPlatform":"B","osVersion":"2","deviceIntegrator":"{}"}`: {DeviceOSPlatform: `"B"`,
			DeviceOSVersion: `"2"`, DeviceIntegrator: `"{}"`},
		`{"platform":"C"}`: {DeviceOSPlatform: `"C"`},
		`{"os_platform":"A","osPlatform":"B","platform":"C"}`: {DeviceOSPlatform: `"A"`},
		`{"platform":"C","osPlatform":"B","os_platform":"A"}`: {DeviceOSPlatform: `"C"`},
		`{"osVersion":"2","os_version":"1"}`:                  {DeviceOSVersion: `"2"`},
		`{"os_version":null,"osVersion":"2"}`:                 {DeviceOSVersion: "null"},
		`{"OS_PLATFORM":"A","Platform":"B"}`:                  {},
	} {
		got := only(t, []byte(object("device", device)))
		for _, f := range []Field{DeviceOSPlatform, DeviceOSVersion, DeviceIntegrator} {
			if got.Fields[f] != want[f] {
				t.Errorf("%s of device %s is %s, want %s", f.Path(), device, got.Fields[f], want[f])
			}
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	text := `{"uuid":"a","uuid":"b","eventType":"x.y","published":"2026-09-01T10:11:12Z","actor":{"id":"1","id":"2"},"actor":{"id":"3","type":"User"}}`
	got := only(t, []byte(text))
	if got.UUID != "a" || got.Fields[ActorID] != `"1"` || got.Fields[ActorType] != `"User"` || got.Text != text {
		t.Errorf("%s\ngives %+v", text, got)
	}
}

// The same names at other places are not fields.
func TestFieldsAreBoundByTheirWholePath(t *testing.T) {
	text := object("actor", `{"actor":{"id":"x"},"uuid":"x","list":[{"id":"x"}]}`, "id", `"x"`, "client", `[{"id":"x"}]`,
		"target.id", `"x"`)
	got := only(t, []byte(text)).Fields
	if len(got) != 3 || got[UUID] != `"a"` {
		t.Errorf("%s\nhas the fields %v, want the three", text, got)
	}
}

// In all sample events, every field has the value that encoding/json finds at its path, byte for
// byte.
func TestFieldsOfAllEvents(t *testing.T) {
	for _, s := range fixtures() {
		got, event := only(t, s.Text), detail(t, s.Text)
		for _, f := range allFields() {
			if want := first(t, event, strings.Split(paths[f], "|")); got.Fields[f] != want {
				t.Errorf("%s of %s is %s, want %s", f.Path(), s.Name, got.Fields[f], want)
			}
		}
	}
}

// first returns the value that comes first in the event among those at paths, which differ only in
// their last name; "" if there is none.
func first(t *testing.T, event []byte, paths []string) string {
	var lasts []string
	parent := ""
	for _, path := range paths {
		cut := max(strings.LastIndexByte(path, '.'), 0)
		parent = path[:cut]
		lasts = append(lasts, strings.TrimPrefix(path[cut:], "."))
	}
	if parent != "" {
		value, _ := at(t, event, parent)
		event = []byte(value)
	}
	for _, m := range members(t, event) {
		if slices.Contains(lasts, m.key) {
			return string(m.value)
		}
	}
	return ""
}

// Text and Hash are those of the event's text as received: from the envelope, from the SQS body
// that has it as a string, and before any compaction.
func TestTextAndHashAreTheBytesAsTheyCame(t *testing.T) {
	for _, s := range append(fixtures(), files("testdata", "canary.json")...) {
		want := string(detail(t, s.Text))
		for name, text := range map[string]string{
			"as it is":      string(s.Text),
			"SQS":           batch(message(string(s.Text))),
			"dead letter":   letter(string(s.Text)),
			"base64":        binaryLetter(string(s.Text)),
			"letter in SQS": batch(message("x"), message(letter(string(s.Text))), message(string(s.Text))),
			"ASCII":         message(asciiOnly(string(s.Text))),
		} {
			for _, got := range decode(t, new(Decoder), []byte(text)) {
				if !got.isEvent() {
					continue // the one that comes first
				}
				want := want
				if name == "ASCII" {
					want = string(detail(t, []byte(asciiOnly(string(s.Text)))))
				}
				carrier := strings.TrimSpace(string(s.Text))
				if name == "ASCII" {
					carrier = asciiOnly(carrier)
				}
				if got.Carrier != carrier {
					t.Errorf("%s, %s: the carrier is %.200q\nwant %.200q", s.Name, name, got.Carrier, carrier)
				}
				if got.Text != want || got.Hash != sha256.Sum256([]byte(want)) {
					t.Errorf("%s, %s: the text is %.200q\nwant %.200q", s.Name, name, got.Text, want)
				}
			}
		}
	}
}

// asciiOnly writes non-ASCII characters as escapes, as a sender may. They are inside the event's
// strings and so belong to its bytes.
func asciiOnly(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
