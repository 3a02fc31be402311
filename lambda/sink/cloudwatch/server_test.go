package cloudwatch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"
)

// answerError is an error of a group that says how the server is to send it.
type answerError struct {
	error
	status int
	header http.Header
	body   string // instead of JSON
}

func (e *answerError) Unwrap() error { return e.error }

// client is a client of the real SDK, with its own retries on, and a server that
// speaks awsJson1_1 for g. Nothing goes further than the loopback interface.
func client(t testing.TB, g *group) *cloudwatchlogs.Client {
	server := httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(server.Close)
	return cloudwatchlogs.New(cloudwatchlogs.Options{
		Region:       "eu-central-1",
		BaseEndpoint: &server.URL,
		HTTPClient:   server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "none"}, nil
		}),
		RetryMaxAttempts: 5,
	})
}

func (g *group) serve(w http.ResponseWriter, r *http.Request) {
	var out any
	var err error
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "Logs_20140328.PutLogEvents":
		var in cloudwatchlogs.PutLogEventsInput
		if err = json.NewDecoder(r.Body).Decode(&in); err == nil {
			out, err = g.PutLogEvents(r.Context(), &in)
		}
	case "Logs_20140328.CreateLogStream":
		var in cloudwatchlogs.CreateLogStreamInput
		if err = json.NewDecoder(r.Body).Decode(&in); err == nil {
			out, err = g.CreateLogStream(r.Context(), &in)
		}
	default:
		g.t.Errorf("the target is %q", target)
	}
	if errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler) // the connection is closed
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		fail(w, err)
		return
	}
	answer := map[string]any{}
	if put, ok := out.(*cloudwatchlogs.PutLogEventsOutput); ok && put.RejectedLogEventsInfo != nil {
		info := map[string]any{}
		for name, index := range map[string]*int32{
			"tooNewLogEventStartIndex": put.RejectedLogEventsInfo.TooNewLogEventStartIndex,
			"tooOldLogEventEndIndex":   put.RejectedLogEventsInfo.TooOldLogEventEndIndex,
			"expiredLogEventEndIndex":  put.RejectedLogEventsInfo.ExpiredLogEventEndIndex,
		} {
			if index != nil {
				info[name] = *index
			}
		}
		answer["rejectedLogEventsInfo"] = info
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if e, ok := errors.AsType[*answerError](err); ok {
		for name, values := range e.header {
			w.Header()[name] = values
		}
		status = cmp.Or(e.status, status)
		if e.body != "" {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(e.body))
			return
		}
	}
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		e = &smithy.GenericAPIError{Code: "InternalFailure", Message: err.Error()}
		status = http.StatusInternalServerError
	}
	if strings.HasPrefix(e.ErrorCode(), "ServiceUnavailable") {
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"__type": "com.amazonaws.logs#" + e.ErrorCode(), "message": e.ErrorMessage(),
	})
}
