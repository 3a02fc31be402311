package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// KMS signs with an asymmetric key of AWS KMS, of the key specs ECC_NIST_P256 and RSA. It may be
// used by many goroutines.
type KMS struct {
	caller *awshttp.Caller
	key    string

	mu        sync.Mutex
	algorithm string // of the last call that succeeded
}

// The signing algorithms that are used: the one that a key of elliptic curve P-256 has, and one
// that all RSA keys have ("Key spec reference", AWS KMS developer guide, 2026-11).
const (
	algorithmECDSA = "ECDSA_SHA_256"
	algorithmPSS   = "RSASSA_PSS_SHA_256"
)

// NewKMS returns the Signer with a key, in the region of its ARN. It needs kms:Sign.
func NewKMS(sdk aws.Config, keyARN string, retryer aws.Retryer) (*KMS, error) {
	region, err := KeyRegion(keyARN)
	if err != nil {
		return nil, err
	}
	sdk.Region = region
	caller := awshttp.New(sdk, awshttp.Service{ID: "KMS", Name: "kms"}, awshttp.Options{Retryer: retryer})
	return &KMS{caller: caller, key: keyARN, algorithm: algorithmECDSA}, nil
}

// KeyRegion returns the region in the ARN of a KMS key or of an alias of one. Any other text is an error.
func KeyRegion(keyARN string) (string, error) {
	parsed, err := arn.Parse(keyARN)
	if err != nil || parsed.Service != "kms" || !strings.HasPrefix(parsed.Resource, "key/") &&
		!strings.HasPrefix(parsed.Resource, "alias/") {
		return "", fmt.Errorf("%q is not the ARN of a KMS key", keyARN)
	}
	return parsed.Region, nil
}

// Sign implements Signer. The error of KMS shows that a key needs the other algorithm.
func (k *KMS) Sign(ctx context.Context, sum []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	signature, err := k.sign(ctx, sum, k.algorithm)
	if awserror.Is(err, "InvalidKeyUsageException") && k.algorithm == algorithmECDSA {
		if signature, err = k.sign(ctx, sum, algorithmPSS); err == nil {
			k.algorithm = algorithmPSS
		}
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", k.key, err)
	}
	return signature, nil
}

func (k *KMS) sign(ctx context.Context, sum []byte, algorithm string) ([]byte, error) {
	body, err := json.Marshal(map[string]any{
		"KeyId": k.key, "Message": sum, "MessageType": "DIGEST", "SigningAlgorithm": algorithm,
	})
	if err != nil {
		return nil, err
	}
	request := awshttp.Request{Body: body, Header: http.Header{
		"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"TrentService.Sign"},
	}}
	var answer struct{ Signature []byte }
	err = k.caller.Call(ctx, request, func(_ http.Header, body []byte) error {
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		if len(answer.Signature) == 0 {
			return errors.New("the response has no signature")
		}
		return nil
	})
	return answer.Signature, err
}
