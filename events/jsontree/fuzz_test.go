package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// reference is the tree that jsontext makes of a text, asked for one token after
// the other; nil where it refuses the text, or the text is nested too deep.
func reference(text []byte) []Node {
	if !utf8.Valid(text) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var nodes []Node
	var open []int
	var node Node
	named := false // inside an object, the name of the next value has been read
	for {
		kind := d.PeekKind()
		switch kind {
		case '{', '[':
			if _, err := d.ReadToken(); err != nil || len(open) == MaxDepth {
				return nil
			}
			node.Kind, node.Start = Kind(kind), uint32(d.InputOffset())-1
			open = append(open, len(nodes))
			nodes = append(nodes, node)
			node, named = Node{}, false
			continue
		case '}', ']':
			if _, err := d.ReadToken(); err != nil {
				return nil
			}
			last := len(open) - 1
			closed := &nodes[open[last]]
			closed.Next, closed.End = uint32(len(nodes)), uint32(d.InputOffset())
			open = open[:last]
		default:
			value, err := d.ReadValue()
			if err != nil {
				return nil
			}
			end := uint32(d.InputOffset())
			start := end - uint32(len(value))
			if !named && len(open) > 0 && nodes[open[len(open)-1]].Kind == '{' {
				node.KeyStart, node.KeyEnd, named = start+1, end-1, true
				continue
			}
			node.Kind, node.Start, node.End, node.Next = Kind(kind), start, end, uint32(len(nodes))+1
			nodes = append(nodes, node)
			node, named = Node{}, false
		}
		if len(open) == 0 {
			break
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil
	}
	return nodes
}

// edges are texts at the edge of what JSON is, on either side.
var edges = []string{
	"", " ", "\t\r\n 1 \t\r\n", "\v1", "\f1", "\u00a01", "\ufeff{}", "{}", "[]", "{ }", "[ ]", "{}}", "[]]", "[}", "{]", "[[", "{{}}", "{}{}", "[],", ",",
	`{"a":1,}`, `[1,]`, `[,1]`, `[1,,2]`, `{,}`, `{"a"}`, `{"a":}`, `{"a" : 1 , "b":[ ] }`, `{"a"::1}`, `{"a":1 "b":2}`, `{1:2}`, `{a:1}`, `{"a":1,"a":{}}`, `{"":""}`, `[1:2]`,
	"0", "-0", "-", "01", "-01", "1.", ".1", "1.0", "1e", "1e+", "1E-5", "1e5.5", "+1", "0x1", "1_0", "- 1", "1 2", "00", "1e400", "123456789012345678901234567890", "NaN", "Infinity",
	"true", "tru", "truee", "True", "false", "fals", "null", "nul", "nulll", "t", "f", "n", "[true,false,null]", "[truefalse]",
	`"`, `""`, `"a`, `"\"`, `"\\"`, `"\"`, `"\\\"`, `"\\\\"`, `"\/\b\f\n\r\t\""`, `"\a"`, `"\u"`, `"\u00"`, `"\u00e"`, `"\u00eg"`, `"\u00e9"`, `"\U00e9"`, `"\u0000"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\ude00"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`,
	"\"a\nb\"", "\"a\x00b\"", "\"a\x1fb\"", "\"a b\"", "\"\x7f\"", "\"\u2028\u2029\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\xff", "[\"\x80\"]", "'a'", `"a" "b"`, `"a"b`,
	`"1234567\"`, `"12345678"`, `"1234567\\"`, `"123456\n7"`, `"!\"!\"!\"! ! ]\\^[\\]"`, "\"1234567\x1f\"", "\"é23456\x019\"", `"ééééé\"é\"é"`, "/**/1", "1//", "{\"a\":\"\\\"{\\\\\\\"b\\\\\\\":1}\\\"\"}",
}

// FuzzParse holds the scanner to jsontext's opinion of every text: what it
// takes, where each token lies and what each string stands for.
func FuzzParse(f *testing.F) {
	for _, text := range edges {
		f.Add([]byte(text))
		f.Add([]byte(`{"a":[` + text + `],"b":"x"}`))
		quoted, _ := json.Marshal(text)
		f.Add(quoted)
	}
	for _, glob := range []string{"events/*.json", "forms/*"} {
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
	for depth := MaxDepth - 1; depth <= MaxDepth+1; depth++ {
		f.Add([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)))
		f.Add([]byte(strings.Repeat(`{"":`, depth) + "1" + strings.Repeat("}", depth)))
		f.Add([]byte(strings.Repeat("[", depth)))
	}
	var used, unescaping Tree
	f.Fuzz(func(t *testing.T, text []byte) {
		want := reference(text)
		for name, got := range map[string]struct {
			err  error
			tree *Tree
		}{
			"Parse":           {used.Parse(text), &used},
			"ParseUnescaping": {unescaping.ParseUnescaping(text), &unescaping},
		} {
			if (got.err == nil) != (want != nil) {
				t.Fatalf("%s(%q) = %v; jsontext sees %d tokens", name, text, got.err, len(want))
			}
			if got.err != nil {
				checkReason(t, text, got.err)
				continue
			}
			if !slices.Equal(got.tree.Nodes, want) {
				t.Fatalf("%s(%q) sees\n%v\njsontext sees\n%v", name, text, got.tree.Nodes, want)
			}
			for i := range want {
				checkString(t, got.tree, uint32(i))
			}
		}
		if used.Holds(text) != (want != nil) {
			t.Fatalf("Holds(%q) = %v", text, want == nil)
		}
	})
}

// checkReason: the reason is the right one, and a place is in the text.
func checkReason(t *testing.T, text []byte, err error) {
	t.Helper()
	var syntax *SyntaxError
	switch {
	case !utf8.Valid(text):
		if err != ErrUTF8 {
			t.Fatalf("%q is not UTF-8: %v", text, err)
		}
	case len(bytes.Trim(text, " \t\r\n")) == 0:
		if err != ErrEmpty {
			t.Fatalf("%q is empty: %v", text, err)
		}
	case errors.As(err, &syntax):
		if syntax.Offset < 0 || syntax.Offset > int64(len(text)) {
			t.Fatalf("%q: %v", text, err)
		}
		if complete := json.Valid(text); complete {
			t.Fatalf("%q is JSON, and yet %v", text, err)
		}
	case err != ErrDepth || bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= MaxDepth:
		t.Fatalf("%q: %v", text, err)
	}
}

// checkString: a string stands for what jsontext says.
func checkString(t *testing.T, tree *Tree, i uint32) {
	t.Helper()
	if tree.Nodes[i].Kind != '"' {
		return
	}
	want, _ := jsontext.AppendUnquote(nil, tree.Raw(i))
	if got := tree.AppendString([]byte("before"), i); string(got) != "before"+string(want) {
		t.Fatalf("AppendString of %s is %q", tree.Raw(i), got)
	}
	if got := tree.String(i); string(got) != string(want) {
		t.Fatalf("String of %s is %q", tree.Raw(i), got)
	}
}

// TestEveryShortText tries all texts of up to five characters of JSON's own.
func TestEveryShortText(t *testing.T) {
	const alphabet = `"\{}[]:,0.-e u`
	var tree Tree
	var grow func(text []byte)
	grow = func(text []byte) {
		if got, want := tree.Holds(text), json.Valid(text); got != want {
			t.Fatalf("Holds(%q) = %v", text, got)
		}
		for i := 0; len(text) < 5 && i < len(alphabet); i++ {
			grow(append(text, alphabet[i]))
		}
	}
	grow(make([]byte, 0, 5))
}
