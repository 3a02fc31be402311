package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// The IAM actions of Lambda.
const (
	getEventSourceMapping    = "lambda:GetEventSourceMapping"
	getFunctionConfiguration = "lambda:GetFunctionConfiguration"
)

// get reads the JSON object that a service of the protocol REST-JSON has at a path.
func get(ctx context.Context, service Caller, path string, out any) error {
	return service.Call(ctx, awshttp.Request{Method: http.MethodGet, Path: path},
		func(_ http.Header, body []byte) error {
			if json.Unmarshal(body, out) != nil {
				return incomplete("the response is not a JSON object")
			}
			return nil
		})
}

// mapping returns the checks of the event source mapping from buffer to function.
func (d *Doctor) mapping(p Pipeline) []Check {
	switch {
	case p.Buffer == "" || d.Lambda == nil:
		return nil
	case p.Mapping == "":
		return checks(Mapping, p, d.unnamed)
	}
	return checks(Mapping, p, d.mappingState)
}

func (d *Doctor) mappingState(ctx context.Context, p Pipeline) Result {
	var m struct{ State, StateTransitionReason, LastProcessingResult, EventSourceArn string }
	if err := get(ctx, d.Lambda, "/2015-03-31/event-source-mappings/"+p.Mapping, &m); err != nil {
		return failed(getEventSourceMapping, err, Gone("mapping "+p.Mapping+" does not exist", d.Stack.deploy()))
	}
	return d.judgeMapping(p, m.State, m.LastProcessingResult, m.EventSourceArn, m.StateTransitionReason)
}

// judgeMapping judges a mapping. The states and the texts of the last result are those of
// GetEventSourceMapping (Lambda API reference, 2026-11): OK, "No records processed", or
// what begins with PROBLEM.
func (d *Doctor) judgeMapping(p Pipeline, state, result, queue, reason string) Result {
	switch {
	case state == "":
		return Unseen(NoAnswer, "the response names no state", "run it again")
	case strings.HasPrefix(state, "Disabl"):
		return Fault(state+" ("+strings.TrimSpace(reason)+")",
			"aws lambda update-event-source-mapping --enabled --uuid "+p.Mapping)
	case state == "Deleting":
		return Fault(state, d.Stack.deploy())
	case p.Buffer != "" && queue != "" && !strings.HasSuffix(queue, ":"+queueName(p.Buffer)):
		return Fault("it reads "+queue+", not the buffer queue", d.Stack.deploy())
	case strings.HasPrefix(result, "PROBLEM"):
		return Fault(state+", last result "+result, "see the lines function and destination; the function's own log: "+
			logTail(p))
	case result == "":
		return Fine(state)
	}
	return Fine(state + ", last result " + result)
}

// logTail is the command that shows the function's own errors.
func logTail(p Pipeline) string {
	if p.FunctionLogGroup == "" {
		return "aws logs tail"
	}
	return "aws logs tail " + p.FunctionLogGroup + " --since 1h"
}

// functionState is what GetFunctionConfiguration says of a function.
type functionState struct {
	State, StateReason, LastUpdateStatus, LastUpdateStatusReason string
	Environment                                                  struct{ Variables map[string]string }
	VpcConfig                                                    struct{ SubnetIDs []string }
	LastModified                                                 string
}

// configuration returns what Lambda says of a pipeline's function.
func (d *Doctor) configuration(ctx context.Context, p Pipeline) (f functionState, err error) {
	err = get(ctx, d.Lambda, "/2015-03-31/functions/"+p.Function+"/configuration", &f)
	return f, err
}

// function returns the checks of a pipeline's function.
func (d *Doctor) function(p Pipeline) []Check {
	switch {
	case p.Buffer == "":
		return nil
	case p.Function == "":
		return checks(Function, p, d.unnamed)
	}
	return checks(Function, p, d.functionLooks()...)
}

// functionLooks are what is looked at of a function.
func (d *Doctor) functionLooks() (looks []look) {
	if d.Lambda != nil {
		looks = append(looks, d.describeFunction)
	}
	if d.Metrics != nil {
		looks = append(looks, d.errors)
	}
	return looks
}

// describeFunction judges what Lambda says of a function.
func (d *Doctor) describeFunction(ctx context.Context, p Pipeline) Result {
	f, err := d.configuration(ctx, p)
	if err != nil {
		return failed(getFunctionConfiguration, err, Gone("function "+p.Function+" does not exist", d.Stack.deploy()))
	}
	return d.judgeFunction(p, f)
}

// judgeFunction judges the state, the environment and the version of a function.
func (d *Doctor) judgeFunction(p Pipeline, f functionState) Result {
	deploy := d.Stack.deploy()
	switch {
	// Inactive is a function that was idle: the next call activates it ("Lambda function
	// states", Lambda developer guide, 2026-11).
	case f.State == "" || f.State == "Failed" || strings.HasPrefix(f.State, "Deactivat") || f.State == "Deleting":
		return Fault(strings.TrimSpace("state "+f.State+" "+f.StateReason), deploy)
	case f.LastUpdateStatus == "Failed":
		return Fault("the last update failed: "+f.LastUpdateStatusReason, deploy)
	}
	var wrong []string
	want := p.environment(d.Stack)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if want[name] != "" && f.Environment.Variables[name] != want[name] {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		return Fault("its environment is not the stack's: "+strings.Join(wrong, ", "), deploy)
	}
	result := Fine(f.State + ", environment as deployed")
	switch v := d.Stack.Version; {
	case v == "" || v == "devel":
	case v == d.Version || d.Version == "devel":
		result.Seen += ", version " + v
	default:
		result.Seen += ", version " + v + ", this command is " + d.Version
		result.Next = "to have the same version, deploy the stack again or install " + v
	}
	return result
}

// environment are variables that the stack gives the function, with their values; "" is
// one that this pipeline does not have.
func (p Pipeline) environment(s Stack) map[string]string {
	return map[string]string{
		"OKTASTREAM_PIPELINE": p.Name, "OKTASTREAM_SOURCE": s.Source, "OKTASTREAM_ACCOUNT": s.Account,
		"OKTASTREAM_DESTINATION": p.Destination, "OKTASTREAM_FORMAT": p.Format, "OKTASTREAM_BUFFER_URL": p.Buffer,
		"OKTASTREAM_DEAD_URL": p.Dead, "OKTASTREAM_LOG_GROUP": p.LogGroup, "OKTASTREAM_DELIVERY_BUS": p.DeliveryBus,
		"OKTASTREAM_ENDPOINT": p.Endpoint,
	}
}

const (
	errorsSince = time.Hour
	// errorsNow is how new an error is that counts as broken.
	errorsNow = 15 * time.Minute
)

// errors judges the invocations that failed as a whole, and those that Lambda refused.
// What a destination refuses is no such error: the function returns it.
func (d *Doctor) errors(ctx context.Context, p Pipeline) Result {
	of := []string{"FunctionName", p.Function}
	points, err := d.read(ctx, d.Now().Add(-errorsSince),
		series{"AWS/Lambda", "Errors", "Sum", of}, series{"AWS/Lambda", "Throttles", "Sum", of})
	if err != nil {
		return failed(getMetricData, err)
	}
	what := [...]struct{ seen, next string }{
		{"failed invocation", "read the function's own log: " + logTail(p)},
		{"throttled invocation",
			"raise the account's concurrency of Lambda, or take away the function's reserved concurrency"},
	}
	seen := []string{}
	for i, list := range points {
		count, last := 0, time.Time{}
		for _, at := range list {
			if at.value > 0 {
				count += int(at.value)
				last = maxTime(last, at.at)
			}
		}
		if count == 0 {
			continue
		}
		ago := d.Now().Sub(last)
		text := fmt.Sprintf("%s in the last hour, the last %s ago", many(count, what[i].seen), age(ago))
		if ago <= errorsNow {
			return Fault(text, what[i].next)
		}
		seen = append(seen, text)
	}
	if len(seen) == 0 {
		return Fine("no error in the last hour")
	}
	return Fine(strings.Join(seen, "; "))
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
