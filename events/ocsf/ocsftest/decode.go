package ocsftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// decode reads record into maps, slices, strings, json.Numbers, bools and nils. It reports what
// decoders accept silently: more than one line, and duplicate keys, of which decoders keep the
// last.
func (c *checker) decode(record []byte) (any, bool) {
	if bytes.ContainsAny(bytes.TrimSuffix(record, []byte("\n")), "\r\n") {
		c.fail("more_than_one_line", "", "")
	}
	if !utf8.Valid(record) {
		c.fail("not_json", "", "not UTF-8")
		return nil, false
	}
	if !json.Valid(record) {
		c.fail("not_json", "", "not one JSON value")
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	return c.tree(d, ""), true
}

// tree reads the next value. The text is known to be valid, so Token cannot fail.
func (c *checker) tree(d *json.Decoder, path string) any {
	t, _ := d.Token()
	switch t {
	case json.Delim('{'):
		m := map[string]any{}
		for d.More() {
			k, _ := d.Token()
			key := k.(string)
			p := join(path, key)
			if _, twice := m[key]; twice {
				c.fail("duplicate_key", p, "")
			}
			m[key] = c.tree(d, p)
		}
		d.Token()
		return m
	case json.Delim('['):
		s := []any{}
		for d.More() {
			s = append(s, c.tree(d, at(path, len(s))))
		}
		d.Token()
		return s
	}
	return t
}

// blanks reports the null and empty values in v, a value of type o (nil: not in scope).
// The content of unmapped and json_t attributes is not checked; they themselves must not be
// empty.
func (c *checker) blanks(v any, path string, o *object) {
	if v == nil {
		c.fail("null_value", path, "")
	} else if empty(v) {
		c.fail("empty_value", path, fmt.Sprintf("empty %s", kindOf(v)))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			a := &attr{}
			if o != nil && o.Attributes[k] != nil {
				a = o.Attributes[k]
			}
			if x := v[k]; !a.open() || x == nil || empty(x) {
				c.blanks(x, join(path, k), a.object)
			}
		}
	case []any:
		for i, x := range v {
			c.blanks(x, at(path, i), o)
		}
	}
}

// empty reports whether v is "", {} or [].
func empty(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// kindOf names the JSON type of v.
func kindOf(v any) string {
	switch v := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number:
		if whole(v) {
			return "integer"
		}
		return "float"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	}
	return "null"
}

// whole reports whether n is written as a whole number: 1.0 and 1e3 are not.
func whole(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
