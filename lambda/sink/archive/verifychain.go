package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// link is what Verify keeps of a digest.
type link struct {
	number         int64
	hash, previous string
	hour, made     time.Time
	late, outside  bool
	events         int64
	state          string // of the verdict; "" where the hour was not compared
	signed         bool
	signatureGood  bool  // it was checked
	err            error // the digest was changed after it was written
	unread         error // it could not be read
	distrusted     bool  // according to the chain it was changed
	blamed         bool  // a fault of it was reported
}

// valid reports whether the members of a digest can be read.
func (l *link) valid() bool { return l.err == nil && l.unread == nil }

// good reports whether the objects may be compared with a digest.
func (l *link) good() bool { return l.valid() && !l.distrusted }

// readChain reads all digests.
func (v *verification) readChain(ctx context.Context) error {
	err := v.r.List(ctx, digestsPrefix(v.Org), func(o Object) error {
		if _, number, ok := parseDigestKey(o.Key); ok {
			v.links = append(v.links, &link{number: number})
		} else {
			v.report(Finding{Kind: Unknown, Key: o.Key, Text: o.Key + " is not the key of a digest"})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the digests of org %s: %w", v.Org, err)
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * readAhead)
	for _, l := range v.links {
		group.Go(func() error {
			v.readLink(inner, l)
			v.mu.Lock()
			v.done++
			v.progress(StepDigests, v.done)
			v.mu.Unlock()
			return inner.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	v.done = 0
	for _, l := range v.links {
		if l.signed {
			v.summary.Signed++
		}
	}
	v.summary.Digests = int64(len(v.links))
	if n := len(v.links); n > 0 {
		v.summary.Head = Head{v.links[n-1].number, v.links[n-1].hash}
	}
	return nil
}

func (v *verification) readLink(ctx context.Context, l *link) {
	f, err := readDigest(ctx, v.r, v.Org, l.number)
	switch {
	case f == nil:
		l.unread = err
		return
	case errors.Is(err, errDigest):
		l.err = err
	}
	l.hash, l.previous, l.hour, l.made, l.late = f.hash, f.Previous, f.Hour, f.Made, f.Late
	l.outside, l.events, l.signed = f.Outside, f.Events, len(f.signature) > 0
	if f.Okta != nil {
		l.state = f.Okta.State
	}
	if v.PublicKey != nil && l.signed {
		l.signatureGood = signedBy(v.PublicKey, f.body[:], f.signature)
	}
}

// judgeChain checks numbers, links, signatures and the head.
func (v *verification) judgeChain() {
	if len(v.links) == 0 {
		v.report(Finding{Kind: DigestMissing, Number: 1, Text: "org " + v.Org + " has no digest"})
		return
	}
	for _, l := range v.links {
		switch {
		case l.unread != nil:
			v.report(Finding{Kind: NotRead, Number: l.number, Text: l.unread.Error()})
			v.lost++
		case l.err != nil:
			v.blame(l, DigestChanged, "is %s", l.err)
			v.lost++
		}
	}
	v.numbers()
	for i := range len(v.links) - 1 {
		v.link(i)
	}
	v.head()
	v.signatures()
	for _, l := range v.links {
		switch {
		case l.good():
			v.byHour[l.hour.Unix()] = append(v.byHour[l.hour.Unix()], l)
		case l.valid():
			v.lost++
			v.claims[l.hour.Unix()] = append(v.claims[l.hour.Unix()], l)
		}
	}
	v.lateness()
}

// numbers reports the numbers that have no digest.
func (v *verification) numbers() {
	next := int64(1)
	for _, l := range v.links {
		if gap := l.number - next; gap > 0 {
			f := Finding{Kind: DigestMissing, Number: next, Text: fmt.Sprintf("digest %d is missing", next)}
			if gap > 1 {
				f.Last, f.Text = l.number-1, fmt.Sprintf("digests %d to %d are missing", next, l.number-1)
			}
			v.report(f)
			v.lost += gap
		}
		next = l.number + 1
	}
}

// link checks the link from digest i to the next.
func (v *verification) link(i int) {
	before, after := v.links[i], v.links[i+1]
	if before.number+1 != after.number || before.unread != nil || !after.valid() || before.hash == after.previous {
		return
	}
	if before.err != nil {
		return // it is reported
	}
	confirmedBefore, confirmedAfter := v.confirmed(i, false), v.confirmed(i+1, true)
	switch {
	case confirmedAfter && !confirmedBefore:
		before.distrusted = true
		v.blame(before, DigestChanged, "was changed: digest %d says that its SHA-256 is %s, and it is %s",
			after.number, after.previous, before.hash)
	case confirmedBefore && !confirmedAfter:
		after.distrusted = true
		v.blame(after, DigestChanged, "was changed: it says that the SHA-256 of digest %d is %s, and it is %s",
			before.number, after.previous, before.hash)
	case len(v.suspects) > 0 && v.suspects[len(v.suspects)-1][1] == before:
		// Both of its links are broken.
		before.distrusted = true
		v.blame(before, DigestChanged, "was changed: neither the digest before it nor the one after it agrees with it")
	default:
		v.suspects = append(v.suspects, [2]*link{before, after})
	}
}

// confirmed reports whether something outside digest i shows that its bytes are unchanged: its signature,
// the head, or, where next is true, the digest after it.
func (v *verification) confirmed(i int, next bool) bool {
	l := v.links[i]
	if l.signatureGood || v.Head != "" && l.hash == v.Head {
		return true
	}
	if !next || i+1 >= len(v.links) {
		return false
	}
	after := v.links[i+1]
	return after.number == l.number+1 && after.valid() && after.previous == l.hash
}

// head searches for the head that was noted elsewhere.
func (v *verification) head() {
	found := func(l *link) bool { return l.hash == v.Head }
	if v.Head == "" || slices.ContainsFunc(v.links, found) {
		return
	}
	last := v.links[len(v.links)-1]
	v.report(Finding{Kind: HeadMissing, Number: last.number, Text: fmt.Sprintf("no digest has the SHA-256 %s: the last, "+
		"digest %d, has %s. It was changed, digests after it were removed, or the whole chain was rewritten",
		v.Head, last.number, last.hash)})
	last.blamed = true
	last.distrusted = !last.signatureGood
}

// signatures checks that every digest from the first signed one on has a good signature.
func (v *verification) signatures() {
	first := slices.IndexFunc(v.links, func(l *link) bool { return l.signed })
	switch {
	case v.PublicKey == nil && first >= 0:
		v.report(Finding{Kind: Unchecked, Number: v.links[first].number,
			Text: "signatures were not checked: --public-key names the file with the public key"})
		return
	case v.PublicKey == nil:
		return
	case first < 0:
		v.report(Finding{Kind: SignatureMissing, Number: v.links[0].number, Last: v.links[len(v.links)-1].number,
			Text: "no digest is signed"})
		return
	case first > 0:
		v.report(Finding{Kind: Unchecked, Number: v.links[0].number, Last: v.links[first-1].number, Text: fmt.Sprintf(
			"digests before number %d are not signed: that signature covers them through the chain", v.links[first].number)})
	}
	for _, l := range v.links[first:] {
		switch {
		case !l.valid():
		case !l.signed:
			l.distrusted = true
			v.blame(l, SignatureMissing, "is not signed, and digest %d before it is", v.links[first].number)
		case !l.signatureGood:
			l.distrusted = true
			v.blame(l, SignatureBad, "has a signature that does not match the public key")
		}
	}
}

// lateness checks that the first digest of an hour is not late, and that all others are.
func (v *verification) lateness() {
	if v.lost > 0 {
		return // the lost one may be the first
	}
	for _, hour := range slices.Sorted(maps.Keys(v.byHour)) {
		for i, l := range v.byHour[hour] {
			if l.late != (i > 0) {
				v.blame(l, DigestWrong, "says late: %t, and is digest number %d of its hour", l.late, i+1)
			}
		}
	}
}

// hours finds the hours that have no digest. Where a lost digest can be that of the hour, the hour is not
// called broken.
func (v *verification) hours() {
	known := slices.Sorted(maps.Keys(v.byHour))
	since, until := v.Since, v.Until
	if len(known) > 0 && since.IsZero() {
		since = time.Unix(known[0], 0).UTC()
	}
	if len(known) > 0 && until.IsZero() {
		until = time.Unix(known[len(known)-1], 0).UTC().Add(time.Hour)
	}
	v.summary.Since, v.summary.Until = since, until
	if since.IsZero() || until.IsZero() {
		return // no digest could be read, which is reported
	}
	if !since.Before(until) {
		v.report(Finding{Kind: NotRead, Hour: since, Text: fmt.Sprintf(
			"no hour was checked: the first to check is %s, and the hours that have or need a digest end at %s",
			since.Format(hourForm), until.Format(hourForm))})
		v.summary.Until = since
		return
	}
	var gaps []Finding
	next, total := since, int64(0)
	gap := func(end time.Time) {
		if n := int64(end.Sub(next) / time.Hour); n > 0 {
			text := "the hour " + next.Format(hourForm) + " has no digest"
			if n > 1 {
				text = fmt.Sprintf("%d hours from %s until %s have no digest", n, next.Format(hourForm), end.Format(hourForm))
			}
			gaps = append(gaps, Finding{Kind: HourMissing, Hour: next, Until: end, Text: text})
			total += n
		}
	}
	for _, unix := range known {
		hour := time.Unix(unix, 0).UTC()
		if hour.Before(since) || !hour.Before(until) {
			continue
		}
		v.summary.Hours++
		gap(hour)
		next = hour.Add(time.Hour)
	}
	gap(until)
	for _, f := range gaps {
		// That their objects are in no digest follows, and is not reported.
		for hour := f.Hour; hour.Before(f.Until) && len(v.missing) < maxMissing; hour = hour.Add(time.Hour) {
			v.missing[hour.Unix()] = true
		}
		if total > v.lost {
			v.report(f)
		} else {
			f.Kind, f.Text = Unchecked, f.Text+": a digest that is missing or was changed can be theirs"
			v.report(f)
		}
	}
}

// hourForm is the form of an hour in a text.
const hourForm = "2006-01-02T15Z"

// maxMissing bounds how many hours without a digest are kept in memory: 100 years.
const maxMissing = 876_600
