package sinktest

import (
	"bytes"
	"encoding/json"
	"strings"

	"pgregory.net/rapid"
)

// Object draws the text of an object, with all that JSON allows: blanks, duplicate names,
// names with escapes, and often the names that sinks use.
func Object(t *rapid.T, depth int) string {
	blank := rapid.SampledFrom([]string{"", "", "", " ", "\t", "  "})
	name := rapid.SampledFrom([]string{"date", "published", "okta", "published_original", "ddsource", "value", "uuid",
		`d\u0061te`, `okt\u0061`, `\ud800`, `a\"b`, "x", "é", "", "Date", "date "})
	scalar := rapid.SampledFrom([]string{`"2026-01-01T00:00:00.000Z"`, `""`, `"}"`, `",\"date\":1"`, "0", "-1.50e+400",
		"12345678901234567890", "true", "null", `"\ud800"`, `"日本"`, "[]", "{}", "{ }", "[ 1 , 2 ]"})
	var b strings.Builder
	b.WriteString("{" + blank.Draw(t, "blank"))
	for i := range rapid.IntRange(0, 6).Draw(t, "members") {
		if i > 0 {
			b.WriteString("," + blank.Draw(t, "blank"))
		}
		b.WriteString(`"` + name.Draw(t, "name") + `"` + blank.Draw(t, "blank") + ":" + blank.Draw(t, "blank"))
		if depth > 0 && rapid.IntRange(0, 3).Draw(t, "nest") == 0 {
			b.WriteString(Object(t, depth-1))
		} else {
			b.WriteString(scalar.Draw(t, "scalar"))
		}
		b.WriteString(blank.Draw(t, "blank"))
	}
	b.WriteString("}" + blank.Draw(t, "blank"))
	return b.String()
}

// Members reads a JSON object with encoding/json, as a reference. Of two members of the
// same name the last counts.
func Members(t interface{ Fatal(...any) }, text []byte) (m map[string]any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}
