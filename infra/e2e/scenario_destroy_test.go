//go:build e2e

package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// destroyed: rules and functions go, and what holds data stays, for both stacks.
func (w *world) destroyed(t *testing.T) {
	records := map[string]int{}
	depths := map[string]int{}
	for _, stack := range []map[string]pipeline{w.one, w.two} {
		for _, p := range stack {
			if p.LogGroup != "" {
				records[p.LogGroup] = len(w.records(t, p.LogGroup))
			}
			for _, queue := range []string{p.Buffer, p.Redrive, p.Dead} {
				if queue != "" {
					depths[queue] = w.depth(t, queue)
				}
			}
		}
	}
	w.hosts.downAll()
	w.destroy(t, "one", w.firstStack(append(both(), narrow()...)...)...)
	w.destroy(t, "two", w.secondStack("ingest=rule")...)

	for _, p := range w.one {
		if w.isDeployed(t, p.Name) {
			t.Errorf("the function of %s is still there", p.Name)
		}
	}
	for _, o := range []*org{w.first, w.second} {
		rules, err := w.buses.ListRules(t.Context(), &eventbridge.ListRulesInput{EventBusName: &o.source})
		if err != nil || len(rules.Rules) != 0 {
			t.Errorf("bus %s: %d rules, %v; the bus should stay and its rules go", o.source, len(rules.Rules), err)
		}
		// As long as the bus stands Okta's deliveries succeed.
		o.send(t, some(5)...)
	}
	for queue, n := range depths {
		if got := w.depth(t, queue); got != n {
			t.Errorf("queue %s has %d messages after destroy, and had %d", queue, got, n)
		}
	}
	for group, n := range records {
		if got := len(w.records(t, group)); got != n {
			t.Errorf("log group %s has %d records after destroy, and had %d", group, got, n)
		}
	}
	for _, stack := range []map[string]pipeline{w.one, w.two} {
		bus := stack["datadog"].DeliveryBus
		rules, err := w.buses.ListRules(t.Context(), &eventbridge.ListRulesInput{EventBusName: &bus})
		if err != nil || len(rules.Rules) != 1 {
			t.Errorf("the delivery to Datadog should stay: %v %v", rules, err)
		}
	}
	// Everything is still where it was, and nobody got what came after.
	for d := range w.one {
		w.balance(t, d)
	}
	w.balanceTwo(t)
	t.Logf("%d queues, %d log groups, 4 buses stay", len(depths), len(records))
	for _, n := range records {
		w.delivered += n
	}
	for _, logs := range w.intake.all() {
		w.delivered += len(logs)
	}
}
