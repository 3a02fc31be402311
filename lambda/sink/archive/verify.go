package archive

import (
	"context"
	"crypto"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is the kind of a Finding.
type Kind string

// What is broken.
const (
	DigestMissing    Kind = "digest_missing"    // a number of the chain has no digest
	DigestChanged    Kind = "digest_changed"    // a digest is not as it was written
	LinkBroken       Kind = "link_broken"       // one of two digests was changed
	DigestWrong      Kind = "digest_wrong"      // a digest contradicts its objects, which are unchanged
	SignatureMissing Kind = "signature_missing" // a digest after a signed one is not signed
	SignatureBad     Kind = "signature_bad"     // a signature was not made with the private key of the public key
	HeadMissing      Kind = "head_missing"      // no digest has the hash of the head
	HourMissing      Kind = "hour_missing"      // an hour has no digest
	ObjectMissing    Kind = "object_missing"    // an object does not exist any more
	ObjectChanged    Kind = "object_changed"    // an object has other bytes than it had
	ObjectFaulty     Kind = "object_faulty"     // an object was faulty when its digest was made
)

// What is not broken.
const (
	NotRead    Kind = "not_read"   // something could not be read
	Undigested Kind = "undigested" // objects are in no digest
	Unknown    Kind = "unknown"    // an object has a key that is not one of the archive's
	Unchecked  Kind = "unchecked"  // something was not checked, and why
)

// Broken reports whether something is broken where a finding has this kind.
func (k Kind) Broken() bool {
	return !slices.Contains([]Kind{NotRead, Undigested, Unknown, Unchecked}, k)
}

// Finding is one thing that Verify has found, with its place.
type Finding struct {
	Kind   Kind      `json:"kind"`
	Number int64     `json:"number,omitempty"` // of a digest, or the first of several
	Last   int64     `json:"last,omitempty"`   // the last of several digests
	Hour   time.Time `json:"hour,omitzero"`    // an hour, or the first of several
	Until  time.Time `json:"until,omitzero"`   // the end of several hours
	Key    string    `json:"key,omitempty"`    // of an object
	Text   string    `json:"text"`
}

// Check says what is verified.
type Check struct {
	Org string
	// Since and Until bound the hours whose objects are read, and which must all have a digest.
	// Where they are zero, the hours are those from the first that has a digest to the last.
	Since, Until time.Time
	// PublicKey is the key that the digests were signed with; nil checks no signature.
	PublicKey crypto.PublicKey
	// Head is the hash of a digest of this chain that was noted elsewhere; "" is none.
	Head string
	// Progress is called with how much of a step is done. It may be nil.
	Progress func(step string, done int64)
}

// The steps of Progress.
const (
	StepDigests = "reading digests"
	StepObjects = "reading objects"
)

// Summary is what Verify has read.
type Summary struct {
	Org     string    `json:"org"`
	Digests int64     `json:"digests"`
	Signed  int64     `json:"signed"` // of Digests
	Since   time.Time `json:"since"`  // the hours
	Until   time.Time `json:"until"`
	Hours   int64     `json:"hours"`   // that have a digest, of those
	Objects int64     `json:"objects"` // that were read
	Events  int64     `json:"events"`  // of all digests of those hours
	Outside int64     `json:"outside"` // digests of events that are not in this archive
	// Verdicts counts the Hours that were compared with Okta's System Log, by the state of their last
	// verdict.
	Verdicts map[string]int64 `json:"verdicts"`
	Head     Head             `json:"head"`
}

// verification is one run of Verify.
type verification struct {
	Check
	r       Reader
	each    func(Finding)
	summary Summary
	links   []*link // in the order of their numbers
	lost    int64   // how many digests have an hour that is not known
	// suspects are pairs of digests of which one was changed, and it is not known yet which.
	suspects [][2]*link
	byHour   map[int64][]*link // the unchanged digests, by the Unix time of their hour
	claims   map[int64][]*link // the other digests whose hour can be read
	missing  map[int64]bool    // the hours, by their Unix time, that have no digest

	mu   sync.Mutex // of each, summary and the fields of links that checkHour sets
	done int64
}

// Verify checks the chain of digests of an org and the objects that it names, and calls each with every
// Finding. It only reads. It returns an error where the chain or the objects could not be listed; a
// digest or object that could not be read is a Finding.
//
// A Finding names the place that is broken. What only follows from it is not reported.
func Verify(ctx context.Context, r Reader, check Check, each func(Finding)) (Summary, error) {
	v := &verification{
		Check: check, r: r, each: each, summary: Summary{Org: check.Org, Verdicts: map[string]int64{}},
		byHour: map[int64][]*link{}, claims: map[int64][]*link{}, missing: map[int64]bool{},
	}
	if err := v.readChain(ctx); err != nil {
		return v.summary, err
	}
	v.judgeChain()
	v.hours()
	v.verdicts()
	if err := v.objects(ctx); err != nil {
		return v.summary, err
	}
	for _, pair := range v.suspects {
		if pair[0].blamed || pair[1].blamed {
			continue
		}
		v.report(Finding{Kind: LinkBroken, Number: pair[0].number, Last: pair[1].number, Text: fmt.Sprintf(
			"digest %d does not have the hash that digest %d says it has: one of them was changed, and it is not known which",
			pair[0].number, pair[1].number)})
	}
	return v.summary, nil
}

// Orgs returns the orgs that have digests or events in a store, in order. It lists folders only.
func Orgs(ctx context.Context, f Folders) ([]string, error) {
	var orgs []string
	for _, prefix := range []string{digestsFolder, EventsPrefix} {
		names, err := f.Folders(ctx, prefix)
		if err != nil {
			return nil, fmt.Errorf("look which orgs are in the archive: %w", err)
		}
		for _, name := range names {
			name, isOrg := strings.CutPrefix(name, "org=")
			if org, ok := unescape(name); isOrg && ok {
				orgs = append(orgs, org)
			}
		}
	}
	slices.Sort(orgs)
	return slices.Compact(orgs), nil
}

func (v *verification) report(f Finding) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.each(f)
}

// blame reports what is broken in a digest; only the first call for a digest does.
func (v *verification) blame(l *link, kind Kind, format string, args ...any) {
	v.mu.Lock()
	first := !l.blamed
	l.blamed = true
	v.mu.Unlock()
	if first {
		f := Finding{Kind: kind, Number: l.number, Text: fmt.Sprintf("digest %d ", l.number) + fmt.Sprintf(format, args...)}
		if l.valid() {
			f.Hour = l.hour
		}
		v.report(f)
	}
}

// progress reports how much of a step is done.
func (v *verification) progress(step string, done int64) {
	if v.Progress != nil {
		v.Progress(step, done)
	}
}
