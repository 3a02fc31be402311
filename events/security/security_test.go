package security

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
)

// read reads the verdict of an event that has nothing but what members says.
func read(t testing.TB, members string, use func(*Verdict)) {
	t.Helper()
	text := `{"uuid":"u","eventType":"user.session.start","published":"2026-09-01T10:11:12.345Z",` + members + `}`
	var d events.Decoder
	d.Decode([]byte(text), func(e *events.Event, fault *events.Fault) {
		if fault != nil {
			t.Fatalf("%s: %v", text, fault)
		}
		var r Reader
		use(r.Read(e))
	})
}

func debug(key, value string) string {
	return `"debugContext":{"debugData":{"` + key + `":` + value + `}}`
}

func quoted(s string) string {
	q, _ := json.Marshal(s)
	return string(q)
}

func TestEveryFormOfRisk(t *testing.T) {
	for name, test := range map[string]struct {
		value string
		want  string
		level Level
	}{
		"map": {`"{level=LOW}"`, `{"level":"LOW"}`, LevelLow},
		"map, reasons first": {`"{reasons=Anomalous Location, Anomalous Device, level=HIGH}"`,
			`{"reasons":["Anomalous Location","Anomalous Device"],"level":"HIGH"}`, LevelHigh},
		"map, reasons last": {`"{level=MEDIUM, reasons=Anomalous Device, New IP}"`,
			`{"level":"MEDIUM","reasons":["Anomalous Device","New IP"]}`, LevelMedium},
		"map, equals in a reason": {`"{reasons=a b=c, d, level=LOW}"`, `{"reasons":["a b=c","d"],"level":"LOW"}`,
			LevelLow},
		"JSON in a string": {quoted(`{"level":"HIGH","reasons":"a, b"}`), `{"level":"HIGH","reasons":["a","b"]}`,
			LevelHigh},
		"object":                   {`{"level":"HIGH","reasons":"a"}`, `{"level":"HIGH","reasons":["a"]}`, LevelHigh},
		"unterminated":             {`"{level=LOW"`, ``, LevelNone},
		"free text":                {`"rather low"`, ``, LevelNone},
		"empty map":                {`"{}"`, ``, LevelNone},
		"no key":                   {`"{LOW}"`, ``, LevelNone},
		"number":                   {`3`, ``, LevelNone},
		"null":                     {`null`, ``, LevelNone},
		"half a character":         {`"{level=LOW, reasons=\ud83d}"`, ``, LevelNone},
		"a level nobody has heard": {`"{level=EXTREME}"`, `{"level":"EXTREME"}`, LevelNone},
	} {
		t.Run(name, func(t *testing.T) {
			read(t, debug("risk", test.value), func(v *Verdict) {
				if got := string(v.Typed(events.DebugRisk)); got != test.want {
					t.Errorf("typed = %s, want %s", got, test.want)
				}
				if v.Risk != test.level {
					t.Errorf("level = %d, want %d", v.Risk, test.level)
				}
			})
		})
	}
}

func TestEveryFormOfBehaviors(t *testing.T) {
	want := `{"New Geo-Location":"NEGATIVE","New Device":"POSITIVE"}`
	for name, test := range map[string]struct{ value, want string }{
		"map":              {`"{New Geo-Location=NEGATIVE, New Device=POSITIVE}"`, want},
		"JSON in a string": {quoted(want), want},
		"object":           {want, want},
		"list":             {`["New Geo-Location=NEGATIVE","New Device=POSITIVE"]`, want},
		"keys alone":       {`{"New Geo-Location=NEGATIVE":null,"New Device=POSITIVE":null}`, want},
		"colon in a name": {`"{Anomalous Location: Country=NEGATIVE, 857d_15=BAD_REQUEST}"`,
			`{"Anomalous Location: Country":"NEGATIVE","857d_15":"BAD_REQUEST"}`},
		"quote in a name": {`"{New \"Device\"=POSITIVE}"`, `{"New \"Device\"":"POSITIVE"}`},
		"comma in a name": {`"{Velocity=NEGATIVE, New, odd=POSITIVE}"`, ``},
		"free text":       {`"New Device was seen"`, ``},
		"no result":       {`"{New Device=}"`, ``},
		"nested":          {`{"New Device":{"result":"POSITIVE"}}`, ``},
		"empty":           {`[]`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			read(t, debug("behaviors", test.value), func(v *Verdict) {
				if got := string(v.Typed(events.DebugBehaviors)); got != test.want {
					t.Errorf("typed = %s, want %s", got, test.want)
				}
				if string(v.Behaviors) != test.want {
					t.Errorf("behaviors = %s, want %s", v.Behaviors, test.want)
				}
			})
		})
	}
}

func TestLogOnlySecurityData(t *testing.T) {
	text := `{"risk":{"reasons":"Anomalous Device, New IP","level":"MEDIUM"},"behaviors":{"New IP":"NEGATIVE"},"more":[1,null]}`
	want := `{"risk":{"reasons":["Anomalous Device","New IP"],"level":"MEDIUM"},"behaviors":{"New IP":"NEGATIVE"},"more":[1]}`
	for name, value := range map[string]string{"string": quoted(text), "object": text} {
		t.Run(name, func(t *testing.T) {
			read(t, debug("logOnlySecurityData", value), func(v *Verdict) {
				if got := string(v.Typed(events.DebugLogOnlySecurityData)); got != want {
					t.Errorf("typed = %s, want %s", got, want)
				}
				if v.Risk != LevelMedium || string(v.Behaviors) != `{"New IP":"NEGATIVE"}` {
					t.Errorf("risk = %d, behaviors = %s", v.Risk, v.Behaviors)
				}
			})
		})
	}
	read(t, debug("logOnlySecurityData", quoted(`{"risk":{},"behaviors":{}}`)), func(v *Verdict) {
		if got := v.Typed(events.DebugLogOnlySecurityData); got != nil {
			t.Errorf("nothing but empty objects should stay as it came, got %s", got)
		}
	})
}

func TestTheFirstSourceOfRiskCounts(t *testing.T) {
	read(t, `"securityContext":{"risk":{"level":"HIGH"}},`+
		`"debugContext":{"debugData":{"risk":"{level=LOW}","logOnlySecurityData":"{\"risk\":{\"level\":\"MEDIUM\"}}"}}`,
		func(v *Verdict) {
			if v.Risk != LevelHigh {
				t.Errorf("level = %d, want that of securityContext.risk", v.Risk)
			}
		})
}

func TestTheDocumentedFormOf2026(t *testing.T) {
	read(t, `"securityContext":{"risk":{"level":"MEDIUM","reasons":["New IP",null,"New Device"]},`+
		`"userBehaviors":[{"id":"b1","name":"New IP","result":"POSITIVE"},{"id":"b2"},"odd",{"id":"b3","name":"Velocity","result":"NEGATIVE"}]},`+
		debug("behaviors", `"{New City=POSITIVE}"`), func(v *Verdict) {
		if v.Risk != LevelMedium || string(bytes.Join(v.Reasons, []byte("|"))) != "New IP|New Device" {
			t.Errorf("risk = %v for %q", v.Risk, v.Reasons)
		}
		if want := `{"New IP":"POSITIVE","Velocity":"NEGATIVE"}`; string(v.Behaviors) != want {
			t.Errorf("behaviors = %s, want %s", v.Behaviors, want)
		}
	})
}

func TestThreatsAndWhatElseIsJSONInAString(t *testing.T) {
	read(t, `"device":{"deviceIntegrator":"{\"vendor\":\"x\",\"none\":null}"},"debugContext":{"debugData":{`+
		`"threatDetections":"{\"Password Spray\":\"HIGH\",\"Login Failures\":\"MEDIUM\"}",`+
		`"tunnels":"[{\"operator\":\"HOTSPOT_VPN\",\"type\":\"VPN\",\"anonymous\":true}]"}}`, func(v *Verdict) {
		if v.Threat != LevelHigh || len(v.Threats) != 2 || string(v.Threats[0]) != "Password Spray" {
			t.Errorf("threat = %d of %q", v.Threat, v.Threats)
		}
		for field, want := range map[events.Field]string{
			events.DebugThreatDetections: `{"Password Spray":"HIGH","Login Failures":"MEDIUM"}`,
			events.DebugTunnels:          `[{"operator":"HOTSPOT_VPN","type":"VPN","anonymous":true}]`,
			events.DeviceIntegrator:      `{"vendor":"x"}`,
		} {
			if got := string(v.Typed(field)); got != want {
				t.Errorf("%s = %s, want %s", field.Path(), got, want)
			}
		}
	})
}

// The pairs, joined again, must be the original text for any content. Only then may the text be
// left out of the record.
func TestTypedRiskGivesTheTextBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`\{(level|reasons|[a-z ,=]{0,6})=[A-Za-z ,={}]{0,12}(, [a-z=]{0,8})*\}`),
			rapid.String(),
		).Draw(rt, "text")
		encoded, err := jsontext.AppendQuote(nil, text)
		if err != nil || json.Valid([]byte(text)) || strings.Contains(text, "=,") || strings.Contains(text, "=}") {
			rt.Skip("not a text of this form, or with a value that says nothing")
		}
		read(t, debug("risk", string(encoded)), func(v *Verdict) {
			typed := v.Typed(events.DebugRisk)
			if typed == nil {
				return
			}
			// Okta writes the pairs with and without brackets around them.
			if got := join(t, typed); got != text && got != "{"+text+"}" {
				rt.Fatalf("%q became %s, which joins to %q", text, typed, got)
			}
		})
	})
}

// join writes a typed risk as Java's Map.toString does.
func join(t *testing.T, typed []byte) string {
	d := json.NewDecoder(strings.NewReader(string(typed)))
	token := func() json.Token {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	token()
	var pairs []string
	for d.More() {
		key := token().(string)
		var value any
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if list, ok := value.([]any); ok {
			var items []string
			for _, item := range list {
				items = append(items, item.(string))
			}
			value = strings.Join(items, ", ")
		}
		pairs = append(pairs, key+"="+value.(string))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// A map of half a megabyte must not delay the batch that it is in.
func TestAMapWithTooManyPairsStaysAsItCame(t *testing.T) {
	for n, typed := range map[int]bool{maxPairs: true, maxPairs + 1: false} {
		var pairs []string
		for i := range n {
			pairs = append(pairs, fmt.Sprintf("b%d=POSITIVE", i))
		}
		read(t, debug("behaviors", quoted("{"+strings.Join(pairs, ", ")+"}")), func(v *Verdict) {
			if (v.Typed(events.DebugBehaviors) != nil) != typed {
				t.Errorf("%d pairs: typed %v", n, !typed)
			}
		})
	}
}
