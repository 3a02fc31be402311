package pattern

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Check returns the faults for which EventBridge would refuse the pattern, all of
// them at once: longer than MaxLength, wildcards more complex than maxComplexity,
// consecutive stars in a wildcard, empty arrays and objects, values that are in
// no array, unknown operators and operands of the wrong type.
//
// nil is no promise: EventBridge publishes no grammar, and wildcards that stand in
// different branches of $or are not counted together here, as it counts them.
func Check(pattern Pattern) error {
	branches, err := compile(pattern)
	faults := []error{err}
	if n := utf8.RuneCountInString(pattern.String()); n > MaxLength {
		faults = append(faults, fmt.Errorf("the pattern has %d characters, EventBridge allows %d", n, MaxLength))
	} else if slices.ContainsFunc(branches, branch.tooComplex) {
		// Only of what is short: the work of counting grows with the length.
		faults = append(faults, fmt.Errorf("the pattern has too complex wildcards for EventBridge: more than %d may be half matched at once", maxComplexity))
	}
	return errors.Join(faults...)
}

func (b branch) tooComplex() bool {
	for _, conditions := range b {
		var groups [][]string
		for _, cond := range conditions {
			if cond.wildcards != nil {
				groups = append(groups, cond.wildcards)
			}
		}
		if complexity(groups, maxComplexity) > maxComplexity {
			return true
		}
	}
	return false
}
