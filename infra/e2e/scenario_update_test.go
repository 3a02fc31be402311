//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// both are the settings of a second destination.
func both() []string { return []string{"destination=cloudwatch,datadog", "secret=datadog/api-key"} }

// narrow are the settings that the update changes.
func narrow() []string { return []string{"cloudwatch.format=raw", "exclude=user.session.*"} }

// kept are some event types that the narrow filter lets through.
func kept(n int) []string {
	return slices.DeleteFunc(some(n), func(kind string) bool { return strings.HasPrefix(kind, "user.session.") })
}

// updated: while events come in, and some cannot be delivered yet, a deployment
// changes the format of a destination and the filter of both.
func (w *world) updated(t *testing.T) {
	p := w.one["cloudwatch"]
	w.receives(t, p, 1000)
	defer w.receives(t, p, p.MaxReceiveCount)
	w.gate.set(rule{refuse: func(operation, _ string) string {
		if operation == "PutLogEvents" {
			return "AccessDeniedException"
		}
		return ""
	}})
	// The new filter would leave some of these out. It is too late for that: they have
	// passed the rule.
	w.send(t, append(some(100), "user.session.start", "user.session.end", "user.session.clear")...)

	var flow sync.WaitGroup
	during := sent{}
	running, stop := context.WithCancel(t.Context())
	defer flow.Wait()
	defer stop()
	flow.Go(func() {
		for {
			select {
			case <-running.Done():
				return
			case <-time.After(200 * time.Millisecond):
				during = during.and(w.first.send(t, kept(5)...))
			}
		}
	})
	w.one = w.deploy(t, "one", w.firstStack(append(both(), narrow()...)...)...)
	stop()
	flow.Wait()
	for d, p := range w.one {
		w.hosts.up(t, p.Name)
		w.sent[d] = w.sent[d].and(during)
	}
	inFlight := w.depth(t, p.Buffer)
	if inFlight == 0 {
		t.Error("nothing was in flight during the deployment; the scenario shows nothing")
	}
	if refused := w.gate.set(rule{}); refused["AccessDeniedException"] == 0 {
		t.Error("nothing was refused; the scenario shows nothing")
	}
	after := w.send(t, kept(60)...)
	// These the rule leaves out now: the counts find them if it does not.
	w.first.send(t, "user.session.start", "user.session.end", "user.session.access_admin_app")
	now := w.balance(t, "cloudwatch")
	w.balance(t, "datadog")
	for uuid := range after {
		isRaw(t, now.delivered[uuid][0])
	}
	t.Logf("%d events came during the deployment, %d were in flight at its end", len(during), inFlight)
}

// removed: a destination leaves the stack while its queue holds messages. They wait
// there, and when the destination comes back one command moves them over.
func (w *world) removed(t *testing.T) {
	old := w.one["datadog"]
	w.hosts.down(old.Name)
	waiting := w.send(t, kept(60)...)
	left := w.depth(t, old.Dead)
	w.one = w.deploy(t, "one", w.firstStack("destination=cloudwatch", "format=raw", "exclude=user.session.*")...)
	if _, ok := w.one["datadog"]; ok || w.isDeployed(t, old.Name) {
		t.Error("the pipeline of Datadog is still there")
	}
	if n := w.depth(t, old.Buffer); n != len(waiting) {
		t.Errorf("the buffer queue that was left behind has %d messages, not %d", n, len(waiting))
	}
	if n := w.depth(t, old.Dead); n != left || left == 0 {
		t.Errorf("the queue of dead letters that was left behind has %d messages, not %d", n, left)
	}
	rules, err := w.buses.ListRules(t.Context(), &eventbridge.ListRulesInput{EventBusName: &old.DeliveryBus})
	if err != nil || len(rules.Rules) != 1 {
		t.Errorf("the delivery to Datadog, which may still be trying: %v %v", rules, err)
	}
	alone := w.first.send(t, "user.lifecycle.create", "group.user_membership.add")
	w.sent["cloudwatch"] = w.sent["cloudwatch"].and(alone)
	w.balance(t, "cloudwatch")

	w.one = w.deploy(t, "one", w.firstStack(append(both(), narrow()...)...)...)
	back := w.one["datadog"]
	if back.Buffer == old.Buffer || back.Dead == old.Dead {
		t.Fatal("the destination that came back has the old queues")
	}
	w.hasten(t, back, calm)
	w.hosts.up(t, back.Name)
	for _, queue := range []string{old.Buffer, old.Dead} {
		w.oktastream(t, "dlq", "replay", "--queue", queue, "--to", back.Buffer, "--yes")
		if n := w.depth(t, queue); n != 0 {
			t.Errorf("after the replay %d messages are still in %s", n, queue)
		}
	}
	w.balance(t, "datadog")
	w.balance(t, "cloudwatch")
}

// isDeployed reports whether a pipeline has a function.
func (w *world) isDeployed(t *testing.T, pipeline string) bool {
	t.Helper()
	return slices.ContainsFunc(w.functions(t),
		func(f listed) bool { return f.Environment.Variables["OKTASTREAM_PIPELINE"] == pipeline })
}
