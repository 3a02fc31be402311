package archive

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// ObjectLock is the Object Lock of a bucket.
type ObjectLock struct {
	Enabled bool
	Mode    string // of the default retention: GOVERNANCE or COMPLIANCE, "" is none
	Days    int    // how long a new version is retained; one of Days and Years is 0
	Years   int
}

// Encryption is the default encryption of a bucket.
type Encryption struct {
	Algorithm string `xml:"SSEAlgorithm"`   // AES256, aws:kms or aws:kms:dsse
	Key       string `xml:"KMSMasterKeyID"` // id, alias or ARN of the KMS key; "" is a key of AWS's
}

// ObjectLock returns the Object Lock of the bucket (GetObjectLockConfiguration, Amazon S3 API
// reference, 2026-11).
func (s *S3) ObjectLock(ctx context.Context) (ObjectLock, error) {
	var out struct {
		XMLName   xml.Name `xml:"ObjectLockConfiguration"`
		Enabled   string   `xml:"ObjectLockEnabled"`
		Retention struct {
			Mode        string
			Days, Years int
		} `xml:"Rule>DefaultRetention"`
	}
	err := s.setting(ctx, "object-lock", &out)
	if awserror.Is(err, "ObjectLockConfigurationNotFoundError") {
		return ObjectLock{}, nil
	}
	r := out.Retention
	return ObjectLock{Enabled: out.Enabled == "Enabled", Mode: r.Mode, Days: r.Days, Years: r.Years}, err
}

// Encryption returns the default encryption of the bucket (GetBucketEncryption, Amazon S3 API
// reference, 2026-11).
func (s *S3) Encryption(ctx context.Context) (Encryption, error) {
	var out struct {
		XMLName xml.Name   `xml:"ServerSideEncryptionConfiguration"`
		Default Encryption `xml:"Rule>ApplyServerSideEncryptionByDefault"`
	}
	err := s.setting(ctx, "encryption", &out)
	return out.Default, err
}

// Versioning returns Enabled or Suspended, "" where the versioning of the bucket was never
// enabled (GetBucketVersioning, Amazon S3 API reference, 2026-11).
func (s *S3) Versioning(ctx context.Context) (string, error) {
	var out struct {
		XMLName xml.Name `xml:"VersioningConfiguration"`
		Status  string
	}
	err := s.setting(ctx, "versioning", &out)
	return out.Status, err
}

// setting reads a setting of the bucket, by the name of its query parameter.
func (s *S3) setting(ctx context.Context, name string, out any) error {
	request := s.request(http.MethodGet, "")
	request.Query = url.Values{name: {""}}
	err := s.caller.Call(ctx, request, func(_ http.Header, body []byte) error { return xml.Unmarshal(body, out) })
	return s.problem("read the setting "+name, err)
}
