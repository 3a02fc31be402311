// Package pattern builds the event pattern of a pipeline's EventBridge rule, and
// reads event patterns as EventBridge does.
//
// What a filter can say in the rule is never delivered, so never paid for; what
// it cannot say there is left to the function. Both together keep what
// events.Filter keeps of the whole filter, for every event type.
//
// An operator this package does not know is an error, never a non-match: a
// pattern that a test or `doctor` calls silent must be silent in AWS, too.
//
// The package knows no AWS and no CDK: a Pattern is a JSON tree, and what makes
// a rule of it is the stack.
package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MaxLength is EventBridge's limit of an event pattern, in characters (Amazon
// EventBridge quotas, "Event pattern size",
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, read
// 2026-11). AWS raises it on request. The page does not say whether white space
// counts; ours has none.
const MaxLength = 2048

// detailType is what Okta's log streams write there ("SystemLog", in the sample
// event of aws-samples/serverless-patterns, eventbridge-partner-sources/1-okta).
const detailType = "SystemLog"

// pipePrefix begins the types of events that are never filtered: they tell that
// somebody switched the stream itself off (see events.Filter).
const pipePrefix = "system.log_stream."

// Pattern is an EventBridge event pattern as a JSON tree (map[string]any, []any,
// string, bool, nil, float64): what the rule gets.
type Pattern map[string]any

// String is the pattern as compact JSON with its keys sorted and nothing escaped
// for HTML: the text whose length counts. A tree that is not JSON gives the text
// of the error.
func (p Pattern) String() string {
	text, err := p.encode()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (p Pattern) encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any(p)); err != nil {
		return nil, fmt.Errorf("encode event pattern: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// Rule is the pattern of a pipeline's rule and what it leaves to the function.
type Rule struct {
	Pattern Pattern
	// Include and Exclude are left to the function: the arguments of its
	// events.NewFilter, without what is doubled or covered.
	Include, Exclude []string
	// Why says in one sentence for each of them why the rule does not do it, for
	// synth to print.
	Why []string
}

// For returns the rule of the pipeline with this partner event source and this
// filter, whose patterns are such as events.NewFilter accepts.
//
// include goes into the rule if the whole pattern is one that Check accepts,
// else to the function. exclude goes into the rule only without include: all
// values of one field are ORed, so a rule cannot say "these but not those" of
// event types. Whatever the filter says, system.log_stream.* gets through.
//
// An event without an event type, which would be no event of Okta's, is matched
// only by a rule without a filter.
//
// The source must be the name itself: a CDK token has another length than what
// it will stand for.
func For(source string, include, exclude []string) Rule {
	include, exclude = reduce(include), effective(exclude)
	if slices.Contains(include, "*") {
		include = nil
	}
	rule := Rule{Pattern: selecting(source, nil)}
	take := func(types []any) (refused string) {
		p := selecting(source, types)
		if err := Check(p); err != nil {
			return strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		rule.Pattern = p
		return ""
	}
	if len(include) == 0 && len(exclude) > 0 {
		if why := take(excluding(exclude)); why != "" {
			rule.Exclude = exclude
			rule.Why = append(rule.Why, left("exclude", exclude, why))
		}
		return rule
	}
	if len(include) > 0 {
		if why := take(including(include)); why != "" {
			rule.Include = include
			rule.Why = append(rule.Why, left("include", include, why))
		}
		if len(exclude) > 0 {
			rule.Exclude = exclude
			rule.Why = append(rule.Why, left("exclude", exclude, "a rule cannot include and exclude, as the values of one field are ORed"))
		}
	}
	return rule
}

func left(list string, patterns []string, why string) string {
	return fmt.Sprintf("%s (patterns: %d) is left to the function: %s", list, len(patterns), why)
}

// selecting is the pattern of SystemLog events of this source, of any type when
// types is nil.
func selecting(source string, types []any) Pattern {
	p := Pattern{"source": []any{source}, "detail-type": []any{detailType}}
	if types != nil {
		p["detail"] = map[string]any{"eventType": types}
	}
	return p
}

// including is the value of a field that must match one of these globs or be an
// event of the pipe.
func including(globs []string) []any {
	var values []any
	for _, glob := range reduce(append(slices.Clip(globs), pipePrefix+"*")) {
		values = append(values, operator(glob))
	}
	return values
}

// operator is the cheapest way to say glob: an exact value costs EventBridge
// less than a prefix or suffix, and only a wildcard counts as complex.
func operator(glob string) any {
	switch kindOf(glob) {
	case exact:
		return glob
	case prefix:
		return map[string]any{"prefix": glob[:len(glob)-1]}
	case suffix:
		return map[string]any{"suffix": glob[1:]}
	}
	return map[string]any{"wildcard": escape(glob)}
}

// excluding is the value of a field that must match none of these globs unless
// it is an event of the pipe. All globs are in one anything-but: two of them in
// one array would be ORed and let everything through. An anything-but holds one
// kind: a list of values, or a list for one of prefix, suffix and wildcard
// (JsonRuleCompiler of github.com/aws/event-ruler; EventBridge took all three on
// 2024-12-05, see TestMatch). A wildcard without a star is an exact value, so
// wildcard says what is mixed.
func excluding(globs []string) []any {
	pipe := map[string]any{"prefix": pipePrefix}
	if slices.Contains(globs, "*") {
		return []any{pipe}
	}
	kind := kindOf(globs[0])
	for _, glob := range globs {
		if kindOf(glob) != kind {
			kind = wildcard
		}
	}
	var list []any
	mayHitPipe := false
	for _, glob := range globs {
		mayHitPipe = mayHitPipe || hitsPipe(glob)
		switch kind {
		case exact:
			list = append(list, glob)
		case prefix:
			list = append(list, glob[:len(glob)-1])
		case suffix:
			list = append(list, glob[1:])
		case wildcard:
			list = append(list, escape(glob))
		}
	}
	var but any = list
	if kind != exact {
		but = map[string]any{kind.String(): list}
	}
	values := []any{map[string]any{"anything-but": but}}
	if mayHitPipe {
		values = append(values, pipe)
	}
	return values
}
