package awsfake

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
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
	form  url.Values // of a service that speaks awsQuery
	now   time.Time
	fault Fault

	// Of a call of S3.
	http        *http.Request
	reply       http.Header // of the answer
	bucket, key string
}

// decode reads the body of a request. Members that the fake does not know are
// passed over, as AWS does.
func decode[T any](r *request) (T, error) {
	var in T
	if err := json.Unmarshal(r.body, &in, jsontext.AllowDuplicateNames(true)); err != nil {
		return in, &apiError{status: 400, code: "SerializationException", message: err.Error()}
	}
	return in, nil
}

// apiError is an error answer of a service.
type apiError struct {
	status  int
	code    string // the shape's name, which chooses the SDK's type
	query   string // SQS only: the code of the older query protocol, see sqsError
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// bodies are reused between calls: decoded strings are copies.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	buf := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}

	target, form := r.Header.Get("X-Amz-Target"), url.Values(nil)
	var bucketName, key string
	switch {
	case signedService(r) == S3:
		target, bucketName, key = s3Target(r)
	case target == "":
		target, form = queryTarget(r, buf.Bytes())
	}
	if target == "" {
		target, form = restTarget(r)
	}
	op := c.operations[target]
	if op == nil {
		c.answer(
			w,
			r,
			&operation{},
			nil,
			&apiError{status: 400, code: "UnknownOperationException", message: "awsfake does not know " + target},
		)
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		c.answer(
			w,
			r,
			op,
			nil,
			&apiError{
				status:  403,
				code:    "MissingAuthenticationTokenException",
				message: "Request is missing Authentication Token",
			},
		)
		return
	}

	n := op.calls.Add(1)
	req := &request{
		ctx: r.Context(), body: buf.Bytes(), form: form,
		http: r, reply: w.Header(), bucket: bucketName, key: key,
	}
	if f := c.faults.Load(); f != nil {
		req.fault = (*f)(Call{Service: op.service, Operation: op.name, N: int(n), Size: buf.Len(), Role: c.role(r), Key: key})
	}
	if c.strike(w, r, op, req.fault) {
		return
	}
	req.now = c.opt.Now() // after a Delay
	out, err := op.run(req)
	if req.fault.ResetAfter {
		reset(w)
		return
	}
	c.answer(w, r, op, out, err)
}

// answer writes what AWS would: the output, or the error in the form of the
// awsJson protocols, or of awsQuery.
func (c *Cloud) answer(w http.ResponseWriter, r *http.Request, op *operation, out any, err error) {
	if op.service == S3 {
		c.writeS3(w, r, out, err)
		return
	}
	if op.query {
		c.writeQuery(w, op.name, out, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.1") // the SDK reads 1.0 and 1.1 alike
	if op.rest {
		h.Set("Content-Type", "application/json")
	}
	h.Set("X-Amzn-Requestid", c.newID())
	if err == nil {
		b, err := json.Marshal(out, jsontext.AllowInvalidUTF8(true))
		if err != nil {
			panic(err) // a fault of this package
		}
		w.Write(b)
		return
	}
	e, ok := err.(*apiError)
	if !ok {
		e = &apiError{status: 500, code: "InternalFailure", message: err.Error()}
	}
	if op.rest {
		h.Set("X-Amzn-Errortype", e.code+":http://internal.amazon.com/coral/com.amazonaws."+op.service+"/")
		w.WriteHeader(e.status)
		w.Write([]byte(`{"Type":"User","Message":` + strconv.Quote(e.message) + `}`))
		return
	}
	if e.query != "" {
		h.Set("X-Amzn-Query-Error", e.query+";Sender")
	}
	b, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.code, e.message})
	if err != nil {
		panic(err)
	}
	w.WriteHeader(e.status)
	w.Write(b)
}

// empty is the output of operations that answer nothing.
type empty struct{}
