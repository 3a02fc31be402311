package awsfake

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// AddInfrequentLogGroup creates a log group of the class Infrequent Access.
func (c *Cloud) AddInfrequentLogGroup(name string) {
	if _, err := c.newGroup(name, infrequentAccess); err != nil {
		panic("awsfake: " + err.Error())
	}
}

// RemoveLogGroup deletes a log group.
func (c *Cloud) RemoveLogGroup(name string) {
	c.mustGroup(name)
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	delete(c.logs.groups, name)
}

// ProtectLogGroup sets the deletion protection of a log group. The fake has no call that
// deletes one.
func (c *Cloud) ProtectLogGroup(name string) { c.mustGroup(name).protected.Store(true) }

// retentionPolicy is an account-level retention policy that is in effect.
type retentionPolicy struct {
	name, prefix string
	days         int32 // 0 is NEVER_EXPIRE
}

// AddRetentionPolicy adds an account-level retention policy for the log groups whose name
// begins with prefix; days 0 is NEVER_EXPIRE. It is in effect at once, where AWS waits 24 h.
func (c *Cloud) AddRetentionPolicy(name, prefix string, days int) {
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	c.logs.policies = append(c.logs.policies, retentionPolicy{name, prefix, int32(days)})
}

// override gives a group the retention of the account's policies, of which the longest
// counts (PutAccountPolicy, model of cloudwatchlogs v1.92.2, 2026-11).
func (s *logsService) override(g *describedGroup) {
	for _, p := range s.policies {
		if !strings.HasPrefix(g.LogGroupName, p.prefix) {
			continue
		}
		if g.RetentionPolicy == "" || g.RetentionInDays != 0 && (p.days == 0 || p.days > g.RetentionInDays) {
			g.RetentionInDays, g.RetentionPolicy = p.days, p.name
		}
	}
}

// describeLogStreams knows the order LastEventTime, whose first page of at most 50 is all
// that it returns.
func (c *Cloud) describeLogStreams(r *request) (any, error) {
	in, err := decode[struct {
		LogGroupName string `json:"logGroupName"`
		OrderBy      string `json:"orderBy"`
		Descending   bool   `json:"descending"`
		Limit        *int   `json:"limit"`
	}](r)
	if err != nil {
		return nil, err
	}
	limit := 50
	if in.Limit != nil {
		limit = *in.Limit
	}
	switch {
	case limit < 1 || limit > 50:
		return nil, logsInvalid("Value '%d' at 'limit' failed to satisfy constraint", limit)
	case in.OrderBy != "LastEventTime" || !in.Descending:
		return nil, logsInvalid("awsfake knows the order LastEventTime, descending, only")
	}
	g := c.group(in.LogGroupName)
	if g == nil {
		return nil, logsMissing("group")
	}
	type stream struct {
		Name string `json:"logStreamName"`
		Last int64  `json:"lastEventTimestamp,omitzero"`
	}
	list := []stream{}
	for _, name := range c.Streams(in.LogGroupName) {
		one := stream{Name: name}
		s := g.stream(name)
		s.mu.Lock()
		for _, e := range s.events {
			one.Last = max(one.Last, e.TimestampMS)
		}
		s.mu.Unlock()
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b stream) int { return cmp.Compare(b.Last, a.Last) })
	return map[string]any{"logStreams": list[:min(limit, len(list))]}, nil
}

// latest returns the events between two times with the latest first, as filterPage does
// from the head. "Setting startFromHead to false is supported only when startTime is on or
// after Jan 1, 2024" (FilterLogEvents, model of cloudwatchlogs v1.92.2, 2026-11).
func (g *logGroup) latest(in *filterInput, start, end int64, limit int) (any, error) {
	if in.StartTime == nil || *in.StartTime < time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() {
		return nil, logsInvalid("startFromHead false needs a startTime on or after January 1, 2024")
	}
	at := end
	if in.NextToken != "" {
		position, _, ok := in.position()
		if !ok {
			return nil, logsInvalid("The specified nextToken is invalid.")
		}
		at = position
	}
	out := map[string]any{"searchedLogStreams": []struct{}{}}
	from := max(start, at-filterSpan.Milliseconds()+1)
	found := g.between(from, at)
	slices.Reverse(found)
	events := []filteredEvent{}
	for _, e := range found[:min(limit, len(found))] {
		events = append(events, e.filtered())
	}
	out["events"] = events
	switch {
	case len(found) > limit:
		// The page after this one begins at the next event; several of the same time are
		// left out, which a caller that reads on would notice.
		out["nextToken"] = in.token(found[limit].TimestampMS, 0)
	case from > start:
		out["nextToken"] = in.token(from-1, 0)
	}
	return out, nil
}
