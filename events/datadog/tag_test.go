package datadog

import (
	"strings"
	"testing"
)

func TestCheckTag(t *testing.T) {
	for tag, ok := range map[string]bool{
		"team:sec": true, "env:prod/eu-1": true, "a:b:c": true, "a b": false, "a:b c": false, "env": false, "": false, ":x": false, "1a:b": false,
		"a:": false, "a:b,c:d": false, "a:\x1b": false, "a:é": false,
	} {
		if err := CheckTag(tag); (err == nil) != ok {
			t.Errorf("%q: %v", tag, err)
		}
	}
}

func TestCheckService(t *testing.T) {
	for name, ok := range map[string]bool{
		"okta": true, "a": true, strings.Repeat("a", 100): true, strings.Repeat("a", 101): false, "": false, "a b": false, "9": false, "a\n": false,
	} {
		if err := CheckService(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
