package awsfake

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// LogEvent is a log event as CloudWatch Logs has stored it.
type LogEvent struct {
	Stream      string
	TimestampMS int64
	Message     string
	IngestionMS int64
}

type logsService struct {
	mu       sync.RWMutex
	groups   map[string]*logGroup
	policies []retentionPolicy
}

type logGroup struct {
	name      string
	createdMS int64
	// infrequent: the class is INFREQUENT_ACCESS, which cannot be changed.
	infrequent bool
	protected  atomic.Bool  // from deletion
	retention  atomic.Int32 // days; 0 is without end
	hook       atomic.Pointer[func([]LogEvent)]

	mu      sync.RWMutex
	streams map[string]*logStream
}

type logStream struct {
	name   string
	mu     sync.Mutex
	events []LogEvent
}

// Of the API reference of CreateLogGroup and CreateLogStream (cloudwatchlogs SDK
// 1.92.0, 2026-11-05).
var (
	groupName  = regexp.MustCompile(`^[a-zA-Z0-9_\-/.#]{1,512}$`)
	streamName = regexp.MustCompile(`^[^:*]{1,512}$`)
)

// The days that PutRetentionPolicy accepts (cloudwatchlogs SDK 1.92.0, 2026-11-05).
var retentionDays = []int32{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// AddLogGroup creates a log group as a deployment does; retention 0 means never expire.
func (c *Cloud) AddLogGroup(name string, retentionInDays int) {
	g := c.newGroup(name, "")
	if retentionInDays != 0 && !slices.Contains(retentionDays, int32(retentionInDays)) {
		panic(fmt.Sprintf("awsfake: no retention of %d days", retentionInDays))
	}
	g.retention.Store(int32(retentionInDays))
}

// OnLogEvents sets a function that receives the stored events of each PutLogEvents to the group
// before the call is answered. It is called by many goroutines; it may keep the slice.
func (c *Cloud) OnLogEvents(group string, f func([]LogEvent)) {
	c.mustGroup(group).hook.Store(&f)
}

// Events returns the stored events of a group: stream by stream in order of their names, within a
// stream in order of arrival.
func (c *Cloud) Events(group string) []LogEvent {
	g := c.mustGroup(group)
	var out []LogEvent
	for _, name := range c.Streams(group) {
		s := g.stream(name)
		s.mu.Lock()
		out = append(out, s.events...)
		s.mu.Unlock()
	}
	return out
}

// Streams returns the names of a group's streams, sorted.
func (c *Cloud) Streams(group string) []string {
	g := c.mustGroup(group)
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Sorted(maps.Keys(g.streams))
}

func (c *Cloud) group(name string) *logGroup {
	c.logs.mu.RLock()
	defer c.logs.mu.RUnlock()
	return c.logs.groups[name]
}

func (c *Cloud) mustGroup(name string) *logGroup {
	g := c.group(name)
	if g == nil {
		panic("awsfake: no log group " + name)
	}
	return g
}

func (g *logGroup) stream(name string) *logStream {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.streams[name]
}

// infrequentAccess is a class of log groups that FilterLogEvents refuses. The class DELIVERY
// is not known here.
const infrequentAccess = "INFREQUENT_ACCESS"

func (c *Cloud) newGroup(name, class string) *logGroup {
	if !slices.Contains([]string{"", "STANDARD", infrequentAccess}, class) {
		logsInvalid("Value '%s' at 'logGroupClass' failed to satisfy constraint", class)
	}
	if !groupName.MatchString(name) || strings.HasPrefix(name, "aws/") {
		logsInvalid("Value '%s' at 'logGroupName' failed to satisfy constraint", name)
	}
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	if c.logs.groups[name] != nil {
		fail(400, "ResourceAlreadyExistsException", "The specified log group already exists")
	}
	g := &logGroup{
		name: name, createdMS: millis(c.opt.Now()), infrequent: class == infrequentAccess, streams: map[string]*logStream{},
	}
	c.logs.groups[name] = g
	return g
}

func logsInvalid(format string, args ...any) { fail(400, "InvalidParameterException", format, args...) }

// existingGroup is the group of a call.
func (c *Cloud) existingGroup(name string) *logGroup {
	g := c.group(name)
	if g == nil {
		fail(400, "ResourceNotFoundException", "The specified log group does not exist.")
	}
	return g
}

func (c *Cloud) createLogGroup(_ *request, in struct {
	LogGroupName  string `json:"logGroupName"`
	LogGroupClass string `json:"logGroupClass"`
}) any {
	c.newGroup(in.LogGroupName, in.LogGroupClass)
	return empty{}
}

func (c *Cloud) createLogStream(_ *request, in struct {
	LogGroupName  string `json:"logGroupName"`
	LogStreamName string `json:"logStreamName"`
}) any {
	if !streamName.MatchString(in.LogStreamName) {
		logsInvalid("Value '%s' at 'logStreamName' failed to satisfy constraint", in.LogStreamName)
	}
	g := c.existingGroup(in.LogGroupName)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.streams[in.LogStreamName] != nil {
		fail(400, "ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.streams[in.LogStreamName] = &logStream{name: in.LogStreamName}
	return empty{}
}

func (c *Cloud) putRetentionPolicy(_ *request, in struct {
	LogGroupName    string `json:"logGroupName"`
	RetentionInDays int32  `json:"retentionInDays"`
}) any {
	g := c.existingGroup(in.LogGroupName)
	if !slices.Contains(retentionDays, in.RetentionInDays) {
		logsInvalid("Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must be one of %v",
			in.RetentionInDays, retentionDays)
	}
	g.retention.Store(in.RetentionInDays)
	return empty{}
}

// logsLimit is how many elements a page has, from 1 to most, which is the default.
func logsLimit(given *int, most int) int {
	limit := orDefault(given, most)
	if limit < 1 || limit > most {
		logsInvalid("Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and %d",
			limit, most)
	}
	return limit
}
