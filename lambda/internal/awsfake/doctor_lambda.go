package awsfake

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// The two calls of AWS Lambda that a tool looks at functions with. They speak REST:
// method and path name the operation.

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

type lambdaService struct {
	mu        sync.Mutex
	functions map[string]*LambdaFunction
	mappings  map[string]*LambdaMapping
	schedules map[string]string // state by name, of Amazon EventBridge Scheduler
}

// SetFunction declares a function; nil takes it away.
func (c *Cloud) SetFunction(name string, f *LambdaFunction) {
	c.lambda.mu.Lock()
	defer c.lambda.mu.Unlock()
	set(&c.lambda.functions, name, f)
}

// SetMapping declares an event source mapping; nil takes it away.
func (c *Cloud) SetMapping(uuid string, m *LambdaMapping) {
	c.lambda.mu.Lock()
	defer c.lambda.mu.Unlock()
	set(&c.lambda.mappings, uuid, m)
}

// SetSchedule declares a schedule of EventBridge Scheduler with a state; "" takes it away.
func (c *Cloud) SetSchedule(name, state string) {
	c.lambda.mu.Lock()
	defer c.lambda.mu.Unlock()
	if c.lambda.schedules == nil {
		c.lambda.schedules = map[string]string{}
	}
	c.lambda.schedules[name] = state
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
func restTarget(r *http.Request) (target string, form url.Values) {
	path := r.URL.Path
	if r.Method != http.MethodGet {
		return "", nil
	}
	if id, ok := strings.CutPrefix(path, mappingPath); ok {
		return restPrefix + "GetEventSourceMapping", url.Values{"UUID": {id}}
	}
	if name, ok := strings.CutPrefix(path, schedulePath); ok {
		return restPrefix + "GetSchedule", url.Values{"Name": {name}}
	}
	if name, ok := strings.CutPrefix(path, functionPath); ok {
		if name, ok = strings.CutSuffix(name, "/configuration"); ok {
			return restPrefix + "GetFunctionConfiguration", url.Values{"FunctionName": {name}}
		}
	}
	return "", nil
}

func lambdaMissing(what, name string) *apiError {
	return &apiError{status: 404, code: "ResourceNotFoundException", message: what + " not found: " + name}
}

func (c *Cloud) getFunctionConfiguration(r *request) (any, error) {
	c.lambda.mu.Lock()
	defer c.lambda.mu.Unlock()
	name := r.form.Get("FunctionName")
	f := c.lambda.functions[name]
	if f == nil {
		return nil, lambdaMissing("Function", name)
	}
	type environment struct{ Variables map[string]string }
	type vpc struct{ SubnetIds, SecurityGroupIds []string }
	return struct {
		FunctionName string
		LambdaFunction
		Environment environment
		VpcConfig   vpc
	}{name, *f, environment{f.Variables}, vpc{SubnetIds: f.Subnets}}, nil
}

func (c *Cloud) getSchedule(r *request) (any, error) {
	c.lambda.mu.Lock()
	defer c.lambda.mu.Unlock()
	name := r.form.Get("Name")
	state := c.lambda.schedules[name]
	if state == "" {
		return nil, lambdaMissing("Schedule", name)
	}
	return struct{ Name, GroupName, State string }{name, "default", state}, nil
}

func (c *Cloud) getEventSourceMapping(r *request) (any, error) {
	c.lambda.mu.Lock()
	defer c.lambda.mu.Unlock()
	uuid := r.form.Get("UUID")
	m := c.lambda.mappings[uuid]
	if m == nil {
		return nil, lambdaMissing("Event source mapping", uuid)
	}
	return struct {
		UUID string
		LambdaMapping
	}{uuid, *m}, nil
}
