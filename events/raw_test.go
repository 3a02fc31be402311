package events

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events/internal/eventstest"
)

// goldenFile is where the record of a file of testdata/events stands.
func goldenFile(name, format string) string {
	return filepath.Join(eventstest.Root(), "testdata", "golden", strings.TrimSuffix(name, ".json")+"."+format+".json")
}

// The raw record of every event, as a separate file, so that a review shows every change.
func TestRawGolden(t *testing.T) {
	want := map[string]bool{}
	for _, s := range fixtures() {
		got := append([]byte(only(t, s.Text).Line), '\n')
		file := goldenFile(s.Name, "raw")
		want[file] = true
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v (go test ./events -update writes it)", err)
		}
		if !bytes.Equal(got, golden) {
			t.Errorf("%s is now\n%s\nand was\n%s", file, got, golden)
		}
	}
	kept, err := filepath.Glob(goldenFile("*.json", "raw"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		if !want[file] {
			t.Errorf("%s is the record of no event in testdata/events", file)
		}
	}
}

// checkLine checks what AppendLine guarantees: the event's bytes, without the blanks between its
// tokens if it has line breaks.
func checkLine(t reporter, text, line string) {
	t.Helper()
	want := text
	if strings.ContainsAny(text, "\r\n") {
		want = compact(t, []byte(text))
	}
	if line != want {
		t.Errorf("the line of\n%q\nis   %q\nwant %q", text, line, want)
	}
	if strings.ContainsAny(line, "\r\n") || !json.Valid([]byte(line)) {
		t.Errorf("%q is not one line of JSON", line)
	}
}

func TestAppendLine(t *testing.T) {
	for name, text := range map[string]string{
		"as it is":          bare("a"),
		"blanks":            strings.ReplaceAll(bare("a"), `":`, `" : `),
		"a tab":             strings.ReplaceAll(bare("a"), ",", ",\t"),
		"line feeds":        strings.ReplaceAll(bare("a"), ",", " ,\n\t "),
		"carriage returns":  strings.ReplaceAll(bare("a"), `":`, "\"\r:\r"),
		"CRLF at the end":   strings.TrimSuffix(bare("a"), "}") + "\r\n}",
		"escapes":           object("x", `"\n\r\u000a \/ \ud83d \u00e9"`, "\\u0061", `1`),
		"escapes and lines": "{\n" + object("x", `"\n\r\u000a \/ \ud83d \u00e9 , : { }"`, "\\u0061", `1`)[1:],
		"numbers":           object("x", "[1.0, 1e400, -0,\n 123456789012345678901234567890.10]"),
		"U+2028 and HTML":   object("x", "\"\u2028\u2029<&>\"", "y", "\n1"),
		"duplicates":        object("x", "1", "y", "\n[]") + "",
		"empty members":     "{ \n\"\": {\n} ," + object("z", "[\n]")[1:],
	} {
		for carrier, whole := range map[string]string{"bare": text, "enveloped": envelope(text),
			"SQS": message(envelope(text))} {
			got := only(t, []byte(whole))
			if got.Text != text {
				t.Errorf("%s, %s: the text is %q", name, carrier, got.Text)
			}
			checkLine(t, text, got.Line)
		}
	}
	// It appends: the bytes before it are not changed.
	new(Decoder).Decode([]byte(bare("a")), func(e *Event, _ *Fault) {
		if got := string(e.AppendLine([]byte("before "))); got != "before "+bare("a") {
			t.Errorf("AppendLine gives %q", got)
		}
	})
}

// Each sample event as it is written, on one line, and indented by a tool is the same event; on one
// line also its bytes are the same.
func TestRawIsLossless(t *testing.T) {
	all := append(fixtures(), files("testdata", "canary.json")...)
	if all = append(all, corpora()...); len(corpora()) == 0 {
		t.Log("../shared/corpus is not there: only the events of testdata are looked at")
	}
	for _, s := range all {
		for _, v := range decode(t, new(Decoder), s.Text) {
			if !v.isEvent() {
				continue // TestCorpora counts them
			}
			checkLine(t, v.Text, v.Line)
			line := compact(t, []byte(v.Text))
			if got := only(t, []byte(line)).Line; got != line {
				t.Errorf("%s: the line of\n%s\nis\n%s", s.Name, line, got)
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, []byte(line), "\r", "\t"); err != nil {
				t.Fatal(err)
			}
			if got := only(t, indented.Bytes()).Line; got != line {
				t.Errorf("%s: the line of the indented event is\n%s\nwant\n%s", s.Name, got, line)
			}
		}
	}
}

// value draws JSON as encoding/json writes it, nested up to depth.
func value(depth int) *rapid.Generator[json.RawMessage] {
	return rapid.Custom(func(rt *rapid.T) json.RawMessage {
		kinds := 6
		if depth == 0 {
			kinds = 4
		}
		marshal := func(v any) json.RawMessage {
			b, err := json.Marshal(v)
			if err != nil {
				rt.Skip(err)
			}
			return b
		}
		switch rapid.IntRange(0, kinds-1).Draw(rt, "kind") {
		case 0:
			return marshal(rapid.String().Draw(rt, "string"))
		case 1:
			return json.RawMessage(rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?`).Draw(rt, "number"))
		case 2:
			return json.RawMessage(rapid.SampledFrom([]string{"null", "true", "false", "{}", "[]", `""`}).Draw(rt, "word"))
		case 3:
			return json.RawMessage(rapid.SampledFrom([]string{`"\ud83d"`, `"\/"`, `"\u0000"`, "\"\u2028\""}).Draw(rt, "odd"))
		case 4:
			return marshal(rapid.SliceOfN(value(depth-1), 0, 4).Draw(rt, "array"))
		default:
			return marshal(rapid.MapOfN(rapid.String(), value(depth-1), 0, 4).Draw(rt, "object"))
		}
	})
}

func TestRawIsLosslessWhateverOktaAdds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name, err := json.Marshal(rapid.String().Filter(func(s string) bool {
			return s != "uuid" && s != "eventType" && s != "published"
		}).Draw(rt, "name"))
		if err != nil {
			rt.Skip(err)
		}
		blank := rapid.SampledFrom([]string{"", " ", "\n", "\r\n\t"}).Draw(rt, "blank")
		text := "{" + blank + string(name) + blank + ":" + blank + string(value(3).Draw(rt, "value")) + blank + "," +
			bare("a")[1:]
		got := only(rt, []byte(batch(message(envelope(text)))))
		if got.Text != text {
			rt.Fatalf("the text of\n%q\nis %q", text, got.Text)
		}
		checkLine(rt, text, got.Line)
	})
}
