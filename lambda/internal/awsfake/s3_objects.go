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
	"strconv"
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
	if v.marker {
		h.Set("X-Amz-Delete-Marker", "true")
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

// find is the version that a request reads.
func (r *request) find(b *bucket) *version {
	query := r.http.URL.Query()
	v := b.newest(r.key)
	if id := query.Get("versionId"); id != "" {
		i := slices.IndexFunc(b.objects[r.key], func(v *version) bool { return v.id == id })
		if i < 0 {
			fail(404, "NoSuchVersion", "The specified version does not exist.")
		}
		if v = b.objects[r.key][i]; v.marker {
			fail(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		}
	}
	if v == nil || v.marker {
		fail(404, "NoSuchKey", "The specified key does not exist.")
	}
	return v
}

// getObject: API reference, GetObject.
func (c *Cloud) getObject(r *request, b *bucket) any {
	v := r.find(b)
	h := r.http.Header
	switch match := h.Get("If-Match"); {
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
	if span := h.Get("Range"); span != "" {
		from, to, ok := byteRange(span, len(v.body))
		if !ok {
			fail(416, "InvalidRange", "The requested range is not satisfiable")
		}
		reply.status, reply.body = http.StatusPartialContent, v.body[from:to]
		reply.header.Set("Content-Range",
			"bytes "+strconv.Itoa(from)+"-"+strconv.Itoa(to-1)+"/"+strconv.Itoa(len(v.body)))
	}
	return reply
}

// byteRange reads one range of RFC 9110, 14.1.2; S3 takes no more than one.
func byteRange(text string, size int) (from, to int, ok bool) {
	text, ok = strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(text, "-")
	if !ok || !dash {
		return 0, 0, false
	}
	from, err := strconv.Atoi(first)
	if first == "" { // the last bytes
		n, err := strconv.Atoi(last)
		return max(0, size-n), size, err == nil && n > 0 && size > 0
	}
	to = size
	if n, err := strconv.Atoi(last); err == nil {
		to = min(n+1, size)
	} else if last != "" {
		return 0, 0, false
	}
	return from, to, err == nil && from < to
}

// headObject: API reference, HeadObject.
func (c *Cloud) headObject(r *request, b *bucket) any {
	v := r.find(b)
	return &s3Reply{header: b.headers(v), body: v.body}
}

// deleteObject: API reference, DeleteObject; user guide, "Locking objects with Object
// Lock": a delete without a version id makes a delete marker, also of a locked object.
func (c *Cloud) deleteObject(r *request, b *bucket) any {
	id := r.http.URL.Query().Get("versionId")
	if id == "" {
		if b.opt.Versioning == "" {
			delete(b.objects, r.key)
			return &s3Reply{status: http.StatusNoContent, header: http.Header{}}
		}
		marker := &version{id: c.versionID(b), modified: r.now, marker: true}
		b.add(r.key, marker)
		return &s3Reply{status: http.StatusNoContent, header: http.Header{
			"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {marker.id},
		}}
	}
	list := b.objects[r.key]
	i := slices.IndexFunc(list, func(v *version) bool { return v.id == id })
	if i >= 0 {
		v := list[i]
		bypass := v.lock == "GOVERNANCE" && r.http.Header.Get("X-Amz-Bypass-Governance-Retention") == "true"
		if v.lock != "" && r.now.Before(v.until) && !bypass {
			fail(403, "AccessDenied", "Access Denied because object protected by object lock.")
		}
		if b.objects[r.key] = slices.Delete(list, i, i+1); len(list) == 1 {
			delete(b.objects, r.key)
		}
	}
	return &s3Reply{status: http.StatusNoContent, header: http.Header{"X-Amz-Version-Id": {id}}}
}
