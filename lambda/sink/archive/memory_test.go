package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// tb is what helpers need of a test.
type tb interface {
	Helper()
	Fatal(args ...any)
}

// memory is a store for tests, which can be tampered with.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	get     func(key string) error // may fail a Get
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}} }

func (m *memory) List(ctx context.Context, prefix string, each func(Object) error) error {
	m.mu.Lock()
	keys := slices.Sorted(maps.Keys(m.objects))
	m.mu.Unlock()
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if err := each(Object{Key: key, Size: 1, Modified: start}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *memory) Get(_ context.Context, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.get != nil {
		if err := m.get(key); err != nil {
			return nil, err
		}
	}
	body, ok := m.objects[key]
	if !ok {
		return nil, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

func (m *memory) Put(_ context.Context, key string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		return fmt.Errorf("put %s: %w", key, ErrExists)
	}
	m.objects[key] = slices.Clone(body)
	return nil
}

// keys returns the keys with a prefix, in order.
func (m *memory) keys(prefix string) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// hourAt is the start of the hour number i.
func hourAt(i int) time.Time { return start.Add(time.Duration(i) * time.Hour) }

// putEvents stores an object with these events of an hour, as the archive's sink does.
func putEvents(t tb, store Store, hour time.Time, uuids ...string) (key string) {
	t.Helper()
	var lines []string
	for i, uuid := range uuids {
		lines = append(lines, envelope(uuid, hour.Add(time.Duration(i)*time.Second)))
	}
	body := zipped(lines...)
	key = Key(Hour{"acme", hour}, body)
	if err := store.Put(context.Background(), key, body); err != nil {
		t.Fatal(err)
	}
	return key
}

// settled is a clock that is a week after the hours.
func settled() time.Time { return start.AddDate(0, 0, 7) }

// open opens the chain of org acme.
func open(t tb, store Store, signer Signer) *Chain {
	t.Helper()
	c, err := Open(context.Background(), store, "acme", time.Time{}, Options{Signer: signer, Now: settled})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustAppend(t tb, c *Chain, hour time.Time) *Digest {
	t.Helper()
	d, err := c.Append(context.Background(), hour, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// verify returns all that Verify finds.
func verify(t tb, r Reader, check Check) (Summary, []Finding) {
	t.Helper()
	check.Org = "acme"
	var found []Finding
	summary, err := Verify(context.Background(), r, check, func(f Finding) { found = append(found, f) })
	if err != nil {
		t.Fatal(err)
	}
	return summary, found
}

// broken returns those of the findings that say that something is broken.
func broken(found []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return !f.Kind.Broken() })
}
