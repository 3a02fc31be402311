package jsontree

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// rebuild converts the tree below node i to the types that encoding/json decodes to.
func rebuild(t *testing.T, tree *Tree, i uint32) any {
	switch n := tree.Nodes[i]; n.Kind {
	case '{':
		object := map[string]any{}
		for c := i + 1; c < n.Next; c = tree.Nodes[c].Next {
			var key string
			if err := json.Unmarshal([]byte(`"`+string(tree.Key(c))+`"`), &key); err != nil {
				t.Fatalf("key of node %d: %v", c, err)
			}
			object[key] = rebuild(t, tree, c)
		}
		return object
	case '[':
		array := []any{}
		for c := i + 1; c < n.Next; c = tree.Nodes[c].Next {
			array = append(array, rebuild(t, tree, c))
		}
		return array
	case '"':
		return string(tree.AppendString(nil, i))
	default:
		var v any
		d := json.NewDecoder(strings.NewReader(string(tree.Raw(i))))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("raw of node %d: %v", i, err)
		}
		return v
	}
}

func decode(t *testing.T, text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseSeesWhatEncodingJSONSees(t *testing.T) {
	var tree Tree
	for _, text := range []string{
		`{}`, `[]`, `null`, `"x"`, ` -0 `, `1e400`, `12345678901234567890123`,
		`{"a":{"b":[1,"two",{"c":null}],"d":{}},"e":true,"é\u00e9\"":false}`,
		"[\n  [],\n\t{},\r\n [[[\"\\u0000\\ud83d\\ude00\"]]]\n]",
		`{"a":1,"a":2}`,
	} {
		if err := tree.Parse([]byte(text)); err != nil {
			t.Errorf("Parse(%s): %v", text, err)
			continue
		}
		if got, want := rebuild(t, &tree, 0), decode(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%s) holds %v, want %v", text, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	var tree Tree
	for text, want := range map[string]error{
		"":                            errEmpty,
		"  \n":                        errEmpty,
		"{\"a\":\"\xff\"}":            errUTF8,
		strings.Repeat("[", 1001):     errDepth,
		strings.Repeat(`{"a":`, 1001): errDepth,
	} {
		if err := tree.Parse([]byte(text)); !errors.Is(err, want) {
			t.Errorf("Parse(%.20q) = %v, want %v", text, err, want)
		}
	}
	for text, want := range map[string]syntaxError{
		`{"a":1`:           {Offset: 6, truncated: true},
		`{"a":"canary`:     {Offset: 12, truncated: true},
		`{"a" 1}`:          {Offset: 5},
		`{"a":1,}`:         {Offset: 7},
		`{"a":1}{"a":2}`:   {Offset: 7},
		`{"a":1}}`:         {Offset: 7},
		`[1 2]`:            {Offset: 3},
		`canary`:           {Offset: 0},
		"\"a\x00b\"":       {Offset: 2},
		`{"a":01}`:         {Offset: 6},
		`{1:2}`:            {Offset: 1},
		"{\"a\":\"b\nc\"}": {Offset: 7},
	} {
		err := tree.Parse([]byte(text))
		var got *syntaxError
		if !errors.As(err, &got) {
			t.Errorf("Parse(%q) = %v, want a syntax error", text, err)
			continue
		}
		if got.truncated != want.truncated {
			t.Errorf("Parse(%q): truncated = %v, want %v", text, got.truncated, want.truncated)
		}
		if diff := got.Offset - want.Offset; diff < -1 || diff > 1 {
			t.Errorf("Parse(%q) faults byte %d, want about %d", text, got.Offset, want.Offset)
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("Parse(%q) quotes its input: %v", text, err)
		}
	}
}

func TestParseAcceptsTheDepthThatEventBridgeAccepts(t *testing.T) {
	var tree Tree
	if err := tree.Parse([]byte(strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth))); err != nil {
		t.Fatal(err)
	}
}

func TestLoneSurrogateIsKept(t *testing.T) {
	var tree Tree
	if err := tree.Parse([]byte(`{"name":"cut here \ud83d"}`)); err != nil {
		t.Fatal(err)
	}
	if got := string(tree.Raw(1)); got != `"cut here \ud83d"` {
		t.Errorf("Raw = %s", got)
	}
	if got := string(tree.AppendString(nil, 1)); got != "cut here \ufffd" {
		t.Errorf("AppendString = %q", got)
	}
}

func TestMemberAndText(t *testing.T) {
	var tree Tree
	const text = `{"a":{"b":"in a"},"b":"first","\u0062":"last \u00e9\n","b2":"","c":[2],"\"":"quote","d":"shadowed","d":7}`
	if err := tree.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		object    uint32
		name      string
		raw, text string
	}{
		{0, "b", `"last \u00e9\n"`, "last é\n"}, // the last of two equal names, written with an escape
		{0, `"`, `"quote"`, "quote"},
		{0, "b2", `""`, ""},
		{0, "c", `[2]`, ""},
		{0, "d", `7`, ""},
		{0, "z", "", ""},
		{0, `\u0062`, "", ""},
		{tree.Member(0, "a"), "b", `"in a"`, "in a"},
		{tree.Member(0, "c"), "b", "", ""},
		{tree.Member(0, "b"), "b", "", ""},
	} {
		raw := ""
		if i := tree.Member(test.object, test.name); i != 0 {
			raw = string(tree.Raw(i))
		}
		if raw != test.raw || tree.Text(test.object, test.name) != test.text {
			t.Errorf("member %q of node %d: %s, text %q; want %s, %q",
				test.name, test.object, raw, tree.Text(test.object, test.name), test.raw, test.text)
		}
	}
}

func TestParseAnyJSON(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaves := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Float64().AsAny(),
		}
		if depth == 0 {
			return rapid.OneOf(leaves...)
		}
		return rapid.OneOf(append(leaves,
			rapid.SliceOfN(value(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), value(depth-1), 0, 4).AsAny())...)
	}
	var tree Tree
	rapid.Check(t, func(rt *rapid.T) {
		text, err := json.Marshal(value(4).Draw(rt, "value"))
		if err != nil {
			rt.Skip(err)
		}
		if err := tree.Parse(text); err != nil {
			rt.Fatalf("Parse(%s): %v", text, err)
		}
		if got, want := rebuild(t, &tree, 0), decode(t, string(text)); !reflect.DeepEqual(got, want) {
			rt.Fatalf("Parse(%s) holds %v, want %v", text, got, want)
		}
	})
}

func TestParseDoesNotAllocate(t *testing.T) {
	var tree Tree
	text := []byte(`{"a":{"b":[1,"two",{"c":null}],"d":{}},"e":true}`)
	if n := testing.AllocsPerRun(100, func() {
		if err := tree.Parse(text); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a second Parse allocates %v times", n)
	}
}

func TestAppendCompact(t *testing.T) {
	var tree Tree
	for _, text := range []string{
		"{ \"a\" : [ 1.0 ,\n{ } , \"b  \\n c\" ] ,\r\n\t\"\\u0061\": null}", `[]`, ` 1e400 `,
	} {
		if err := tree.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		got := string(tree.AppendCompact(nil, 0))
		want := strings.NewReplacer("b  \\n c", "b  \\n c", " ", "", "\n", "", "\r", "", "\t", "").Replace(text)
		if got != want {
			t.Errorf("AppendCompact(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestAppendDense(t *testing.T) {
	var tree Tree
	for text, want := range map[string]string{
		`{"a":null,"b":"","c":"null","d":{},"e":[],"f":{"g":[null,{"h":""}]}}`: ``,
		`{"a":null,"b":0,"c":[null,"x",[]],"d":"NULL"}`:                        `{"b":0,"c":["x"],"d":"NULL"}`,
		`[{"a":false},null, 0 ,""]`:                                            `[{"a":false},0]`,
		`"null"`:                                                               ``, `"unknown"`: `"unknown"`, `null`: ``,
		`false`: `false`,
	} {
		if err := tree.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		got, wrote := tree.AppendDense([]byte("before"), 0)
		if string(got) != "before"+want || wrote != (want != "") {
			t.Errorf("AppendDense(%s) = %s, %v, want %s", text, got, wrote, want)
		}
	}
}

func TestAppendStringKnowsEveryEscape(t *testing.T) {
	var tree Tree
	for text, want := range map[string]string{
		`"plain"`: "plain", `""`: "", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t", `"a\nb\u0041c\n"`: "a\nbAc\n",
		`"\ud83d\ude00\\u0041"`: "😀\\u0041",
		`"\\\\\""`:              `\\"`, `"{\"a\":\"b\\\"c\"}"`: `{"a":"b\"c"}`,
	} {
		if err := tree.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := string(tree.AppendString([]byte("before "), 0)); got != "before "+want {
			t.Errorf("%s stands for %q, want %q", text, got, want)
		}
	}
}
