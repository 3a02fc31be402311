package archive

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Late returns the starts of the hours from since to until, which is not included, that have a digest and
// also objects that no digest names. since must not be before that of Open. It lists the objects and
// reads the digests of each hour that has a digest.
func (c *Chain) Late(ctx context.Context, since, until time.Time) ([]time.Time, error) {
	var mu sync.Mutex
	var late []time.Time
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readAhead)
	for unix := range c.numbers {
		start := time.Unix(unix, 0).UTC()
		if start.Before(since) || !start.Before(until) {
			continue
		}
		group.Go(func() error {
			hour := Hour{c.org, start}
			keys, err := c.fresh(ctx, hour)
			if err != nil {
				return fmt.Errorf("look for late objects of %s: %w", hour, err)
			}
			if len(keys) > 0 {
				mu.Lock()
				defer mu.Unlock()
				late = append(late, start)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(late, time.Time.Compare)
	return late, nil
}
