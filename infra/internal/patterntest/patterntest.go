// Package patterntest matches events against the event patterns that this module makes, as
// EventBridge does.
//
// It knows the operators that package pattern writes: exact strings, prefix, suffix, wildcard and
// anything-but of these. Anything else is an error, never a non-match, so that a test cannot pass
// with a pattern that EventBridge refuses or interprets differently. Stars are EventBridge's, not
// those of events.Match: a backslash escapes, and two stars in a row are refused.
//
// Sources: "Comparison operators" (EventBridge User Guide, eb-create-pattern-operators, 2026-11)
// and the README of github.com/aws/event-ruler, the engine that AWS publishes.
package patterntest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Match reports whether EventBridge would match the event, which is the whole envelope as JSON. It
// returns an error for a pattern that EventBridge refuses or this package does not know, and for an
// event that is not a JSON object or has an array at a field of the pattern.
func Match(pattern map[string]any, event []byte) (bool, error) {
	text, err := json.Marshal(pattern)
	if err != nil {
		return false, fmt.Errorf("encode event pattern: %w", err)
	}
	var want, have map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		return false, fmt.Errorf("decode event pattern: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber() // some numbers do not fit in a float64
	if err := decoder.Decode(&have); err != nil || have == nil || decoder.More() {
		return false, errors.New("decode event: it is not one JSON object")
	}
	return matchObject("", want, have)
}

func matchObject(path string, want, have map[string]any) (bool, error) {
	if len(want) == 0 {
		return false, fmt.Errorf("%s: empty objects are not allowed", path)
	}
	all := true
	for key, pattern := range want {
		field := strings.TrimPrefix(path+"."+key, ".")
		value, present := have[key]
		if _, is := value.([]any); is {
			return false, fmt.Errorf("%s: arrays in events are not modelled", field)
		}
		matched := false
		var err error
		switch pattern := pattern.(type) {
		case map[string]any:
			inner, _ := value.(map[string]any)
			matched, err = matchObject(field, pattern, inner)
		case []any:
			_, object := value.(map[string]any)
			matched, err = matchAny(pattern, value, present && !object)
		default:
			err = errors.New("must be an object or an array")
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", field, err)
		}
		all = all && matched
	}
	return all, nil
}

// matchAny reports whether one of a field's values, which are ORed, matches.
func matchAny(values []any, value any, present bool) (bool, error) {
	if len(values) == 0 {
		return false, errors.New("empty arrays are not allowed")
	}
	any := false
	for _, v := range values {
		matches, err := operator(v)
		if err != nil {
			return false, err
		}
		any = any || present && matches(value)
	}
	return any, nil
}

// operator returns the test of one value of a pattern.
func operator(value any) (func(leaf any) bool, error) {
	switch value := value.(type) {
	case string:
		return func(leaf any) bool { return leaf == value }, nil
	case map[string]any:
		if len(value) != 1 {
			return nil, fmt.Errorf("an operator is an object with one key, this one has %d", len(value))
		}
		for name, operand := range value {
			if name == "anything-but" {
				return anythingBut(operand)
			}
			text, ok := operand.(string)
			if !ok {
				return nil, fmt.Errorf("%s must be a string", name)
			}
			return textOperator(name, text)
		}
	}
	return nil, fmt.Errorf("unsupported value of type %T", value)
}

func textOperator(name, want string) (func(leaf any) bool, error) {
	holds := map[string]func(text, want string) bool{"prefix": strings.HasPrefix, "suffix": strings.HasSuffix}[name]
	if name == "wildcard" {
		form, err := wildcard(want)
		if err != nil {
			return nil, err
		}
		holds = func(text, _ string) bool { return form.MatchString(text) }
	}
	if holds == nil {
		return nil, fmt.Errorf("unsupported operator %q", name)
	}
	return func(leaf any) bool { text, ok := leaf.(string); return ok && holds(text, want) }, nil
}

// anythingBut reads a list of strings, or one operator with a list of strings. A
// leaf that is not a string, such as null, differs from every text.
func anythingBut(operand any) (func(leaf any) bool, error) {
	list, isList := operand.([]any)
	name := ""
	if object, ok := operand.(map[string]any); ok && len(object) == 1 {
		for key, value := range object {
			name = key
			list, isList = value.([]any)
		}
	}
	if !isList || len(list) == 0 {
		return nil, errors.New("anything-but must hold a list, or one operator with a list")
	}
	var excluded []func(any) bool
	for _, value := range list {
		text, ok := value.(string)
		if !ok || text == "" {
			return nil, errors.New("anything-but must hold strings that are not empty")
		}
		var v any = text
		if name != "" {
			v = map[string]any{name: text}
		}
		matches, err := operator(v)
		if err != nil {
			return nil, err
		}
		excluded = append(excluded, matches)
	}
	return func(leaf any) bool {
		return !slices.ContainsFunc(excluded, func(matches func(any) bool) bool { return matches(leaf) })
	}, nil
}

// wildcard parses EventBridge's wildcard: "consecutive wildcard characters are not allowed", and a
// backslash escapes only an asterisk or a backslash (README of event-ruler).
func wildcard(text string) (*regexp.Regexp, error) {
	if strings.Contains(text, "**") {
		return nil, fmt.Errorf("wildcard %q has consecutive stars", text)
	}
	var form strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '*':
			form.WriteString(".*")
		case c != '\\':
			form.WriteString(regexp.QuoteMeta(text[i : i+1]))
		case i+1 < len(text) && (text[i+1] == '*' || text[i+1] == '\\'):
			i++
			form.WriteString(regexp.QuoteMeta(text[i : i+1]))
		default:
			return nil, fmt.Errorf(`wildcard %q has a backslash that escapes neither * nor \`, text)
		}
	}
	return regexp.Compile("(?s)^" + form.String() + "$")
}
