package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// The codes of AWS for a resource that does not exist, a call that lacks a permission, and
// credentials that are not valid (the services' API references, 2026-11). Is compares codes
// without their prefixes and suffixes.
var (
	codesNotFound = []string{"ResourceNotFoundException", "NotFound", "NotFoundException", "NoSuchBucket",
		"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}
	codesDenied = []string{"AccessDenied", "AccessDeniedException", "AuthorizationError",
		"AuthorizationErrorException", "UnauthorizedOperation", "AllAccessDisabled"}
	codesCredentials = []string{"Expired", "UnrecognizedClient", "InvalidClientTokenId"}
)

// incompleteError is a response that does not have all that was asked for, and why.
type incompleteError string

func (e incompleteError) Error() string { return string(e) }

// incomplete returns an incompleteError.
func incomplete(format string, args ...any) error {
	return incompleteError(fmt.Sprintf(format, args...))
}

// isOneOf reports whether err is an error response of AWS with one of these codes.
func isOneOf(err error, codes []string) bool {
	return slices.ContainsFunc(codes, func(code string) bool { return awserror.Is(err, code) })
}

// failed returns the result of a check whose call of AWS failed with err. action is the IAM action of
// the call, such as events:DescribeRule. gone is the result where the resource does not exist, of a
// call that has one.
func failed(action string, err error, gone ...Result) Result {
	if len(gone) > 0 && isOneOf(err, codesNotFound) {
		return gone[0]
	}
	if isOneOf(err, codesDenied) {
		return Result{Status: NotLookedAt, Reason: NoPermission, Action: action,
			Seen: "no permission: " + action, Next: "ask for the permission " + action + ", read only"}
	}
	_, operation, _ := strings.Cut(action, ":")
	if e, ok := errors.AsType[incompleteError](err); ok {
		return Unseen(NoAnswer, operation+": "+e.Error(), "run it again")
	}
	text := awserror.New(operation, err, time.Time{}).Error()
	e, isAPI := errors.AsType[smithy.APIError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Unseen(NoAnswer, operation+": no answer in time", "check the network and AWS_ENDPOINT_URL; run it again")
	case isAPI && slices.ContainsFunc(codesCredentials, func(c string) bool { return strings.Contains(e.ErrorCode(), c) }):
		return Unseen(NoCredentials, text, "log in again (aws sso login)")
	}
	return Unseen(NoAnswer, text, "run it again; AWS's documentation of "+operation+" explains the code")
}
