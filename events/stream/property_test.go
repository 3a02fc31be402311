package stream

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// soup is text made from the characters that the reader handles specially, in any order.
var soup = rapid.Custom(func(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{
		"{", "{", "}", "}", "[", "]", ",", ":", `"`, `\`, "\n", "\n", "\r\n", " ", "1", "tru", "null", "x", "\x00", "\xff",
		`"a"`, `"a":`, `"a":1,`, `{"a":1}`, "{\"a\":1}\n", "\n{\"a\":1}", `{"a":[`, "\n{\"a\":[", "\n{\"b\":", "]}", "]\n",
		"\n}\n", "\n[", "\n{\n",
		"{\"Records\":[", "{\"Records\":[{}]", `"\""`, `"\\"`, `"}"`, "  ", "{}", "[]", "é",
		"{\"events\": [", stamp + `{"a":1}`, "\n" + stamp + "s {", "\n2026-06-22T22:37:13",
	}), 0, 40).Draw(t, "parts")
	return strings.Join(parts, "")
})

// decoded reports whether in begins as gzip, zstd or UTF-16: its items are not parts of its bytes.
func decoded(in []byte) bool {
	return slices.ContainsFunc([]string{"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xff\xfe", "\xfe\xff", "{\x00", "[\x00", "\x00{", "\x00["},
		func(magic string) bool { return strings.HasPrefix(string(in), magic) })
}

func TestAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 50, 1 << 20}).Draw(t, "longest")
		in := []byte(soup.Draw(t, "in"))
		if decoded(in) {
			in = append([]byte(" "), in...)
		}
		check(t, in, longest, 3)
	})
}

// object is a JSON object on a single line, never an empty one.
var object = rapid.Custom(func(t *rapid.T) string {
	var value func(depth int) any
	value = func(depth int) any {
		switch rapid.IntRange(0, 4+min(depth, 2)).Draw(t, "kind") {
		case 0:
			return rapid.StringOfN(rapid.RuneFrom([]rune("ab{}[]\"\\:, \né")), 0, 12, -1).Draw(t, "string")
		case 1:
			return rapid.Int().Draw(t, "number")
		case 2:
			return nil
		case 3:
			return rapid.Bool().Draw(t, "bool")
		case 4:
			return []any{}
		case 5:
			list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
			for i := range list {
				list[i] = value(depth - 1)
			}
			return list
		default:
			m := map[string]any{}
			for i := range rapid.IntRange(0, 3).Draw(t, "size") {
				m[fmt.Sprintf("k%d", i)] = value(depth - 1)
			}
			return m
		}
	}
	b, err := json.Marshal(map[string]any{"a": value(3), "b": value(3)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
})

// A truncated line affects no other line, wherever the lines are cut and however many are.
func TestTruncatedLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		var wants []want
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			line := object.Draw(t, "object")
			w := want{span: line}
			if rapid.Bool().Draw(t, "cut") {
				line = strings.TrimRight(line[:rapid.IntRange(1, len(line)-1).Draw(t, "at")], " ")
				w = want{span: line, fault: "some"}
			} else if rapid.Bool().Draw(t, "tall") {
				w.span = string(pretty([]byte(line)))
			}
			in.WriteString(w.span + "\n")
			wants = append(wants, w)
		}
		items := check(t, []byte(in.String()), 1<<20, 3)
		if len(items) != len(wants) {
			t.Fatalf("%d items, not %d", len(items), len(wants))
		}
		for i, it := range items {
			if it.Text != wants[i].span || (it.Fault == "") != (wants[i].fault == "") {
				t.Fatalf("item %d is %+v, not %+v", i, it, wants[i])
			}
		}
	})
}

// A truncated line affects no object on another line, also if lines are arrays.
func TestTruncatedArrays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		var objects []string
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			line := object.Draw(t, "object")
			list := rapid.Bool().Draw(t, "list")
			if list {
				line = "[" + strings.Join(rapid.SliceOfN(object, 1, 3).Draw(t, "objects"), ",") + "]"
			}
			switch {
			case rapid.Bool().Draw(t, "cut"):
				line = line[:rapid.IntRange(2, len(line)-1).Draw(t, "at")]
			case !list:
				objects = append(objects, line)
			}
			in.WriteString(line + "\n")
		}
		for _, it := range check(t, []byte(in.String()), 1<<20, 3) {
			if len(objects) > 0 && it.Text == objects[0] && it.Fault == "" {
				objects = objects[1:]
			}
		}
		if len(objects) > 0 {
			t.Fatalf("%q is lost", objects)
		}
	})
}

// Valid values are returned unchanged, in every form.
func TestForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		var spans []string
		blank := func() string { return rapid.SampledFrom([]string{"", " ", "\n", "\r\n\t"}).Draw(t, "blank") }
		draw := func() string {
			text := object.Draw(t, "object")
			if rapid.Bool().Draw(t, "tall") {
				text = string(pretty([]byte(text)))
			}
			spans = append(spans, text)
			return text
		}
		list := func() {
			in.WriteString("[" + blank())
			for i := range rapid.IntRange(0, 4).Draw(t, "length") {
				if i > 0 {
					in.WriteString("," + blank())
				}
				in.WriteString(draw() + blank())
			}
			in.WriteString("]")
		}
		for range rapid.IntRange(0, 6).Draw(t, "values") {
			switch rapid.IntRange(0, 3).Draw(t, "form") {
			case 0, 1:
				in.WriteString(draw())
			case 2:
				list()
			case 3:
				in.WriteString("{" + blank() + `"Records"` + blank() + ":" + blank())
				list()
				in.WriteString(blank() + "," + blank() + `"rest":` + object.Draw(t, "rest") + "}")
			}
			in.WriteString(blank())
		}
		items := check(t, []byte(in.String()), 1<<20, 3)
		if len(items) != len(spans) {
			t.Fatalf("%d items, not %d: %+v", len(items), len(spans), items)
		}
		for i, it := range items {
			if it.Text != spans[i] || it.Fault != "" {
				t.Fatalf("item %d is %+v, not %s", i, it, spans[i])
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	for _, in := range []string{
		"", "\ufeff{\"a\":1}\r\n{}", "{\n \"a\": [\n1]\n}\n[1,{\"b\":\"\\\"\"}]{",
		"{\"Records\":[{},\n{\"a\":[]}],\"x\":{}}",
		"{\"a\":[\n{\"b\":\n{\"c\":[{},\n{}", "[{\"a\":1]}, 4 ]{}", "{\"a\":\"x\n{\n\"t\":[\n{\n}\n]}",
		"{\n\"t\":[\n{\t}\n]}", "[1,2,]\n[[[[[\x00\xff]",
	} {
		f.Add([]byte(in), uint8(0))
		f.Add([]byte(in), uint8(5))
		f.Add([]byte(in), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, longest uint8) {
		if len(in) > 1<<12 || decoded(in) {
			return
		}
		check(t, in, cmp.Or(int(longest), 1<<20), 3)
	})
}
