package awserror_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const canary = "jane.doe@example.com"

// calls are all calls of AWS whose errors are judged: those of the function, of the
// auditor and of the command.
var calls = map[string]struct {
	do func(context.Context, aws.Config) error
	// error is the form of the service's error responses: jsonError, xmlError or queryError.
	error func(code string) string
	// empty: the response to a success has no members, and the SDK does not read it.
	empty bool
}{
	"PutLogEvents": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := cloudwatchlogs.NewFromConfig(c).PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
			LogEvents: []logs.InputLogEvent{{Message: aws.String("{}"), Timestamp: aws.Int64(0)}}})
		return err
	}},
	"CreateLogStream": {error: jsonError, empty: true, do: func(ctx context.Context, c aws.Config) error {
		_, err := cloudwatchlogs.NewFromConfig(c).CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{
			LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
		return err
	}},
	"FilterLogEvents": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := cloudwatchlogs.NewFromConfig(c).FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: aws.String("g")})
		return err
	}},
	"PutEvents": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := eventbridge.NewFromConfig(c).PutEvents(ctx, &eventbridge.PutEventsInput{
			Entries: []types.PutEventsRequestEntry{{Detail: aws.String("{}")}}})
		return err
	}},
	"SendMessage": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := sqs.NewFromConfig(c).SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: c.BaseEndpoint, MessageBody: aws.String("{}")})
		return err
	}},
	"SendMessageBatch": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := sqs.NewFromConfig(c).SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: c.BaseEndpoint,
			Entries: []sqstypes.SendMessageBatchRequestEntry{{Id: aws.String("0"), MessageBody: aws.String("{}")}}})
		return err
	}},
	"ReceiveMessage": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := sqs.NewFromConfig(c).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: c.BaseEndpoint})
		return err
	}},
	"DeleteMessageBatch": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := sqs.NewFromConfig(c).DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: c.BaseEndpoint,
			Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: aws.String("r")}}})
		return err
	}},
	"GetSecretValue": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		_, err := secretsmanager.NewFromConfig(c).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
			SecretId: aws.String("okta/splunk")})
		return err
	}},
	"Sign": {error: jsonError, do: func(ctx context.Context, c aws.Config) error {
		kms, err := archive.NewKMS(c, "arn:aws:kms:us-east-1:123456789012:key/k", nil)
		if err != nil {
			return err
		}
		_, err = kms.Sign(ctx, make([]byte, 32))
		return err
	}},
	"PutObject": {error: xmlError, do: bucket(func(ctx context.Context, s *archive.S3) error {
		return s.Put(ctx, "k", []byte("{}"))
	})},
	"GetObject": {error: xmlError, do: bucket(func(ctx context.Context, s *archive.S3) error {
		body, err := s.Get(ctx, "k")
		if err != nil {
			return err
		}
		_, err = io.ReadAll(body)
		return errors.Join(err, body.Close())
	})},
	"ListObjectsV2": {error: xmlError, do: bucket(func(ctx context.Context, s *archive.S3) error {
		return s.List(ctx, "", func(archive.Object) error { return nil })
	})},
	"DescribeStacks": {error: queryError, do: func(ctx context.Context, c aws.Config) error {
		caller := awshttp.New(c, awshttp.Service{ID: "CloudFormation", Name: "cloudformation"}, awshttp.Options{})
		return caller.Call(ctx, awshttp.Form("DescribeStacks", "2010-05-15", nil), func(_ http.Header, body []byte) error {
			var out struct {
				XMLName xml.Name `xml:"DescribeStacksResponse"`
			}
			return xml.Unmarshal(body, &out)
		})
	}},
}

func bucket(do func(context.Context, *archive.S3) error) func(context.Context, aws.Config) error {
	return func(ctx context.Context, c aws.Config) error {
		s3, err := archive.NewS3(ctx, c, archive.S3Options{Bucket: "okta-archive"})
		if err != nil {
			return err
		}
		return do(ctx, s3)
	}
}

func jsonError(code string) string {
	return fmt.Sprintf(`{"__type":%q,"message":"about %s"}`, code, canary)
}

func xmlError(code string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><Error><Code>%s</Code><Message>about %s</Message></Error>`, code, canary)
}

func queryError(code string) string {
	return fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>about %s</Message></Error></ErrorResponse>`,
		code, canary)
}

// kinds are codes as they come, and what they mean with HTTP 400.
var kinds = map[sink.Kind][]string{
	sink.Transient: {
		"Internal", "InternalException", "InternalFailure", "InternalServerException", "InternalError", "InternalServerError",
		"InternalServiceError", "ServiceUnavailable", "ServiceUnavailableException", "Unavailable", "ServiceFailure",
		"KeyUnavailableException", "DependencyTimeoutException", "RequestInTheFuture", "TooManyRequestsException", "KMSThrottlingException", "KmsThrottled", "OverLimit", "ServiceQuotaExceededException",
		"OperationAbortedException", "ConflictException", "ConcurrentModificationException", "InvalidSequenceTokenException",
		"RequestExpired", "RequestTimeTooSkewed", "RequestTimeout", "Throttled", "TooManyRequests", "LimitExceededException",
		"SlowDown", "ConditionalRequestConflict", "BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch",
		"throttlingexception", "THROTTLING",
		"com.amazonaws.logs#ThrottlingException",
		"ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/",
	},
	sink.Blocked: {
		"AccessDenied",
		"UnauthorizedOperation",
		"UnauthorizedAccess",
		"InvalidAccessKeyId",
		"InvalidToken",
		"AccountProblem",
		"AllAccessDisabled",
		"NotSignedUp",
		"NotFoundException",
		"NonExistentQueue",
		"InvalidAction",
		"DecryptionFailure",
		"DisabledException",
		"InvalidKeyUsageException",
		"InvalidGrantTokenException",
		"NoSuchBucket",
		"InvalidBucketName",
		"PermanentRedirect",
		"AuthorizationHeaderMalformed",
		"AccessDeniedException",
		"accessdeniedexception",
		"com.amazonaws.events#AccessDeniedException",
		"AuthFailure",
		"NotAuthorized",
		"NotAuthorizedForSource",
		"NotAuthorizedForSourceException",
		"NotAuthorizedForDetailTypeException",
		"InvalidSecurity",
		"InvalidAccountId",
		"ExpiredToken",
		"ExpiredTokenException",
		"InvalidClientTokenId",
		"UnrecognizedClientException",
		"IncompleteSignature",
		"IncompleteSignatureException",
		"InvalidSignatureException",
		"SignatureDoesNotMatch",
		"MissingAuthenticationTokenException",
		"OptInRequired",
		"SubscriptionRequiredException",
		"ResourceNotFoundException",
		"resourceNotFoundException",
		"QueueDoesNotExist",
		"AWS.SimpleQueueService.NonExistentQueue",
		"com.amazonaws.sqs#QueueDoesNotExist",
		"QueueDeletedRecently",
		"InvalidAddress",
		"UnknownOperationException",
		"UnsupportedOperation",
		"InvalidOperationException",
		"OperationDisabledException",
		"KMSDisabledException",
		"KmsDisabled",
		"KMS.DisabledException",
		"KmsAccessDenied",
		"KMSInvalidStateException",
		"KMSNotFoundException",
		"KmsOptInRequired",
	},
	sink.Content: {
		"ValidationException", "validationError", "com.amazon.coral.validate#ValidationException", "InvalidArgument",
		"InvalidParameterException", "InvalidParameterValue", "InvalidParameterCombination", "MissingParameter", "SerializationException", "MalformedDetail",
		"RedactionFailure", "InvalidMessageContents", "BatchRequestTooLong", "InvalidAttributeValue", "RequestEntityTooLarge",
	},
	sink.Unknown: {
		"SomethingNewException",
		"something.new",
		"com.amazonaws.logs#SomethingNew",
		canary,
		strings.Repeat("x", 200),
	},
}

// response is what a server says.
type response struct {
	status int
	header http.Header
	body   string
	length string // of the body, where it is not its own
}

// call sends one call to a server that answers with r and returns its error as
// it is judged.
func call(t *testing.T, operation string, r response) *sink.Error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		for name, values := range r.header {
			w.Header()[name] = values
		}
		if r.length != "" {
			w.Header().Set("Content-Length", r.length)
		}
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.body)
	}))
	defer server.Close()
	err := calls[operation].do(t.Context(), aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	})
	if err == nil {
		t.Fatalf("%s took %+v for a success", operation, r)
	}
	judged := awserror.New(operation, err, noon)
	if strings.Contains(judged.Error(), "jane") || strings.Contains(judged.Error(), "127.0.0.1") {
		t.Errorf("%s: the text has content in it: %v", operation, judged)
	}
	return judged
}

func TestEveryCodeMeansTheSameInEveryCall(t *testing.T) {
	codes := map[string]sink.Kind{}
	for kind, list := range kinds {
		for _, code := range list {
			codes[code] = kind
		}
	}
	for code := range retry.DefaultThrottleErrorCodes {
		codes[code] = sink.Transient
	}
	for code := range retry.DefaultRetryableErrorCodes {
		codes[code] = sink.Transient
	}
	tested := map[string]bool{}
	for code := range codes {
		tested[awserror.Normalise(code)] = true
	}
	for code := range awserror.Kinds {
		if !tested[code] {
			t.Errorf("%s is in the table and not in this test", code)
		}
	}
	for code, kind := range codes {
		for operation, service := range calls {
			for status, want := range map[int]sink.Kind{400: kind, 500: sink.Transient, 503: sink.Transient, 429: sink.Transient} {
				if e := call(t, operation, response{status: status, body: service.error(code)}); e.Kind != want {
					t.Errorf("%s, %s (HTTP %d): %v, want %v: %v", operation, code, status, e.Kind, want, e)
				}
			}
			want := fmt.Sprintf("%s: %s (HTTP 400)", operation, awserror.Code(code))
			if e := call(t, operation, response{status: 400, body: service.error(code)}); !strings.EqualFold(e.Error(), want) {
				t.Errorf("%q, want %q", e, want)
			}
		}
		if e := awserror.Entry("PutEvents", code); e.Kind != kind || e.Error() != "PutEvents: "+awserror.Code(code) {
			t.Errorf("entry, %s: %v, want %v: %v", code, e.Kind, kind, e)
		}
	}
}

// A code can also come in a header, with an address behind it, and SQS can name the
// code that its older protocol had.
func TestCodesInHeaders(t *testing.T) {
	for operation, service := range calls {
		if service.error("") != jsonError("") {
			continue
		}
		header := http.Header{"X-Amzn-Errortype": {"AccessDeniedException:http://internal.amazon.com/coral/"}}
		e := call(t, operation, response{status: 400, header: header, body: `{"message":"about ` + canary + `"}`})
		if e.Kind != sink.Blocked || e.Error() != operation+": AccessDeniedException (HTTP 400)" {
			t.Errorf("%s: %v: %v", operation, e.Kind, e)
		}
	}
	header := http.Header{"X-Amzn-Query-Error": {"AWS.SimpleQueueService.NonExistentQueue;Sender"}}
	body := jsonError("com.amazonaws.sqs#QueueDoesNotExist")
	if e := call(t, "SendMessage", response{status: 400, header: header, body: body}); e.Kind != sink.Blocked {
		t.Errorf("%v: %v", e.Kind, e)
	}
}

func TestResponsesWithoutACode(t *testing.T) {
	html := "<html>" + canary + "</html>"
	for name, c := range map[string]struct {
		response
		kind sink.Kind
	}{
		"page 302":           {response{status: 302, body: html}, sink.Unknown},
		"page 400":           {response{status: 400, body: html}, sink.Unknown},
		"page 413":           {response{status: 413, body: html}, sink.Unknown},
		"page 401":           {response{status: 401, body: html}, sink.Blocked},
		"page 403":           {response{status: 403, body: html}, sink.Blocked},
		"page 404":           {response{status: 404, body: html}, sink.Blocked},
		"page 407":           {response{status: 407, body: html}, sink.Blocked},
		"page 408":           {response{status: 408, body: html}, sink.Transient},
		"page 429":           {response{status: 429, body: html}, sink.Transient},
		"page 500":           {response{status: 500, body: html}, sink.Transient},
		"page 503":           {response{status: 503, body: html}, sink.Transient},
		"no body":            {response{status: 400}, sink.Unknown},
		"no type":            {response{status: 400, body: `{"message":"about ` + canary + `"}`}, sink.Unknown},
		"body lost, 400":     {response{status: 400, body: `{"__type":"Valid`, length: "500"}, sink.Transient},
		"body lost, 403":     {response{status: 403, body: `{"__type":"Access`, length: "500"}, sink.Transient},
		"body cut, 400":      {response{status: 400, body: `{"__type":"Valid`}, sink.Transient},
		"page of a success":  {response{status: 200, body: html}, sink.Transient},
		"success, body lost": {response{status: 200, body: `{"`, length: "500"}, sink.Transient},
	} {
		for operation, service := range calls {
			if c.status == 200 && (service.empty || operation == "GetObject" && c.length == "") {
				continue // any body is an object of S3
			}
			if name == "body cut, 400" && service.error("") != jsonError("") {
				continue // half a JSON text is the page of a proxy where errors are XML
			}
			if e := call(t, operation, c.response); e.Kind != c.kind {
				t.Errorf("%s, %s: %v, want %v: %v", name, operation, e.Kind, c.kind, e)
			}
		}
	}
}

func TestRetryAfterHasOneCap(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"none":            {nil, 0},
		"seconds":         {http.Header{"Retry-After": {"7"}}, 7 * time.Second},
		"a date":          {http.Header{"Retry-After": {noon.Add(90 * time.Second).Format(http.TimeFormat)}}, 90 * time.Second},
		"a past date":     {http.Header{"Retry-After": {noon.Add(-time.Hour).Format(http.TimeFormat)}}, 0},
		"a distant date":  {http.Header{"Retry-After": {noon.AddDate(9, 0, 0).Format(http.TimeFormat)}}, time.Hour},
		"milliseconds":    {http.Header{"X-Amz-Retry-After": {"1500"}}, 1500 * time.Millisecond},
		"both":            {http.Header{"Retry-After": {"5"}, "X-Amz-Retry-After": {"100"}}, 5 * time.Second},
		"both, otherwise": {http.Header{"Retry-After": {"5"}, "X-Amz-Retry-After": {"9000"}}, 9 * time.Second},
		"a day":           {http.Header{"Retry-After": {"86400"}}, time.Hour},
		"a day of ms":     {http.Header{"X-Amz-Retry-After": {"86400000"}}, time.Hour},
		"63 bits":         {http.Header{"Retry-After": {"9223372036854775807"}}, time.Hour},
		"90 bits":         {http.Header{"X-Amz-Retry-After": {"999999999999999999999999999"}}, time.Hour},
		"negative":        {http.Header{"Retry-After": {"-1"}}, 0},
		"no number":       {http.Header{"Retry-After": {"soon"}}, 0},
	} {
		for operation, service := range calls {
			for _, body := range []string{service.error("ThrottlingException"), "", "<html>" + canary + "</html>"} {
				e := call(t, operation, response{status: 429, header: c.header, body: body})
				if e.Kind != sink.Transient || e.RetryAfter != c.want {
					t.Errorf("%s, %s: %v after %v, want %v", name, operation, e.Kind, e.RetryAfter, c.want)
				}
			}
			if e := call(t, operation, response{status: 400, header: c.header, body: service.error("AccessDenied")}); e.RetryAfter != 0 {
				t.Errorf("%s, %s: no other try helps, and yet after %v", name, operation, e.RetryAfter)
			}
		}
	}
}

// The SDK corrects its clock by the Date of the response.
func TestAWrongClockIsTransient(t *testing.T) {
	header := http.Header{"Date": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}
	for operation, service := range calls {
		if operation == "Sign" || service.error("") != jsonError("") {
			continue // it is not a call of the SDK's; RequestTimeTooSkewed is Transient by itself
		}
		e := call(t, operation, response{status: 403, header: header, body: service.error("InvalidSignatureException")})
		if e.Kind != sink.Transient {
			t.Errorf("%s: %v: %v", operation, e.Kind, e)
		}
	}
}

func TestIsComparesAsKindsDo(t *testing.T) {
	for _, code := range []string{"ResourceNotFoundException", "resourcenotfound", "a.b#ResourceNotFoundException:http://x"} {
		if !awserror.Is(&smithy.GenericAPIError{Code: code}, "ResourceNotFoundException") {
			t.Errorf("%s is not recognised", code)
		}
		if awserror.Is(errors.New(code), code) {
			t.Errorf("%s: an error that is no response has a code", code)
		}
	}
	if awserror.Is(&smithy.GenericAPIError{Code: "ResourceAlreadyExistsException"}, "ResourceNotFoundException") {
		t.Error("two codes are taken for one")
	}
}

// The SDK takes an empty body and a body of any type for a success.
func TestOnlyAResponseOfTheServiceIsASuccess(t *testing.T) {
	jsonType := "application/x-amz-json-1.1"
	for name, c := range map[string]struct {
		status     int
		kind, body string
		ok         bool
	}{
		"an object":               {200, jsonType, "{}", true},
		"an object behind blanks": {200, jsonType, " \r\n\t{}", true},
		"of JSON 1.0":             {200, "application/x-amz-json-1.0", "{}", true},
		"nothing":                 {200, jsonType, "", false},
		"blanks":                  {200, jsonType, "  ", false},
		"204":                     {204, jsonType, "", false},
		"an empty page":           {200, "text/html", "", false},
		"an object of a page":     {200, "text/html", "{}", false},
		"plain JSON of a proxy":   {200, "application/json", "{}", false},
		"a list":                  {200, jsonType, "[]", false},
		"null":                    {200, jsonType, "null", false},
		"the login of a hotspot":  {200, "text/html", "<html>" + canary, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			_, _ = io.Copy(io.Discard, q.Body)
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		for operation, service := range calls {
			if operation == "Sign" || service.error("") != jsonError("") {
				continue // it is not a call of the SDK's, and reads its own responses
			}
			err := service.do(t.Context(), aws.Config{
				Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
				Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
				APIOptions: []func(*middleware.Stack) error{awserror.RequireJSON},
			})
			if (err == nil) != c.ok {
				t.Errorf("%s, %s: %v", operation, name, err)
			}
			if err == nil {
				continue
			}
			if e := awserror.New(operation, err, noon); e.Kind != sink.Transient || strings.Contains(e.Error(), canary) {
				t.Errorf("%s, %s: %v: %v", operation, name, e.Kind, e)
			}
		}
		server.Close()
	}
}
