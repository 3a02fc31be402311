package awsfake

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// maxKey is the length of a key in bytes of UTF-8 (user guide, "Naming Amazon S3
// objects", 2026-11).
const maxKey = 1024

// putObject: API reference, PutObject.
func (c *Cloud) putObject(r *request, b *bucket) any {
	h := r.http.Header
	switch {
	case r.http.ContentLength < 0:
		fail(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	case len(r.key) > maxKey:
		fail(400, "KeyTooLongError", "Your key is too long")
	}
	sums := checkSums(h, r.body)
	if l := b.opt.Lock; l != nil && l.Mode != "" && len(sums) == 0 {
		fail(400, "InvalidRequest", "Content-MD5 OR x-amz-checksum- HTTP header is required "+
			"for Put Object requests with Object Lock parameters")
	}
	conditions(h, b.current(r.key))
	v := &version{
		id: c.versionID(b), body: slices.Clone(r.body), etag: etag(r.body), checksums: sums, modified: r.now,
		class: h.Get("X-Amz-Storage-Class"),
	}
	b.retain(v, r.now)
	b.add(r.key, v)
	reply := &s3Reply{header: b.headers(v)}
	reply.header.Del("Last-Modified")
	return reply
}

// checkSums returns the checksum that a request declares, checked against body, by its
// algorithm: x-amz-checksum-sha256, the only one that the fake knows.
func checkSums(h http.Header, body []byte) map[string]string {
	for header := range h {
		name := strings.ToLower(header)
		if name == "content-md5" || strings.HasPrefix(name, "x-amz-checksum-") && name != sha256Header &&
			name != "x-amz-checksum-mode" && name != "x-amz-checksum-algorithm" {
			fail(501, "NotImplemented", "awsfake does not know %s", name)
		}
	}
	given, sum := h.Get(sha256Header), sha256.Sum256(body)
	if given == "" {
		return nil
	}
	switch raw, err := base64.StdEncoding.DecodeString(given); {
	case err != nil || len(raw) != len(sum):
		fail(400, "InvalidRequest", "Value for %s header is invalid.", sha256Header)
	case !bytes.Equal(raw, sum[:]):
		fail(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")
	}
	return map[string]string{"sha256": given}
}

const sha256Header = "x-amz-checksum-sha256"

// conditions checks the conditions of a write: user guide, "How to prevent object overwrites with
// conditional writes" (2026-11). current is nil if there is no object; a delete marker counts as
// none.
func conditions(h http.Header, current *version) {
	none, match := h.Get("If-None-Match"), h.Get("If-Match")
	switch {
	case none != "" && (none != "*" || match != ""):
		fail(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
	case none == "*" && current != nil:
		fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case match != "" && current == nil:
		fail(404, "NoSuchKey", "The specified key does not exist.")
	case match != "" && strings.Trim(match, `"`) != strings.Trim(current.etag, `"`):
		fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
}

// headers are those that describe a version.
func (b *bucket) headers(v *version) http.Header {
	h := http.Header{}
	h.Set("Etag", v.etag)
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	if b.opt.Versioning != "" {
		h.Set("X-Amz-Version-Id", v.id)
	}
	if v.class != "" && v.class != "STANDARD" {
		h.Set("X-Amz-Storage-Class", v.class)
	}
	if v.lock != "" {
		h.Set("X-Amz-Object-Lock-Mode", v.lock)
		h.Set("X-Amz-Object-Lock-Retain-Until-Date", v.until.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	for name, sum := range v.checksums {
		h.Set("X-Amz-Checksum-"+name, sum)
	}
	h.Set("X-Amz-Server-Side-Encryption", "AES256")
	if b.opt.KMSKey != "" {
		h.Set("X-Amz-Server-Side-Encryption", "aws:kms")
		h.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", b.opt.KMSKey)
	}
	return h
}

// getObject: API reference, GetObject.
func (c *Cloud) getObject(r *request, b *bucket) any {
	v := b.current(r.key)
	h := r.http.Header
	switch match := h.Get("If-Match"); {
	case r.http.URL.Query().Has("versionId") || h.Get("Range") != "":
		fail(501, "NotImplemented", "awsfake knows no versionId and no Range")
	case v == nil:
		fail(404, "NoSuchKey", "The specified key does not exist.")
	case match != "" && match != v.etag:
		fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case v.class == "GLACIER" || v.class == "DEEP_ARCHIVE":
		fail(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
	}
	reply := &s3Reply{header: b.headers(v), body: v.body, cut: r.fault.CutBody}
	if h.Get("X-Amz-Checksum-Mode") != "ENABLED" {
		for name := range v.checksums {
			reply.header.Del("X-Amz-Checksum-" + name)
		}
	}
	reply.header.Set("Accept-Ranges", "bytes")
	reply.header.Set("Content-Type", "binary/octet-stream")
	return reply
}
