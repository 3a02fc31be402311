package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// condition is one value of a field's array in a pattern: a text, a number,
// true, false, null or an operator.
type condition struct {
	// match reports whether a leaf of an event satisfies it. nil: {"exists":
	// false}, which no leaf does.
	match func(leaf any) bool
	// wildcards are what EventBridge counts as complex: the texts of one
	// wildcard, or of all in one anything-but.
	wildcards []string
}

// reserved reports whether a name is an operator, which cannot name a field
// inside $or. The engine keeps more names for itself, for operators to come.
func reserved(name string) bool {
	switch name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr":
		return true
	}
	return false
}

// parseCondition reads the operators of Comparison operators,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
// (read 2026-11), as strictly as JsonRuleCompiler of github.com/aws/event-ruler,
// the engine that AWS publishes.
func parseCondition(value any) (condition, error) {
	switch value := value.(type) {
	case nil, bool, string, json.Number:
		return condition{match: func(leaf any) bool { return equal(value, leaf) }}, nil
	case map[string]any:
		if len(value) != 1 {
			return condition{}, fmt.Errorf("an operator is an object with one key, this one has %d", len(value))
		}
		for name, operand := range value {
			return parseOperator(name, operand)
		}
	}
	return condition{}, errors.New("a value must be a string, number, true, false, null or an operator")
}

func parseOperator(name string, operand any) (condition, error) {
	switch name {
	case "prefix", "suffix":
		fold := false
		if object, ok := operand.(map[string]any); ok && len(object) == 1 {
			if inner, ok := object["equals-ignore-case"]; ok {
				operand, fold = inner, true
			}
		}
		return ofText(name, operand, func(want, text string) bool { return affix(name, want, text, fold) })
	case "equals-ignore-case":
		return ofText(name, operand, strings.EqualFold)
	case "wildcard":
		text, ok := operand.(string)
		if !ok {
			return condition{}, errors.New("wildcard must be a string")
		}
		tokens, err := parseWildcard(text)
		if err != nil {
			return condition{}, err
		}
		return condition{
			match:     func(leaf any) bool { text, ok := leaf.(string); return ok && tokens.match(text) },
			wildcards: []string{text},
		}, nil
	case "anything-but":
		return parseAnythingBut(operand)
	case "numeric":
		return parseNumeric(operand)
	case "exists":
		switch operand {
		case true:
			return condition{match: func(any) bool { return true }}, nil
		case false:
			return condition{}, nil
		}
		return condition{}, errors.New("exists must be true or false")
	case "cidr":
		return parseCIDR(operand)
	}
	return condition{}, fmt.Errorf("unknown operator %q", name)
}

// ofText is an operator of one string that only strings satisfy.
func ofText(name string, operand any, holds func(want, text string) bool) (condition, error) {
	want, ok := operand.(string)
	if !ok {
		return condition{}, fmt.Errorf("%s must be a string", name)
	}
	return condition{match: func(leaf any) bool { text, ok := leaf.(string); return ok && holds(want, text) }}, nil
}

func affix(name, want, text string, fold bool) bool {
	if len(text) < len(want) {
		return false
	}
	end := text[:len(want)]
	if name == "suffix" {
		end = text[len(text)-len(want):]
	}
	return end == want || fold && strings.EqualFold(end, want)
}

// parseAnythingBut reads a value, a list of values of one type, or a prefix,
// suffix, wildcard or equals-ignore-case with one text or a list. A leaf that is
// no string is something other than any text, null too; a field that is missing
// has no leaf and does not match.
func parseAnythingBut(operand any) (condition, error) {
	object, ok := operand.(map[string]any)
	if !ok {
		values := listOf(operand)
		texts, numbers := 0, 0
		for _, value := range values {
			switch value.(type) {
			case string:
				texts++
			case json.Number:
				numbers++
			}
		}
		if len(values) == 0 || texts != len(values) && numbers != len(values) {
			return condition{}, errors.New("anything-but must hold strings only or numbers only, at least one")
		}
		return noneOf(values, func(value, leaf any) bool { return equal(value, leaf) }), nil
	}
	if len(object) != 1 {
		return condition{}, fmt.Errorf("anything-but holds one operator, this one has %d", len(object))
	}
	var cond condition
	for name, operand := range object {
		switch name {
		case "prefix", "suffix", "wildcard", "equals-ignore-case":
		default:
			return cond, fmt.Errorf("unknown operator %q in anything-but", name)
		}
		values := listOf(operand)
		if len(values) == 0 {
			return cond, fmt.Errorf("empty list for %s in anything-but", name)
		}
		var inner []any
		for _, value := range values {
			text, ok := value.(string)
			if !ok {
				return condition{}, fmt.Errorf("%s in anything-but must be a string or a list of strings", name)
			}
			if text == "" && (name == "prefix" || name == "suffix") {
				return condition{}, fmt.Errorf("empty %s in anything-but", name)
			}
			each, err := parseOperator(name, text)
			if err != nil {
				return condition{}, err
			}
			inner = append(inner, each)
		}
		cond = noneOf(inner, func(value, leaf any) bool { return value.(condition).match(leaf) })
		for _, each := range inner {
			cond.wildcards = append(cond.wildcards, each.(condition).wildcards...)
		}
	}
	return cond, nil
}

func noneOf(values []any, holds func(value, leaf any) bool) condition {
	return condition{match: func(leaf any) bool {
		for _, value := range values {
			if holds(value, leaf) {
				return false
			}
		}
		return true
	}}
}

func listOf(operand any) []any {
	if list, ok := operand.([]any); ok {
		return list
	}
	return []any{operand}
}

// parseCIDR reads an address and mask, "10.0.0.0/24". The engine matches from the
// address that is written to the last of its block.
func parseCIDR(operand any) (condition, error) {
	text, ok := operand.(string)
	if !ok {
		return condition{}, errors.New("cidr must be a string")
	}
	block, err := netip.ParsePrefix(text)
	if err != nil || block.Bits() == block.Addr().BitLen() {
		return condition{}, errors.New("cidr must be an address, a slash and fewer mask bits than the address has")
	}
	return condition{match: func(leaf any) bool {
		text, ok := leaf.(string)
		addr, err := netip.ParseAddr(text)
		return ok && err == nil && block.Contains(addr) && !addr.Less(block.Addr())
	}}, nil
}
