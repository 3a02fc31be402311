package https

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/oktastream/oktastream/lambda/sink"
)

// sigV4 authenticates by AWS Signature Version 4. The name of the way is that of the
// service: es for a domain of Amazon OpenSearch Service, aoss for a collection of
// OpenSearch Serverless.
func sigV4(service string) Auth {
	how := "signed with AWS Signature Version 4 for `" + service + "`"
	return Auth{Name: service, How: how, New: func(c *Config) (authorizer, error) {
		region := c.Region
		if u, err := url.Parse(c.Endpoint); err == nil {
			if own := regionOf(u.Hostname()); own != "" {
				region = own
			}
		}
		switch {
		case c.Credentials == nil:
			return nil, errors.New("no AWS credentials to sign requests with: " + SettingAuth + " is " + service)
		case region == "":
			return nil, errors.New("no AWS region to sign requests for: " + SettingAuth + " is " + service)
		}
		return &signer{
			preset: c.Preset, service: service, region: region, credentials: c.Credentials, now: c.Now, v4: v4.NewSigner(),
		}, nil
	}}
}

// isSigned reports whether requests are signed with SigV4.
func isSigned(c *Config) bool {
	return c.Preset == "opensearch" && c.Auth != "basic"
}

var regionLabel = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

// regionOf is the region in a host name of AWS's own, such as
// search-okta-abc.eu-central-1.es.amazonaws.com, "" where there is none.
func regionOf(host string) string {
	labels := strings.Split(host, ".")
	if !strings.HasSuffix(host, ".amazonaws.com") && !strings.HasSuffix(host, ".amazonaws.com.cn") &&
		!strings.HasSuffix(host, ".on.aws") {
		return ""
	}
	for _, label := range labels[1:] {
		if regionLabel.MatchString(label) {
			return label
		}
	}
	return ""
}

// signer is the authorizer of SigV4.
type signer struct {
	preset, service, region string
	credentials             aws.CredentialsProvider
	now                     func() time.Time
	v4                      *v4.Signer
}

// Authorize signs r. The hash of the body goes into X-Amz-Content-Sha256, which
// OpenSearch Serverless asks for; Content-Length is not signed, which it refuses
// (Amazon OpenSearch Service Developer Guide, "Ingesting data into Amazon OpenSearch
// Serverless collections", 2026-11).
func (s *signer) Authorize(ctx context.Context, r *http.Request, body []byte) *sink.Error {
	credentials, err := s.credentials.Retrieve(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return transient("%s: read the AWS credentials: %w", s.preset, ctx.Err())
		}
		return Blocked(SettingAuth, "%s: there are no AWS credentials to sign requests with", s.preset)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	length := r.ContentLength
	r.ContentLength = 0
	err = s.v4.SignHTTP(ctx, credentials, r, hash, s.service, s.region, s.now())
	r.ContentLength = length
	if err != nil {
		return Blocked(SettingAuth, "%s: the request could not be signed", s.preset)
	}
	return nil
}

// Renew reports whether the provider has other credentials by now. It renews them
// itself when they expire.
func (s *signer) Renew(ctx context.Context, r *http.Request) bool {
	credentials, err := s.credentials.Retrieve(ctx)
	return err == nil && !strings.Contains(r.Header.Get("Authorization"), "Credential="+credentials.AccessKeyID+"/")
}
