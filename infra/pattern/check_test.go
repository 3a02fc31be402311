package pattern

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for text, says := range map[string][]string{
		`{}`:                                               {"empty objects"},
		`{"a":{}}`:                                         {"a: empty objects"},
		`{"a":[]}`:                                         {"a: empty arrays"},
		`{"a":"x"}`:                                        {"a: must be an object or an array"},
		`{"int":42}`:                                       {"int: must be an object or an array"},
		`{"a":null}`:                                       {"a: must be an object or an array"},
		`{"a":{"b":true}}`:                                 {"a.b: must be an object or an array"},
		`{"a":[["x"]]}`:                                    {"a: a value must be"},
		`{"a":[{}]}`:                                       {"one key"},
		`{"a":[{"prefix":"x","y":1}]}`:                     {"one key"},
		`{"a":[{"PREFIX":"x"}]}`:                           {`unknown operator "PREFIX"`},
		`{"a":[{"regex":"x"}]}`:                            {`unknown operator "regex"`},
		`{"a":[{"EXISTS":true}]}`:                          {`unknown operator "EXISTS"`},
		`{"a":[{"prefix":1}]}`:                             {"prefix must be a string"},
		`{"a":[{"prefix":["x"]}]}`:                         {"prefix must be a string"},
		`{"a":[{"suffix":["x"]}]}`:                         {"suffix must be a string"},
		`{"a":[{"suffix":{"prefix":"x"}}]}`:                {"suffix must be a string"},
		`{"a":[{"equals-ignore-case":["x"]}]}`:             {"equals-ignore-case must be a string"},
		`{"a":[{"wildcard":123}]}`:                         {"wildcard must be a string"},
		`{"a":[{"wildcard":["x"]}]}`:                       {"wildcard must be a string"},
		`{"a":[{"wildcard":"x**y"}]}`:                      {"consecutive stars"},
		`{"a":[{"wildcard":"x\\y"}]}`:                      {"backslash"},
		`{"a":[{"wildcard":"x\\"}]}`:                       {"backslash"},
		`{"a":[{"exists":"true"}]}`:                        {"exists must be"},
		`{"a":[{"cidr":"10.0.0.0"}]}`:                      {"cidr must be"},
		`{"a":[{"cidr":"xx.11.xx/8"}]}`:                    {"cidr must be"},
		`{"a":[{"cidr":"10.0.0.0/x"}]}`:                    {"cidr must be"},
		`{"a":[{"cidr":"10.0.0.0/32"}]}`:                   {"cidr must be"},
		`{"a":[{"cidr":["bad"]}]}`:                         {"cidr must be a string"},
		`{"a":[{"numeric":[]}]}`:                           {"numeric"},
		`{"a":[{"numeric":5}]}`:                            {"numeric"},
		`{"a":[{"numeric":["=","5"]}]}`:                    {"numeric: = needs a number"},
		`{"a":[{"numeric":[5,5]}]}`:                        {"numeric: a comparison must be a string"},
		`{"a":[{"numeric":["!=",5]}]}`:                     {`numeric: "!=" cannot stand there`},
		`{"a":[{"numeric":[">",0,">",0]}]}`:                {`numeric: ">" cannot stand there`},
		`{"a":[{"numeric":["<",5,">",0]}]}`:                {`numeric: "<" cannot stand there`},
		`{"a":[{"numeric":[">",0,"<"]}]}`:                  {"numeric must be"},
		`{"a":[{"numeric":[">",5,"<",5]}]}`:                {"lower bound"},
		`{"a":[{"numeric":[">",6e9]}]}`:                    {"needs a number between"},
		`{"a":[{"anything-but":[]}]}`:                      {"anything-but must hold"},
		`{"a":[{"anything-but":null}]}`:                    {"anything-but must hold"},
		`{"a":[{"anything-but":true}]}`:                    {"anything-but must hold"},
		`{"a":[{"anything-but":["x",1]}]}`:                 {"anything-but must hold"},
		`{"a":[{"anything-but":[{"wildcard":"*x"}]}]}`:     {"anything-but must hold"},
		`{"a":[{"anything-but":{"wildcard":["a**b"]}}]}`:   {"consecutive stars"},
		`{"a":[{"anything-but":{"wildcard":[123,"*x"]}}]}`: {"string or a list"},
		`{"a":[{"anything-but":{"wildcard":[]}}]}`:         {"empty list"},
		`{"a":[{"anything-but":{"prefix":""}}]}`:           {"empty prefix"},
		`{"a":[{"anything-but":{"suffix":["x",""]}}]}`:     {"empty suffix"},
		`{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}`:    {"string or a list"},
		`{"a":[{"anything-but":{"regexp":"x"}}]}`:                           {`unknown operator "regexp" in anything-but`},
		`{"a":[{"anything-but":{"exists":true}}]}`:                          {`unknown operator "exists" in anything-but`},
		`{"a":[{"anything-but":{"prefix":"x","suffix":"y"}}]}`:              {"one operator"},
		`{"$or":{"a":["x"]}}`:                                               {"$or must be an array"},
		`{"$or":[{"a":["x"]}]}`:                                             {"$or must be an array of at least two"},
		`{"$or":["x","y"]}`:                                                 {"$or holds something"},
		`{"$or":[{"a":["x"]},{}]}`:                                          {"empty objects"},
		`{"$or":[{"numeric":[123]},{"prefix":["abc"]}]}`:                    {`"numeric" is reserved`, `"prefix" is reserved`},
		`{"a":{"b":["x"]},"a.b":["y"]}`:                                     {"a.b: stands in the pattern twice"},
		`{"a":["x"],"$or":[{"a":["y"]},{"b":["y"]}]}`:                       {"a: stands in the pattern twice"},
		`{"b":[],"a":[{"x":1}],"c":1}`:                                      {"a: unknown", "b: empty", "c: must"},
		`{"a":["` + strings.Repeat("x", MaxLength-9) + `"]}`:                {"the pattern has 2049 characters, EventBridge allows 2048"},
		`{"a":["` + strings.Repeat("é", MaxLength-10) + `"]}`:               nil,
		`{"a":[{"wildcard":"*a*a*a*a*a*a"}]}`:                               {"too complex"},
		`{"a":[{"wildcard":"*a*a*a*a*a"}],"b":[{"wildcard":"*a*a*a*a*a"}]}`: nil,
	} {
		p := read(t, text)
		err := Check(p)
		if (err == nil) != (says == nil) {
			t.Errorf("%.80s: %v", text, err)
			continue
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%.80s: %q does not say %q", text, err, part)
			}
		}
		// What Check has no fault with but length and complexity, Match reads.
		_, matchErr := Match(p, []byte(`{"a":"x"}`))
		if refused := err != nil && !strings.Contains(err.Error(), "EventBridge"); refused != (matchErr != nil) {
			t.Errorf("%.80s: Check says %v, Match %v", text, err, matchErr)
		}
	}
}

func TestCheckTakesNoEndlessTime(t *testing.T) {
	or := `[{"a#":["x"]},{"b#":["y"]}]`
	text := or
	for _, n := range numbered(40, "#") {
		text = `[{"a` + n + `":["x"],"$or":` + text + `},{"b` + n + `":["y"]}]`
	}
	if err := Check(read(t, `{"$or":`+text+`}`)); err != nil {
		t.Errorf("42 alternatives: %v", err)
	}
	wide := strings.Join(numbered(40, `"f#":{"$or":[{"a":["x"]},{"b":["y"]}]}`), ",")
	if err := Check(read(t, `{`+wide+`}`)); err == nil || !strings.Contains(err.Error(), "combinations") {
		t.Errorf("2^40 combinations: %v", err)
	}
}

func TestCheckOfWhatIsNoJSON(t *testing.T) {
	for name, p := range map[string]Pattern{
		"nil":        nil,
		"a function": {"a": []any{func() {}}},
	} {
		if err := Check(p); err == nil {
			t.Errorf("%s has no fault", name)
		}
		if _, err := Match(p, []byte(`{}`)); err == nil {
			t.Errorf("%s matches", name)
		}
	}
	// Go's own lists and numbers are JSON as well.
	if err := Check(Pattern{"a": []string{"x"}, "b": []int{1}}); err != nil {
		t.Error(err)
	}
}
