package archive

import (
	"context"
	"errors"
	"slices"
	"time"
)

// verdicts counts the last verdicts of the hours.
func (v *verification) verdicts() {
	for unix, links := range v.byHour {
		if start := time.Unix(unix, 0); start.Before(v.summary.Since) || !start.Before(v.summary.Until) {
			continue
		}
		for _, l := range slices.Backward(links) {
			if l.state != "" {
				v.summary.Verdicts[l.state]++
				break
			}
		}
	}
}

// Verdicts returns the last verdict of each hour from since to until, which is not included, that has a
// digest: nil where its last digest has none. It only reads, and verifies nothing.
func Verdicts(ctx context.Context, r Reader, org string, since, until time.Time) (map[time.Time]*Verdict, error) {
	c, err := Open(ctx, readOnly{r}, org, since, Options{})
	if err != nil {
		return nil, err
	}
	var last []int64
	for unix, numbers := range c.numbers {
		if start := time.Unix(unix, 0); !start.Before(since) && start.Before(until) {
			last = append(last, slices.Max(numbers))
		}
	}
	files, err := c.read(ctx, last)
	if err != nil {
		return nil, err
	}
	verdicts := map[time.Time]*Verdict{}
	for _, f := range files {
		if f.Number > 0 {
			verdicts[f.Hour] = f.Okta
		}
	}
	return verdicts, nil
}

// readOnly is a store that is not written to.
type readOnly struct{ Reader }

// Put implements Putter.
func (readOnly) Put(context.Context, string, []byte) error {
	return errors.New("the store is read only")
}
