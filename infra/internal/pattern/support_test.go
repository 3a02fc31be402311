package pattern

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

const source = "aws.partner/okta.com/example/oktastream"

// numbered returns n texts like format with their number for #.
func numbered(n int, format string) []string {
	var all []string
	for i := range n {
		all = append(all, strings.ReplaceAll(format, "#", strconv.Itoa(i)))
	}
	return all
}

// envelope is an event of this type as it comes to the rule.
func envelope(tb testing.TB, eventType string) []byte {
	tb.Helper()
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": "4ab6d852-0000-4000-8000-000000000000", "detail-type": "SystemLog", "source": source,
		"account": "999999999999", "time": "2026-05-30T14:17:58Z", "region": "us-east-1", "resources": []string{},
		"detail": map[string]any{"eventType": eventType, "uuid": "a", "target": []any{map[string]any{"id": "x",
			"eventType": "y"}}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
