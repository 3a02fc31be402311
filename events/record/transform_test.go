package record_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
)

func TestTransforms(t *testing.T) {
	type row struct{ value, want string } // want "" where the value is refused
	for name, test := range map[string]struct {
		how  record.Transform
		rows []row
	}{
		"AsText": {record.AsText, []row{
			{`"x"`, `"x"`}, {`"\u0041\/\ud83d"`, `"\u0041\/\ud83d"`}, {`7`, `"7"`}, {`-0.50`, `"-0.50"`}, {`true`, `"true"`}, {`false`, `"false"`},
			{`""`, ""}, {`"null"`, ""}, {`null`, ""}, {`{}`, ""}, {`["x"]`, ""}, {`" "`, `" "`}, {`"Null"`, `"Null"`}}},
		"AsName": {record.AsName, []row{
			{`"x"`, `"x"`}, {`7`, `"7"`}, {`"unknown user"`, `"unknown user"`}, {`"unknown"`, ""}, {`"UNKNOWN"`, ""}, {`"Unknown"`, ""},
			{`"."`, ""}, {`"null"`, ""}, {`""`, ""}, {`null`, ""}}},
		"AsOneName": {record.AsOneName, []row{{`"x"`, `["x"]`}, {`"unknown"`, ""}, {`null`, ""}, {`["x"]`, ""}}},
		"AsChange": {record.AsChange, []row{
			{`{"a":{"bJson":"{\"c\":[1,null]}"},"d":null}`, `{"a":{"bJson":{"c":[1]}}}`}, {`{"bJson":"{broken"}`, `{"bJson":"{broken"}`},
			{`{"bJson":"7"}`, `{"bJson":"7"}`}, {`{"bJson":"{\"c\":null}"}`, `{"bJson":"{\"c\":null}"}`}, {`"x"`, `"x"`}, {`{}`, ""}}},
		"AsIP": {record.AsIP, []row{
			{`"192.0.2.1"`, `"192.0.2.1"`}, {`"2001:db8::1"`, `"2001:db8::1"`}, {`"::ffff:192.0.2.1"`, `"::ffff:192.0.2.1"`},
			{`"2001:0db8:0000:0000:0000:0000:0000:0001"`, `"2001:0db8:0000:0000:0000:0000:0000:0001"`},
			// 40 characters fit ip_t; this one has 41.
			{`"0000:0000:0000:0000:0000:ffff:192.168.0.1"`, ""},
			{`"fe80::1%eth0"`, ""}, {`"192.0.2.1:80"`, ""}, {`"192.0.2.1 "`, ""}, {`"192.0.2"`, ""}, {`"192.0.2.256"`, ""}, {`""`, ""}, {`1`, ""}}},
		"AsInteger": {record.AsInteger, []row{
			{`64496`, `64496`}, {`-1`, `-1`}, {`0`, `0`}, {`123456789012345678`, `123456789012345678`}, {`1234567890123456789`, ""},
			{`1.0`, ""}, {`1e3`, ""}, {`1E3`, ""}, {`"64496"`, ""}, {`true`, ""}}},
		"AsNumber":  {record.AsNumber, []row{{`53.3382`, `53.3382`}, {`-6e-3`, `-6e-3`}, {`"53"`, ""}, {`null`, ""}}},
		"AsBoolean": {record.AsBoolean, []row{{`true`, `true`}, {`false`, `false`}, {`"true"`, ""}, {`1`, ""}, {`null`, ""}}},
		"AsJSON": {record.AsJSON, []row{
			{`{"a":[1,null,{"b":""}],"c":"null"}`, `{"a":[1]}`}, {`"x"`, `"x"`}, {`0`, `0`}, {`{"a":{}}`, ""}, {`null`, ""}, {`[ [ ] ]`, ""}}},
		"AsCountry": {record.AsCountry, []row{{`"Ireland"`, `"IE"`}, {`"IE"`, `"IE"`}, {`"Atlantis"`, `"Atlantis"`}, {`"T\u00fcrkiye"`, `"TR"`}, {`"International"`, `"International"`}, {`7`, ""}, {`"null"`, ""}}},
		"AsEmail":   {record.AsEmail, []row{{`"a@b.c"`, `"a@b.c"`}, {`"@b.c"`, ""}, {`"a@b"`, ""}, {`"a@.c"`, ""}, {`"a@b."`, ""}, {`"a@b@c.d"`, ""}, {`"é@b.c"`, ""}, {`"a@b c.d"`, ""}, {`7`, ""}}},
		"AsDomain":  {record.AsDomain, []row{{`"a@b.c"`, `"b.c"`}, {`"a@b"`, ""}, {`"a"`, ""}}},
		"AsPrivileges": {record.AsPrivileges, []row{
			{`"A"`, `["A"]`}, {`"A, B"`, `["A","B"]`}, {`"A (x, y), B"`, `["A (x, y)","B"]`}, {`"A ((x, y), z), B"`, `["A ((x, y), z)","B"]`},
			{`"A,B"`, `["A,B"]`}, {`", A"`, ""}, {`"A, unknown"`, ""}, {`"A, "`, ""}, {`"A, , B"`, ""}, {`""`, ""}, {`["A"]`, ""}, {`"A\u002c B"`, `["A\u002c B"]`}}},
		"AsHostname": {record.AsHostname, []row{
			{`"https://example.okta.com"`, `"example.okta.com"`}, {`"http://example.okta.com"`, ""}, {`"https://example.okta.com/"`, ""},
			{`"https://example.okta.com:443"`, ""}, {`"https://"`, ""}, {`"https://b\u00fccher.example"`, ""}, {`"null"`, ""}, {`7`, ""}}},
	} {
		for _, row := range test.rows {
			want := `{"rest":{"displayMessage":` + row.value + `}}`
			if row.want != "" {
				want = `{"x":` + row.want + `,"rest":{}}`
			}
			got := write(t, `"displayMessage":`+row.value, record.Field("x", test.how, events.DisplayMessage))
			if row.want != "" && test.how.Partial {
				want = `{"x":` + row.want + `,"rest":{"displayMessage":` + row.value + `}}`
			}
			if row.want == "" { // what is refused and says nothing either is nowhere
				if strings.Contains(got, `"x":`) {
					t.Errorf("%s of %s: %s", name, row.value, got)
				}
				continue
			}
			if got != want {
				t.Errorf("%s of %s:\ngot  %s\nwant %s", name, row.value, got, want)
			}
		}
	}
}

// The parts that a transform makes can be joined to the original text, or the text is not split.
func TestNothingIsLostInTakingApart(t *testing.T) {
	text := rapid.StringMatching(`[a-zA-Z(), /?=:.&"\\é-]{0,24}`)
	get := func(out, key string) (value any) {
		var m map[string]any
		if err := json.Unmarshal([]byte(out), &m); err != nil {
			t.Fatal(err)
		}
		return m[key]
	}
	quote := func(s string) string {
		quoted, _ := json.Marshal(s)
		return string(quoted)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := text.Draw(rt, "roles")
		if list, ok := get(write(t, `"displayMessage":`+quote(s), record.Field("x", record.AsPrivileges, events.DisplayMessage)), "x").([]any); ok {
			var roles []string
			for _, role := range list {
				roles = append(roles, role.(string))
			}
			if joined := strings.Join(roles, ", "); joined != s {
				rt.Fatalf("%q became %q", s, roles)
			}
		}
		path, query := "/"+text.Draw(rt, "path"), text.Draw(rt, "query")
		url := path + rapid.SampledFrom([]string{"?", "", "/", "?x"}).Draw(rt, "sign") + query
		out := write(
			t,
			`"debugContext":{"debugData":{"requestUri":`+quote(path)+`,"url":`+quote(url)+`}}`,
			record.Field("x", record.AsQuery, events.DebugURL),
		)
		if got, ok := get(out, "x").(string); ok && path+"?"+got != url {
			rt.Fatalf("%q of %q became %q", url, path, got)
		}
		origin := rapid.SampledFrom([]string{"https://", "http://", ""}).Draw(rt, "scheme") + text.Draw(rt, "host")
		out = write(t, `"displayMessage":`+quote(origin), record.Field("x", record.AsHostname, events.DisplayMessage))
		if got, ok := get(out, "x").(string); ok && "https://"+got != origin {
			rt.Fatalf("%q became %q", origin, got)
		}
	})
}
