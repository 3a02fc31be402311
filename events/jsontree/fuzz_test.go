package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// edges are texts that are just valid JSON, or just not.
var edges = []string{
	"", " ", "\t\r\n 1 \t\r\n", "\v1", "\f1", "\u00a01", "\ufeff{}", "{}", "[]", "{ }", "[ ]", "{}}", "[]]", "[}", "{]",
	"[[", "{{}}", "{}{}", "[],", ",",
	`{"a":1,}`, `[1,]`, `[,1]`, `[1,,2]`, `{,}`, `{"a"}`, `{"a":}`, `{"a" : 1 , "b":[ ] }`, `{"a"::1}`, `{"a":1 "b":2}`,
	`{1:2}`, `{a:1}`, `{"a":1,"a":{}}`, `{"":""}`, `[1:2]`,
	"0", "-0", "-", "01", "-01", "1.", ".1", "1.0", "1e", "1e+", "1E-5", "1e5.5", "+1", "0x1", "1_0", "- 1", "1 2", "00",
	"1e400", "123456789012345678901234567890", "NaN", "Infinity",
	"true", "tru", "truee", "True", "false", "fals", "null", "nul", "nulll", "t", "f", "n", "[true,false,null]",
	"[truefalse]",
	`"`, `""`, `"a`, `"\"`, `"\\"`, `"\"`, `"\\\"`, `"\\\\"`, `"\/\b\f\n\r\t\""`, `"\a"`, `"\u"`, `"\u00"`, `"\u00e"`,
	`"\u00eg"`, `"\u00e9"`, `"\U00e9"`, `"\u0000"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\ude00"`, `"\ud83d\u0041"`,
	`"\ude00\ud83d"`,
	"\"a\nb\"", "\"a\x00b\"", "\"a\x1fb\"", "\"a b\"", "\"\x7f\"", "\"\u2028\u2029\"", "\"\xff\"", "\"\xc3\"",
	"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\xff", "[\"\x80\"]", "'a'", `"a" "b"`, `"a"b`,
	`"1234567\"`, `"12345678"`, `"1234567\\"`, `"123456\n7"`, `"!\"!\"!\"! ! ]\\^[\\]"`, "\"1234567\x1f\"",
	"\"é23456\x019\"", `"ééééé\"é\"é"`, "/**/1", "1//", "{\"a\":\"\\\"{\\\\\\\"b\\\\\\\":1}\\\"\"}",
}

// FuzzParse compares the tree with encoding/json for every text, and the value of each string with
// jsontext's.
func FuzzParse(f *testing.F) {
	for _, text := range edges {
		f.Add([]byte(text))
		f.Add([]byte(`{"a":[` + text + `],"b":"x"}`))
		quoted, _ := json.Marshal(text)
		f.Add(quoted)
	}
	for _, glob := range []string{"events/*.json", "forms/*.*"} {
		names, err := filepath.Glob(filepath.Join("../../testdata", glob))
		if err != nil || len(names) == 0 {
			f.Fatalf("%s: %v", glob, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	for depth := maxDepth - 1; depth <= maxDepth+1; depth++ {
		f.Add([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)))
		f.Add([]byte(strings.Repeat(`{"":`, depth) + "1" + strings.Repeat("}", depth)))
		f.Add([]byte(strings.Repeat("[", depth)))
	}
	var tree Tree
	f.Fuzz(func(t *testing.T, text []byte) {
		valid := utf8.Valid(text) && json.Valid(text)
		err := tree.Parse(text)
		if err != nil {
			if valid && err != errDepth {
				t.Fatalf("%q is JSON, and yet %v", text, err)
			}
			checkReason(t, text, err)
			return
		}
		if !valid {
			t.Fatalf("Parse(%q) takes what is not JSON", text)
		}
		for i := range tree.Nodes {
			checkNode(t, &tree, uint32(i))
		}
	})
}

// checkReason checks that the reason is the right one, and that its position is in the text.
func checkReason(t *testing.T, text []byte, err error) {
	t.Helper()
	var syntax *syntaxError
	switch {
	case !utf8.Valid(text):
		if err != errUTF8 {
			t.Fatalf("%q is not UTF-8: %v", text, err)
		}
	case len(bytes.Trim(text, " \t\r\n")) == 0:
		if err != errEmpty {
			t.Fatalf("%q is empty: %v", text, err)
		}
	case errors.As(err, &syntax):
		if syntax.Offset < 0 || syntax.Offset > int64(len(text)) {
			t.Fatalf("%q: %v", text, err)
		}
		if complete := json.Valid(text); complete {
			t.Fatalf("%q is JSON, and yet %v", text, err)
		}
	case err != errDepth || bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= maxDepth:
		t.Fatalf("%q: %v", text, err)
	}
}

// checkNode checks that a node's text is a value of its kind, that its name is a string before it,
// that its children are within it one after the other, and that a string has the value that
// jsontext gives.
func checkNode(t *testing.T, tree *Tree, i uint32) {
	t.Helper()
	n := tree.Nodes[i]
	raw := tree.Raw(i)
	if v := jsontext.Value(raw); !json.Valid(raw) || Kind(v.Kind()) != n.Kind {
		t.Fatalf("%s is not a value of kind %c", raw, n.Kind)
	}
	end := n.Start
	for c := i + 1; c < n.Next; c = tree.Nodes[c].Next {
		child := tree.Nodes[c]
		if from := child.Start; from <= end || child.End >= n.End {
			t.Fatalf("%s is not inside %s after what came before", tree.Raw(c), raw)
		}
		if n.Kind == '{' && (child.KeyStart <= end || child.KeyEnd >= child.Start || !json.Valid(tree.QuotedKey(c))) {
			t.Fatalf("%q is not the name of %s in %s", tree.Key(c), tree.Raw(c), raw)
		}
		end = child.End
	}
	if n.Kind != '"' {
		if n.Kind != '{' && n.Kind != '[' && n.Next != i+1 {
			t.Fatalf("%s has children", raw)
		}
		return
	}
	want, _ := jsontext.AppendUnquote(nil, raw)
	if got := tree.AppendString([]byte("before"), i); string(got) != "before"+string(want) {
		t.Fatalf("AppendString of %s is %q", raw, got)
	}
	if got := tree.String(i); string(got) != string(want) {
		t.Fatalf("String of %s is %q", raw, got)
	}
}

// TestEveryShortText tries all texts of up to five characters of JSON's own.
func TestEveryShortText(t *testing.T) {
	const alphabet = `"\{}[]:,0.-e u`
	var tree Tree
	var grow func(text []byte)
	grow = func(text []byte) {
		if got, want := tree.Parse(text), json.Valid(text); (got == nil) != want {
			t.Fatalf("Parse(%q) = %v", text, got)
		}
		for i := 0; len(text) < 5 && i < len(alphabet); i++ {
			grow(append(text, alphabet[i]))
		}
	}
	grow(make([]byte, 0, 5))
}
