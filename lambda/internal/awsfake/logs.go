package awsfake

import (
	"fmt"
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
	retention  atomic.Int32 // days; 0 is for ever
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

// The days that PutRetentionPolicy takes (cloudwatchlogs SDK 1.92.0, 2026-11-05).
var retentionDays = []int32{
	1,
	3,
	5,
	7,
	14,
	30,
	60,
	90,
	120,
	150,
	180,
	365,
	400,
	545,
	731,
	1096,
	1827,
	2192,
	2557,
	2922,
	3288,
	3653,
}

// AddLogGroup creates a log group as a deployment does; retention 0 is for ever.
func (c *Cloud) AddLogGroup(name string, retentionInDays int) {
	g, err := c.newGroup(name, "")
	if err != nil {
		panic("awsfake: " + err.Error())
	}
	if retentionInDays != 0 && !slices.Contains(retentionDays, int32(retentionInDays)) {
		panic(fmt.Sprintf("awsfake: no retention of %d days", retentionInDays))
	}
	g.retention.Store(int32(retentionInDays))
}

// OnLogEvents sets a function that is given the events of each PutLogEvents to
// the group that were stored, before the call is answered. Calls come from many
// goroutines; the slice is the function's to keep.
func (c *Cloud) OnLogEvents(group string, f func([]LogEvent)) {
	c.mustGroup(group).hook.Store(&f)
}

// Events returns what is stored in a group: stream by stream in order of their
// names, within a stream in order of arrival.
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
	names := make([]string, 0, len(g.streams))
	for n := range g.streams {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
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

func (c *Cloud) newGroup(name, class string) (*logGroup, error) {
	if !slices.Contains([]string{"", "STANDARD", infrequentAccess}, class) {
		return nil, logsInvalid("Value '%s' at 'logGroupClass' failed to satisfy constraint", class)
	}
	if !groupName.MatchString(name) || strings.HasPrefix(name, "aws/") {
		return nil, logsInvalid("Value '%s' at 'logGroupName' failed to satisfy constraint", name)
	}
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	if c.logs.groups[name] != nil {
		return nil, &apiError{
			status:  400,
			code:    "ResourceAlreadyExistsException",
			message: "The specified log group already exists",
		}
	}
	g := &logGroup{
		name: name, createdMS: millis(c.opt.Now()), infrequent: class == infrequentAccess, streams: map[string]*logStream{},
	}
	c.logs.groups[name] = g
	return g, nil
}

func logsInvalid(format string, args ...any) error {
	return &apiError{status: 400, code: "InvalidParameterException", message: fmt.Sprintf(format, args...)}
}

func logsMissing(what string) error {
	return &apiError{
		status:  400,
		code:    "ResourceNotFoundException",
		message: "The specified log " + what + " does not exist.",
	}
}

func (c *Cloud) createLogGroup(r *request) (any, error) {
	in, err := decode[struct {
		LogGroupName  string `json:"logGroupName"`
		LogGroupClass string `json:"logGroupClass"`
	}](r)
	if err != nil {
		return nil, err
	}
	_, err = c.newGroup(in.LogGroupName, in.LogGroupClass)
	return empty{}, err
}

func (c *Cloud) createLogStream(r *request) (any, error) {
	in, err := decode[struct {
		LogGroupName  string `json:"logGroupName"`
		LogStreamName string `json:"logStreamName"`
	}](r)
	if err != nil {
		return nil, err
	}
	if !streamName.MatchString(in.LogStreamName) {
		return nil, logsInvalid("Value '%s' at 'logStreamName' failed to satisfy constraint", in.LogStreamName)
	}
	g := c.group(in.LogGroupName)
	if g == nil {
		return nil, logsMissing("group")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.streams[in.LogStreamName] != nil {
		return nil, &apiError{
			status:  400,
			code:    "ResourceAlreadyExistsException",
			message: "The specified log stream already exists",
		}
	}
	g.streams[in.LogStreamName] = &logStream{name: in.LogStreamName}
	return empty{}, nil
}

func (c *Cloud) putRetentionPolicy(r *request) (any, error) {
	in, err := decode[struct {
		LogGroupName    string `json:"logGroupName"`
		RetentionInDays int32  `json:"retentionInDays"`
	}](r)
	if err != nil {
		return nil, err
	}
	g := c.group(in.LogGroupName)
	if g == nil {
		return nil, logsMissing("group")
	}
	if !slices.Contains(retentionDays, in.RetentionInDays) {
		return nil, logsInvalid(
			"Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must be one of %v",
			in.RetentionInDays,
			retentionDays,
		)
	}
	g.retention.Store(in.RetentionInDays)
	return empty{}, nil
}

type describedGroup struct {
	ARN             string `json:"arn"`
	LogGroupARN     string `json:"logGroupArn"`
	LogGroupName    string `json:"logGroupName"`
	LogGroupClass   string `json:"logGroupClass"`
	CreationTime    int64  `json:"creationTime"`
	RetentionInDays int32  `json:"retentionInDays,omitzero"` // absent is for ever
	RetentionPolicy string `json:"retentionPolicyName,omitempty"`
	Protected       bool   `json:"deletionProtectionEnabled"`
}

func (c *Cloud) describeLogGroups(r *request) (any, error) {
	in, err := decode[struct {
		LogGroupNamePrefix  string `json:"logGroupNamePrefix"`
		LogGroupNamePattern string `json:"logGroupNamePattern"`
		Limit               *int   `json:"limit"`
		NextToken           string `json:"nextToken"` // the last name of the page before
	}](r)
	if err != nil {
		return nil, err
	}
	limit := 50
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 50 {
		return nil, logsInvalid(
			"Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 50",
			limit,
		)
	}
	if in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "" {
		return nil, logsInvalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}

	var out struct {
		LogGroups []describedGroup `json:"logGroups"`
		NextToken string           `json:"nextToken,omitempty"`
	}
	out.LogGroups = []describedGroup{}
	c.logs.mu.RLock()
	defer c.logs.mu.RUnlock()
	names := make([]string, 0, len(c.logs.groups))
	for n := range c.logs.groups {
		if strings.HasPrefix(n, in.LogGroupNamePrefix) && strings.Contains(n, in.LogGroupNamePattern) && n > in.NextToken {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	if len(names) > limit {
		names = names[:limit]
		out.NextToken = names[limit-1]
	}
	for _, n := range names {
		g := c.logs.groups[n]
		arn := "arn:aws:logs:" + c.opt.Region + ":" + c.opt.Account + ":log-group:" + n
		one := describedGroup{
			ARN: arn + ":*", LogGroupARN: arn, LogGroupName: n, LogGroupClass: "STANDARD",
			CreationTime: g.createdMS, RetentionInDays: g.retention.Load(), Protected: g.protected.Load(),
		}
		if g.infrequent {
			one.LogGroupClass = infrequentAccess
		}
		c.logs.override(&one)
		out.LogGroups = append(out.LogGroups, one)
	}
	return out, nil
}
