package stream

import (
	"strings"
	"testing"
)

const (
	unclosed      = "not_json: " + notClosed
	arrayUnclosed = "not_json: " + arrayNotClosed
	inAString     = "not_json: ends inside a string"
	wrongKind     = "not_json: a bracket of the wrong kind at byte "
	invalidAt     = "not_json: not valid JSON at byte "
	deep          = "not_json: nested deeper than 1,000"
)

// stamp is the time before a log line's JSON, as an export of CloudWatch Logs has it.
const stamp = "2026-06-22T22:37:13.000Z "

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestForms(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want []want
	}{
		"empty":             {"", nil},
		"blank":             {" \r\n\t\n", nil},
		"byte order mark":   {"\ufeff", nil},
		"mark and lines":    {"\ufeff{\"a\":1}\n{}", []want{{span: `{"a":1}`}, {span: "{}"}}},
		"lines":             {"{\"a\":1}\n{\"b\":2}\n", []want{{span: `{"a":1}`}, {span: `{"b":2}`}}},
		"no last line feed": {"{}\n{}", []want{{span: "{}"}, {span: "{}"}}},
		"CRLF":              {"{}\r\n\r\n{\"a\":\r\n1}\r\n", []want{{span: "{}"}, {span: "{\"a\":\r\n1}"}}},
		"blanks around":     {" \n\t {} \n \n {} ", []want{{span: "{}"}, {span: "{}"}}},
		"several on a line": {`{"a":1}{"b":2} [3]{}`, []want{{span: `{"a":1}`}, {span: `{"b":2}`}, {span: "3"},
			{span: "{}"}}},
		"brackets and quotes in strings": {`{"}]\\\"{":"[\\"} {"\\":"\""}`,
			[]want{{span: `{"}]\\\"{":"[\\"}`}, {span: `{"\\":"\""}`}}},

		"pretty": {"{\n  \"a\": [\n    1\n  ]\n}\n{\n}\n",
			[]want{{span: "{\n  \"a\": [\n    1\n  ]\n}"}, {span: "{\n}"}}},
		"pretty without indentation": {"{\n\"a\": [\n{\n\"b\": 1\n},\n{\n}\n]\n}\n{}",
			[]want{{span: "{\n\"a\": [\n{\n\"b\": 1\n},\n{\n}\n]\n}"}, {span: "{}"}}},
		"brackets on their own": {"{\n\"a\":\n{\n\"b\":\n{}\n}\n}\n{}",
			[]want{{span: "{\n\"a\":\n{\n\"b\":\n{}\n}\n}"}, {span: "{}"}}},
		"elements a line each": {"{\"a\":[\n{\"b\":1},\n{\"b\":2}\n]}\n{}",
			[]want{{span: "{\"a\":[\n{\"b\":1},\n{\"b\":2}\n]}"}, {span: "{}"}}},

		"array": {" [ {\"a\":1} , 2,\"],\" ,null\n,\n[3],{\n}\n]\n{}",
			[]want{{span: `{"a":1}`}, {span: "2"}, {span: `"],"`}, {span: "null"}, {span: "[3]"}, {span: "{\n}"},
				{span: "{}"}}},
		"empty arrays":      {"[][ ]\n[\n]{}[]", []want{{span: "{}"}}},
		"array opened with": {"[{\n\"a\":[\n{}]},\n{}]", []want{{span: "{\n\"a\":[\n{}]}"}, {span: "{}"}}},

		"log lines": {stamp + "{\"a\":1}\n" + stamp + " [$LATEST]s\t {}\n2026-06-22T22:37:13 {}\r\n",
			[]want{{span: `{"a":1}`}, {span: "{}"}, {span: "{}"}}},
		"log lines, pretty": {stamp + "s {\n    \"a\": {\n        \"b\": 1\n    }\n}\n" + stamp + "s {\n}\n",
			[]want{{span: "{\n    \"a\": {\n        \"b\": 1\n    }\n}"}, {span: "{\n}"}}},

		"Records": {`{"Records":[{"a":1},{}]}{}`, []want{{span: `{"a":1}`}, {span: "{}"}, {span: "{}"}}},
		"Records, spaced": {"{\r\n\"Records\" :\n[ {},\n{} ] , \"b\":{\"c\":[\"]}\"]}\n}\n{}",
			[]want{{span: "{}"}, {span: "{}"}, {span: "{}"}}},
		"log events": {"{\n    \"events\": [\n        {\"message\":\"x\"},\n        {}\n    ],\n" +
			"    \"nextToken\": \"t\"\n}\n{}",
			[]want{{span: `{"message":"x"}`}, {span: "{}"}, {span: "{}"}}},
		"messages":         {`{"Messages":[{"Body":"x"}]}{"Entries":[{}]}`, []want{{span: `{"Body":"x"}`}, {span: "{}"}}},
		"no Records":       {`{"Records":[]}`, nil},
		"Records, no list": {`{"Records":{"a":1}}`, []want{{span: `{"Records":{"a":1}}`}}},
		"Records, later":   {`{"a":0,"Records":[1]}`, []want{{span: `{"a":0,"Records":[1]}`}}},
		"Recorded":         {`{"Recorded":[1]}`, []want{{span: `{"Recorded":[1]}`}}},

		"scalars, a line each": {"42\n\"x\" \r\n null\n-1e5",
			[]want{{span: "42"}, {span: `"x"`}, {span: "null"}, {span: "-1e5"}}},

		"single lines are not parsed": {"{\"a\" tru \x00\xff}\n{}", []want{{span: "{\"a\" tru \x00\xff}"}, {span: "{}"}}},
		"half a surrogate pair": {"[\"\\ud800\"]{\n\"a\":\"\\udc00\"}",
			[]want{{span: `"\ud800"`}, {span: "{\n\"a\":\"\\udc00\"}"}}},
		"twice the same name": {`[{"a":1,"a":2}]`, []want{{span: `{"a":1,"a":2}`}}},
		"an escaped zero":     {`["\u0000"]`, []want{{span: `"\u0000"`}}},
		"a huge number":       {"[" + strings.Repeat("9", 500) + "]", []want{{span: strings.Repeat("9", 500)}}},
		"nesting":             {"{\"a\":" + nested(999) + "}", []want{{span: "{\"a\":" + nested(999) + "}"}}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.in, 1<<20, test.want) })
	}
}

func TestBroken(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want []want
	}{
		"garbage": {"hello {\n{}\n  }{ \n{}", []want{{span: "hello {", fault: invalidAt + "0"}, {span: "{}"},
			{span: "}{", fault: invalidAt + "0"}, {span: "{}"}}},
		"after an object": {"{} , {}\n{}", []want{{span: "{}"}, {span: ", {}", fault: invalidAt + "0"}, {span: "{}"}}},
		"after a scalar":  {"42 {}\n{}", []want{{span: "42 {}", fault: invalidAt + "3"}, {span: "{}"}}},
		"a log line cut in a string": {stamp + "{\"a\":\"b\n" + stamp + "{}\n", []want{
			{span: `{"a":"b`, fault: inAString}, {span: "{}"}}},
		"a log line cut between tokens": {stamp + "{\"a\":{\n" + stamp + "s {}\n" + stamp + "{}", []want{
			{span: `{"a":{`, fault: unclosed}, {span: "{}"}, {span: "{}"}}},
		"a log line without JSON": {stamp + "s START\n" + stamp + "s {}\n", []want{
			{span: stamp + "s START", fault: invalidAt + "4"}, {span: "{}"}}},
		"a log line with three words": {stamp + "a b {}\n{}", []want{
			{span: stamp + "a b {}", fault: invalidAt + "4"}, {span: "{}"}}},
		"no time": {"2026-06-22 {}\n{}", []want{{span: "2026-06-22 {}", fault: invalidAt + "4"}, {span: "{}"}}},

		"cut in a name": {"{\"a\":1,\"b\n{\"g\":1}\n{}",
			[]want{{span: `{"a":1,"b`, fault: inAString}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut in a string": {"{\"a\":\"b\n{\"g\":1}\n{}",
			[]want{{span: `{"a":"b`, fault: inAString}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut after a \\": {"{\"a\":\"b\\\n{\"g\":1}\n{}",
			[]want{{span: `{"a":"b\`, fault: inAString}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut after a value": {"{\"a\":{\"id\":\"x\"\n{\"g\":1}\n{}",
			[]want{{span: `{"a":{"id":"x"`, fault: unclosed}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut in a literal": {"{\"a\":tru\n{\"g\":1}\n{}",
			[]want{{span: `{"a":tru`, fault: unclosed}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut after a name": {"{\"a\"\n{\"g\":1}\n{}", []want{{span: `{"a"`, fault: unclosed}, {span: `{"g":1}`},
			{span: "{}"}}},
		"cut after a comma": {"{\"a\":1,\n{\"g\":1}\n{}",
			[]want{{span: `{"a":1,`, fault: unclosed}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut after a colon": {"{\"a\":\n{\"g\":1}\n{}", []want{{span: `{"a":`, fault: unclosed}, {span: `{"g":1}`},
			{span: "{}"}}},
		"colon, then the end": {"{\"a\":\n{\"g\":1}\n}\n{}", []want{{span: `{"a":`, fault: unclosed}, {span: `{"g":1}`},
			{span: "}", fault: invalidAt + "0"}, {span: "{}"}}},
		"cut after a {": {"{\n{\"g\":1}\n{}", []want{{span: `{`, fault: unclosed}, {span: `{"g":1}`},
			{span: "{}"}}},
		"cut in an array": {"{\"a\":[1,\n{\"g\":1}\n{}",
			[]want{{span: `{"a":[1,`, fault: unclosed}, {span: `{"g":1}`}, {span: "{}"}}},
		"cut in an array, last": {"{\"a\":[\n{\"g\":1}\n", []want{{span: `{"a":[`, fault: unclosed}, {span: `{"g":1}`}}},
		"cut, several": {"{\"a\":[\n{\"b\":\n{\"c\":[{},\n{\"d\":\"\n{\n{\"g\":1}\n{\n\"h\":1\n}",
			[]want{{span: `{"a":[`, fault: unclosed}, {span: `{"b":`, fault: unclosed},
				{span: `{"c":[{},`, fault: unclosed}, {span: `{"d":"`, fault: inAString}, {span: "{", fault: unclosed},
				{span: `{"g":1}`}, {span: "{\n\"h\":1\n}"}}},
		"cut before a list":  {"{\"a\":\n[1]\n{}", []want{{span: `{"a":`, fault: unclosed}, {span: "1"}, {span: "{}"}}},
		"cut before the end": {"{\"a\":1", []want{{span: `{"a":1`, fault: unclosed}}},
		"cut before a pretty": {"{\"a\":[\n{\n \"b\":1\n}\n{}",
			[]want{{span: `{"a":[`, fault: unclosed}, {span: "{\n \"b\":1\n}"}, {span: "{}"}}},
		"written over another": {"{\"a\":[1,\n{\"g\":1}\n2]}\n{}",
			[]want{{span: `{"a":[1,`, fault: "not_json: " + notValid}, {span: `{"g":1}`},
				{span: "2]}", fault: invalidAt + "1"}, {span: "{}"}}},

		"wrong bracket": {"{\"a\":[1}\n{}", []want{{span: `{"a":[1}`, fault: wrongKind + "7"}, {span: "{}"}}},
		"pretty, string": {"{\n  \"a\": \"x\n  \"b\": 1\n}\n{}",
			[]want{{span: "{\n  \"a\": \"x\n  \"b\": 1\n}", fault: inAString}, {span: "{}"}}},
		"pretty, not closed": {"{\n  \"a\": {\n  }\n{}",
			[]want{{span: "{\n  \"a\": {\n  }", fault: unclosed}, {span: "{}"}}},
		"pretty, syntax": {"{\n  \"a\" 1\n}\n{}", []want{{span: "{\n  \"a\" 1\n}", fault: invalidAt + "8"},
			{span: "{}"}}},
		"pretty, zero": {"{\n  \"a\": \"\x00\"\n}\n{}",
			[]want{{span: "{\n  \"a\": \"\x00\"\n}", fault: "not_json: a zero byte"}, {span: "{}"}}},
		"pretty, UTF-8": {"{\n\"a\":[\n{\"b\":\"ü\xff\"}\n]}\n{}",
			[]want{{span: "{\n\"a\":[\n{\"b\":\"ü\xff\"}\n]}", fault: "not_json: invalid UTF-8 at byte 16"}, {span: "{}"}}},
		"pretty, parts of it": {"{\n\"a\" [\n{\n\"b\": 1\n},\n{}\n]}\n{}",
			[]want{{span: "{\n\"a\" [", fault: invalidAt + "6"}, {span: "{\n\"b\": 1\n},", fault: "not_json: " + notValid},
				{span: "{}"}, {span: "]}", fault: invalidAt + "0"}, {span: "{}"}}},

		"too deep": {"{\"a\":" + nested(1000) + "}{}",
			[]want{{span: "{\"a\":" + nested(1000) + "}", fault: deep}, {span: "{}"}}},
		"too deep, tall": {"{\n\"a\":" + nested(1000) + "}{}",
			[]want{{span: "{\n\"a\":" + nested(1000) + "}", fault: deep}, {span: "{}"}}},
		"deep and open": {"{\"a\":" + strings.Repeat("[", 1500) + "\n{}\n",
			[]want{{span: "{\"a\":" + strings.Repeat("[", 1500), fault: deep}, {span: "{}"}}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.in, 1<<20, test.want) })
	}
}

func TestBrokenArray(t *testing.T) {
	const (
		noComma   = "not_json: no comma between elements of an array"
		noElement = "not_json: an array's element is missing"
		lastComma = "not_json: a comma before the closing bracket"
		recordsUp = "not_json: the object around the array ends before it is closed"
	)
	for name, test := range map[string]struct {
		in   string
		want []want
	}{
		"comma at the end": {"[1, \n]{}", []want{{span: "1"}, {span: ",", fault: lastComma}, {span: "{}"}}},
		"only a comma":     {"[,]{}", []want{{span: ",", fault: noElement}, {span: "{}"}}},
		"two commas":       {"[1,,2]{}", []want{{span: "1"}, {span: ",2", fault: noElement}, {span: "{}"}}},
		"no comma": {"[1 {\"a\":[2]} \"]\" ] {}",
			[]want{{span: "1"}, {span: "{\"a\":[2]} \"]\"", fault: noComma}, {span: "{}"}}},
		"a colon":       {"[1:2]{}", []want{{span: "1"}, {span: ":2", fault: noComma}, {span: "{}"}}},
		"a brace":       {"[1}, 2]{}", []want{{span: "1"}, {span: "}, 2", fault: noComma}, {span: "{}"}}},
		"a bad literal": {"[nul,2]{}", []want{{span: "nul,2", fault: invalidAt + "3"}, {span: "{}"}}},
		"a bad object": {"[{\"a\" 1},{\"b\":[2]}]{}",
			[]want{{span: `{"a" 1},{"b":[2]}`, fault: invalidAt + "5"}, {span: "{}"}}},
		"a bracket missing": {"[{\"a\":{\"b\":1},{}]{}",
			[]want{{span: `{"a":{"b":1},{}`, fault: wrongKind + "15"}, {span: "{}"}}},
		"a zero byte": {"[\"\x00\",2]{}", []want{{span: "\"\x00\",2", fault: "not_json: a zero byte"},
			{span: "{}"}}},
		"not UTF-8": {"[\"\xff\",{\"a\":\"\xc3\"},2]",
			[]want{{span: "\"\xff\"", fault: "not_json: invalid UTF-8 at byte 1"},
				{span: "{\"a\":\"\xc3\"}", fault: "not_json: invalid UTF-8 at byte 6"}, {span: "2"}}},
		"too deep": {"[" + nested(1000) + "," + nested(1001) + ",3]",
			[]want{{span: nested(1000)}, {span: nested(1001), fault: deep}, {span: "3"}}},
		"brackets all wrong": {"[1,{]}]}{}", []want{{span: "1"}, {span: "{", fault: wrongKind + "1"},
			{span: "}]}{}", fault: invalidAt + "0"}}},

		"tall": {"[\n  1,\n  {\"a\" 1},\n  {},\n  3\n]\n{}",
			[]want{{span: "1"}, {span: "{\"a\" 1},\n  {},\n  3", fault: invalidAt + "5"}, {span: "{}"}}},
		"tall, string": {"[\n  {\"a\":\"b},\n  {\"]\":1}\n]\n{}",
			[]want{{span: "{\"a\":\"b},\n  {\"]\":1}", fault: inAString}, {span: "{}"}}},
		"tall, no comma": {"[\n{}\n{\"a\":1}\n{}\n]\n{}",
			[]want{{span: "{}"}, {span: "{\"a\":1}\n{}", fault: noComma}, {span: "{}"}}},
		"tall, no end": {"[\n{},\n{} {}\n{}\n", []want{{span: "{}"}, {span: "{}"}, {span: "{}\n{}", fault: noComma}}},
		"tall, bad begin": {"[{},\n{},\n{}\n{}]{}", []want{{span: "{}"}, {span: "{}"}, {span: "{}"},
			{span: "{}", fault: noComma}, {span: "{}"}}},

		"cut":                  {"[", []want{{fault: arrayUnclosed, at: 1}}},
		"cut after an element": {"[1,\n{} \n\n", []want{{span: "1"}, {span: "{}"}, {fault: arrayUnclosed, at: 6}}},
		"cut after a comma":    {"[{}, \n", []want{{span: "{}"}, {fault: arrayUnclosed, at: 4}}},
		"cut in an element":    {"[{},{\"a\":[ \n", []want{{span: "{}"}, {span: `{"a":[`, fault: arrayUnclosed}}},
		"cut in a string":      {"[\"a", []want{{span: "\"a", fault: arrayUnclosed}}},
		"cut in a number":      {"[1", []want{{span: "1", fault: arrayUnclosed}}},
		"cut and deep": {"[" + strings.Repeat("[", 2000),
			[]want{{span: strings.Repeat("[", 2000), fault: deep, at: 1}}},

		"a line, cut": {"[{},{\"a\":1}\n[{}]\n{}",
			[]want{{span: "{}"}, {span: `{"a":1}`}, {fault: arrayUnclosed, at: 11}, {span: "{}"}, {span: "{}"}}},
		"a line, cut in a string": {"[{},{\"a\n[{}]\n{}",
			[]want{{span: "{}"}, {span: `{"a`, fault: inAString}, {span: "{}"}, {span: "{}"}}},
		"a line, cut in an element": {"[{},{\"a\":1\n[{}]\n{}",
			[]want{{span: "{}"}, {span: `{"a":1`, fault: arrayUnclosed}, {span: "{}"}, {span: "{}"}}},
		"a line, cut after a colon": {"[{\"a\":\n{\"b\":1}\n{}",
			[]want{{span: `{"a":`, fault: arrayUnclosed}, {span: `{"b":1}`}, {span: "{}"}}},
		"a line, cut after a comma": {"[{},\n{\"a\":1}\n{}",
			[]want{{span: "{}"}, {span: `{"a":1}`}, {fault: arrayUnclosed, at: 12}, {span: "{}"}}},
		"a line, two cut": {"[{},{\"a\":1}\n[{}\n{}",
			[]want{{span: "{}"}, {span: `{"a":1}`}, {fault: arrayUnclosed, at: 11}, {span: "{}"},
				{fault: arrayUnclosed, at: 15}, {span: "{}"}}},
		"only a comma missing": {"[{}\n{\"a\":1}\n,{}]{}",
			[]want{{span: "{}"}, {span: "{\"a\":1}\n,{}", fault: noComma}, {span: "{}"}}},
		"only a comma missing, end": {"[{}\n{\"a\":1}]{}",
			[]want{{span: "{}"}, {span: `{"a":1}`, fault: noComma}, {span: "{}"}}},
		"a line, cut in a list": {"[{},{\"a\":[\n{\"b\":1}\n{}",
			[]want{{span: "{}"}, {span: `{"a":[`, fault: arrayUnclosed}, {span: `{"b":1}`}, {span: "{}"}}},
		"a line, cut in two lists": {"[{\"a\":[\n[{\"b\":[\n[{}]\n{}",
			[]want{{span: `{"a":[`, fault: arrayUnclosed}, {span: `{"b":[`, fault: arrayUnclosed}, {span: "{}"},
				{span: "{}"}}},
		"a line, two cut, comma": {"[{},\n{\"a\":[\n[{}]\n{}",
			[]want{{span: "{}"}, {span: `{"a":[`, fault: arrayUnclosed}, {span: "{}"}, {span: "{}"}}},
		"a line, two cut, string": {"[{},\n{\"a\":\"\n[{}]\n{}",
			[]want{{span: "{}"}, {span: `{"a":"`, fault: inAString}, {span: "{}"}, {span: "{}"}}},
		"a line, two cut, syntax": {"[{},\n{\"a\" 1}\n[{}]\n{}",
			[]want{{span: "{}"}, {span: `{"a" 1}`, fault: invalidAt + "5"}, {span: "{}"}, {span: "{}"}}},
		"a line, cut, last": {"[{\"a\":[\n{\"b\":1}\n",
			[]want{{span: `{"a":[`, fault: arrayUnclosed}, {span: `{"b":1}`}}},
		"tall from its line on": {"[{\n  \"a\": \"b\n}, {}\n]{}",
			[]want{{span: "{\n  \"a\": \"b\n}, {}", fault: inAString}, {span: "{}"}}},
		"a line, broken": {"[{},{\"a\" 1},[2\n{}",
			[]want{{span: "{}"}, {span: `{"a" 1},[2`, fault: invalidAt + "5"}, {span: "{}"}}},
		"a line, wrong bracket": {"[{\"a\":[1},2\n{}",
			[]want{{span: `{"a":[1},2`, fault: wrongKind + "7"}, {span: "{}"}}},

		"Records, cut":       {`{"Records":[{}`, []want{{span: "{}"}, {fault: arrayUnclosed, at: 14}}},
		"Records, cut after": {"{\"Records\":[{}] ", []want{{span: "{}"}, {fault: recordsUp, at: 15}}},
		"Records, cut, more": {"{\"Records\":[{}]\n[1]",
			[]want{{span: "{}"}, {fault: recordsUp, at: 15}, {span: "1"}}},
		"Records, no comma": {"{\"Records\":[{}] \"a\":1}\n[1]",
			[]want{{span: "{}"}, {span: `"a":1}`, fault: invalidAt + "0"}, {span: "1"}}},
		"Records, cut in the rest": {"{\"Records\":[{}],\"a\":\"b\n[1]",
			[]want{{span: "{}"}, {span: `,"a":"b`, fault: inAString}, {span: "1"}}},
		"Records, broken": {`{"Records":[{},{]} x],"a":[1]}{}`,
			[]want{{span: "{}"}, {span: "{", fault: wrongKind + "1"}, {span: "x],\"a\":[1]}{}", fault: invalidAt + "0"}}},
		"Records, broken, rest": {`{"Records":[1 2],"a":[1]}{}`,
			[]want{{span: "1"}, {span: "2", fault: noComma}, {span: "{}"}}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.in, 1<<20, test.want) })
	}
}

func TestTooLarge(t *testing.T) {
	const large = "too_large: longer than 20 bytes"
	x := strings.Repeat("x", 20)
	for name, test := range map[string]struct {
		in   string
		want []want
	}{
		"just": {`{"a":"0123456789012"}` + "\n{}",
			[]want{{span: `{"a":"0123456789012"}`, fault: large}, {span: "{}"}}},
		"just not":   {`{"a":"012345678901"}` + "\n{}", []want{{span: `{"a":"012345678901"}`}, {span: "{}"}}},
		"not closed": {`{"a":"` + x, []want{{span: `{"a":"` + x, fault: large}}},
		"garbage": {x + "\n" + x + "y  \r\n{}",
			[]want{{span: x, fault: invalidAt + "0"}, {span: x + "y", fault: large}, {span: "{}"}}},
		"garbage and blank": {"x" + strings.Repeat(" ", 20) + "\n{}",
			[]want{{span: "x" + strings.Repeat(" ", 20), fault: large}, {span: "{}"}}},
		"pretty": {"{\n \"a\": \"" + x + "\"\n}\n{}",
			[]want{{span: "{\n \"a\": \"" + x + "\"\n}", fault: large}, {span: "{}"}}},
		"elements": {`[1,{"a":"` + x + `"}, "` + x + `" ,` + strings.Repeat("1", 30) + `,{}]{}`,
			[]want{{span: "1"}, {span: `{"a":"` + x + `"}`, fault: large},
				{span: `"` + x + `"`, fault: large}, {span: strings.Repeat("1", 30), fault: large}, {span: "{}"}, {span: "{}"}}},
		"broken array": {`[1,x` + x + `, ",2] {}`,
			[]want{{span: "1"}, {span: "x" + x, fault: large}, {span: `",2] {}`, fault: arrayUnclosed}}},
		"array killed by it": {"[{\"a\":\"" + x + "\n", []want{{span: "{\"a\":\"" + x, fault: inAString}}},
		"array, cut in it": {"[{\"a\":\"" + x + "\"\n{}",
			[]want{{span: "{\"a\":\"" + x + "\"", fault: large}, {span: "{}"}}},
		"truncated": {`{"a":"` + x + "\n{}\n", []want{{span: `{"a":"` + x, fault: large}, {span: "{}"}}},
		"truncated in a list": {`{"a":"` + x + "\",\"b\":[\n{\"c\":1}\n{}\n",
			[]want{{span: `{"a":"` + x + "\",\"b\":[", fault: large}, {span: `{"c":1}`}, {span: "{}"}}},
		"truncated, last": {`{"a":"` + x + "\",\"b\":[\n{\"c\":1}\n",
			[]want{{span: `{"a":"` + x + "\",\"b\":[", fault: large}, {span: `{"c":1}`}}},
		"truncated, blank end": {"{\"a\n" + strings.Repeat(" ", 30) + "\n{}",
			[]want{{span: "{\"a\n" + strings.Repeat(" ", 30) + "\n", fault: large}, {span: "{}"}}},
		"elements a line each": {`{"a":"` + x + "\",\"b\":[\n{\"c\":1},\n{\"c\":2}\n]}{}",
			[]want{{span: `{"a":"` + x + "\",\"b\":[\n{\"c\":1},\n{\"c\":2}\n]}", fault: large}, {span: "{}"}}},
		"wrong bracket": {`{"a":"` + x + "\"]\n\n {}\n{}\n",
			[]want{{span: `{"a":"` + x + "\"]\n\n {}", fault: large}, {span: "{}"}}},
		"wrong bracket, later": {`{"a":"01234567890",` + "\n]\n{}\n",
			[]want{{span: `{"a":"01234567890",` + "\n]", fault: large}, {span: "{}"}}},
		"truncated or long": {"{\"a\":\"0\",\"b\":\n{\"c\":1}\n{}",
			[]want{{span: "{\"a\":\"0\",\"b\":\n{\"c\":1}", fault: large}, {span: "{}"}}},
		"deep": {"{\"a\":" + nested(2000) + "}{}",
			[]want{{span: "{\"a\":" + nested(2000) + "}", fault: large}, {span: "{}"}}},
		"Records": {`{"Records":[{"a":"` + x + `"},{}],"b":"` + x + `"}{}`,
			[]want{{span: `{"a":"` + x + `"}`, fault: large}, {span: "{}"}, {span: "{}"}}},
		"Records, far away": {"{" + strings.Repeat(" ", 20) + `"Records":[1]}{}`,
			[]want{{span: "{" + strings.Repeat(" ", 20) + `"Records":[1]}`, fault: large}, {span: "{}"}}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.in, 20, test.want) })
	}
}
