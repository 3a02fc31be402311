package awsfake

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
)

// maxKey is the length of a key in bytes of UTF-8 (user guide, "Naming Amazon S3
// objects", 2026-11).
const maxKey = 1024

// checksums are the algorithms of x-amz-checksum-NAME that the fake knows; S3 also
// knows CRC64NVME and others.
func newChecksums() map[string]hash.Hash {
	return map[string]hash.Hash{
		"crc32": crc32.NewIEEE(), "crc32c": crc32.New(crc32.MakeTable(crc32.Castagnoli)),
		"sha1": sha1.New(), "sha256": sha256.New(),
	}
}

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
	if l := b.opt.Lock; l != nil && l.Mode != "" && len(sums) == 0 && h.Get("Content-Md5") == "" {
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

// checkSums returns the checksums that a request declares, checked against body.
func checkSums(h http.Header, body []byte) map[string]string {
	if given := h.Get("Content-Md5"); given != "" {
		sum := md5.Sum(body)
		switch raw, err := base64.StdEncoding.DecodeString(given); {
		case err != nil || len(raw) != len(sum):
			fail(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		case given != base64Sum(sum[:]):
			fail(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
		}
	}
	known, declared := newChecksums(), map[string]string{}
	for header := range h {
		name, ok := strings.CutPrefix(strings.ToLower(header), "x-amz-checksum-")
		if !ok || name == "mode" || name == "algorithm" || name == "type" {
			continue
		}
		algorithm := known[name]
		if algorithm == nil {
			fail(501, "NotImplemented", "awsfake does not know the checksum %s", name)
		}
		given := h.Get(header)
		algorithm.Write(body)
		sum := algorithm.Sum(nil)
		raw, err := base64.StdEncoding.DecodeString(given)
		switch {
		case err != nil || len(raw) != len(sum):
			fail(400, "InvalidRequest", "Value for x-amz-checksum-%s header is invalid.", name)
		case given != base64Sum(sum):
			fail(400, "BadDigest", "The %s you specified did not match the calculated checksum.",
				strings.ToUpper(name))
		}
		declared[name] = given
	}
	if len(declared) > 1 {
		fail(400, "InvalidRequest",
			"Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	return declared
}

// conditions of a write: user guide, "How to prevent object overwrites with
// conditional writes" (2026-11). current is nil where there is no object; a delete
// marker counts as none.
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
