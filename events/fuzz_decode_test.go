package events

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecode checks the guarantees of Decode for any text.
func FuzzDecode(f *testing.F) {
	for _, s := range append(fixtures(), forms()...) {
		f.Add(s.Text)
	}
	// Small ones, so that the fuzzer finds the edges of the forms quickly.
	for _, text := range []string{
		bare("a"), envelope(bare("a")), "[" + bare("a") + ",1]", batch(message(envelope(bare("a"))), message("x")),
		letter(bare("a")), binaryLetter(bare("a")), message(letter(message(letter(bare("a"))))),
		failedCall(envelope(bare("a"))),
		object("uuid", `"\u0061"`, "device", `{"platform":1}`), `{"Records":[]}`, "[[]]", "{}",
	} {
		f.Add([]byte(text))
	}
	used := new(Decoder)
	f.Fuzz(func(t *testing.T, text []byte) {
		all := decode(t, used, text) // fails on a visit that is neither event nor fault
		for _, v := range all {
			if v.isEvent() {
				checkEvent(t, v)
				checkWithin(t, text, v.Text)
				checkWithin(t, text, v.Carrier)
				continue
			}
			checkFault(t, v)
			checkWithin(t, text, v.Body)
		}
		// What encoding/json refuses is refused here, too; what it accepts is
		// refused only for the reasons that it does not know.
		refused := len(all) == 1 && all[0].Reason == NotJSON && all[0].Body == string(text)
		if !isOneValue(text) && !refused {
			t.Errorf("%q is not JSON and gives %+v", text, all)
		}
		if isOneValue(text) && refused && utf8.Valid(text) && !strings.Contains(all[0].Why, "deeper") &&
			!strings.Contains(all[0].Why, "base64") {
			t.Errorf("%q is JSON and refused: %s", text, all[0].Why)
		}
	})
}

func checkEvent(t *testing.T, v visited) {
	t.Helper()
	if v.UUID == "" || v.Type == "" || !utf8.ValidString(v.UUID) || !utf8.ValidString(v.Type) {
		t.Errorf("an event of uuid %q and type %q", v.UUID, v.Type)
	}
	event := []byte(v.Text)
	for name, want := range map[string]string{"uuid": v.UUID, "eventType": v.Type} {
		value, _ := at(t, event, name)
		var got string
		if err := json.Unmarshal([]byte(value), &got); err != nil || got != want {
			t.Errorf("%s is %q, in the event it is %s", name, want, value)
		}
	}
	value, _ := at(t, event, "published")
	var published string
	if err := json.Unmarshal([]byte(value), &published); err != nil {
		t.Errorf("published is %s", value)
	}
	if ms, ok := ParsePublished([]byte(published)); !ok || ms != v.PublishedMS {
		t.Errorf("published is %d, in the event it is %s", v.PublishedMS, value)
	}
	checkLine(t, v.Text, v.Line)
	if v.From.Source != "" {
		if org, stream, ok := ParseSource(v.From.Source); !ok || org != v.From.Org || stream != v.From.Stream {
			t.Errorf("the provenance is %+v", v.From)
		}
	} else if v.From != (Provenance{}) {
		t.Errorf("without a source, the provenance is %+v", v.From)
	}
}

func checkFault(t *testing.T, v visited) {
	t.Helper()
	switch v.Reason {
	case NotJSON, NotOkta, MissingField:
	default:
		t.Errorf("decoding gives up for %q", v.Reason)
	}
	if v.Why == "" || v.FaultsID != "" && v.Reason != MissingField {
		t.Errorf("a fault %+v", v)
	}
}

// checkWithin checks that part is a part of text, or of a text in a string of text: Decode returns
// no other bytes.
func checkWithin(t *testing.T, text []byte, part string) {
	t.Helper()
	if !within(text, []byte(part), maxWrappers) {
		t.Errorf("%q\nis nowhere in\n%q", part, text)
	}
}

func within(text, part []byte, depth int) bool {
	if bytes.Contains(text, part) {
		return true
	}
	if depth == 0 {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		inner, ok := token.(string)
		if !ok {
			continue
		}
		if within([]byte(inner), part, depth-1) {
			return true
		}
		if decoded, err := base64.StdEncoding.DecodeString(inner); err == nil && within(decoded, part, depth-1) {
			return true
		}
	}
}
