// Package pattern makes the event pattern of a pipeline's EventBridge rule.
//
// Events that the rule filters out are not delivered and cost nothing; the function filters what a
// rule cannot express. Together they keep what events.Filter keeps, for every event type.
//
// The package imports neither AWS nor the CDK: a Pattern is a JSON tree, from which package
// oktastream makes a rule.
package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLength is EventBridge's limit of an event pattern, in characters (Amazon
// EventBridge quotas, "Event pattern size",
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, read
// 2026-11). AWS raises it on request. The page does not say whether white space
// counts; ours has none.
const MaxLength = 2048

// detailType is the detail-type of events from Okta's log streams ("SystemLog", in the sample event
// of aws-samples/serverless-patterns, eventbridge-partner-sources/1-okta).
const detailType = "SystemLog"

// logStreamPrefix is the beginning of the event types that are never filtered: they report changes
// of a log stream (events.LogStreamEvents).
const logStreamPrefix = "system.log_stream."

// Pattern is an EventBridge event pattern as a JSON tree (map[string]any, []any, string, bool, nil,
// float64).
type Pattern map[string]any

// String returns the pattern as compact JSON with sorted keys and without HTML escapes: the text
// that EventBridge's limit is about.
func (p Pattern) String() string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any(p)); err != nil {
		return fmt.Sprintf("encode event pattern: %v", err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// Rule is the pattern of a pipeline's rule, and the filters that remain for the function.
type Rule struct {
	Pattern Pattern
	// Include and Exclude are the filters of the function: the arguments of its events.NewFilter,
	// without patterns that another one covers.
	Include, Exclude []string
	// Why says, in one sentence for each of the two, why the rule cannot apply it.
	Why []string
}

// For returns the rule of the pipeline with this partner event source and this filter.
// events.NewFilter must accept the filter's patterns.
//
// include goes into the rule if EventBridge accepts the whole pattern, otherwise to the function.
// exclude goes into the rule only if there is no include: all values of one field are ORed, so a
// rule cannot say "these but not those" of event types. system.log_stream.* always matches.
//
// An event without an event type, which does not come from Okta, is matched only by a rule without
// a filter.
//
// The source must be the name itself, not a CDK token, which has another length than its value.
func For(source string, include, exclude []string) Rule {
	include, exclude = reduce(include), effective(exclude)
	if slices.Contains(include, "*") {
		include = nil
	}
	rule := Rule{Pattern: selecting(source, nil)}
	take := func(types []any) (refused string) {
		p := selecting(source, types)
		if why := refusal(p, types); why != "" {
			return why
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
			rule.Why = append(rule.Why, left("exclude", exclude, "a rule cannot include and exclude, as the values of one "+
				"field are ORed"))
		}
	}
	return rule
}

// refusal returns why EventBridge would refuse the pattern with these event types: it is longer
// than MaxLength, or its wildcards are more complex than maxComplexity. "" means that it is
// accepted.
func refusal(p Pattern, types []any) string {
	// Complexity is computed for short patterns only: the work grows with the length.
	if n := utf8.RuneCountInString(p.String()); n > MaxLength {
		return fmt.Sprintf("the pattern has %d characters, EventBridge allows %d", n, MaxLength)
	}
	if complexity(wildcardsOf(types), maxComplexity) > maxComplexity {
		return fmt.Sprintf("the pattern has too complex wildcards for EventBridge: "+
			"more than %d of their prefixes can match one event", maxComplexity)
	}
	return ""
}

// wildcardsOf returns the groups of wildcards that complexity counts, from the result of including
// or excluding.
func wildcardsOf(types []any) [][]string {
	var groups [][]string
	for _, value := range types {
		operator, _ := value.(map[string]any)
		if text, ok := operator["wildcard"].(string); ok {
			groups = append(groups, []string{text})
		}
		but, _ := operator["anything-but"].(map[string]any)
		if list, ok := but["wildcard"].([]any); ok {
			var group []string
			for _, text := range list {
				group = append(group, text.(string))
			}
			groups = append(groups, group)
		}
	}
	return groups
}

func left(list string, patterns []string, why string) string {
	return fmt.Sprintf("%s (patterns: %d) is left to the function: %s", list, len(patterns), why)
}

// selecting returns the pattern of SystemLog events of this source, of any type when types is nil.
func selecting(source string, types []any) Pattern {
	p := Pattern{"source": []any{source}, "detail-type": []any{detailType}}
	if types != nil {
		p["detail"] = map[string]any{"eventType": types}
	}
	return p
}

// including returns the value of a field that must match one of these globs or be a log stream event.
func including(globs []string) []any {
	var values []any
	for _, glob := range reduce(append(slices.Clip(globs), logStreamPrefix+"*")) {
		values = append(values, operator(glob))
	}
	return values
}

// operator returns the simplest operator for glob: an exact value costs EventBridge less than a prefix or suffix, and
// only a wildcard counts as complex.
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

// excluding returns the value of a field that must match none of these globs unless it is a log
// stream event. All globs are in one anything-but: two of them in one array would be ORed and match
// everything. An anything-but has values of one kind: a list of values, or a list for one of
// prefix, suffix and wildcard (JsonRuleCompiler of github.com/aws/event-ruler; EventBridge accepted
// all three on 2024-12-05, recorded in github.com/localstack/localstack). A wildcard without a star
// is an exact value, so wildcard is used for a mixture.
func excluding(globs []string) []any {
	logStream := map[string]any{"prefix": logStreamPrefix}
	if slices.Contains(globs, "*") {
		return []any{logStream}
	}
	kind := kindOf(globs[0])
	for _, glob := range globs {
		if kindOf(glob) != kind {
			kind = wildcard
		}
	}
	var list []any
	mayHitLogStream := false
	for _, glob := range globs {
		mayHitLogStream = mayHitLogStream || hitsLogStream(glob)
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
	if mayHitLogStream {
		values = append(values, logStream)
	}
	return values
}
