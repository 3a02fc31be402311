package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// Signer signs the digests of a chain.
type Signer interface {
	// Sign returns the signature of a SHA-256: an ECDSA signature in ASN.1 DER, or one of
	// RSASSA-PSS.
	Sign(ctx context.Context, sum []byte) ([]byte, error)
}

// Options are the settings of a Chain.
type Options struct {
	Signer Signer // nil signs nothing
	Now    func() time.Time
}

// Chain appends to the chain of the digests of an org. It is for one goroutine. Several writers may append
// to one chain: all but one get ErrRaced.
type Chain struct {
	store   Store
	org     string
	o       Options
	head    Head
	made    time.Time         // of the head
	numbers map[int64][]int64 // of the digests of an hour, by its Unix time
	stale   error             // after which this Chain can no longer be used
}

// Head is the last digest of a chain.
type Head struct {
	Number int64  `json:"number"` // 0 where there is none
	Hash   string `json:"hash"`   // SHA-256 of its file, in lower-case hex
}

// The errors of Append that say why there is no digest. ErrRaced is one of S3.Replace too.
var (
	ErrUpToDate = errors.New("the hour has a digest, and no object has come since")
	ErrNotOver  = errors.New("the hour has not ended")
	ErrRaced    = errors.New("another writer was faster: read what it has written, and try again")
)

// Bounds of one digest. Objects beyond them are left for the next digest, which is late.
const (
	maxObjects = 100_000
	maxEvents  = 2_000_000
	atATime    = 64 // objects that are read before their uuids are added to the set
)

// Open returns the chain of an org. since is the earliest hour that will be appended; the zero time is any
// hour. Only the digests that were made since then are read: a digest is made after its hour.
func Open(ctx context.Context, store Store, org string, since time.Time, o Options) (*Chain, error) {
	if org == "" || !utf8.ValidString(org) {
		return nil, fmt.Errorf("open the chain of digests of org %q: the org's name is empty or not UTF-8", org)
	}
	c := &Chain{store: store, org: org, o: o, numbers: map[int64][]int64{}}
	numbers, err := digests(ctx, store, org)
	if err != nil {
		return c, fmt.Errorf("open the chain of digests of org %s: %w", org, err)
	}
	if len(numbers) == 0 {
		return c, nil
	}
	for end := len(numbers); end > 0; end -= atATime {
		files, err := c.read(ctx, numbers[max(0, end-atATime):end])
		if err != nil {
			return nil, err
		}
		if end == len(numbers) {
			last := files[len(files)-1]
			c.head = Head{Number: numbers[end-1], Hash: last.hash}
			c.made = last.Made
		}
		earliest := false
		for _, f := range files {
			if f.Number == 0 {
				continue
			}
			hour := f.Hour.Unix()
			c.numbers[hour] = append(c.numbers[hour], f.Number)
			earliest = earliest || f.Made.Before(since)
		}
		if earliest {
			break
		}
	}
	return c, nil
}

// digests returns the numbers of an org's digests, in order.
func digests(ctx context.Context, r Reader, org string) (numbers []int64, err error) {
	err = r.List(ctx, digestsPrefix(org), func(o Object) error {
		if _, number, ok := parseDigestKey(o.Key); ok {
			numbers = append(numbers, number)
		}
		return nil
	})
	return numbers, err
}

// Last returns the last digest of an org, with its number and hash. It reads no other digest and checks no
// signature, as Verify does. The Head is zero where there is no digest, and has only the number where
// reading the digest failed. The digest is nil where it was changed after it was written.
func Last(ctx context.Context, r Reader, org string) (*Digest, Head, error) {
	numbers, err := digests(ctx, r, org)
	if err != nil || len(numbers) == 0 {
		return nil, Head{}, err
	}
	last := numbers[len(numbers)-1]
	f, err := readDigest(ctx, r, org, last)
	switch {
	case errors.Is(err, errDigest):
		return nil, Head{Number: last, Hash: f.hash}, nil
	case err != nil:
		return nil, Head{Number: last}, err
	}
	return &f.Digest, Head{Number: last, Hash: f.hash}, nil
}

// read reads digests. One that was changed after it was written has only its hash: Verify reports it.
func (c *Chain) read(ctx context.Context, numbers []int64) ([]*file, error) {
	files := make([]*file, len(numbers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readAhead)
	for i, number := range numbers {
		group.Go(func() error {
			f, err := readDigest(ctx, c.store, c.org, number)
			if errors.Is(err, errDigest) {
				f, err = &file{hash: f.hash}, nil
			}
			files[i] = f
			return err
		})
	}
	return files, group.Wait()
}

// Head returns the last digest.
func (c *Chain) Head() Head { return c.head }

// Has reports whether an hour, not before the since of Open, has a digest.
func (c *Chain) Has(start time.Time) bool { return len(c.numbers[start.Unix()]) > 0 }

// Append makes the digest of the hour that starts at start, of the objects of the hour that no digest
// names yet, and appends it. verdict may be nil. held has the uuids of an hour whose events are not in
// this archive; otherwise it is nil.
//
// It returns ErrUpToDate where the hour has a digest and no object is new. After ErrRaced, and after any
// error of the store, the chain has to be opened again: the digest may have been stored.
func (c *Chain) Append(ctx context.Context, start time.Time, verdict *Verdict, held *UUIDs) (*Digest, error) {
	d, err := c.make(ctx, start.UTC(), verdict, held)
	if err == nil {
		err = c.put(ctx, d)
	}
	if err != nil {
		return nil, fmt.Errorf("make the digest of %s: %w", Hour{c.org, start}, err)
	}
	return d, nil
}

func (c *Chain) make(ctx context.Context, start time.Time, verdict *Verdict, held *UUIDs) (*Digest, error) {
	hour, now := Hour{c.org, start}, c.o.Now().UTC()
	switch {
	case c.stale != nil:
		return nil, c.stale
	case !onHour(start):
		return nil, errors.New("it is not the start of an hour")
	case hour.End().After(now):
		return nil, ErrNotOver
	case c.head.Number == maxNumber:
		return nil, errors.New("the chain has its largest number")
	}
	d := &Digest{
		Version: digestVersion, Number: c.head.Number + 1, Org: c.org, Hour: start, Late: c.Has(start), Objects: []Entry{},
		Outside: held != nil, Previous: c.head.Hash, Made: now.Truncate(time.Second), Okta: verdict,
	}
	if d.Made.Before(c.made) {
		d.Made = c.made
	}
	if held == nil {
		keys, err := c.fresh(ctx, hour)
		if err != nil {
			return nil, err
		}
		if d.Late && len(keys) == 0 {
			return nil, ErrUpToDate
		}
		held = &UUIDs{}
		if d.Objects, err = c.readHour(ctx, keys, held); err != nil {
			return nil, err
		}
	}
	d.Events, d.Root = int64(held.Len()), held.Root()
	return d, nil
}

// fresh returns the keys of the objects of an hour that no digest names.
func (c *Chain) fresh(ctx context.Context, hour Hour) (keys []string, err error) {
	named := map[string]bool{}
	digests, err := c.read(ctx, c.numbers[hour.Start.Unix()])
	if err != nil {
		return nil, err
	}
	for _, d := range digests {
		for _, o := range d.Objects {
			named[o.Key] = true
		}
	}
	err = c.store.List(ctx, hour.Prefix(), func(o Object) error {
		if h, _, ok := ParseKey(o.Key); ok && h == hour && !named[o.Key] && len(keys) < maxObjects {
			keys = append(keys, o.Key)
		}
		return nil
	})
	return keys, err
}

// readHour reads the objects of an hour and adds their uuids to held.
func (c *Chain) readHour(ctx context.Context, keys []string, held *UUIDs) ([]Entry, error) {
	entries := make([]Entry, 0, len(keys))
	for some := range slices.Chunk(keys, atATime) {
		all, errs := readObjects(ctx, c.store, some)
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		for _, one := range all {
			entries = append(entries, one.Entry)
			held.add(one.uuids...)
		}
		if len(held.list) > maxEvents && held.Len() > maxEvents {
			break
		}
	}
	return entries, nil
}

// put signs and stores a digest.
func (c *Chain) put(ctx context.Context, d *Digest) error {
	text, err := canonical(d)
	if err != nil {
		return err
	}
	if c.o.Signer != nil {
		sum := sha256.Sum256(text[:len(text)-1])
		signature, err := c.o.Signer.Sign(ctx, sum[:])
		if err != nil {
			return fmt.Errorf("sign it: %w", err)
		}
		line, err := canonical(signatureLine{signature})
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:])
	if len(text) > maxDigest {
		return fmt.Errorf("it has %d bytes, more than %d", len(text), maxDigest)
	}
	err = c.store.Put(ctx, digestKey(c.org, d.Number), text)
	if errors.Is(err, ErrExists) {
		// Stored by an attempt of this call whose response was lost, or by another writer.
		there, reading := readDigest(ctx, c.store, c.org, d.Number)
		if there == nil || there.hash != hash {
			err = errors.Join(ErrRaced, ignoreContents(reading))
		} else {
			err = nil
		}
	}
	if c.stale = err; err != nil {
		return err // it may have been stored
	}
	c.head, c.made = Head{d.Number, hash}, d.Made
	c.numbers[d.Hour.Unix()] = append(c.numbers[d.Hour.Unix()], d.Number)
	return nil
}

// ignoreContents returns nil for an error about what a digest holds, and any error of reading it.
func ignoreContents(err error) error {
	if errors.Is(err, errDigest) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
