package awsfake

import (
	"fmt"
	"time"
)

// What describes event buses, rules and partner event sources, for a tool that only
// looks. A rule here delivers nothing.

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

// SetEventSource declares a partner event source; nil takes it away.
func (c *Cloud) SetEventSource(name string, s *EventSource) {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	set(&c.events.sources, name, s)
}

// SetEventRule declares a rule of a bus; nil takes it away.
func (c *Cloud) SetEventRule(bus, name string, r *EventRule) {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	set(&c.events.rules, bus+"/"+name, r)
}

// SetBusCreated sets the time at which a bus was made.
func (c *Cloud) SetBusCreated(name string, at time.Time) { c.mustBus(name).created = at }

// RemoveBus takes an event bus away.
func (c *Cloud) RemoveBus(name string) {
	c.mustBus(name)
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	delete(c.events.buses, name)
}

// set puts a value into a map, or takes it away where it is nil.
func set[T any](m *map[string]*T, key string, value *T) {
	switch {
	case value == nil:
		delete(*m, key)
	case *m == nil:
		*m = map[string]*T{key: value}
	default:
		(*m)[key] = value
	}
}

// eventsMissing is EventBridge's error for what does not exist (API reference,
// DescribeRule and others, "Errors", 2026-11). The reference does not give the text.
func eventsMissing(format string, args ...any) *apiError {
	return &apiError{status: 400, code: "ResourceNotFoundException", message: fmt.Sprintf(format, args...)}
}

func seconds(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	s := float64(t.UnixMilli()) / 1000
	return &s
}

func (c *Cloud) describeEventSource(r *request) (any, error) {
	in, err := decode[struct{ Name string }](r)
	if err != nil {
		return nil, err
	}
	c.events.mu.RLock()
	defer c.events.mu.RUnlock()
	s := c.events.sources[in.Name]
	if s == nil {
		return nil, eventsMissing("Event source %s does not exist.", in.Name)
	}
	return struct {
		Arn, Name, State, CreatedBy  string
		CreationTime, ExpirationTime *float64 `json:",omitempty"`
	}{
		"arn:aws:events:" + c.opt.Region + "::event-source/" + in.Name, in.Name, s.State, "okta.com",
		seconds(s.Created), seconds(s.Expires),
	}, nil
}

func (c *Cloud) describeEventBus(r *request) (any, error) {
	in, err := decode[struct{ Name string }](r)
	if err != nil {
		return nil, err
	}
	b := c.bus(in.Name)
	if b == nil {
		return nil, eventsMissing("Event bus %s does not exist.", in.Name)
	}
	return struct {
		Arn, Name    string
		CreationTime *float64 `json:",omitempty"`
	}{c.busARN(in.Name), in.Name, seconds(b.created)}, nil
}

func (c *Cloud) busARN(name string) string {
	return "arn:aws:events:" + c.opt.Region + ":" + c.opt.Account + ":event-bus/" + name
}

// eventRule finds the rule of a call.
func (c *Cloud) eventRule(bus, name string) (*EventRule, error) {
	if c.bus(bus) == nil {
		return nil, eventsMissing("Event bus %s does not exist.", bus)
	}
	c.events.mu.RLock()
	defer c.events.mu.RUnlock()
	rule := c.events.rules[bus+"/"+name]
	if rule == nil {
		return nil, eventsMissing("Rule %s does not exist on EventBus %s.", name, bus)
	}
	return rule, nil
}

func (c *Cloud) describeRule(r *request) (any, error) {
	in, err := decode[struct{ Name, EventBusName string }](r)
	if err != nil {
		return nil, err
	}
	rule, err := c.eventRule(in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	return struct{ Name, Arn, EventBusName, EventPattern, State string }{
		in.Name, "arn:aws:events:" + c.opt.Region + ":" + c.opt.Account + ":rule/" + in.EventBusName + "/" + in.Name,
		in.EventBusName, rule.Pattern, rule.State,
	}, nil
}

func (c *Cloud) listTargetsByRule(r *request) (any, error) {
	in, err := decode[struct{ Rule, EventBusName string }](r)
	if err != nil {
		return nil, err
	}
	rule, err := c.eventRule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	type target struct{ Id, Arn string }
	out := struct{ Targets []target }{[]target{}}
	for i, arn := range rule.Targets {
		out.Targets = append(out.Targets, target{fmt.Sprint("Target", i), arn})
	}
	return out, nil
}
