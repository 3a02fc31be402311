package awsfake

import (
	"net/url"
	"strings"
)

// The two calls of AWS Lambda that describe functions. They are of REST: the path names
// the operation.

// LambdaFunction is the configuration of a function.
type LambdaFunction struct {
	State, LastUpdateStatus string
	StateReason             string            `json:",omitempty"`
	LastUpdateStatusReason  string            `json:",omitempty"`
	LastModified            string            `json:",omitempty"` // 2026-11-28T12:00:00.000+0000
	Variables               map[string]string `json:"-"`          // of the environment
	Subnets                 []string          `json:"-"`          // of the VPC; none is no VPC
}

// LambdaMapping is an event source mapping.
type LambdaMapping struct {
	State, LastProcessingResult string
	StateTransitionReason       string
	EventSourceArn, FunctionArn string
}

// SetFunction declares a function; nil removes it.
func (c *Cloud) SetFunction(name string, f *LambdaFunction) { declare(c, name, f) }

// SetMapping declares an event source mapping; nil removes it.
func (c *Cloud) SetMapping(uuid string, m *LambdaMapping) { declare(c, uuid, m) }

// scheduleState is the state of a schedule of Amazon EventBridge Scheduler.
type scheduleState string

// SetSchedule declares a schedule of EventBridge Scheduler with a state; "" removes it.
func (c *Cloud) SetSchedule(name, state string) {
	s := scheduleState(state)
	if state == "" {
		declare[scheduleState](c, name, nil)
		return
	}
	declare(c, name, &s)
}

const restPrefix = "rest:"

// The paths of the calls: AWS Lambda API reference, GetFunctionConfiguration and
// GetEventSourceMapping; EventBridge Scheduler API reference, GetSchedule, 2026-11.
const (
	schedulePath = "/schedules/"
	functionPath = "/2015-03-31/functions/"
	mappingPath  = "/2015-03-31/event-source-mappings/"
)

// restTarget finds the operation of a request of REST-JSON, and its parameter.
func restTarget(path string) (target string, form url.Values) {
	if id, ok := strings.CutPrefix(path, mappingPath); ok {
		return restPrefix + "GetEventSourceMapping", url.Values{"UUID": {id}}
	}
	if name, ok := strings.CutPrefix(path, schedulePath); ok {
		return restPrefix + "GetSchedule", url.Values{"Name": {name}}
	}
	name, ok := strings.CutPrefix(path, functionPath)
	name, configuration := strings.CutSuffix(name, "/configuration")
	if !ok || !configuration {
		return "", nil
	}
	return restPrefix + "GetFunctionConfiguration", url.Values{"FunctionName": {name}}
}

func (c *Cloud) getFunctionConfiguration(r *request) any {
	name := r.form.Get("FunctionName")
	f := declared[LambdaFunction](c, name)
	if f == nil {
		fail(404, "ResourceNotFoundException", "Function not found: %s", name)
	}
	type environment struct{ Variables map[string]string }
	type vpc struct{ SubnetIds, SecurityGroupIds []string }
	return struct {
		FunctionName string
		LambdaFunction
		Environment environment
		VpcConfig   vpc
	}{name, *f, environment{f.Variables}, vpc{SubnetIds: f.Subnets}}
}

func (c *Cloud) getSchedule(r *request) any {
	name := r.form.Get("Name")
	s := declared[scheduleState](c, name)
	if s == nil {
		fail(404, "ResourceNotFoundException", "Schedule %s does not exist.", name)
	}
	return struct{ Name, GroupName, State string }{name, "default", string(*s)}
}

func (c *Cloud) getEventSourceMapping(r *request) any {
	uuid := r.form.Get("UUID")
	m := declared[LambdaMapping](c, uuid)
	if m == nil {
		fail(404, "ResourceNotFoundException", "Event source mapping not found: %s", uuid)
	}
	return struct {
		UUID string
		LambdaMapping
	}{uuid, *m}
}
