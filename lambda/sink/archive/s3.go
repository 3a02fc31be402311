package archive

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// S3 is a store in a bucket of Amazon S3. It may be used by many goroutines.
//
// Its errors are those of awshttp.Caller, which awserror judges: except that of a bucket in
// another region, ErrExists and fs.ErrNotExist they are what S3 answered.
type S3 struct {
	caller *awshttp.Caller
	o      S3Options
	region string
	path   string // of the bucket below the endpoint: "/", or "/BUCKET/"
}

// S3Options are the settings of an S3.
type S3Options struct {
	Bucket string
	// Owner is the id of the account that has to own the bucket; S3 refuses the call with
	// AccessDenied where another does ("Verifying bucket ownership with bucket owner condition",
	// Amazon S3 user guide, 2026-11). "" accepts any.
	Owner string
	// Retryer decides on further attempts. Without one there is one attempt.
	Retryer aws.Retryer
}

// Time budgets: of one attempt, of which 6 MB have to pass a slow line, and of reading an object.
const (
	callTimeout = time.Minute
	readTimeout = 15 * time.Minute
)

// maxPages bounds the pages of a listing, of 1,000 objects each: "the action returns up to 1,000
// key names" (ListObjectsV2, Amazon S3 API reference, 2026-11).
const maxPages = 1_000_000

// BucketName is the form of the names of general purpose buckets ("General purpose bucket naming
// rules", Amazon S3 user guide, 2026-11).
var BucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// NewS3 returns the store in a bucket, which it does not call yet. The bucket is a part of the
// host's name, but for a name with dots, which no certificate is for, and for a configured
// endpoint, where it is the beginning of the path.
func NewS3(ctx context.Context, sdk aws.Config, o S3Options) (*S3, error) {
	if !BucketName.MatchString(o.Bucket) {
		return nil, fmt.Errorf("invalid bucket name %q: 3 to 63 characters of a-z, 0-9, . and -", o.Bucket)
	}
	service := awshttp.Service{ID: "S3", Name: "s3", SingleEscape: true}
	endpoint, configured, err := awshttp.Endpoint(ctx, sdk, service)
	if err != nil {
		return nil, err
	}
	path := "/" + o.Bucket + "/"
	if !configured && !strings.Contains(o.Bucket, ".") {
		domain, err := awshttp.Suffix(sdk.Region)
		if err != nil {
			return nil, err
		}
		endpoint, path = "https://"+o.Bucket+".s3."+sdk.Region+"."+domain, "/"
	}
	caller := awshttp.New(sdk, service, awshttp.Options{Endpoint: endpoint, Retryer: o.Retryer, Timeout: callTimeout})
	return &S3{caller: caller, o: o, region: sdk.Region, path: path}, nil
}

// request is a call for a key, "" for the bucket itself.
func (s *S3) request(method, key string) awshttp.Request {
	header := http.Header{}
	if s.o.Owner != "" {
		header.Set("x-amz-expected-bucket-owner", s.o.Owner)
	}
	return awshttp.Request{Method: method, Path: s.path + key, Header: header}
}

// Put implements Putter.
func (s *S3) Put(ctx context.Context, key string, body []byte) error {
	_, err := s.put(ctx, key, body, "If-None-Match", "*")
	if awserror.Is(err, preconditionFailed) {
		return fmt.Errorf("put %s: %w", key, ErrExists)
	}
	return err
}

// put stores an object on a condition, and returns its ETag. The checksum is what S3 wants where
// the bucket has Object Lock ("PutObject": "Content-MD5 or x-amz-sdk-checksum-algorithm header is
// required for any request to upload an object with a retention period configured using Object
// Lock", Amazon S3 API reference, 2026-11).
func (s *S3) put(ctx context.Context, key string, body []byte, condition, value string) (etag string, err error) {
	request := s.request(http.MethodPut, key)
	sum := sha256.Sum256(body)
	request.Header.Set("x-amz-checksum-sha256", base64.StdEncoding.EncodeToString(sum[:]))
	request.Header.Set("x-amz-sdk-checksum-algorithm", "SHA256")
	request.Header.Set(condition, value)
	request.Body = body
	err = s.caller.Call(ctx, request, func(header http.Header, body []byte) error {
		if etag = header.Get("ETag"); etag == "" || len(body) > 0 {
			return errors.New("the response is not one of S3") // a page of a proxy, say
		}
		return nil
	})
	return etag, s.problem("put "+key, err)
}

// Get implements Reader.
func (s *S3) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	response, err := s.get(ctx, key)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

func (s *S3) get(ctx context.Context, key string) (*http.Response, error) {
	request := s.request(http.MethodGet, key)
	// Otherwise net/http unpacks what has the metadata Content-Encoding: gzip.
	request.Header.Set("Accept-Encoding", "identity")
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	response, err := s.caller.Open(ctx, request)
	if err == nil && response.ContentLength < 0 {
		err = errors.Join(errors.New("the response has no Content-Length"), response.Body.Close())
	}
	if err != nil {
		cancel()
		if awserror.Is(err, noSuchKey) {
			return nil, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
		}
		return nil, s.problem("get "+key, err)
	}
	// net/http returns io.ErrUnexpectedEOF for a body that is shorter than its Content-Length.
	response.Body = &closing{response.Body, cancel}
	return response, nil
}

// The codes that say that an object is stored, or is not ("Error responses", Amazon S3 API
// reference, 2026-11). The HTTP status says neither: it can be that of a proxy.
const (
	preconditionFailed = "PreconditionFailed"
	noSuchKey          = "NoSuchKey"
)

// closing ends a request when its body is closed.
type closing struct {
	io.ReadCloser
	end context.CancelFunc
}

func (c *closing) Close() error {
	defer c.end()
	return c.ReadCloser.Close()
}

// page is a response of ListObjectsV2.
type page struct {
	XMLName  xml.Name `xml:"ListBucketResult"`
	More     bool     `xml:"IsTruncated"`
	Token    string   `xml:"NextContinuationToken"`
	Encoding string   `xml:"EncodingType"`
	Contents []struct {
		Key          string
		Size         int64
		LastModified time.Time
	}
	Folders []string `xml:"CommonPrefixes>Prefix"`
}

// decode returns a key as it is. S3 encodes keys in a page that says so.
func (p *page) decode(key string) (string, error) {
	if p.Encoding != "url" {
		return key, nil
	}
	return url.QueryUnescape(key)
}

// List implements Reader.
func (s *S3) List(ctx context.Context, prefix string, each func(Object) error) error {
	return s.pages(ctx, prefix, "", func(p *page) error {
		for _, o := range p.Contents {
			key, err := p.decode(o.Key)
			if err != nil {
				return fmt.Errorf("list %s in bucket %s: %w", prefix, s.o.Bucket, err)
			}
			if err := each(Object{Key: key, Size: o.Size, Modified: o.LastModified}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Folders implements Folders.
func (s *S3) Folders(ctx context.Context, prefix string) (names []string, err error) {
	err = s.pages(ctx, prefix, "/", func(p *page) error {
		for _, folder := range p.Folders {
			folder, err := p.decode(folder)
			if err != nil {
				return fmt.Errorf("list %s in bucket %s: %w", prefix, s.o.Bucket, err)
			}
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(folder, prefix), "/"))
		}
		return nil
	})
	return names, err
}

// pages calls each with every page of a listing. With a delimiter, keys that have it after the prefix
// are not in Contents but in Folders, up to the delimiter.
func (s *S3) pages(ctx context.Context, prefix, delimiter string, each func(*page) error) error {
	token := ""
	for range maxPages {
		var p page
		request := s.request(http.MethodGet, "")
		request.Query = url.Values{"list-type": {"2"}, "prefix": {prefix}, "encoding-type": {"url"}}
		if delimiter != "" {
			request.Query.Set("delimiter", delimiter)
		}
		if token != "" {
			request.Query.Set("continuation-token", token)
		}
		err := s.caller.Call(ctx, request, func(_ http.Header, body []byte) error {
			p = page{}
			return xml.Unmarshal(body, &p)
		})
		if err != nil {
			return s.problem("list "+prefix, err)
		}
		if err := each(&p); err != nil {
			return err
		}
		if !p.More {
			return nil
		}
		if p.Token == "" || p.Token == token {
			return fmt.Errorf("list %s in bucket %s: the response has no new continuation token", prefix, s.o.Bucket)
		}
		token = p.Token
	}
	return fmt.Errorf("list %s in bucket %s: more than %d pages", prefix, s.o.Bucket, maxPages)
}

// problem says what was done to which bucket, and where the bucket is if it is in another region.
func (s *S3) problem(what string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.Response != nil {
		if region := e.Response.Header.Get("x-amz-bucket-region"); region != "" && region != s.region {
			return fmt.Errorf("bucket %s is in the region %s and not in %s: %w", s.o.Bucket, region, s.region, err)
		}
	}
	return fmt.Errorf("%s in bucket %s: %w", what, s.o.Bucket, err)
}
