package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// hoursAtOnce is how many hours are checked at the same time; readAhead objects of each are read.
const hoursAtOnce = 4

// objects lists the objects with events, and checks the digests of each hour against them.
func (v *verification) objects(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(hoursAtOnce)
	hours := slices.Sorted(maps.Keys(v.byHour)) // those that are still to be checked
	start := func(unix int64, there []string) {
		group.Go(func() error {
			v.checkHour(inner, Hour{v.Org, time.Unix(unix, 0).UTC()}, there)
			return inner.Err()
		})
	}
	// before checks the hours before one, whose objects no longer exist.
	before := func(unix int64) {
		for len(hours) > 0 && hours[0] < unix {
			start(hours[0], nil)
			hours = hours[1:]
		}
		if len(hours) > 0 && hours[0] == unix {
			hours = hours[1:]
		}
	}
	var hour Hour
	var there []string
	end := func() {
		if there != nil {
			before(hour.Start.Unix())
			start(hour.Start.Unix(), there)
		}
		there = nil
	}
	err := v.list(inner, func(o Object) {
		h, _, ok := ParseKey(o.Key)
		switch {
		case !ok:
			v.report(Finding{Kind: Unknown, Key: o.Key, Text: o.Key + " is not the key of an object with events"})
			return
		case !v.inWindow(h.Start):
			return
		case h != hour:
			end()
			hour = h
		}
		there = append(there, o.Key)
	})
	if err == nil {
		end()
		before(1 << 62)
	}
	return errors.Join(group.Wait(), err)
}

// maxDays is the longest window, in days, that is listed day by day.
const maxDays = 400

// list lists the objects of the window.
func (v *verification) list(ctx context.Context, each func(Object)) error {
	prefixes := []string{OrgPrefix(v.Org)}
	if days := v.Until.Sub(v.Since) / (24 * time.Hour); !v.Since.IsZero() && !v.Until.IsZero() && days < maxDays {
		prefixes = nil
		for day := v.Since.UTC().Truncate(24 * time.Hour); day.Before(v.Until); day = day.AddDate(0, 0, 1) {
			prefixes = append(prefixes, OrgPrefix(v.Org)+day.Format("dt=2006-01-02/"))
		}
	}
	for _, prefix := range prefixes {
		if err := v.r.List(ctx, prefix, func(o Object) error { each(o); return ctx.Err() }); err != nil {
			return fmt.Errorf("list the objects of org %s: %w", v.Org, err)
		}
	}
	return nil
}

// inWindow reports whether the hour that starts at start is to be checked.
func (v *verification) inWindow(start time.Time) bool {
	return (v.Since.IsZero() || !start.Before(v.Since)) && (v.Until.IsZero() || start.Before(v.Until))
}

// checkHour checks the digests of an hour. there are the keys of the objects that the hour has.
func (v *verification) checkHour(ctx context.Context, hour Hour, there []string) {
	if !v.inWindow(hour.Start) {
		return
	}
	unix := hour.Start.Unix()
	named, unread := map[string]bool{}, false
	for _, l := range slices.Concat(v.byHour[unix], v.claims[unix]) {
		d, err := readDigest(ctx, v.r, v.Org, l.number)
		switch {
		case ctx.Err() != nil:
			return
		case d == nil:
			v.report(Finding{Kind: NotRead, Number: l.number, Hour: hour.Start, Text: err.Error()})
			unread = true
			continue
		case d.hash != l.hash:
			v.blame(l, DigestChanged, "was changed while this was running")
			continue
		}
		for _, o := range d.Objects {
			named[o.Key] = true
		}
		if l.good() {
			v.checkDigest(ctx, l, &d.Digest)
		}
	}
	if !unread {
		v.undigested(hour, there, named)
	}
}

// undigested reports the objects of an hour that no digest names.
func (v *verification) undigested(hour Hour, there []string, named map[string]bool) {
	if v.missing[hour.Start.Unix()] {
		return // that the hour has no digest is reported
	}
	there = slices.DeleteFunc(there, func(key string) bool { return named[key] })
	if len(there) == 0 {
		return
	}
	text := fmt.Sprintf("%d objects of the hour %s are in no digest, the first %s",
		len(there), hour.Start.Format(hourForm), there[0])
	if len(there) == 1 {
		text = fmt.Sprintf("an object of the hour %s is in no digest: %s", hour.Start.Format(hourForm), there[0])
	}
	v.report(Finding{Kind: Undigested, Hour: hour.Start, Key: there[0], Text: text})
}

// checkDigest reads the objects that a digest names, and compares them with it.
func (v *verification) checkDigest(ctx context.Context, l *link, d *Digest) {
	v.count(func(s *Summary) {
		s.Events += d.Events
		if d.Outside {
			s.Outside++
		}
	})
	if d.Outside {
		return
	}
	held, whole := UUIDs{}, true
	for some := range slices.Chunk(d.Objects, atATime) {
		keys := make([]string, len(some))
		for i, o := range some {
			keys[i] = o.Key
		}
		all, errs := readObjects(ctx, v.r, keys)
		if ctx.Err() != nil {
			return
		}
		for i, want := range some {
			if !v.checkObject(l, want, all[i], errs[i]) {
				whole = false
				continue
			}
			held.add(all[i].uuids...)
		}
	}
	if !whole {
		return
	}
	if events, root := int64(held.Len()), held.Root(); events != d.Events || root != d.Root {
		v.blame(l, DigestWrong, "says %d events with the root %s, and its unchanged objects hold %d with the root %s",
			d.Events, d.Root, events, root)
	}
}

// checkObject compares an object with its entry in a digest, and reports whether it is unchanged.
func (v *verification) checkObject(l *link, want Entry, got contents, err error) bool {
	broken := func(kind Kind, text string) bool {
		v.report(Finding{Kind: kind, Number: l.number, Hour: l.hour, Key: want.Key, Text: text})
		return false
	}
	_, name, _ := ParseKey(want.Key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return broken(ObjectMissing, fmt.Sprintf("the object %s is missing: digest %d names it", want.Key, l.number))
	case err != nil:
		return broken(NotRead, err.Error())
	}
	v.count(func(s *Summary) {
		s.Objects++
		v.progress(StepObjects, s.Objects)
	})
	switch {
	case got.SHA256 != want.SHA256 && got.SHA256 == name:
		v.blame(l, DigestWrong, "says that the SHA-256 of %s is %s, and the object has that of its name",
			want.Key, want.SHA256)
		return false
	case got.SHA256 != want.SHA256:
		return broken(ObjectChanged, fmt.Sprintf("the object %s was changed: its SHA-256 is %s, and digest %d says %s",
			want.Key, got.SHA256, l.number, want.SHA256))
	case got.Entry != want:
		v.blame(l, DigestWrong, "says of the unchanged object %s: %d events, fault %q; it has %d events, fault %q",
			want.Key, want.Events, want.Fault, got.Events, got.Fault)
		return false
	case want.Fault != "":
		return broken(ObjectFaulty, fmt.Sprintf("the object %s was faulty when digest %d was made: %s",
			want.Key, l.number, faultTexts[want.Fault]))
	}
	return true
}

// faultTexts are the words for the faults.
var faultTexts = map[Fault]string{
	FaultContent: fmt.Sprintf("it is not gzip-compressed lines with an Okta event each, of %d MiB at most",
		maxUnpacked>>20),
	FaultName: "its bytes do not have the SHA-256 of its name",
	FaultHour: "it holds events of other hours",
}

// count changes the summary.
func (v *verification) count(do func(*Summary)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do(&v.summary)
}
