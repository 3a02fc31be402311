package awsfake

import (
	"fmt"
	"time"
)

// The calls that describe event buses, rules, partner event sources, connections and API
// destinations. A rule here delivers nothing.

// EventSource is a partner event source.
type EventSource struct {
	State   string // PENDING, ACTIVE or DELETED
	Created time.Time
	Expires time.Time // of one that is PENDING
}

// EventRule is a rule of an event bus.
type EventRule struct {
	State   string // ENABLED or DISABLED
	Pattern string
	Targets []string // ARNs
}

// Connection is a connection of EventBridge.
type Connection struct{ State, Reason string }

type apiDestination struct{ state string }

// SetEventSource declares a partner event source; nil removes it.
func (c *Cloud) SetEventSource(name string, s *EventSource) { declare(c, name, s) }

// SetEventRule declares a rule of a bus; nil removes it.
func (c *Cloud) SetEventRule(bus, name string, r *EventRule) { declare(c, bus+"/"+name, r) }

// SetConnection declares a connection; nil removes it.
func (c *Cloud) SetConnection(name string, n *Connection) { declare(c, name, n) }

// SetAPIDestination declares an API destination in this state, ACTIVE or INACTIVE; ""
// removes it.
func (c *Cloud) SetAPIDestination(name, state string) {
	if state == "" {
		declare[apiDestination](c, name, nil)
		return
	}
	declare(c, name, &apiDestination{state})
}

// SetBusCreated sets the time at which a bus was made.
func (c *Cloud) SetBusCreated(name string, at time.Time) { c.mustBus(name).created = at }

// RemoveBus removes an event bus.
func (c *Cloud) RemoveBus(name string) {
	c.mustBus(name)
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	delete(c.events.buses, name)
}

// eventsMissing is EventBridge's error for what does not exist (API reference,
// DescribeRule and others, "Errors", 2026-11). The reference does not give the text.
func eventsMissing(format string, args ...any) {
	fail(400, "ResourceNotFoundException", format, args...)
}

func seconds(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	return new(float64(t.UnixMilli()) / 1000)
}

// named is the input of a call that describes what has a name.
type named struct{ Name string }

func (c *Cloud) describeConnection(_ *request, in named) any {
	n := declared[Connection](c, in.Name)
	if n == nil {
		eventsMissing("Failed to describe the connection(s). Connection '%s' does not exist.", in.Name)
	}
	return map[string]string{"Name": in.Name, "ConnectionState": n.State, "StateReason": n.Reason,
		"AuthorizationType": "API_KEY"}
}

func (c *Cloud) describeAPIDestination(_ *request, in named) any {
	d := declared[apiDestination](c, in.Name)
	if d == nil {
		eventsMissing("Failed to describe the api-destination(s). An api-destination '%s' does not exist.", in.Name)
	}
	return map[string]string{"Name": in.Name, "ApiDestinationState": d.state, "HttpMethod": "POST"}
}

func (c *Cloud) describeEventSource(_ *request, in named) any {
	s := declared[EventSource](c, in.Name)
	if s == nil {
		eventsMissing("Event source %s does not exist.", in.Name)
	}
	return struct {
		Arn, Name, State, CreatedBy  string
		CreationTime, ExpirationTime *float64 `json:",omitempty"`
	}{
		"arn:aws:events:" + c.opt.Region + "::event-source/" + in.Name, in.Name, s.State, "okta.com",
		seconds(s.Created), seconds(s.Expires),
	}
}

func (c *Cloud) describeEventBus(_ *request, in named) any {
	b := c.existingBus(in.Name)
	return struct {
		Arn, Name    string
		CreationTime *float64 `json:",omitempty"`
	}{c.arn("events", "event-bus/"+in.Name), in.Name, seconds(b.created)}
}

// eventRule finds the rule of a call.
func (c *Cloud) eventRule(bus, name string) *EventRule {
	c.existingBus(bus)
	rule := declared[EventRule](c, bus+"/"+name)
	if rule == nil {
		eventsMissing("Rule %s does not exist on EventBus %s.", name, bus)
	}
	return rule
}

func (c *Cloud) describeRule(_ *request, in struct{ Name, EventBusName string }) any {
	rule := c.eventRule(in.EventBusName, in.Name)
	return map[string]string{
		"Name": in.Name, "Arn": c.arn("events", "rule/"+in.EventBusName+"/"+in.Name),
		"EventBusName": in.EventBusName, "EventPattern": rule.Pattern, "State": rule.State,
	}
}

func (c *Cloud) listTargetsByRule(_ *request, in struct{ Rule, EventBusName string }) any {
	type target struct{ Id, Arn string }
	out := struct{ Targets []target }{[]target{}}
	for i, arn := range c.eventRule(in.EventBusName, in.Rule).Targets {
		out.Targets = append(out.Targets, target{fmt.Sprint("Target", i), arn})
	}
	return out
}
