package awserror

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/sink"
)

func TestErrorsWithoutAResponseAreTransientAndNameNoAddress(t *testing.T) {
	const canary = "jane.doe@example.com"
	wrap := func(err error) error {
		return &aws.RequestCanceledError{Err: &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("%s: %w", canary, err)}}
	}
	for _, c := range []struct {
		text string
		err  error
	}{
		{"connection reset by peer", wrap(&os.SyscallError{Syscall: "read", Err: syscall.ECONNRESET})},
		{"connection refused", wrap(syscall.ECONNREFUSED)},
		{"broken pipe", wrap(syscall.EPIPE)},
		{"connection closed", wrap(io.ErrUnexpectedEOF)},
		{"connection closed", wrap(net.ErrClosed)},
		{"host name not resolved", wrap(&net.DNSError{Err: canary, Name: canary, IsNotFound: true})},
		{"the server's certificate is not trusted", wrap(&tls.CertificateVerificationError{Err: errors.New(canary)})},
		{"network timeout", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}},
		{"context canceled", wrap(context.Canceled)},
		{"context deadline exceeded", wrap(context.DeadlineExceeded)},
		{"no response", wrap(errors.New(canary))},
	} {
		e := New("PutLogEvents", c.err, time.Time{})
		if e.Kind != sink.Transient || e.Error() != "PutLogEvents: "+c.text || e.RetryAfter != 0 {
			t.Errorf("%v: %v, want %s", e.Kind, e, c.text)
		}
		for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
			if errors.Is(c.err, end) != errors.Is(e, end) {
				t.Errorf("%v: it is lost that it is %v", e, end)
			}
		}
	}
}

func TestCode(t *testing.T) {
	for code, want := range map[string]string{
		"ThrottlingException":                     "ThrottlingException",
		"com.amazonaws.sqs#QueueDoesNotExist":     "QueueDoesNotExist",
		"ThrottlingException:http://10.0.0.1/x":   "ThrottlingException",
		"AWS.SimpleQueueService.NonExistentQueue": "AWS.SimpleQueueService.NonExistentQueue",
		"":                      "unreadable code",
		"jane.doe@example.com":  "unreadable code",
		"http://10.0.0.1/x":     "http",
		"two words":             "unreadable code",
		"line\nbreak":           "unreadable code",
		strings.Repeat("x", 65): "unreadable code",
		strings.Repeat("x", 64): strings.Repeat("x", 64),
		"#":                     "unreadable code",
	} {
		if got := Code(code); got != want {
			t.Errorf("%q is printed as %q, want %q", code, got, want)
		}
	}
}
