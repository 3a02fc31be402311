package pattern

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The cases are those of the user guide (Comparison operators,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html;
// Arrays, …/eb-event-patterns-arrays.html; read 2026-11), of the README of github.com/aws/event-ruler,
// and of answers that EventBridge gave to github.com/localstack/localstack on 2024-12-05
// (tests/aws/services/events/event_pattern_templates), whose names stand behind.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		yes, no   []string
		whatIsOdd string
	}{
		{
			pattern: `{"Location":["New York"],"Day":["Monday"]}`,
			yes:     []string{`{"Location":"New York","Day":"Monday","x":1}`},
			no:      []string{`{"Location":"New York"}`, `{"Location":"New York","Day":"Sunday"}`, `{"location":"New York","Day":"Monday"}`, `{}`},
		},
		{pattern: `{"name":["Alice","Bob"]}`, yes: []string{`{"name":"Bob"}`}, no: []string{`{"name":"alice"}`, `{"name":"Alic"}`, `{"name":null}`}},
		{pattern: `{"LastName":[""]}`, yes: []string{`{"LastName":""}`}, no: []string{`{"LastName":null}`, `{"LastName":"a"}`, `{}`}},
		{pattern: `{"UserID":[null]}`, yes: []string{`{"UserID":null}`}, no: []string{`{"UserID":""}`, `{}`, `{"UserID":[]}`}, whatIsOdd: "arrays_empty_null_NEG"},
		{pattern: `{"b":[true]}`, yes: []string{`{"b":true}`}, no: []string{`{"b":"true"}`, `{"b":false}`, `{"b":1}`}},
		{pattern: `{"number":[300]}`, yes: []string{`{"number":300}`, `{"number":300.0}`, `{"number":3.0e2}`}, no: []string{`{"number":"300"}`, `{"number":301}`}, whatIsOdd: "number_comparison_float"},
		{pattern: `{"account":[999999999999]}`, yes: []string{`{"account":999999999999}`}, no: []string{`{"account":999999999998}`}},
		{pattern: `{"time":[{"prefix":"2017-10-02"}]}`, yes: []string{`{"time":"2017-10-02T18:43:48Z"}`, `{"time":"2017-10-02"}`}, no: []string{`{"time":"2017-10-03"}`, `{"time":20171002}`, `{"time":"x2017-10-02"}`}},
		{pattern: `{"a":[{"prefix":""}]}`, yes: []string{`{"a":""}`, `{"a":"x"}`}, no: []string{`{"a":1}`, `{}`}},
		{pattern: `{"service":[{"prefix":{"equals-ignore-case":"EventB"}}]}`, yes: []string{`{"service":"eventbridge"}`, `{"service":"EVENTB"}`}, no: []string{`{"service":"xeventb"}`, `{"service":"event"}`}},
		{pattern: `{"FileName":[{"suffix":".png"}]}`, yes: []string{`{"FileName":"a.png"}`, `{"FileName":".png"}`}, no: []string{`{"FileName":"a.PNG"}`, `{"FileName":"a.png "}`, `{"FileName":null}`}},
		{pattern: `{"FileName":[{"suffix":{"equals-ignore-case":".png"}}]}`, yes: []string{`{"FileName":"a.PnG"}`}, no: []string{`{"FileName":"a.jpg"}`}},
		{pattern: `{"Name":[{"equals-ignore-case":"alice"}]}`, yes: []string{`{"Name":"aLiCe"}`}, no: []string{`{"Name":"alicia"}`, `{"Name":1}`}},
		{
			pattern: `{"FilePath":[{"wildcard":"dir/*.png"}]}`,
			yes:     []string{`{"FilePath":"dir/a.png"}`, `{"FilePath":"dir/.png"}`, `{"FilePath":"dir/b/c.png"}`},
			no:      []string{`{"FilePath":"xdir/a.png"}`, `{"FilePath":"dir/a.pngx"}`, `{"FilePath":["x"]}`, `{"FilePath":7}`},
		},
		{pattern: `{"a":[{"wildcard":"*a*b*"}]}`, yes: []string{`{"a":"ab"}`, `{"a":"xaxbx"}`, `{"a":"baab"}`}, no: []string{`{"a":"ba"}`, `{"a":"AB"}`}},
		{pattern: `{"a":[{"wildcard":"a\\*b\\\\*"}]}`, yes: []string{`{"a":"a*b\\"}`, `{"a":"a*b\\c"}`}, no: []string{`{"a":"axb\\"}`, `{"a":"a*b"}`}},
		{pattern: `{"a":[{"wildcard":"abc"}]}`, yes: []string{`{"a":"abc"}`}, no: []string{`{"a":"abcd"}`}},
		{pattern: `{"state":[{"anything-but":"initializing"}]}`, yes: []string{`{"state":"running"}`, `{"state":null}`, `{"state":1}`, `{"state":["initializing","x"]}`}, no: []string{`{"state":"initializing"}`, `{}`, `{"state":[]}`, `{"state":{"a":1}}`}, whatIsOdd: "content_anything_but_string_null, …_missing_NEG"},
		{pattern: `{"x-limit":[{"anything-but":123}]}`, yes: []string{`{"x-limit":124}`, `{"x-limit":"123"}`, `{"x-limit":0}`}, no: []string{`{"x-limit":123}`, `{"x-limit":123.0}`}},
		{pattern: `{"state":[{"anything-but":["stopped","overloaded"]}]}`, yes: []string{`{"state":"running"}`}, no: []string{`{"state":"stopped"}`, `{"state":"overloaded"}`}},
		{pattern: `{"x-limit":[{"anything-but":[100,200,300]}]}`, yes: []string{`{"x-limit":101}`}, no: []string{`{"x-limit":200}`}},
		{pattern: `{"state":[{"anything-but":{"equals-ignore-case":["initializing","stopped"]}}]}`, yes: []string{`{"state":"running"}`, `{"state":null}`}, no: []string{`{"state":"STOPPED"}`, `{}`}},
		{pattern: `{"state":[{"anything-but":{"equals-ignore-case":"initializing"}}]}`, yes: []string{`{"state":"x"}`}, no: []string{`{"state":"INITIALIZING"}`}},
		{pattern: `{"Region":[{"anything-but":{"prefix":"us-"}}]}`, yes: []string{`{"Region":"eu-west-1"}`, `{"Region":5}`}, no: []string{`{"Region":"us-east-1"}`, `{}`}, whatIsOdd: "content_anything_prefix_int_value"},
		{pattern: `{"Region":[{"anything-but":{"prefix":["us-","eu-"]}}]}`, yes: []string{`{"Region":"ap-south-1"}`}, no: []string{`{"Region":"us-east-1"}`, `{"Region":"eu-west-1"}`}},
		{pattern: `{"FileName":[{"anything-but":{"suffix":[".png",".jpg"]}}]}`, yes: []string{`{"FileName":"a.txt"}`}, no: []string{`{"FileName":"a.png"}`, `{"FileName":"a.jpg"}`}},
		{pattern: `{"FilePath":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, yes: []string{`{"FilePath":"/usr/bin/x"}`, `{"FilePath":123}`}, no: []string{`{"FilePath":"/usr/lib/x"}`, `{}`}, whatIsOdd: "content_anything_wildcard_int"},
		{pattern: `{"state":[{"anything-but":{"wildcard":["*/init/*","*/dir/*"]}}]}`, yes: []string{`{"state":"dir/post/dir"}`, `{"state":null}`}, no: []string{`{"state":"a/dir/b"}`, `{"state":"a/init/b"}`}, whatIsOdd: "content_anything_wildcard_list"},
		{pattern: `{"a":[{"anything-but":{"wildcard":""}}]}`, yes: []string{`{"a":"x"}`}, no: []string{`{"a":""}`}, whatIsOdd: "content_anything_wildcard_empty"},
		{pattern: `{"a":[{"anything-but":"x"},{"anything-but":"y"}]}`, yes: []string{`{"a":"x"}`, `{"a":"y"}`, `{"a":"z"}`}, whatIsOdd: "two anything-but are ORed and let everything through"},
		{pattern: `{"Price":[{"numeric":["=",100]}]}`, yes: []string{`{"Price":100}`, `{"Price":1e2}`}, no: []string{`{"Price":"100"}`, `{"Price":100.5}`, `{"Price":null}`}},
		{pattern: `{"Price":[{"numeric":[">",10,"<=",20]}]}`, yes: []string{`{"Price":20}`, `{"Price":10.000001}`}, no: []string{`{"Price":10}`, `{"Price":20.1}`, `{}`}},
		{pattern: `{"Price":[{"numeric":[">=",10,"<",20]}]}`, yes: []string{`{"Price":10}`}, no: []string{`{"Price":20}`, `{"Price":9.9}`}},
		{pattern: `{"d-count":[{"numeric":["<",10]}]}`, yes: []string{`{"d-count":-5}`}, no: []string{`{"d-count":10}`}},
		{pattern: `{"d-count":[{"numeric":["<=",10]}]}`, yes: []string{`{"d-count":10}`}, no: []string{`{"d-count":11}`}},
		{pattern: `{"d-count":[{"numeric":[">",10]}]}`, yes: []string{`{"d-count":11}`}, no: []string{`{"d-count":10}`, `{"d-count":6000000000}`}},
		{pattern: `{"ip":[{"cidr":"10.0.0.0/24"}]}`, yes: []string{`{"ip":"10.0.0.255"}`}, no: []string{`{"ip":"10.0.1.0"}`, `{"ip":"x"}`, `{"ip":1}`, `{"ip":"10.0.0"}`}},
		{pattern: `{"ip":[{"cidr":"10.0.0.5/24"}]}`, yes: []string{`{"ip":"10.0.0.5"}`, `{"ip":"10.0.0.255"}`}, no: []string{`{"ip":"10.0.0.4"}`, `{"ip":"10.0.1.5"}`}, whatIsOdd: "CIDR.java of event-ruler"},
		{pattern: `{"ip":[{"cidr":"2001:db8:1234:1a00::/56"}]}`, yes: []string{`{"ip":"2001:0db8:1234:1a00::1"}`}, no: []string{`{"ip":"2001:db8:1234:1b00::1"}`, `{"ip":"10.0.0.1"}`}},
		{pattern: `{"ProductName":[{"exists":true}]}`, yes: []string{`{"ProductName":"x"}`, `{"ProductName":null}`}, no: []string{`{}`, `{"ProductName":{"a":1}}`, `{"ProductName":[]}`}},
		{pattern: `{"detail":{"c-count":[{"exists":false}]}}`, yes: []string{`{}`, `{"detail":{"state":1}}`, `{"detail":{"c-count":{"c1":100}}}`, `{"detail":{"c-count":[]}}`}, no: []string{`{"detail":{"c-count":1}}`}, whatIsOdd: "exists works on leaves only"},
		{pattern: `{"a":{"b":{"S":[{"anything-but":["roses"]},{"exists":false}]}}}`, yes: []string{`{"a":{"c":1}}`, `{"a":{"b":{"S":"x"}}}`}, no: []string{`{"a":{"b":{"S":"roses"}}}`}, whatIsOdd: "or-exists-parent"},
		{
			pattern: `{"$or":[{"Location":["New York"]},{"Day":["Monday"]}]}`,
			yes:     []string{`{"Location":"New York"}`, `{"Location":"x","Day":"Monday"}`},
			no:      []string{`{"Location":"x","Day":"y"}`, `{}`},
		},
		{
			pattern: `{"source":["aws.cloudwatch"],"$or":[{"metricName":["CPUUtilization","ReadLatency"]},{"metricType":["MetricType"],"namespace":["AWS/EC2","AWS/ES"],"$or":[{"metricId":[1234]},{"spaceId":[1000]}]},{"scope":["Service"]}]}`,
			yes:     []string{`{"source":"aws.cloudwatch","scope":"Service"}`, `{"source":"aws.cloudwatch","metricType":"MetricType","namespace":"AWS/ES","spaceId":1000}`},
			no:      []string{`{"scope":"Service"}`, `{"source":"aws.cloudwatch"}`, `{"source":"aws.cloudwatch","metricType":"MetricType","namespace":"AWS/ES"}`},
		},
		{pattern: `{"detail":{"$or":[{"a":[1]},{"b":[1]}]}}`, yes: []string{`{"detail":{"b":1}}`}, no: []string{`{"a":1}`}},
		{
			pattern: `{"resources":["arn:2","arn:3"]}`,
			yes:     []string{`{"resources":["arn:1","arn:2"]}`, `{"resources":[["arn:3"]]}`},
			no:      []string{`{"resources":[]}`, `{"resources":["arn:1"]}`},
		},
		{pattern: `{"a":["y"],"b":["z"]}`, yes: []string{`{"a":["x","y"],"b":["z","w"]}`}, whatIsOdd: "elements of two arrays"},
		{
			pattern: `{"employees":{"firstName":["Anna"],"lastName":["Smith"]}}`,
			yes:     []string{`{"employees":[{"firstName":"John","lastName":"Doe"},{"firstName":"Anna","lastName":"Smith"}]}`, `{"employees":[[{"firstName":"Anna","lastName":"Smith"}],[]]}`},
			no:      []string{`{"employees":[{"firstName":"Anna","lastName":"Jones"},{"firstName":"John","lastName":"Smith"}]}`},
		},
		{pattern: `{"detail":{"state":{"status":["running"]}}}`, yes: []string{`{"detail":{"state.status":"running"}}`, `{"detail":{"state":{"status":"running"}}}`}, no: []string{`{"detail":{"state":"running"}}`}, whatIsOdd: "dot_joining_event"},
		{pattern: `{"detail":{"state.status":["running"]}}`, yes: []string{`{"detail":{"state":{"status":"running"}}}`}, whatIsOdd: "dot_joining_pattern"},
	} {
		p := read(t, c.pattern)
		if err := Check(p); err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		}
		for _, want := range []bool{true, false} {
			list := c.no
			if want {
				list = c.yes
			}
			for _, event := range list {
				if got := matches(t, p, []byte(event)); got != want {
					t.Errorf("%s on %s: %v %s", c.pattern, event, got, c.whatIsOdd)
				}
			}
		}
	}
}

func TestMatchRefusesWhatIsNoEvent(t *testing.T) {
	for _, event := range []string{"", "x", "null", "[]", `"a"`, `{"a":1`, `{}{}`, `{"a":1}x`} {
		if _, err := Match(Pattern{"a": []any{"b"}}, []byte(event)); err == nil {
			t.Errorf("%q is an event", event)
		}
	}
}

// The rule without a filter takes every event of its stream, and nothing else.
func TestRuleOnRealEnvelopes(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	type envelope struct {
		Source     string `json:"source"`
		DetailType string `json:"detail-type"`
		Detail     struct {
			EventType string `json:"eventType"`
		} `json:"detail"`
	}
	seen := 0
	for _, path := range paths {
		event, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var e envelope
		if err := json.Unmarshal(event, &e); err != nil {
			t.Fatal(err)
		}
		if e.Source == "" {
			if matches(t, For(source, nil, nil).Pattern, event) {
				t.Errorf("%s has no envelope and is matched", path)
			}
			continue
		}
		seen++
		eventType := e.Detail.EventType
		for name, c := range map[string]struct {
			rule Rule
			want bool
		}{
			"bare":            {For(source, nil, nil), e.Source == source && e.DetailType == detailType},
			"longer source":   {For(source+"2", nil, nil), false},
			"shorter source":  {For(source[:len(source)-1], nil, nil), false},
			"other org":       {For("aws.partner/okta.com/other/oktastream", nil, nil), false},
			"its type":        {For(source, []string{eventType}, nil), true},
			"a type beside":   {For(source, []string{eventType + "x"}, nil), strings.HasPrefix(eventType, pipePrefix)},
			"not its type":    {For(source, nil, []string{eventType}), strings.HasPrefix(eventType, pipePrefix)},
			"none but others": {For(source, nil, []string{eventType + "x"}), true},
		} {
			if got := matches(t, c.rule.Pattern, event); got != c.want {
				t.Errorf("%s: %s: %v of %s", path, name, got, c.rule.Pattern)
			}
		}
		for _, change := range [][2]string{
			{source, source + "x"},
			{source, source[:len(source)-1]},
			{source, strings.ToUpper(source)},
			{`"SystemLog"`, `"systemlog"`},
			{`"SystemLog"`, `"SystemLogs"`},
			{`"SystemLog"`, `"Okta Log Event"`},
		} {
			changed := strings.Replace(string(event), change[0], change[1], 1)
			if changed == string(event) || matches(t, For(source, nil, nil).Pattern, []byte(changed)) {
				t.Errorf("%s with %s is matched or unchanged", path, change[1])
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d envelopes", seen)
	}
}
