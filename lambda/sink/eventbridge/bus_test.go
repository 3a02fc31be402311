package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const testBus = "oktastream-delivery"

// canary stands for the content of records: it may be in no error.
const canary = "canary.person@example.com"

// bus is EventBridge as strict as its documents, behind both doors: as an API,
// and as the service that the real SDK talks to.
type bus struct {
	t     testing.TB
	limit int // of a request, what the sink was told

	mu       sync.Mutex
	calls    int
	accepted []types.PutEventsRequestEntry

	// refuse, if set, may refuse the n-th call (from 0) as a whole.
	refuse func(n int) *refusal
	// fail, if set, may fail the entry of the n-th call: the code, or "".
	fail func(n int) string
	// edit, if set, may spoil the answers of a call.
	edit func([]types.PutEventsResultEntry) []types.PutEventsResultEntry
	// badDetail: that a detail is no JSON is what is tested, and no fault.
	badDetail bool
}

type refusal struct {
	status int
	code   string
	header http.Header
	body   string // instead of what the service says, of the SDK's door only
}

// take is PutEvents. What breaks a documented limit is an error of the test.
func (b *bus) take(entries []types.PutEventsRequestEntry) ([]types.PutEventsResultEntry, *refusal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.calls
	b.calls++
	if b.refuse != nil {
		if r := b.refuse(n); r != nil {
			return nil, r
		}
	}
	if len(entries) != 1 {
		b.t.Errorf("%d entries in a request", len(entries))
		return nil, &refusal{status: 400, code: "ValidationException"}
	}
	size := 0
	for _, e := range entries {
		size += entrySize(e)
	}
	if size > 768<<10 || size > b.limit && b.count(entries[0]) > 1 {
		b.t.Errorf("a request of %d bytes, %d entries; the limit is %d", size, len(entries), b.limit)
		return nil, &refusal{status: 413, code: "RequestEntityTooLargeException"}
	}
	results := make([]types.PutEventsResultEntry, len(entries))
	for i, e := range entries {
		if code := b.judge(n, e); code != "" {
			results[i] = types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: aws.String("about " + canary)}
			continue
		}
		results[i].EventId = aws.String(fmt.Sprintf("event-%d-%d", n, i))
		b.accepted = append(b.accepted, e)
	}
	if b.edit != nil {
		results = b.edit(results)
	}
	return results, nil
}

func (b *bus) judge(n int, e types.PutEventsRequestEntry) (code string) {
	if b.fail != nil {
		if code := b.fail(n); code != "" {
			return code
		}
	}
	if aws.ToString(e.EventBusName) != testBus || aws.ToString(e.Source) != "oktastream" || aws.ToString(e.DetailType) != "oktastream.logs.v1" {
		b.t.Errorf("entry for bus %q, source %q, detail-type %q", aws.ToString(e.EventBusName), aws.ToString(e.Source), aws.ToString(e.DetailType))
		return "InvalidArgument"
	}
	if detail := []byte(aws.ToString(e.Detail)); !json.Valid(detail) || detail[0] != '{' {
		if !b.badDetail {
			b.t.Error("the detail is no JSON object")
		}
		return "MalformedDetail"
	}
	return ""
}

func (b *bus) count(e types.PutEventsRequestEntry) int {
	var detail struct{ Batch struct{ Count int } }
	if err := json.Unmarshal([]byte(*e.Detail), &detail); err != nil && !b.badDetail {
		b.t.Error(err)
	}
	return detail.Batch.Count
}

// entrySize is AWS's own formula.
func entrySize(e types.PutEventsRequestEntry) int {
	size := len(aws.ToString(e.Source)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Detail))
	if e.Time != nil {
		size += 14
	}
	for _, r := range e.Resources {
		size += len(r)
	}
	return size
}

// posts are the bodies that the API destination posts: $.detail.logs of each
// entry. They have to be what Datadog takes.
func (b *bus) posts() (bodies [][]byte) {
	for _, e := range b.accepted {
		var detail struct{ Logs json.RawMessage }
		if err := json.Unmarshal([]byte(*e.Detail), &detail); err != nil {
			b.t.Fatal(err)
		}
		logs := elements(b.t, detail.Logs)
		if len(logs) == 0 || len(logs) > 1000 || len(detail.Logs) > 5_000_000 {
			b.t.Errorf("a body of %d logs, %d bytes", len(logs), len(detail.Logs))
		}
		for _, log := range logs {
			if len(log) > 1_000_000 || log[0] != '{' {
				b.t.Errorf("a log of %d bytes beginning %q", len(log), log[0])
			}
		}
		bodies = append(bodies, detail.Logs)
	}
	return bodies
}

// logs are all logs that have been posted, in order.
func (b *bus) logs() (logs [][]byte) {
	for _, body := range b.posts() {
		logs = append(logs, elements(b.t, body)...)
	}
	return logs
}

// elements also says that the body is an array.
func elements(t testing.TB, body []byte) [][]byte {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		t.Fatalf("the body is no array: %v", err)
	}
	list := make([][]byte, len(raw))
	for i := range raw {
		list[i] = raw[i]
	}
	return list
}

// PutEvents is the door for fast tests.
func (b *bus) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	o := eventbridge.Options{}
	for _, set := range options {
		set(&o)
	}
	if o.Retryer == nil || o.Retryer.MaxAttempts() != 1 {
		b.t.Error("the SDK's retryer is on")
	}
	if _, ok := ctx.Deadline(); !ok {
		b.t.Error("a call without a time limit")
	}
	results, refused := b.take(in.Entries)
	if refused != nil {
		response := &http.Response{StatusCode: refused.status, Header: refused.header, Body: http.NoBody}
		return nil, &smithy.OperationError{ServiceID: "EventBridge", OperationName: "PutEvents", Err: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: response},
			Err:      &smithy.GenericAPIError{Code: refused.code, Message: "about " + canary},
		}}
	}
	out := &eventbridge.PutEventsOutput{Entries: results}
	for _, r := range results {
		if r.ErrorCode != nil {
			out.FailedEntryCount++
		}
	}
	return out, nil
}

// ServeHTTP is the door for the SDK: AWS JSON 1.1.
func (b *bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != "POST" || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" ||
		r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		b.t.Errorf("%s %v, %v", r.Method, r.Header, err)
	}
	var in struct{ Entries []types.PutEventsRequestEntry }
	if err := json.Unmarshal(body, &in); err != nil {
		b.t.Errorf("the request is no JSON: %v", err)
	}
	results, refused := b.take(in.Entries)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if refused != nil {
		for name, values := range refused.header {
			w.Header()[name] = values
		}
		w.WriteHeader(refused.status)
		if refused.body != "" {
			io.WriteString(w, refused.body)
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.events#" + refused.code, "message": "about " + canary})
		return
	}
	failed := 0
	list := []map[string]string{}
	for _, r := range results {
		entry := map[string]string{}
		if r.EventId != nil {
			entry["EventId"] = *r.EventId
		}
		if r.ErrorCode != nil {
			failed++
			entry["ErrorCode"], entry["ErrorMessage"] = *r.ErrorCode, *r.ErrorMessage
		}
		list = append(list, entry)
	}
	json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": failed, "Entries": list})
}

// sdk is the real client of a server.
func sdk(t testing.TB, h http.Handler) *eventbridge.Client {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return eventbridge.New(eventbridge.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
}

// throughBoth runs a test at the interface and through the SDK.
func throughBoth(t *testing.T, test func(t *testing.T, open func(*bus) API)) {
	t.Run("interface", func(t *testing.T) { test(t, func(b *bus) API { return b }) })
	t.Run("sdk", func(t *testing.T) { test(t, func(b *bus) API { return sdk(t, b) }) })
}
