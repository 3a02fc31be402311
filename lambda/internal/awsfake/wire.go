package awsfake

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// request is one call as a service sees it.
type request struct {
	ctx   context.Context
	body  []byte     // valid during the call only
	form  url.Values // of a service with the protocol awsQuery, or the parameters in a REST path
	now   time.Time
	fault Fault

	// Of a call of S3.
	http        *http.Request
	reply       http.Header // of the answer
	bucket, key string
}

// typed makes an operation from a function of the request's JSON body. Members that In does not
// have are ignored, as AWS does.
func typed[In any](run func(*request, In) any) func(*request) any {
	return func(r *request) any {
		var in In
		if err := json.Unmarshal(r.body, &in, jsontext.AllowDuplicateNames(true)); err != nil {
			fail(400, "SerializationException", "%v", err)
		}
		return run(r, in)
	}
}

// apiError is an error response of a service. An operation ends with one by a panic, see fail and
// attempt.
type apiError struct {
	status  int
	code    string // the shape's name, which chooses the SDK's type
	query   string // SQS only: the code of the older query protocol, see sqsFail
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// fail ends an operation with an error answer.
func fail(status int, code, format string, args ...any) {
	panic(&apiError{status: status, code: code, message: fmt.Sprintf(format, args...)})
}

// attempt returns the output of an operation, or the error that it ended with.
func attempt[Out any](run func() Out) (out Out, failed *apiError) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *apiError:
			failed = e
		default:
			panic(e)
		}
	}()
	return run(), nil
}

// orDefault is the value of a parameter that may be absent.
func orDefault[T any](given *T, absent T) T {
	if given == nil {
		return absent
	}
	return *given
}

// bodies are reused between calls: decoded strings are copies.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	buf := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	req := &request{ctx: r.Context(), body: buf.Bytes(), http: r, reply: w.Header()}
	target := req.target()
	op := c.operations[target]
	switch {
	case op == nil:
		c.answer(w, &operation{}, nil, &apiError{400, "UnknownOperationException", "", "awsfake does not know " + target})
		return
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		c.answer(w, op, nil, &apiError{403, "MissingAuthenticationTokenException", "",
			"Request is missing Authentication Token"})
		return
	}
	n := op.calls.Add(1)
	if f := c.faults.Load(); f != nil {
		req.fault = (*f)(Call{op.service, op.name, int(n), buf.Len(), c.role(r), req.key})
	}
	if c.strike(w, r, op, req.fault) {
		return
	}
	req.now = c.opt.Now() // after a Delay
	out, failed := attempt(func() any { return op.run(req) })
	if req.fault.ResetAfter {
		reset(w)
		return
	}
	c.answer(w, op, out, failed)
}

// target finds the operation of a request and the parameters that are not in its body.
func (r *request) target() (target string) {
	switch {
	case signedService(r.http) == S3:
		target, r.bucket, r.key = s3Target(r.http)
	case r.http.Header.Get("X-Amz-Target") != "":
		return r.http.Header.Get("X-Amz-Target")
	case r.http.Method == http.MethodGet:
		target, r.form = restTarget(r.http.URL.Path)
	case strings.HasPrefix(r.http.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		// The names of the services' operations do not overlap.
		r.form, _ = url.ParseQuery(string(r.body))
		target = queryPrefix + r.form.Get("Action")
	}
	return target
}

// answer writes the response as AWS does: the output, or the error in the form of the service's
// protocol.
func (c *Cloud) answer(w http.ResponseWriter, op *operation, out any, failed *apiError) {
	h := w.Header()
	switch {
	case op.service == S3:
		c.writeS3(w, out, failed)
		return
	case op.prefix == queryPrefix:
		c.writeQuery(w, op.name, out, failed)
		return
	case op.prefix == restPrefix:
		h.Set("Content-Type", "application/json")
	default:
		h.Set("Content-Type", "application/x-amz-json-1.1") // the SDK reads 1.0 and 1.1 alike
	}
	h.Set("X-Amzn-Requestid", c.newID())
	if failed != nil {
		out = map[string]string{"__type": failed.code, "message": failed.message}
		if failed.query != "" {
			h.Set("X-Amzn-Query-Error", failed.query+";Sender")
		}
		if op.prefix == restPrefix {
			h.Set("X-Amzn-Errortype", failed.code+":http://internal.amazon.com/coral/com.amazonaws."+op.service+"/")
			out = map[string]string{"Type": "User", "Message": failed.message}
		}
	}
	b, err := json.Marshal(out, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err) // a fault of this package
	}
	if failed != nil {
		w.WriteHeader(failed.status)
	}
	w.Write(b)
}

// empty is the output of operations without one.
type empty struct{}
