package awsfake

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// AddInfrequentLogGroup creates a log group of the class Infrequent Access.
func (c *Cloud) AddInfrequentLogGroup(name string) { c.newGroup(name, infrequentAccess) }

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
// begins with prefix; days 0 is NEVER_EXPIRE. It is in effect immediately; AWS waits 24 h.
func (c *Cloud) AddRetentionPolicy(name, prefix string, days int) {
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	c.logs.policies = append(c.logs.policies, retentionPolicy{name, prefix, int32(days)})
}

// override applies the account's policies to a group; the longest retention counts
// (PutAccountPolicy, model of cloudwatchlogs v1.92.2, 2026-11).
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

type describedGroup struct {
	ARN             string `json:"arn"`
	LogGroupARN     string `json:"logGroupArn"`
	LogGroupName    string `json:"logGroupName"`
	LogGroupClass   string `json:"logGroupClass"`
	CreationTime    int64  `json:"creationTime"`
	RetentionInDays int32  `json:"retentionInDays,omitzero"` // absent: without end
	RetentionPolicy string `json:"retentionPolicyName,omitempty"`
	Protected       bool   `json:"deletionProtectionEnabled"`
}

func (c *Cloud) describeLogGroups(_ *request, in struct {
	LogGroupNamePrefix  string `json:"logGroupNamePrefix"`
	LogGroupNamePattern string `json:"logGroupNamePattern"`
	Limit               *int   `json:"limit"`
	NextToken           string `json:"nextToken"`
}) any {
	limit := logsLimit(in.Limit, 50)
	if in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "" {
		logsInvalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	c.logs.mu.RLock()
	defer c.logs.mu.RUnlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(c.logs.groups)), func(n string) bool {
		return !strings.HasPrefix(n, in.LogGroupNamePrefix) || !strings.Contains(n, in.LogGroupNamePattern)
	})
	page, next, ok := pageOf(names, in.NextToken, limit)
	if !ok {
		logsInvalid("The specified nextToken is invalid.")
	}
	list := []describedGroup{}
	for _, n := range page {
		g := c.logs.groups[n]
		arn := c.arn("logs", "log-group:"+n)
		one := describedGroup{
			ARN: arn + ":*", LogGroupARN: arn, LogGroupName: n, LogGroupClass: "STANDARD",
			CreationTime: g.createdMS, RetentionInDays: g.retention.Load(), Protected: g.protected.Load(),
		}
		if g.infrequent {
			one.LogGroupClass = infrequentAccess
		}
		c.logs.override(&one)
		list = append(list, one)
	}
	return withToken(map[string]any{"logGroups": list}, next)
}

// withToken adds the token of the next page, if there is one.
func withToken(out map[string]any, next string) any {
	if next != "" {
		out["nextToken"] = next
	}
	return out
}

// describeLogStreams knows only the order LastEventTime. Its first page of at most 50 is everything
// that it returns.
func (c *Cloud) describeLogStreams(_ *request, in struct {
	LogGroupName string `json:"logGroupName"`
	OrderBy      string `json:"orderBy"`
	Descending   bool   `json:"descending"`
	Limit        *int   `json:"limit"`
}) any {
	limit := logsLimit(in.Limit, 50)
	if in.OrderBy != "LastEventTime" || !in.Descending {
		logsInvalid("awsfake knows the order LastEventTime, descending, only")
	}
	g := c.existingGroup(in.LogGroupName)
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
	return map[string]any{"logStreams": list[:min(limit, len(list))]}
}
