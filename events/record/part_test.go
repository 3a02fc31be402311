package record_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

const needed = `"uuid":"u","eventType":"e","published":"2026-09-01T10:11:12.345Z"`

// write returns what parts and Rest write for an event with members, without the rest of the three
// fields that every event has.
func write(t testing.TB, members string, parts ...record.Part) string {
	t.Helper()
	var out string
	e := record.New()
	var d events.Decoder
	d.Decode([]byte(`{`+needed+`,`+members+`}`), func(event *events.Event, fault *events.Fault) {
		t.Helper()
		if fault != nil {
			t.Fatal(fault)
		}
		e.Begin([]byte("{"), event, &classify.Decision{Class: &classify.Class{}}, roles.Decide("e"))
		e.Write(parts)
		e.Rest("rest")
		out = string(append(e.End(), '}'))
	})
	if !json.Valid([]byte(out)) {
		t.Fatalf("not JSON: %s", out)
	}
	out = strings.Replace(out, needed+",", "", 1)
	return strings.Replace(out, `"rest":{`+needed+`}`, `"rest":{}`, 1)
}

func yes(*record.Emitter) bool { return true }
func no(*record.Emitter) bool  { return false }

// fails is a part that begins to write and then reports that there is nothing.
func fails(key string) record.Part {
	return record.Derive(key, "", func(e *record.Emitter) bool { e.Out = append(e.Out, `["half`...); return false })
}

func TestParts(t *testing.T) {
	const actor = `"actor":{"id":"1","type":"User"}`
	id := record.Field("uid", record.AsText, events.ActorID)
	kind := record.Field("kind", record.AsText, events.ActorType)
	absent := record.Field("name", record.AsText, events.ActorDisplayName)
	object := func(key string, naming, rest []record.Part) *record.Object {
		return &record.Object{Key: key, AtLeastOne: naming, Rest: rest}
	}
	some := func(parts ...record.Part) []record.Part { return parts }

	for name, test := range map[string]struct {
		parts []record.Part
		want  string
	}{
		"nothing":                     {nil, `{"rest":{"actor":{"id":"1","type":"User"}}}`},
		"a field":                     {some(id), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
		"all fields":                  {some(id, kind), `{"uid":"1","kind":"User","rest":{}}`},
		"an absent field":             {some(absent, id), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
		"the first of fields":         {some(record.Field("f", record.AsText, events.ActorDisplayName, events.ActorType, events.ActorID)), `{"f":"User","rest":{"actor":{"id":"1"}}}`},
		"the first that is taken":     {some(record.Field("f", record.AsIP, events.ActorID), id), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
		"repeated":                    {some(record.Field("f", record.Repeated(record.AsText), events.ActorID)), `{"f":"1","rest":{"actor":{"id":"1","type":"User"}}}`},
		"derived":                     {some(record.Const("w", "é\"", ""), record.Number("n", -7, "")), `{"w":"é\"","n":-7,"rest":{"actor":{"id":"1","type":"User"}}}`},
		"derived in vain":             {some(fails("x"), id, fails("y")), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
		"an object":                   {some(object("o", nil, some(id, absent))), `{"o":{"uid":"1"},"rest":{"actor":{"type":"User"}}}`},
		"a list":                      {some(&record.Object{Key: "o", List: true, Rest: some(id)}, kind), `{"o":[{"uid":"1"}],"kind":"User","rest":{}}`},
		"an empty object":             {some(object("o", nil, some(absent)), id), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
		"an object within":            {some(object("o", nil, some(object("p", nil, some(id)), kind))), `{"o":{"p":{"uid":"1"},"kind":"User"},"rest":{}}`},
		"an empty object within":      {some(object("o", nil, some(id, object("p", nil, some(absent)), kind))), `{"o":{"uid":"1","kind":"User"},"rest":{}}`},
		"required and there":          {some(object("o", some(absent, id), some(kind))), `{"o":{"uid":"1","kind":"User"},"rest":{}}`},
		"required and absent":         {some(object("o", some(absent), some(id, kind))), `{"rest":{"actor":{"id":"1","type":"User"}}}`},
		"absent within what is there": {some(object("o", some(id), some(object("p", some(absent), some(kind))))), `{"o":{"uid":"1"},"rest":{"actor":{"type":"User"}}}`},
		"there within what is absent": {some(object("o", some(absent), some(object("p", some(id), some(kind)))), id), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
		"held elsewhere":              {some(id, object("o", some(absent), some(id)), kind), `{"uid":"1","kind":"User","rest":{}}`},
		"the first part":              {some(record.FirstOf{absent, object("o", some(absent), some(id)), kind, id}), `{"kind":"User","rest":{"actor":{"id":"1"}}}`},
		"all":                         {some(record.All{absent, id, kind}), `{"uid":"1","kind":"User","rest":{}}`},
		"requiring one of all":        {some(object("o", some(record.All{absent, id}), nil)), `{"o":{"uid":"1"},"rest":{"actor":{"type":"User"}}}`},
		"when":                        {some(record.When(yes, id), record.When(no, kind)), `{"uid":"1","rest":{"actor":{"type":"User"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := write(t, actor, test.parts...); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	uid := record.Member("uid", record.AsText, record.TargetID)
	name := record.Member("name", record.AsText, record.TargetName)
	data := record.Member("data", record.AsJSON, record.TargetDetail)
	apps := record.EachTarget("apps", "no user", roles.App, func(_ *record.Emitter, t *record.Target) bool { return !t.Person },
		&record.Object{AtLeastOne: []record.Part{uid}, Rest: []record.Part{name, data}})
	user := record.ForRole(roles.User, &record.Object{Key: "user", Rest: []record.Part{uid}})

	for text, want := range map[string]string{
		`null`:                    `{"rest":{}}`,
		`[]`:                      `{"rest":{}}`,
		`{"id":"1"}`:              `{"rest":{"target":{"id":"1"}}}`,
		`[7,"x",null,[{}]]`:       `{"rest":{"target":[7,"x"]}}`,
		`[{"id":"1"},{"id":"2"}]`: `{"apps":[{"uid":"1"},{"uid":"2"}],"rest":{}}`,
		// A target with an unmapped member stays whole, except an object that an attribute holds
		// whole.
		`[{"id":"1","novel":true,"detailEntry":{"a":1,"b":null}},{"id":"2"}]`: `{"apps":[{"uid":"1","data":{"a":1}},{"uid":"2"}],"rest":{"target":[{"id":"1","novel":true}]}}`,
		`[{"id":"1","type":"User","displayName":"n"}]`:                        `{"user":{"uid":"1"},"rest":{"target":[{"id":"1","type":"User","displayName":"n"}]}}`,
		`[{"displayName":"n"},{"id":"2","alternateId":"UNKNOWN"}]`:            `{"apps":[{"uid":"2"}],"rest":{"target":[{"displayName":"n"},{"id":"2","alternateId":"UNKNOWN"}]}}`,
		`[{"id":"2","alternateId":"x"}]`:                                      `{"apps":[{"uid":"2"}],"rest":{"target":[{"id":"2","alternateId":"x"}]}}`,
		`[{"type":"USER","id":"1"},{"type":"appuser","id":"2"}]`:              `{"user":{"uid":"1"},"rest":{"target":[{"type":"USER","id":"1"},{"type":"appuser","id":"2"}]}}`,
	} {
		if got := write(t, `"target":`+text, user, apps); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestRest(t *testing.T) {
	for text, want := range map[string]string{
		`"a":null,"b":"","c":"null","d":{},"e":[],"f":{"g":[null,{}]}`: `{}`,
		`"a":"Null","b":" ","c":0,"d":false,"e":[[]," "]`:              `{"a":"Null","b":" ","c":0,"d":false,"e":[" "]}`,
		`"a":[1,null,2],"b":[{"c":null},{"d":1}]`:                      `{"a":[1,2],"b":[{"d":1}]}`,
		`"a b":{"é":1,"\u00e9":2}`:                                     `{"a b":{"é":1,"\u00e9":2}}`,
		`"n":[1.0,1e400,-0,12345678901234567890]`:                      `{"n":[1.0,1e400,-0,12345678901234567890]}`,
		// A placeholder is not a name, but the event's text stays.
		`"actor":{"alternateId":"Unknown","displayName":"."}`: `{"actor":{"alternateId":"Unknown","displayName":"."}}`,
		`"device":"unknown","os":"unknown"`:                   `{"device":"unknown","os":"unknown"}`,
	} {
		if got := write(t, text); got != `{"rest":`+want+`}` {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}
