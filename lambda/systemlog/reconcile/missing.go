package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// clear removes the temporary files with these patterns.
func (r *Run) clear(patterns ...string) error {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(r.dir, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := os.Remove(file); err != nil {
				return fmt.Errorf("remove a temporary file: %w", err)
			}
		}
	}
	return nil
}

// EachMissing calls do with the uuid of each event that the last Compare found missing,
// hour by hour.
func (r *Run) EachMissing(do func(uuid string) error) error {
	for _, hour := range r.missing.sorted() {
		missing, err := r.missing.load(nil, hour, 0, 1)
		if err != nil {
			return err
		}
		if err := r.texts(hour, missing, do); err != nil {
			return err
		}
		slices.SortFunc(missing, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.meta, b.meta), a.key.Compare(b.key))
		})
		for _, e := range missing {
			if e.meta&hashed != 0 {
				continue
			}
			if err := do(e.key.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// texts calls do with the texts of those in missing whose uuid is not a UUID. missing is sorted by key.
func (r *Run) texts(hour int64, missing []entry, do func(uuid string) error) error {
	if !slices.ContainsFunc(missing, func(e entry) bool { return e.meta&hashed != 0 }) {
		return nil
	}
	done := make([]bool, len(missing))
	for one, err := range r.names.all(hour) {
		if err != nil {
			return err
		}
		i, found := find(missing, one.key)
		if !found || done[i] {
			continue // the second read of Okta's System Log has it as well
		}
		done[i] = true
		if err := do(one.text); err != nil {
			return err
		}
	}
	return nil
}

func find(sorted []entry, key Key) (i int, found bool) {
	return slices.BinarySearchFunc(sorted, key, func(e entry, k Key) int { return e.key.Compare(k) })
}

// Filled is the result of Fill.
type Filled struct {
	Sent int64 `json:"sent"`
	// Gone is how many missing events Okta no longer lists.
	Gone int64 `json:"gone"`
}

// Fill reads the events that the last Compare found missing from Okta once more, and calls send with
// them, at most a page at a time. The first error ends it: what send had accepted before has been
// sent.
func (r *Run) Fill(ctx context.Context, send func(context.Context, []systemlog.Event) error) (Filled, error) {
	var filled Filled
	for _, hour := range r.missing.sorted() {
		missing, err := r.missing.load(nil, hour, 0, 1)
		if err != nil {
			return filled, err
		}
		sent, err := r.fillHour(ctx, hour, missing, filled.Sent, send)
		filled.Sent += sent
		if err != nil {
			return filled, fmt.Errorf("fill the hour %s: %w", hourStart(hour).Format(time.RFC3339), err)
		}
		filled.Gone += int64(len(missing)) - sent
	}
	return filled, nil
}

// fillHour sends the missing events of one hour, which are sorted by key. before is how many events of
// earlier hours were sent.
func (r *Run) fillHour(ctx context.Context, hour int64, missing []entry, before int64,
	send func(context.Context, []systemlog.Event) error,
) (sent int64, err error) {
	earliest, latest := uint32(timeMask), uint32(0)
	for _, e := range missing {
		offset := e.meta & timeMask
		earliest, latest = min(earliest, offset), max(latest, offset)
	}
	at := func(offset uint32) time.Time { return hourStart(hour).Add(time.Duration(offset) * time.Millisecond) }
	source := r.job.List(at(earliest), at(latest+1))
	done := make([]bool, len(missing))
	var page []systemlog.Event
	err = each(ctx, source, func(e *systemlog.Event) error {
		key, _ := KeyOf([]byte(e.UUID))
		if i, found := find(missing, key); found && !done[i] {
			done[i] = true
			page = append(page, *e)
		}
		return nil
	}, func() error {
		if len(page) == 0 {
			return nil
		}
		if err := send(ctx, page); err != nil {
			return err
		}
		sent += int64(len(page))
		page = page[:0]
		r.progress(StepFill, before+sent)
		return nil
	})
	return sent, err
}
