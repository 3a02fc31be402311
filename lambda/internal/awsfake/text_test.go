package awsfake

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzText holds the two short cuts against encoding/json.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", `{"a":"b"}`, "\x00\x1f\b\f\n\r\t\"\\/", "é𝄞\u2028\ufffd<&>", `\u00e9`, `\\\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		std, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := unquote(std); got != s {
			t.Errorf("unquote(%s) = %q", std, got)
		}
		ours := appendQuote(nil, s)
		if got := unquote(ours); got != s {
			t.Errorf("unquote(%s) = %q", ours, got)
		}
		var back string
		if err := json.Unmarshal(ours, &back); err != nil || back != s {
			t.Errorf("appendQuote(%q) = %s: %v", s, ours, err)
		}
	})
}
