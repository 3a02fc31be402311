package awsfake

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strings"
	"sync"
	"time"
)

// s3Service is Amazon S3: general purpose buckets, read and written by path
// (http://host/BUCKET/KEY).
type s3Service struct {
	mu      sync.Mutex // of all buckets and their objects
	buckets map[string]*bucket
}

type bucket struct {
	name    string
	opt     BucketOptions
	objects map[string][]*version // the newest last; no key has an empty list
	pages   map[string]string     // continuation tokens from ListObjectsV2, and the key at which each page ends
}

// version is one version of an object, of which the newest counts.
type version struct {
	id        string // "null" in a bucket without versioning
	body      []byte
	etag      string // with its quotation marks
	checksums map[string]string
	modified  time.Time
	class     string
	lock      string // GOVERNANCE or COMPLIANCE
	until     time.Time
}

// ObjectLock is the retention that a bucket gives each new version by default.
type ObjectLock struct {
	Mode string // GOVERNANCE or COMPLIANCE; "" is Object Lock without a default retention
	Days int
	// Years is used if Days is 0.
	Years int
}

// BucketOptions are the settings of a bucket; the zero value is a bucket as S3 makes
// it: no versioning, no Object Lock, SSE-S3.
type BucketOptions struct {
	Region string // default Options.Region
	Owner  string // id of the account that owns it; default Options.Account

	Versioning string      // "", Enabled or Suspended; Enabled where there is a Lock
	Lock       *ObjectLock // nil: Object Lock is not enabled

	KMSKey    string // ARN of the key of the default encryption; "" is SSE-S3
	BucketKey bool

	// MaxKeys bounds a page of ListObjectsV2 below what the caller asks for. The
	// API reference: "the response might contain fewer keys but will never contain
	// more".
	MaxKeys int
}

// S3Object is an object as a test sees it.
type S3Object struct {
	Key      string
	Version  string
	Body     []byte
	Modified time.Time
	Locked   time.Time // until when its version may not be deleted; zero: not locked
}

// AddBucket creates a bucket as a deployment does.
func (c *Cloud) AddBucket(name string, o BucketOptions) {
	o.Region, o.Owner = cmp.Or(o.Region, c.opt.Region), cmp.Or(o.Owner, c.opt.Account)
	if o.Lock != nil {
		o.Versioning = "Enabled" // Object Lock works only in versioned buckets (user guide, "Locking objects")
	}
	c.s3.mu.Lock()
	defer c.s3.mu.Unlock()
	if c.s3.buckets[name] != nil {
		panic("awsfake: bucket " + name + " exists already")
	}
	c.s3.buckets[name] = &bucket{
		name: name, opt: o, objects: map[string][]*version{}, pages: map[string]string{},
	}
}

// SetBucket changes the settings of a bucket and keeps its objects.
func (c *Cloud) SetBucket(name string, change func(*BucketOptions)) {
	c.s3.mu.Lock()
	defer c.s3.mu.Unlock()
	change(&c.mustBucket(name).opt)
}

// Objects returns the current versions of the objects of a bucket with keys that begin with prefix,
// sorted by key.
func (c *Cloud) Objects(name, prefix string) []S3Object {
	c.s3.mu.Lock()
	defer c.s3.mu.Unlock()
	b := c.mustBucket(name)
	var out []S3Object
	for key := range b.objects {
		if v := b.current(key); v != nil && strings.HasPrefix(key, prefix) {
			out = append(out, S3Object{key, v.id, slices.Clone(v.body), v.modified, v.until})
		}
	}
	slices.SortFunc(out, func(a, b S3Object) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// Versions returns how many versions a key has.
func (c *Cloud) Versions(name, key string) int {
	c.s3.mu.Lock()
	defer c.s3.mu.Unlock()
	return len(c.mustBucket(name).objects[key])
}

// SetObject replaces the body of the current version of key, or makes a first version, without the
// S3 API: an object that was changed by other means. nil removes all versions.
func (c *Cloud) SetObject(name, key string, body []byte) {
	c.s3.mu.Lock()
	defer c.s3.mu.Unlock()
	b := c.mustBucket(name)
	if body == nil {
		delete(b.objects, key)
		return
	}
	v := b.current(key)
	if v == nil {
		v = &version{id: c.versionID(b), modified: c.opt.Now()}
		b.objects[key] = append(b.objects[key], v)
	}
	v.body, v.etag, v.checksums = slices.Clone(body), etag(body), nil
}

// SetStorageClass moves the current version of key to a storage class.
func (c *Cloud) SetStorageClass(name, key, class string) {
	c.s3.mu.Lock()
	defer c.s3.mu.Unlock()
	v := c.mustBucket(name).current(key)
	if v == nil {
		panic("awsfake: no object " + key)
	}
	v.class = class
}

func (c *Cloud) mustBucket(name string) *bucket {
	b := c.s3.buckets[name]
	if b == nil {
		panic("awsfake: no bucket " + name)
	}
	return b
}

// current returns the newest version of an object; nil if there is none.
func (b *bucket) current(key string) *version {
	list := b.objects[key]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// add makes v the newest version of key. The version before it is kept only if versioning is
// enabled.
func (b *bucket) add(key string, v *version) {
	list := b.objects[key]
	if b.opt.Versioning != "Enabled" {
		list = slices.DeleteFunc(list, func(old *version) bool { return old.id == "null" })
	}
	b.objects[key] = append(list, v)
}

// versionID is the id of the next version.
func (c *Cloud) versionID(b *bucket) string {
	if b.opt.Versioning != "Enabled" {
		return "null"
	}
	return strings.ReplaceAll(c.newID(), "-", "")
}

// retain gives a new version the default retention of the bucket.
func (b *bucket) retain(v *version, now time.Time) {
	if l := b.opt.Lock; l != nil && l.Mode != "" {
		v.lock = l.Mode
		if v.until = now.AddDate(0, 0, l.Days); l.Days == 0 {
			v.until = now.AddDate(l.Years, 0, 0)
		}
	}
}

// s3Namespace is of all of S3's XML but its errors.
const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// s3Name is the name of the root element of a response.
func s3Name(local string) xml.Name { return xml.Name{Space: s3Namespace, Local: local} }
