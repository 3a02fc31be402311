package pattern

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Match reports whether EventBridge would match the event, which is the whole
// envelope as JSON. A pattern with an operator it does not know, or with any
// other fault that EventBridge refuses, is an error; so is an event that is no
// JSON object. Length and complexity are no matter here: see Check.
//
// A leaf of the event is a string, number, true, false or null; empty arrays and
// objects have none, so {"exists": false} holds for them. Of an array one element
// must match, and two fields in objects that are different elements of the same
// array do not match together (README of github.com/aws/event-ruler, "JSON Array
// Matching").
//
// One thing is not done: the engine takes a plain string that is an IP address
// for that address however it is written. Here it is text.
func Match(pattern Pattern, event []byte) (bool, error) {
	branches, err := compile(pattern)
	if err != nil {
		return false, fmt.Errorf("event pattern: %w", err)
	}
	tree, err := decodeObject(event)
	if err != nil {
		return false, fmt.Errorf("decode event: %w", err)
	}
	var f flattener
	f.add("", tree, nil)
	return slices.ContainsFunc(branches, func(b branch) bool { return b.match(f.leaves) }), nil
}

// leaf is a value of an event and the array elements it is in.
type leaf struct {
	value any
	in    []element
}

type element struct{ array, index int }

// together reports whether no array holds the two in different elements.
func (l leaf) together(other leaf) bool {
	for _, a := range l.in {
		for _, b := range other.in {
			if a.array == b.array && a.index != b.index {
				return false
			}
		}
	}
	return true
}

// flattener collects the leaves of an event by their path.
type flattener struct {
	leaves map[string][]leaf
	arrays int
}

func (f *flattener) add(path string, value any, in []element) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			f.add(join(path, key), value[key], in)
		}
	case []any:
		array := f.arrays
		f.arrays++
		for i, each := range value {
			f.add(path, each, append(slices.Clip(in), element{array, i}))
		}
	case nil, bool, string, json.Number:
		if f.leaves == nil {
			f.leaves = map[string][]leaf{}
		}
		f.leaves[path] = append(f.leaves[path], leaf{value, in})
	}
}

func (b branch) match(leaves map[string][]leaf) bool {
	var choices [][]leaf
	for path, conditions := range b {
		var matching []leaf
		free := false
		for _, cond := range conditions {
			if cond.match == nil {
				free = free || len(leaves[path]) == 0
				continue
			}
			for _, l := range leaves[path] {
				if cond.match(l.value) {
					matching = append(matching, l)
					free = free || len(l.in) == 0
				}
			}
		}
		switch {
		case free: // what is in no array goes together with everything
		case len(matching) == 0:
			return false
		default:
			choices = append(choices, matching)
		}
	}
	return choose(choices, nil)
}

// choose reports whether one leaf of each choice can be taken so that all are
// together.
func choose(choices [][]leaf, taken []leaf) bool {
	if len(choices) == 0 {
		return true
	}
	for _, l := range choices[0] {
		if !slices.ContainsFunc(taken, func(t leaf) bool { return !t.together(l) }) &&
			choose(choices[1:], append(slices.Clip(taken), l)) {
			return true
		}
	}
	return false
}
