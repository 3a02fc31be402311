package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// maxBranches bounds what the alternatives of $or come to when several are
// combined, so that reading a pattern ends.
const maxBranches = 1000

// branch is one way to match a pattern: a condition for each field, all of which
// must hold. Fields go by their path with dots: EventBridge does not tell
// {"detail":{"state.status":…}} from {"detail":{"state":{"status":…}}} (README of
// github.com/aws/event-ruler, "JSON keys with dots").
type branch map[string][]condition

// join is the path of a key within an object.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// compile returns the branches of a pattern and all faults in it.
func compile(p Pattern) ([]branch, error) {
	text, err := p.encode()
	if err != nil {
		return nil, err
	}
	tree, err := decodeObject(text)
	if err != nil {
		return nil, fmt.Errorf("read event pattern: %w", err)
	}
	var c compiler
	branches := c.object("", tree, []branch{{}}, false)
	return branches, errors.Join(c.faults...)
}

// decodeObject reads one JSON object and keeps its numbers as they are written.
func decodeObject(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	if tree == nil {
		return nil, errors.New("it is null")
	}
	if decoder.More() {
		return nil, errors.New("there is more than one value")
	}
	return tree, nil
}

type compiler struct{ faults []error }

func (c *compiler) fault(path, format string, args ...any) {
	if path == "" {
		path = "the pattern"
	}
	c.faults = append(c.faults, fmt.Errorf("%s: "+format, append([]any{path}, args...)...))
}

// object adds an object's conditions to every branch.
func (c *compiler) object(path string, object map[string]any, branches []branch, inOr bool) []branch {
	if len(object) == 0 {
		c.fault(path, "empty objects are not allowed")
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if key == "$or" {
			branches = c.or(path, object[key], branches)
			continue
		}
		if inOr && reserved(key) {
			c.fault(path, "%q is reserved and cannot name a field inside $or", key)
		}
		field := join(path, key)
		switch value := object[key].(type) {
		case map[string]any:
			branches = c.object(field, value, branches, inOr)
		case []any:
			c.values(field, value, branches)
		default:
			c.fault(field, "must be an object or an array")
		}
	}
	return branches
}

// or makes of every branch one for each of the alternatives. $or must hold an
// array of at least two objects, none with a field named like an operator (README
// of github.com/aws/event-ruler, "The $or Primitive").
func (c *compiler) or(path string, value any, branches []branch) []branch {
	alternatives, ok := value.([]any)
	if !ok || len(alternatives) < 2 {
		c.fault(path, "$or must be an array of at least two objects")
		return branches
	}
	if len(branches)*len(alternatives) > maxBranches {
		c.fault(path, "$or makes more than %d combinations", maxBranches)
		return branches
	}
	var all []branch
	for _, alternative := range alternatives {
		object, ok := alternative.(map[string]any)
		if !ok {
			c.fault(path, "$or holds something other than objects")
			continue
		}
		forked := make([]branch, len(branches))
		for i, b := range branches {
			forked[i] = maps.Clone(b)
		}
		all = append(all, c.object(path, object, forked, true)...)
		if len(all) > maxBranches {
			c.fault(path, "$or makes more than %d combinations", maxBranches)
			return branches
		}
	}
	return all
}

// values adds the values of one field, which are ORed, to every branch.
func (c *compiler) values(path string, values []any, branches []branch) {
	if len(values) == 0 {
		c.fault(path, "empty arrays are not allowed")
	}
	var conditions []condition
	for _, value := range values {
		cond, err := parseCondition(value)
		if err != nil {
			c.fault(path, "%w", err)
			continue
		}
		conditions = append(conditions, cond)
	}
	for _, b := range branches {
		if _, taken := b[path]; taken {
			c.fault(path, "stands in the pattern twice")
			return
		}
		b[path] = conditions
	}
}
