package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// digestsFolder begins the keys of all digests.
const digestsFolder = "digest/"

// digestVersion is the version of the form of digests that this package writes and reads.
const digestVersion = 1

// Digest is what the archive held of an hour when the digest was made. Its canonical JSON has the members
// in this order, no spaces, and no more escapes than JSON needs, as encoding/json writes it without
// escapes for HTML.
type Digest struct {
	Version int       `json:"oktastream_digest"` // 1
	Number  int64     `json:"number"`            // of this digest in the chain of its org, from 1
	Org     string    `json:"org"`
	Hour    time.Time `json:"hour"` // the start of the hour of published, in UTC

	// Late is true where the hour had a digest already: Objects are those that came after it.
	Late bool `json:"late"`
	// Objects are the objects of the hour that no digest before this one names, in the order of
	// their keys.
	Objects []Entry `json:"objects"`
	// Events is the number of distinct uuids in Objects, and Root their Merkle root (UUIDs.Root).
	Events int64  `json:"events"`
	Root   string `json:"root"`
	// Outside is true where the events are not in this archive but at another destination, which was
	// read to count them. Then Objects is empty.
	Outside bool `json:"outside,omitempty"`

	Previous string    `json:"previous"` // SHA-256 of the file of the digest before, "" of number 1
	Made     time.Time `json:"made"`     // in whole seconds, never before that of the digest before

	Okta *Verdict `json:"okta,omitempty"` // nil where the hour was not compared
}

// Entry is an object in a digest.
type Entry struct {
	Key    string `json:"key"`
	SHA256 string `json:"sha256"` // of the object's bytes, as they were read for the digest
	Events int64  `json:"events"` // its lines; 0 where Fault is FaultContent
	Fault  Fault  `json:"fault,omitempty"`
}

// Fault is what was wrong with an object when its digest was made.
type Fault string

// The faults, the worst first.
const (
	FaultContent Fault = "content" // EachEvent returns an error: not gzip lines with an event each, or too long
	FaultName    Fault = "name"    // its bytes do not have the SHA-256 of its name
	FaultHour    Fault = "hour"    // it holds events of other hours
)

// fits reports whether an entry can have this fault. named is true where the SHA-256 of the bytes is that
// of the name.
func (f Fault) fits(named bool, events int64) bool {
	switch f {
	case "", FaultHour:
		return named
	case FaultName:
		return !named
	case FaultContent:
		return events == 0
	}
	return false
}

// Verdict is the result of comparing the hour with Okta's System Log API. It counts distinct uuids.
type Verdict struct {
	Okta    int64     `json:"okta"`    // events that Okta lists and the pipeline's filter keeps
	Here    int64     `json:"here"`    // events that the destination has
	Missing int64     `json:"missing"` // of Okta: neither here nor waiting
	Filled  int64     `json:"filled"`  // were missing, were sent, and were found here after that
	Extra   int64     `json:"extra"`   // of Here: Okta does not list them
	Waiting int64     `json:"waiting"` // of Okta: not here, but in a dead-letter queue
	State   string    `json:"state"`
	ReadAt  time.Time `json:"read_at"`
}

// digestKey returns the key of a digest.
func digestKey(org string, number int64) string {
	return fmt.Sprintf("%s%010d.json", digestsPrefix(org), number)
}

func digestsPrefix(org string) string { return digestsFolder + "org=" + escape(org) + "/" }

// maxNumber is the largest number of a digest: 10 digits. With a digest a minute it is reached after
// 19,000 years.
const maxNumber = 9_999_999_999

// parseDigestKey returns the org and the number in the key of a digest. ok is false for any text
// that digestKey does not return.
func parseDigestKey(key string) (org string, number int64, ok bool) {
	rest, isDigest := strings.CutPrefix(key, digestsFolder+"org=")
	name, file, _ := strings.Cut(rest, "/")
	org, isEscaped := unescape(name)
	number, err := strconv.ParseInt(strings.TrimSuffix(file, ".json"), 10, 64)
	ok = isDigest && isEscaped && err == nil && number >= 1 && number <= maxNumber && digestKey(org, number) == key
	return org, number, ok
}

// signatureLine is the second line of a digest's file.
type signatureLine struct {
	Signature []byte `json:"signature"` // base64
}

// canonical returns the canonical JSON of a value and a line feed.
func canonical(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// file is a digest as it is stored.
type file struct {
	Digest
	hash      string            // SHA-256 of the whole file, in lower-case hex
	body      [sha256.Size]byte // SHA-256 of the first line without its line feed: what is signed
	signature []byte            // nil where it is not signed
}

// maxDigest bounds the file of a digest, in bytes. One with maxObjects has 27 MB.
const maxDigest = 64 << 20

// errDigest is a file of a digest that this package has not written so.
var errDigest = errors.New("not a digest as it was written")

// readDigest reads the digest with a number. It returns a file with a hash where the bytes could be read,
// and also errDigest where they are not that digest.
func readDigest(ctx context.Context, r Reader, org string, number int64) (*file, error) {
	var text []byte
	err := again(ctx, func() error {
		body, err := r.Get(ctx, digestKey(org, number))
		if err != nil {
			return err
		}
		defer body.Close() // it was only read
		text, err = io.ReadAll(io.LimitReader(body, maxDigest+1))
		return unfinished(err)
	})
	if err != nil {
		return nil, fmt.Errorf("read digest %d: %w", number, err)
	}
	f, err := parseDigest(text)
	if err == nil {
		err = f.check(org, number)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errDigest, err)
	}
	return f, err
}

// parseDigest reads the file of a digest. It is an error where writing the result would give other bytes.
// The hash is always set.
func parseDigest(text []byte) (*file, error) {
	f := &file{}
	sum := sha256.Sum256(text)
	f.hash = hex.EncodeToString(sum[:])
	if len(text) > maxDigest {
		return f, fmt.Errorf("it has more than %d bytes", maxDigest)
	}
	first, second, ok := bytes.Cut(text, []byte("\n"))
	if !ok {
		return f, errors.New("its first line has no end")
	}
	f.body = sha256.Sum256(first)
	if err := parseLine(first, &f.Digest); err != nil {
		return f, fmt.Errorf("its first line: %w", err)
	}
	if len(second) == 0 {
		return f, nil
	}
	var line signatureLine
	second, ok = bytes.CutSuffix(second, []byte("\n"))
	if !ok {
		return f, errors.New("its second line has no end")
	}
	if err := parseLine(second, &line); err != nil {
		return f, fmt.Errorf("its second line: %w", err)
	}
	if len(line.Signature) == 0 {
		return f, errors.New("its signature is empty")
	}
	f.signature = line.Signature
	return f, nil
}

// parseLine reads canonical JSON.
func parseLine(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	back, err := canonical(into)
	if err == nil && !bytes.Equal(bytes.TrimSuffix(back, []byte("\n")), text) {
		err = errors.New("it is not canonical JSON")
	}
	return err
}

// check returns an error where members of a digest contradict each other, or its key.
func (f *file) check(org string, number int64) error {
	hour := Hour{Org: f.Org, Start: f.Hour}
	switch {
	case f.Version != digestVersion:
		return fmt.Errorf("its form has version %d, and this oktastream reads version %d", f.Version, digestVersion)
	case f.Number != number:
		return fmt.Errorf("it says that it is number %d", f.Number)
	case f.Org != org:
		return fmt.Errorf("it says that it is of org %s", f.Org)
	case !onHour(f.Hour):
		return errors.New("its hour is not the start of an hour in UTC")
	case f.Objects == nil || f.Outside && len(f.Objects) > 0:
		return errors.New("it has no list of objects, or has objects although it says outside")
	case (number == 1) != (f.Previous == "") || f.Previous != "" && !isSum(f.Previous):
		return errors.New("its hash of the digest before is not a SHA-256")
	case f.Events < 0 || !isSum(f.Root):
		return errors.New("its number of events or its root is invalid")
	}
	last, records := "", int64(0)
	for _, o := range f.Objects {
		h, sum, ok := ParseKey(o.Key)
		if !ok || h != hour || o.Key <= last || !isSum(o.SHA256) || o.Events < 0 || !o.Fault.fits(sum == o.SHA256, o.Events) {
			return fmt.Errorf("its entry of the object %q is invalid", o.Key)
		}
		last, records = o.Key, records+o.Events
	}
	if !f.Outside && f.Events > records {
		return fmt.Errorf("it has %d events, and its objects %d", f.Events, records)
	}
	return nil
}

// onHour reports whether a time is the start of an hour, in UTC.
func onHour(t time.Time) bool { return t.Location() == time.UTC && t.Equal(t.Truncate(time.Hour)) }
