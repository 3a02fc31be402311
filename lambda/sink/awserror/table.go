package awserror

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/oktastream/oktastream/lambda/sink"
)

// kinds are the codes that the SDK's tables do not have, in the spelling of
// normalise. Sources, all of 2026-11: "Common Errors" and the errors of each
// operation that we call, in the API references of CloudWatch Logs, EventBridge, KMS,
// S3 ("Error responses"), Secrets Manager and SQS; for entries of PutEvents,
// PutEventsResultEntry in aws-sdk-go-v2, service/eventbridge v1.55.9.
var kinds = table(map[sink.Kind]string{
	// Another try may succeed: the service failed, another call changes the same
	// resource, or the clock is wrong, which the SDK corrects for the next call.
	sink.Transient: `
		Internal InternalError InternalFailure InternalServerError InternalServer InternalServiceError
		ServiceUnavailable Unavailable ServiceFailure KeyUnavailable DependencyTimeout
		TooManyRequests Throttled KMSThrottling KMSThrottled OverLimit ServiceQuotaExceeded
		OperationAborted Conflict ConcurrentModification InvalidSequenceToken
		ConditionalRequestConflict BadDigest IncompleteBody XAmzContentSHA256Mismatch
		RequestExpired RequestInTheFuture RequestTimeTooSkewed`,
	// A person has to correct something: permissions, credentials, or the name of
	// a thing that does not exist.
	sink.Blocked: `
		AccessDenied AuthFailure NotAuthorized UnauthorizedOperation UnauthorizedAccess
		NotAuthorizedForSource NotAuthorizedForDetailType InvalidSecurity InvalidAccountId
		ExpiredToken InvalidToken InvalidClientTokenId InvalidAccessKeyId UnrecognizedClient
		IncompleteSignature InvalidSignature SignatureDoesNotMatch
		MissingAuthenticationToken
		OptInRequired SubscriptionRequired NotSignedUp AccountProblem AllAccessDisabled
		DecryptionFailure Disabled InvalidKeyUsage InvalidGrantToken
		ResourceNotFound NotFound QueueDoesNotExist NonExistentQueue QueueDeletedRecently InvalidAddress
		NoSuchBucket InvalidBucketName PermanentRedirect AuthorizationHeaderMalformed
		InvalidAction UnknownOperation UnsupportedOperation InvalidOperation OperationDisabled`,
	// The service refuses what is in the call.
	sink.Content: `
		Validation ValidationError InvalidArgument
		InvalidParameter InvalidParameterValue InvalidParameterCombination MissingParameter
		Serialization MalformedDetail RedactionFailure
		InvalidMessageContents InvalidAttributeValue BatchRequestTooLong RequestEntityTooLarge`,
})

func table(words map[sink.Kind]string) map[string]sink.Kind {
	t := map[string]sink.Kind{}
	for kind, list := range words {
		for word := range strings.FieldsSeq(list) {
			t[normalise(word)] = kind
		}
	}
	return t
}

// retryable are the codes for which the SDK would try again.
var retryable = func() map[string]bool {
	t := map[string]bool{}
	for code := range maps.Keys(retry.DefaultThrottleErrorCodes) {
		t[normalise(code)] = true
	}
	for code := range maps.Keys(retry.DefaultRetryableErrorCodes) {
		t[normalise(code)] = true
	}
	return t
}()

// normalise is the spelling in which codes are compared: services spell one code
// in several ways (QueueDoesNotExist, com.amazonaws.sqs#QueueDoesNotExist,
// AWS.SimpleQueueService.NonExistentQueue, KMS.DisabledException, KmsDisabled).
func normalise(code string) string {
	code = strings.ToLower(bare(code))
	code = strings.TrimPrefix(code, "aws.simplequeueservice.")
	code = strings.ReplaceAll(code, ".", "")
	return strings.TrimSuffix(code, "exception")
}
