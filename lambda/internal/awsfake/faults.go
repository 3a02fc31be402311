package awsfake

import (
	"cmp"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The services, as [Call] names them.
const (
	Logs           = "logs"
	Events         = "events"
	SQS            = "sqs"
	CloudFormation = "cloudformation"
	STS            = "sts"
	Secrets        = "secretsmanager"
	S3             = "s3"
	Lambda         = "lambda"
	CloudWatch     = "monitoring"
	SNS            = "sns"
	Scheduler      = "scheduler"
)

// Call is a call that has arrived and is about to be served.
type Call struct {
	Service   string // such as SQS
	Operation string // such as PutLogEvents
	N         int    // counts the calls of this operation, from 1
	Size      int    // of the request's body in bytes
	Role      string // ARN of the role that makes it, "" for the credentials of Config
	Key       string // of S3: the object's
}

// Fault is what goes wrong with a call. The zero value is nothing. If several faults are set, the
// first one in the order of the fields that ends the call is used.
type Fault struct {
	Delay time.Duration // wait before anything else
	Hang  bool          // never answer, until the client gives up
	Reset bool          // reset the connection; nothing has been done

	// Throttle answers with the service's own exception for too many calls, unless
	// FailEntries is set.
	Throttle bool
	// Status and Code answer with an error of this kind. A Status without a Code
	// has the code that AWS commonly gives with it; a Code without a Status has 400.
	Status int
	Code   string
	// RetryAfter goes with Throttle or Status into the header Retry-After, which
	// counts whole seconds: a part of a second is rounded up.
	RetryAfter time.Duration

	// FailEntries fails these entries of a PutEvents, or of a batch of SQS, with an error that may
	// be retried, and processes the others. The code is Code; without one, ThrottlingException if
	// Throttle is set, otherwise InternalFailure.
	FailEntries []int

	// ResetAfter does the work and then resets the connection: the caller cannot know that it was
	// done.
	ResetAfter bool

	// CutBody sends this many bytes of the object of a GetObject and closes the connection; 0 sends
	// all.
	CutBody int
}

// SetFaults sets the function that is called before each call; nil is none. It is called by many
// goroutines at a time.
func (c *Cloud) SetFaults(f func(Call) Fault) {
	if f == nil {
		c.faults.Store(nil)
		return
	}
	c.faults.Store(&f)
}

// strike applies the part of a fault that comes before the work, and reports whether the call has
// been answered. The body was read before. Otherwise the HTTP client could take a reset for a stale
// connection and send the request again without the SDK's knowledge.
func (c *Cloud) strike(w http.ResponseWriter, r *http.Request, op *operation, f Fault) (answered bool) {
	if f.Delay > 0 || f.Hang {
		after := time.After(f.Delay)
		if f.Hang {
			after = nil
		}
		select {
		case <-after:
		case <-r.Context().Done():
			// Returning would answer 200 without a body, which the SDK takes for success.
			panic(http.ErrAbortHandler)
		case <-c.done:
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.Reset:
		reset(w)
		return true
	case len(f.FailEntries) > 0:
		return false
	case !f.Throttle && f.Status == 0 && f.Code == "":
		return false
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	c.answer(w, op, nil, faultError(op.service, f))
	return true
}

// faultCodes are the codes that AWS commonly gives with a status, by service; "" is every
// other service.
var faultCodes = map[string]map[int]string{
	S3:   {403: "AccessDenied", 409: "ConditionalRequestConflict", 503: "ServiceUnavailable"},
	Logs: {503: "ServiceUnavailableException"},
	"":   {403: "AccessDeniedException", 429: "ThrottlingException", 503: "ServiceUnavailable"},
}

func faultError(service string, f Fault) *apiError {
	switch {
	case f.Throttle && service == SQS:
		return sqsError("RequestThrottled", "Request was throttled.")
	case f.Throttle && service == S3:
		return &apiError{status: 503, code: "SlowDown", message: "Please reduce your request rate."}
	case f.Throttle:
		return &apiError{status: 400, code: "ThrottlingException", message: "Rate exceeded"}
	}
	status := cmp.Or(f.Status, 400)
	code := cmp.Or(f.Code, faultCodes[service][status])
	switch {
	case code != "":
	case service == S3 && status >= 500:
		code = "InternalError"
	case service == S3:
		code = "InvalidRequest"
	case status >= 500:
		code = cmp.Or(faultCodes[""][status], "InternalFailure")
	default:
		code = cmp.Or(faultCodes[""][status], "ValidationException")
	}
	return &apiError{status: status, code: code, message: "injected by the test"}
}

// entryFailure reports whether a fault fails entry i, and with which code.
func (f Fault) entryFailure(i int) (code string, failed bool) {
	if f.Throttle {
		f.Code = cmp.Or(f.Code, "ThrottlingException")
	}
	return cmp.Or(f.Code, "InternalFailure"), slices.Contains(f.FailEntries, i)
}

// reset ends the connection with a TCP reset instead of an orderly close.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
