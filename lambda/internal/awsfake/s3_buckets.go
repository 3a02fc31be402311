package awsfake

import (
	"encoding/xml"
	"math"
	"slices"
	"strconv"
	"strings"
)

func (c *Cloud) s3Operations() map[string]func(*request) any {
	all := map[string]func(*request) any{}
	for name, run := range map[string]func(*Cloud, *request, *bucket) any{
		"GetBucketEncryption":        (*Cloud).getBucketEncryption,
		"GetBucketVersioning":        (*Cloud).getBucketVersioning,
		"GetObject":                  (*Cloud).getObject,
		"GetObjectLockConfiguration": (*Cloud).getObjectLockConfiguration,
		"ListObjectsV2":              (*Cloud).listObjectsV2,
		"PutObject":                  (*Cloud).putObject,
	} {
		all[name] = c.onBucket(run)
	}
	return all
}

// s3Page is the most keys of a page (API reference, ListObjectsV2, 2026-11).
const s3Page = 1000

type listedObject struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
}

type commonPrefix struct{ Prefix string }

type listBucketResult struct {
	XMLName               xml.Name
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	KeyCount, MaxKeys     int
	IsTruncated           bool
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listedObject
	CommonPrefixes        []commonPrefix
}

// listObjectsV2: API reference, ListObjectsV2. Keys come in the order of their bytes.
func (c *Cloud) listObjectsV2(r *request, b *bucket) any {
	query := r.http.URL.Query()
	out := listBucketResult{
		XMLName: s3Name("ListBucketResult"), Name: b.name, Prefix: query.Get("prefix"),
		Delimiter: query.Get("delimiter"), StartAfter: query.Get("start-after"),
		EncodingType: query.Get("encoding-type"), MaxKeys: s3Page, ContinuationToken: query.Get("continuation-token"),
	}
	if text := query.Get("max-keys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > math.MaxInt32 {
			fail(400, "InvalidArgument", "Provided max-keys not an integer or within integer range")
		}
		out.MaxKeys = min(n, s3Page)
	}
	if out.EncodingType != "" && out.EncodingType != "url" {
		fail(400, "InvalidArgument", "Invalid Encoding Method specified in Request")
	}
	after := out.StartAfter
	if out.ContinuationToken != "" {
		last, ok := b.pages[out.ContinuationToken]
		if !ok {
			fail(400, "InvalidArgument", "The continuation token provided is incorrect")
		}
		after = last
	}
	c.fillPage(&out, b, after)
	return out
}

// fillPage adds the objects and common prefixes that come after a key or a common prefix.
func (c *Cloud) fillPage(out *listBucketResult, b *bucket, after string) {
	page := out.MaxKeys
	if b.opt.MaxKeys > 0 {
		page = min(page, b.opt.MaxKeys)
	}
	encode := func(s string) string {
		if out.EncodingType == "url" {
			return uriEncode(s)
		}
		return s
	}
	keys := make([]string, 0, len(b.objects))
	for key := range b.objects {
		if strings.HasPrefix(key, out.Prefix) && b.current(key) != nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	last := ""
	for _, key := range keys {
		group := ""
		if head, _, ok := strings.Cut(key[len(out.Prefix):], out.Delimiter); ok && out.Delimiter != "" {
			group = out.Prefix + head + out.Delimiter
		}
		switch {
		case group != "" && group <= after, group != "" && group == last, group == "" && key <= after:
			continue
		case out.KeyCount == page:
			if out.MaxKeys > 0 { // nothing was asked for
				out.IsTruncated, out.NextContinuationToken = true, c.newID()
				b.pages[out.NextContinuationToken] = last
			}
			return
		}
		out.KeyCount++
		if last = key; group != "" {
			last = group
			out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{encode(group)})
			continue
		}
		v := b.current(key)
		class := v.class
		if class == "" {
			class = "STANDARD"
		}
		out.Contents = append(out.Contents, listedObject{
			Key: encode(key), LastModified: v.modified.UTC().Format("2006-01-02T15:04:05.000Z"),
			ETag: v.etag, Size: len(v.body), StorageClass: class,
		})
	}
}

// getBucketVersioning: API reference, GetBucketVersioning: no status where versioning
// has never been enabled.
func (c *Cloud) getBucketVersioning(_ *request, b *bucket) any {
	return struct {
		XMLName xml.Name
		Status  string `xml:",omitempty"`
	}{s3Name("VersioningConfiguration"), b.opt.Versioning}
}

// getObjectLockConfiguration: API reference, GetObjectLockConfiguration.
func (c *Cloud) getObjectLockConfiguration(_ *request, b *bucket) any {
	lock := b.opt.Lock
	if lock == nil {
		fail(404, "ObjectLockConfigurationNotFoundError",
			"Object Lock configuration does not exist for this bucket")
	}
	type retention struct {
		Mode  string
		Days  int `xml:",omitempty"`
		Years int `xml:",omitempty"`
	}
	out := struct {
		XMLName           xml.Name
		ObjectLockEnabled string
		Retention         *retention `xml:"Rule>DefaultRetention"`
	}{XMLName: s3Name("ObjectLockConfiguration"), ObjectLockEnabled: "Enabled"}
	if lock.Mode != "" {
		out.Retention = &retention{lock.Mode, lock.Days, lock.Years}
		if lock.Days != 0 {
			out.Retention.Years = 0
		}
	}
	return out
}

// getBucketEncryption: API reference, GetBucketEncryption: each bucket has one.
func (c *Cloud) getBucketEncryption(_ *request, b *bucket) any {
	type rule struct {
		SSEAlgorithm     string `xml:"ApplyServerSideEncryptionByDefault>SSEAlgorithm"`
		KMSMasterKeyID   string `xml:"ApplyServerSideEncryptionByDefault>KMSMasterKeyID,omitempty"`
		BucketKeyEnabled bool
	}
	r := rule{"AES256", b.opt.KMSKey, b.opt.BucketKey}
	if b.opt.KMSKey != "" {
		r.SSEAlgorithm = "aws:kms"
	}
	return struct {
		XMLName xml.Name
		Rule    rule
	}{s3Name("ServerSideEncryptionConfiguration"), r}
}
