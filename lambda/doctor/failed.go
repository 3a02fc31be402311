package doctor

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// Failed returns the result of a check whose call of AWS failed with err. action is the
// IAM action of the call, such as events:DescribeRule. A check that has something to say
// about one of the call's errors, such as ResourceNotFoundException, looks at that first
// (awserror.Is).
func Failed(action string, err error) Result {
	if denied(err) {
		return Result{Status: NotLookedAt, Reason: NoPermission, Action: action,
			Seen: "no permission: " + action, Next: "ask for the permission " + action + ", read only"}
	}
	_, operation, _ := strings.Cut(action, ":")
	text := awserror.New(operation, err, time.Time{}).Error()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Unseen(NoAnswer, operation+": no answer in time", "check the network and AWS_ENDPOINT_URL; run it again")
	case expired(err):
		return Unseen(NoCredentials, text, "log in again (aws sso login)")
	}
	return Unseen(NoAnswer, text, "run it again; AWS's documentation of "+operation+" explains the code")
}

// denied reports whether AWS refused a call for lack of a permission. These are the
// codes of the services that are called (their API references, "Common errors",
// 2026-11).
func denied(err error) bool {
	for _, code := range []string{"AccessDenied", "AccessDeniedException", "AuthorizationError",
		"AuthorizationErrorException", "UnauthorizedOperation", "AllAccessDisabled"} {
		if awserror.Is(err, code) {
			return true
		}
	}
	return false
}

// expired reports whether the credentials no longer hold, or never did.
func expired(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && (strings.Contains(e.ErrorCode(), "Expired") ||
		strings.Contains(e.ErrorCode(), "UnrecognizedClient") || strings.Contains(e.ErrorCode(), "InvalidClientTokenId"))
}
