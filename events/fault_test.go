package events

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A dead letter has only the broken record: with its envelope, because the provenance is needed,
// and without the good records around it. It is byte for byte the same, with its blanks.
func TestFaultsBodyIsTheSmallestRecord(t *testing.T) {
	spaced := func(text string) string { return strings.NewReplacer(`":`, `" :  `, `,"`, ",\n\t\"").Replace(text) }
	broken := spaced(envelope(object("uuid", "null")))
	foreign := spaced(envelope(bare("a"), "source", `"aws.ec2"`))
	hollow := spaced(envelope("[1, 2]"))
	naked := spaced(object("published", "7"))
	for name, test := range map[string]struct{ text, want string }{
		"alone":                 {" " + broken + "\n", broken},
		"in an array":           {"[" + bare("a") + " , " + broken + " ,\n" + bare("b") + "]", broken},
		"without an envelope":   {"[" + bare("a") + " , " + naked + "]", naked},
		"of a wrong source":     {"[ " + foreign + " ]", foreign},
		"without a detail":      {"[ " + hollow + " ]", hollow},
		"in an SQS batch":       {batch(message(bare("a")), message(broken), message(bare("b"))), broken},
		"in an array in SQS":    {batch(message("[ " + bare("a") + ", " + broken + "]")), broken},
		"in a dead letter":      {letter("[" + broken + "]"), broken},
		"a body without events": {batch(message(bare("a")), message("  not\tJSON\n")), "  not\tJSON\n"},
		"a batch cut off":       {batch(message(bare("a")))[:200], batch(message(bare("a")))[:200]},
		"a scalar in an array":  {"[" + bare("a") + ` , "x\u0079" ]`, `"x\u0079"`},
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			for _, v := range decode(t, new(Decoder), []byte(test.text)) {
				if !v.isEvent() {
					bodies = append(bodies, v.Body)
				}
			}
			if !slices.Equal(bodies, []string{test.want}) {
				t.Errorf("%q\ngives up %q\nwant     %q", test.text, bodies, test.want)
			}
		})
	}
}

// Faults are logged and counted, and events are personal data: the text of a fault has no content
// of the event, whatever is wrong with it.
func TestFaultsQuoteNothing(t *testing.T) {
	canary := string(files("testdata", "canary.json")[0].Text)
	short := compact(t, []byte(canary))
	texts := []string{"CANARY", `"CANARY"`, `["CANARY", CANARY]`, `{"CANARY":1}`, canary + canary, "\xffCANARY",
		`{"reason":"CANARY","body_base64":"CANARY!"}`, strings.Repeat(`{"CANARY":`, 1001)}
	for cut := 1; cut < len(short); cut += 11 {
		texts = append(texts, short[:cut], short[cut:], short[:cut]+"\x00"+short[cut:], short[:cut]+"\xff"+short[cut:])
	}
	for _, name := range []string{"uuid", "eventType", "published"} {
		value, ok := at(t, []byte(canary), name)
		if !ok {
			t.Fatalf("the canary has no %s", name)
		}
		for _, other := range []string{"null", `["CANARY"]`, `{"CANARY":"CANARY"}`, `""`} {
			texts = append(texts, strings.Replace(canary, value, other, 1))
		}
		if name == "published" {
			texts = append(texts, strings.Replace(canary, value, `"CANARY"`, 1))
		}
	}
	for _, name := range []string{"detail-type", "source", "detail"} {
		for _, other := range []string{`"CANARY"`, `["CANARY"]`, `{"CANARY":"CANARY"}`} {
			texts = append(texts, envelope(canary, name, other))
		}
	}
	faults := 0
	for _, text := range texts {
		for _, carrier := range []string{text, message(text), letter("[" + text + "]"), batch(binaryLetter(text))} {
			new(Decoder).Decode([]byte(carrier), func(_ *Event, fault *Fault) {
				if fault == nil {
					return
				}
				faults++
				if strings.Contains(fault.Error(), "CANARY") || strings.Contains(fault.UUID, "CANARY") {
					t.Errorf("the fault %q, %q quotes %.300q", fault.Error(), fault.UUID, carrier)
				}
			})
		}
	}
	if faults < len(texts) {
		t.Errorf("%d faults of %d broken texts: the test does not test", faults, len(texts))
	}
}

// The text of a fault is all that an operator has.
func TestFaultsSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		envelope("[]"):                        "detail is an array",
		envelope("null"):                      "detail is null",
		envelope("1"):                         "detail is a number",
		envelope("true"):                      "detail is a boolean",
		envelope(`"x"`):                       "detail is a string",
		envelope("{}"):                        "without uuid, eventType and published",
		envelope("{}", "source", `"aws.ec2"`): "source is not aws.partner/okta.com/<org>/<stream>",
		envelope("{}", "detail-type", `"x"`):  "detail-type is not SystemLog",
		object("uuid", "1"):                   "uuid is missing, empty or not a string",
		object("eventType", ""):               "eventType is missing, empty or not a string",
		object("published", `"yesterday"`):    "published is not a time such as",
		`[[]]`:                                "an array where an event was expected",
		"{":                                   "ends too early, at byte 1",
		`{"a" 1}`:                             "syntax error at byte",
		"\"\xff\"":                            "invalid UTF-8",
		"":                                    "no value",
		strings.Repeat("[", 1001):             "nested deeper than 1000",
		wrap(message, maxWrappers+1, ""):      "wrapped too many times",
		`{"reason":"x","body_base64":"*"}`:    "body_base64 is not base64",
	} {
		if got := decode(t, new(Decoder), []byte(text)); len(got) != 1 || !strings.Contains(got[0].Why, want) {
			t.Errorf("%.200s\ngives %+v\nwant %q", text, got, want)
		}
	}
}

// wrap wraps text n times.
func wrap(in func(string) string, n int, text string) string {
	for range n {
		text = in(text)
	}
	return text
}

// A Decoder that has decoded other texts gives the same results as a new one: nothing of one event,
// envelope or fault gets into the next.
func TestDecoderForgets(t *testing.T) {
	texts := [][]byte{
		[]byte(envelope(bare("a"), "id", "", "account", "", "region", "", "time", "")),
		[]byte(envelope(bare("b"), "account", `"444455556666"`, "source", `"aws.partner/okta.com/other/one"`)),
		[]byte(envelope(bare("c"), "source", `"aws.ec2"`)),
		[]byte(object("uuid", "null")), []byte(object("eventType", "null")), []byte(object("uuid", `"\u0061\u0062"`)),
		[]byte(strings.Repeat("[", 2000)), []byte(letter(message(letter(bare("d"))))), []byte("{"), {},
	}
	for _, s := range slices.Concat(fixtures(), forms(), files("testdata", "canary.json")) {
		texts = append(texts, s.Text, s.Text[:len(s.Text)/2], []byte(message(string(s.Text))),
			[]byte("["+string(s.Text)+",0]"))
	}
	fresh := make([][]visited, len(texts))
	for i, text := range texts {
		fresh[i] = decode(t, new(Decoder), text)
	}
	used := new(Decoder)
	for seed := range uint64(3) {
		for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(len(texts)) {
			if got := decode(t, used, texts[i]); !reflect.DeepEqual(got, fresh[i]) {
				t.Fatalf("%.300q\ngives %+v\nto a new Decoder %+v", texts[i], got, fresh[i])
			}
		}
	}
}

// The input belongs to the caller: Lambda's payload is read again for the dead
// letters.
func TestDecodeLeavesItsInputAlone(t *testing.T) {
	for _, s := range slices.Concat(fixtures(), forms()) {
		text := []byte(message(string(s.Text)))
		before := bytes.Clone(text)
		decode(t, new(Decoder), text)
		if !bytes.Equal(text, before) {
			t.Errorf("%s: Decode has changed its input", s.Name)
		}
	}
}

// The lines of bad.jsonl go wrong in one way each, between good ones.
func TestBadLines(t *testing.T) {
	got := map[Reason]int{}
	for _, line := range lines(files("testdata", "forms", "bad.jsonl")) {
		for _, v := range decode(t, new(Decoder), line.Text) {
			got[v.Reason]++
			if v.Reason == NotJSON == json.Valid(line.Text) {
				t.Errorf("%.100s is %q", line.Text, v.Reason)
			}
		}
	}
	if want := (map[Reason]int{"": 2, NotJSON: 2, NotOkta: 3, MissingField: 4}); !reflect.DeepEqual(got, want) {
		t.Errorf("the lines are %v, want %v", got, want)
	}
}
