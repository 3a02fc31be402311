package oktastream

import (
	"github.com/oktastream/oktastream/infra/internal/pattern"
)

// streamLogDays is the retention of changes of log streams, the default retention of events.
const streamLogDays = 400

func (b *builder) streamRuleName() string { return b.name + "-log-stream" }

// newStreamRule counts Okta's events about log streams if no function does. AWS does not document
// that a rule without a target is counted (MatchedEvents), so the rule has a target: a separate log
// group, which then has the changes. Its dead letters go to the queue dead of the first pipeline.
func (b *builder) newStreamRule(first *Pipeline) {
	name := b.streamRuleName()
	types := []any{map[string]any{"prefix": "system.log_stream."}}
	changed := pattern.Pattern{"detail": map[string]any{"eventType": types}}
	for key, value := range pattern.For(b.s.Source, nil, nil).Pattern {
		changed[key] = value
	}
	group := b.newLogGroup(b.scope, "LogStreamEvents", streamLogDays)
	policy := b.logPolicy(b.scope, "LogStreamToEvents", name, group, b.streamRuleARN)
	b.streamRule = b.putRule(b.scope, "LogStream", name, "Keeps and counts changes of Okta's log streams, for an alarm",
		b.bus.name, changed, target("Target", group.targetARN, first.Dead, longestAge), policy, first.Dead.policy)
}
