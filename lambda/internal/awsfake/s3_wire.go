package awsfake

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// s3Reply is a response of S3 that is more than an XML document.
type s3Reply struct {
	header http.Header
	body   []byte
	cut    int // Fault.CutBody
}

const s3Prefix = "s3:"

// signedService is the service that a request is signed for.
func signedService(r *http.Request) string {
	scope := strings.Split(credential(r), "/") // KEY/DATE/REGION/SERVICE/aws4_request
	if len(scope) != 5 {
		return ""
	}
	return scope[3]
}

func credential(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ := strings.Cut(rest, ",")
	return scope
}

// s3Target finds the operation of a request, its bucket and its key.
func s3Target(r *http.Request) (target, bucketName, key string) {
	bucketName, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query, kind := r.URL.Query(), "Object"
	if key == "" {
		kind = "Bucket"
	}
	if kind == "Bucket" && r.Method == http.MethodGet {
		for parameter, operation := range s3Configurations {
			if query.Has(parameter) {
				return s3Prefix + operation, bucketName, ""
			}
		}
		if query.Get("list-type") == "2" {
			return s3Prefix + "ListObjectsV2", bucketName, ""
		}
	}
	return s3Prefix + map[string]string{"GET": "Get", "PUT": "Put"}[r.Method] + kind, bucketName, key
}

var s3Configurations = map[string]string{
	"versioning":  "GetBucketVersioning",
	"object-lock": "GetObjectLockConfiguration",
	"encryption":  "GetBucketEncryption",
}

// onBucket makes an operation on a bucket: it does the checks that S3 does first in all of them,
// and holds the lock.
func (c *Cloud) onBucket(run func(*Cloud, *request, *bucket) any) func(*request) any {
	return func(r *request) any {
		c.s3Signature(r)
		c.s3.mu.Lock()
		defer c.s3.mu.Unlock()
		b := c.s3.buckets[r.bucket]
		if b == nil {
			fail(404, "NoSuchBucket", "The specified bucket does not exist")
		}
		r.reply.Set("X-Amz-Bucket-Region", b.opt.Region)
		if b.opt.Region != c.opt.Region {
			fail(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed "+
				"using the specified endpoint. Please send all future requests to this endpoint.")
		}
		if owner := r.http.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != b.opt.Owner {
			fail(403, "AccessDenied", "Access Denied")
		}
		return run(c, r, b)
	}
}

// s3Signature checks the signature of a request as S3 does: it signs the request again and
// compares. The path is encoded once (for other services twice), by S3's rule, in whatever way it
// is encoded in the request ("Create a signed AWS API request", IAM user guide, 2026-11). The hash
// of the body is in a separate header.
func (c *Cloud) s3Signature(r *request) {
	h := r.http.Header
	hash := h.Get("X-Amz-Content-Sha256")
	switch {
	case hash == "":
		fail(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	case strings.HasPrefix(hash, "STREAMING-"):
		fail(501, "NotImplemented", "awsfake does not read aws-chunked bodies")
	case hash != "UNSIGNED-PAYLOAD" && hash != hexSum(r.body):
		fail(400, "XAmzContentSHA256Mismatch",
			"The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	again := &http.Request{Method: r.http.Method, Host: r.http.Host, Header: http.Header{}, URL: &url.URL{
		Scheme: "https", Opaque: "//" + r.http.Host + uriEncode(r.http.URL.Path), RawQuery: r.http.URL.RawQuery,
	}}
	_, signed, _ := strings.Cut(h.Get("Authorization"), "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	names := strings.Split(signed, ";")
	for name, values := range h {
		lower := strings.ToLower(name)
		if slices.Contains(names, lower) {
			again.Header[name] = values
		} else if strings.HasPrefix(lower, "x-amz-") {
			// "the host header (required), and any x-amz-* headers in the request" (same page).
			fail(403, "AccessDenied", "There were headers present in the request which were not signed: %s", lower)
		}
	}
	if slices.Contains(names, "content-length") {
		again.ContentLength = r.http.ContentLength
	}
	scope := strings.Split(credential(r.http), "/")
	key := aws.Credentials{ // each access key of the fakes has this secret
		AccessKeyID: scope[0], SecretAccessKey: "secret", SessionToken: h.Get("X-Amz-Security-Token"),
	}
	at, err := time.Parse("20060102T150405Z", h.Get("X-Amz-Date"))
	if err == nil {
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		err = signer.SignHTTP(r.ctx, key, again, hash, S3, scope[2], at)
	}
	if err != nil || again.Header.Get("Authorization") != h.Get("Authorization") {
		fail(403, "SignatureDoesNotMatch", "The request signature we calculated does not match "+
			"the signature you provided. Check your key and signing method.")
	}
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func etag(b []byte) string {
	sum := md5.Sum(b)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// uriEncode encodes all but A-Z, a-z, 0-9, hyphen, full stop, underscore, tilde and slash.
func uriEncode(s string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s))
}

// writeS3 writes the response as S3 does.
func (c *Cloud) writeS3(w http.ResponseWriter, out any, failed *apiError) {
	h := w.Header()
	h.Set("X-Amz-Request-Id", c.newID())
	h.Set("X-Amz-Id-2", c.newID())
	if reply, ok := out.(*s3Reply); ok && failed == nil {
		for name, values := range reply.header {
			h[name] = values
		}
		h.Set("Content-Length", strconv.Itoa(len(reply.body)))
		writeBody(w, reply)
		return
	}
	status := http.StatusOK
	if failed != nil {
		type errorBody struct {
			XMLName   xml.Name `xml:"Error"`
			Code      string
			Message   string
			RequestID string `xml:"RequestId"`
			HostID    string `xml:"HostId"`
		}
		status, out = failed.status, errorBody{
			Code: failed.code, Message: failed.message, RequestID: h.Get("X-Amz-Request-Id"), HostID: h.Get("X-Amz-Id-2"),
		}
	}
	text, err := xml.Marshal(out)
	if err != nil {
		panic(err) // a fault of this package
	}
	h.Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	w.Write(append([]byte(xml.Header), text...))
}

// writeBody writes the body of a reply, or the part of it that a fault allows.
func writeBody(w http.ResponseWriter, reply *s3Reply) {
	if reply.cut <= 0 || reply.cut >= len(reply.body) {
		w.Write(reply.body)
		return
	}
	w.Write(reply.body[:reply.cut])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
