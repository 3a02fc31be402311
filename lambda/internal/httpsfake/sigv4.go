package httpsfake

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// SigV4 is what requests must be signed with.
type SigV4 struct {
	Service     string // es or aoss
	Region      string
	Credentials aws.Credentials
}

// verify returns what is wrong with the signature of a request, "" if it is correct. It computes
// the signature again and compares.
func (s *SigV4) verify(r *http.Request, body []byte) string {
	given := r.Header.Get("Authorization")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || !strings.HasPrefix(given, "AWS4-HMAC-SHA256 ") {
		return "Missing Authentication Token"
	}
	if age := time.Since(at); age > 5*time.Minute || age < -5*time.Minute {
		return "Signature expired"
	}
	_, signed, _ := strings.Cut(given, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	names := strings.Split(signed, ";")
	hash := hashOf(body)
	if s.Service == "aoss" {
		// "The important difference compared to OpenSearch Service domains is the service
		// name (aoss instead of es)", "the additional request header X-Amz-Content-Sha256",
		// and "You can't include Content-Length as a signed header, otherwise you'll get an
		// invalid signature error" (Amazon OpenSearch Service Developer Guide, "Ingesting
		// data into Amazon OpenSearch Serverless collections").
		if !slices.Contains(names, "x-amz-content-sha256") || slices.Contains(names, "content-length") {
			return "invalid signature"
		}
	}
	if sent := r.Header.Get("X-Amz-Content-Sha256"); sent != "" && sent != hash {
		return "X-Amz-Content-Sha256 is not the hash of the body"
	}
	again, err := http.NewRequest(r.Method, "https://"+r.Host+r.RequestURI, nil)
	if err != nil {
		return "unreadable URL"
	}
	for _, name := range names {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = int64(len(body))
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	if err := v4.NewSigner().SignHTTP(r.Context(), s.Credentials, again, hash, s.Service, s.Region, at); err != nil {
		return "the request cannot be signed"
	}
	if again.Header.Get("Authorization") != given {
		return "The request signature we calculated does not match the signature you provided."
	}
	return ""
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
