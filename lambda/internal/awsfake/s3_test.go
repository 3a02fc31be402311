package awsfake_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// s3Answer is a response of S3 with its body.
type s3Answer struct {
	*http.Response
	body []byte
	err  error // of reading the body
}

func (a s3Answer) code(t testing.TB) string {
	t.Helper()
	var e struct{ Code string }
	check(t, xml.Unmarshal(a.body, &e))
	return e.Code
}

// s3Call signs and sends a request. target is what comes after the host; header holds
// pairs of name and value.
func s3Call(t testing.TB, c *awsfake.Cloud, method, target, body string, header ...string) s3Answer {
	t.Helper()
	r := s3Request(t, c, method, target, body, header...)
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return s3Answer{resp, text, err}
}

func s3Request(t testing.TB, c *awsfake.Cloud, method, target, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, *c.Config().BaseEndpoint+target, strings.NewReader(body))
	check(t, err)
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	credentials, err := c.Config().Credentials.Retrieve(ctx)
	check(t, err)
	check(t, v4.NewSigner().SignHTTP(ctx, credentials, r, hash, "s3", "us-east-1", time.Now(),
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }))
	return r
}

func sha256Header(body string) []string {
	sum := sha256.Sum256([]byte(body))
	return []string{"X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:])}
}

func withBucket(t testing.TB, o awsfake.BucketOptions) *awsfake.Cloud {
	c := awsfake.New(t, awsfake.Options{})
	c.AddBucket("b", o)
	return c
}

func TestS3Put(t *testing.T) {
	locked := awsfake.BucketOptions{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 1}}
	wrong := sha256Header("other")
	for name, tt := range map[string]struct {
		bucket awsfake.BucketOptions
		target string
		header []string
		status int
		code   string
	}{
		"plain":              {target: "/b/k", status: 200},
		"new, if none match": {target: "/b/new", header: []string{"If-None-Match", "*"}, status: 200},
		"is there": {target: "/b/old", header: []string{"If-None-Match", "*"},
			status: 412, code: "PreconditionFailed"},
		"if none match a tag": {target: "/b/k", header: []string{"If-None-Match", `"x"`},
			status: 501, code: "NotImplemented"},
		"other tag": {target: "/b/old", header: []string{"If-Match", `"x"`},
			status: 412, code: "PreconditionFailed"},
		"tag, no key": {target: "/b/new", header: []string{"If-Match", `"x"`}, status: 404, code: "NoSuchKey"},
		"no bucket":   {target: "/nope/k", status: 404, code: "NoSuchBucket"},
		"the owner": {target: "/b/k", header: []string{"X-Amz-Expected-Bucket-Owner", "111122223333"},
			status: 200},
		"another owner": {target: "/b/k", header: []string{"X-Amz-Expected-Bucket-Owner", "1"},
			status: 403, code: "AccessDenied"},
		"another region": {bucket: awsfake.BucketOptions{Region: "eu-west-1"}, target: "/b/k",
			status: 301, code: "PermanentRedirect"},
		"checksum":       {target: "/b/k", header: sha256Header("text"), status: 200},
		"wrong checksum": {target: "/b/k", header: wrong, status: 400, code: "BadDigest"},
		"no checksum":    {target: "/b/k", header: []string{wrong[0], "x"}, status: 400, code: "InvalidRequest"},
		"another checksum": {target: "/b/k", header: []string{"X-Amz-Checksum-Crc32", "O4unxw=="},
			status: 501, code: "NotImplemented"},
		"MD5": {target: "/b/k", header: []string{"Content-Md5", "HLJR7A1WjeapKbUgxK7Y0Q=="},
			status: 501, code: "NotImplemented"},
		"lock, without":    {bucket: locked, target: "/b/k", status: 400, code: "InvalidRequest"},
		"lock, with":       {bucket: locked, target: "/b/k", header: sha256Header("text"), status: 200},
		"longest key":      {target: "/b/" + text(1024), status: 200},
		"too long a key":   {target: "/b/" + text(1025), status: 400, code: "KeyTooLongError"},
		"key to be signed": {target: "/b/org%3Da/dt%3D2026/%2525%20x", status: 200},
		"aws-chunked": {target: "/b/k", header: []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
			status: 501, code: "NotImplemented"},
		"other body": {target: "/b/k", header: []string{"X-Amz-Content-Sha256", text(64)},
			status: 400, code: "XAmzContentSHA256Mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			c := withBucket(t, tt.bucket)
			c.SetObject("b", "old", []byte("old"))
			got := s3Call(t, c, "PUT", tt.target, "text", tt.header...)
			equal(t, "status", got.StatusCode, tt.status)
			if tt.code != "" {
				equal(t, "code", got.code(t), tt.code)
				equal(t, "objects", len(c.Objects("b", "")), 1)
			} else {
				equal(t, "objects", len(c.Objects("b", "")), 2)
			}
			if tt.status == 301 {
				equal(t, "region", got.Header.Get("X-Amz-Bucket-Region"), "eu-west-1")
			}
		})
	}
}

// Of a path that the client has not encoded as S3 does, the signature does not match.
func TestS3ChecksTheSignature(t *testing.T) {
	c := withBucket(t, awsfake.BucketOptions{})
	equal(t, "an equals sign unencoded", s3Call(t, c, "PUT", "/b/org=a", "x").code(t), "SignatureDoesNotMatch")
	r := s3Request(t, c, "PUT", "/b/k", "x")
	r.Header.Set("X-Amz-Date", "20200101T000000Z")
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	resp.Body.Close()
	equal(t, "another date", resp.StatusCode, 403)
	r = s3Request(t, c, "PUT", "/b/k", "x")
	r.Header.Set("X-Amz-Storage-Class", "STANDARD")
	resp, err = http.DefaultClient.Do(r)
	check(t, err)
	resp.Body.Close()
	equal(t, "a header that is not signed", resp.StatusCode, 403)
	equal(t, "objects", len(c.Objects("b", "")), 0)
}

func TestS3Get(t *testing.T) {
	c := withBucket(t, awsfake.BucketOptions{Versioning: "Enabled"})
	s3Call(t, c, "PUT", "/b/k", "first")
	s3Call(t, c, "PUT", "/b/k", "0123456789", sha256Header("0123456789")...)
	first := c.Versions("b", "k")
	equal(t, "versions", first, 2)
	got := s3Call(t, c, "GET", "/b/k", "", "X-Amz-Checksum-Mode", "ENABLED")
	equal(t, "body", string(got.body), "0123456789")
	equal(t, "checksum", got.Header.Get("X-Amz-Checksum-Sha256"), sha256Header("0123456789")[1])
	equal(t, "a part", s3Call(t, c, "GET", "/b/k", "", "Range", "bytes=2-4").code(t), "NotImplemented")
	equal(t, "a version", s3Call(t, c, "GET", "/b/k?versionId=x", "").code(t), "NotImplemented")
	equal(t, "no key", s3Call(t, c, "GET", "/b/nope", "").code(t), "NoSuchKey")
	c.SetStorageClass("b", "k", "GLACIER")
	equal(t, "cold", s3Call(t, c, "GET", "/b/k", "").code(t), "InvalidObjectState")
}

func TestS3CutBody(t *testing.T) {
	c := withBucket(t, awsfake.BucketOptions{})
	c.SetObject("b", "k", bytes.Repeat([]byte("x"), 10_000))
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "GetObject" && call.Key == "k" && call.N < 3 {
			return awsfake.Fault{CutBody: 5000}
		}
		return awsfake.Fault{}
	})
	got := s3Call(t, c, "GET", "/b/k", "")
	if !errors.Is(got.err, io.ErrUnexpectedEOF) || len(got.body) != 5000 || got.ContentLength != 10_000 {
		t.Errorf("%d of %d bytes, error %v", len(got.body), got.ContentLength, got.err)
	}
	r := s3Request(t, c, "GET", "/b/k", "")
	resp, err := c.Do(r)
	check(t, err)
	if body, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) || len(body) != 5000 {
		t.Errorf("without a network: %d bytes, error %v", len(body), err)
	}
	equal(t, "then", len(s3Call(t, c, "GET", "/b/k", "").body), 10_000)
}

func TestS3Lock(t *testing.T) {
	time := newClock()
	c := awsfake.New(t, awsfake.Options{Now: time.Now})
	c.AddBucket("b", awsfake.BucketOptions{Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Days: 10}})
	put := s3Call(t, c, "PUT", "/b/k", "x", sha256Header("x")...)
	equal(t, "mode", put.Header.Get("X-Amz-Object-Lock-Mode"), "COMPLIANCE")
	equal(t, "until", c.Objects("b", "")[0].Locked, time.Now().AddDate(0, 0, 10))
	for _, method := range []string{"DELETE", "HEAD"} {
		equal(t, method, s3Call(t, c, method, "/b/k", "").StatusCode, 400)
	}
}

func TestS3List(t *testing.T) {
	c := withBucket(t, awsfake.BucketOptions{})
	for _, key := range []string{"a/1", "a/2", "a/3/x", "a/3/y", "a/4", "b", "a=b %"} {
		c.SetObject("b", key, []byte(key))
	}
	c.SetObject("b", "gone", []byte("x"))
	c.SetObject("b", "gone", nil)
	type result struct {
		KeyCount, MaxKeys     int
		IsTruncated           bool
		NextContinuationToken string
		Contents              []struct{ Key string }
		CommonPrefixes        []struct{ Prefix string }
	}
	list := func(query string) (all string, pages int) {
		t.Helper()
		for token := ""; ; {
			got := s3Call(t, c, "GET", "/b?list-type=2"+query+token, "")
			var page result
			check(t, xml.Unmarshal(got.body, &page))
			equal(t, "KeyCount", page.KeyCount, len(page.Contents)+len(page.CommonPrefixes))
			for _, o := range page.Contents {
				all += o.Key + ","
			}
			for _, p := range page.CommonPrefixes {
				all += p.Prefix + ","
			}
			if pages++; !page.IsTruncated {
				equal(t, "token of the last page", page.NextContinuationToken, "")
				return all, pages
			}
			token = "&continuation-token=" + page.NextContinuationToken
		}
	}
	for query, want := range map[string]string{
		"":                                 "a/1,a/2,a/3/x,a/3/y,a/4,a=b %,b, 1",
		"&prefix=a%2F":                     "a/1,a/2,a/3/x,a/3/y,a/4, 1",
		"&prefix=a%2F&max-keys=2":          "a/1,a/2,a/3/x,a/3/y,a/4, 3",
		"&prefix=a%2F&delimiter=%2F":       "a/1,a/2,a/4,a/3/, 1",
		"&max-keys=1&delimiter=%2F":        "a/,a=b %,b, 3",
		"&start-after=a%2F3%2Fx":           "a/3/y,a/4,a=b %,b, 1",
		"&encoding-type=url&prefix=a%3D":   "a%3Db%20%25, 1",
		"&prefix=nope":                     " 1",
		"&max-keys=0":                      " 1",
		"&prefix=a%2F3&max-keys=1":         "a/3/x,a/3/y, 2",
		"&max-keys=2147483647&prefix=b&x=": "b, 1",
	} {
		all, pages := list(query)
		equal(t, query, fmt.Sprint(all, " ", pages), want)
	}
	equal(t, "token", s3Call(t, c, "GET", "/b?list-type=2&continuation-token=x", "").code(t), "InvalidArgument")
	c.SetBucket("b", func(o *awsfake.BucketOptions) { o.MaxKeys = 1 })
	_, pages := list("&max-keys=1000")
	equal(t, "pages", pages, 7)
}

func TestS3BucketSettings(t *testing.T) {
	c := withBucket(t, awsfake.BucketOptions{
		Lock: &awsfake.ObjectLock{Mode: "COMPLIANCE", Years: 7}, KMSKey: "arn:key", BucketKey: true,
	})
	c.AddBucket("plain", awsfake.BucketOptions{})
	for target, want := range map[string]string{
		"/b?versioning":      `<Status>Enabled</Status>`,
		"/plain?versioning":  ``,
		"/b?object-lock":     `<DefaultRetention><Mode>COMPLIANCE</Mode><Years>7</Years></DefaultRetention>`,
		"/plain?object-lock": `<Code>ObjectLockConfigurationNotFoundError</Code>`,
		"/b?encryption":      `<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:key</KMSMasterKeyID>`,
		"/plain?encryption":  `<SSEAlgorithm>AES256</SSEAlgorithm>`,
	} {
		got := string(s3Call(t, c, "GET", target, "").body)
		if !strings.Contains(got, want) || want == "" && strings.Contains(got, "Status>") {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func TestS3Faults(t *testing.T) {
	c := withBucket(t, awsfake.BucketOptions{})
	for want, fault := range map[string]awsfake.Fault{
		"503 SlowDown":                   {Throttle: true},
		"409 ConditionalRequestConflict": {Status: 409},
		"500 InternalError":              {Status: 500},
		"403 AccessDenied":               {Status: 403},
		"400 KMS.DisabledException":      {Code: "KMS.DisabledException"},
	} {
		c.SetFaults(always(fault))
		got := s3Call(t, c, "PUT", "/b/k", "x")
		equal(t, "answer", fmt.Sprint(got.StatusCode, " ", got.code(t)), want)
	}
	equal(t, "stored", len(c.Objects("b", "")), 0)
	c.SetFaults(always(awsfake.Fault{ResetAfter: true}))
	if _, err := http.DefaultClient.Do(s3Request(t, c, "PUT", "/b/k", "x")); err == nil {
		t.Error("the answer came")
	}
	equal(t, "stored", len(c.Objects("b", "")), 1)
}
