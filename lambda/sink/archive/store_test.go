package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// testStore holds a store to what Store says. The store is empty.
func testStore(t *testing.T, store Store) {
	ctx := t.Context()
	if keys := keysOf(t, store, ""); len(keys) > 0 {
		t.Fatalf("an empty store has %q", keys)
	}
	// In the order of bytes: '%' < '-' < '.' < '/' < '0'.
	want := []string{
		"a/b%20/1", "a/b-c/1", "a/b.c/1", "a/b/1", "a/b/1.x", "a/b/10", "a/b0/1", "b",
	}
	for _, key := range slices.Backward(want) {
		if err := store.Put(ctx, key, []byte("body of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{
		"": want, "a/b": want[:7], "a/b/": want[3:6], "a/b/1": want[3:6], "a/b/10": want[5:6],
		"b": want[7:], "c": nil, "a/c/": nil,
	} {
		if keys := keysOf(t, store, prefix); !slices.Equal(keys, want) {
			t.Errorf("list %q: %q, want %q", prefix, keys, want)
		}
	}
	for _, key := range want {
		if body := bodyOf(t, store, key); body != "body of "+key {
			t.Errorf("%s has the body %q", key, body)
		}
		if err := store.Put(ctx, key, []byte("other")); !errors.Is(err, ErrExists) {
			t.Errorf("put %s a second time: %v, want ErrExists", key, err)
		}
		if body := bodyOf(t, store, key); body != "body of "+key {
			t.Errorf("%s was overwritten by %q", key, body)
		}
	}
	for _, key := range []string{"nothing", "a/b/nothing", "a/b/1/below"} {
		if body, err := store.Get(ctx, key); !errors.Is(err, fs.ErrNotExist) && !isBelowFile(err) {
			t.Errorf("get %s: %v, %v, want fs.ErrNotExist", key, body, err)
		}
	}
	stop := errors.New("stop")
	n := 0
	if err := store.List(ctx, "", func(Object) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("an error of each ends List with %v after %d objects", err, n)
	}
	oneOfMany(t, store)
}

// isBelowFile: a path below a file has no file either, and says so in its own way.
func isBelowFile(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) && path.Err.Error() == "not a directory"
}

// oneOfMany puts one key from many goroutines: one wins.
func oneOfMany(t *testing.T, store Store) {
	const writers = 8
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		wg.Go(func() { errs[i] = store.Put(t.Context(), "race/1", fmt.Append(nil, i)) })
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won < 0:
			won = i
		case !errors.Is(err, ErrExists):
			t.Errorf("writer %d: %v, and %d has won", i, err, won)
		}
	}
	if body := bodyOf(t, store, "race/1"); body != fmt.Sprint(won) {
		t.Errorf("the body is %q, want that of writer %d", body, won)
	}
}

func keysOf(t *testing.T, store Reader, prefix string) (keys []string) {
	t.Helper()
	err := store.List(t.Context(), prefix, func(o Object) error {
		if o.Modified.IsZero() || o.Size <= 0 {
			t.Errorf("%s has the size %d and the time %s", o.Key, o.Size, o.Modified)
		}
		keys = append(keys, o.Key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func bodyOf(t *testing.T, store Reader, key string) string {
	t.Helper()
	body, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	testStore(t, Dir(dir))
	// Nothing but the objects is left.
	found, err := filepath.Glob(filepath.Join(dir, "*", "*", ".*"))
	if err != nil || len(found) > 0 {
		t.Errorf("temporary files are left: %q, %v", found, err)
	}
}

// TestDirGetsFilesOnly: what List leaves out is not there for Get, which would wait for a pipe for ever.
func TestDirGetsFilesOnly(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	store := Dir(dir)
	if err := store.Put(ctx, "file", []byte("x")); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(
		os.Mkdir(filepath.Join(dir, "folder"), 0o700),
		os.Symlink("file", filepath.Join(dir, "link")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	if keys := keysOf(t, store, ""); !slices.Equal(keys, []string{"file"}) {
		t.Errorf("%q", keys)
	}
	for _, key := range []string{"folder", "link", "pipe"} {
		ended := make(chan error, 1)
		go func() {
			_, err := store.Get(ctx, key)
			ended <- err
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("get %s: %v", key, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("get %s does not return", key)
		}
	}
}

func TestDirRefuses(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	outside := filepath.Join(dir, "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := Dir(filepath.Join(dir, "archive"))
	nothing := func(Object) error { return nil }
	if err := inside.List(ctx, "", nothing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("list a directory that does not exist: %v", err)
	}
	if err := inside.Put(ctx, "a", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("write to a directory that does not exist: %v", err)
	}
	if err := os.Mkdir(string(inside), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../secret", "/secret", "a/../../secret", "", "a//b", "./a"} {
		if _, err := inside.Get(ctx, key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get %q: %v", key, err)
		}
		if err := inside.Put(ctx, key, []byte("y")); err == nil {
			t.Errorf("put %q worked", key)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := inside.Put(ctx, "a", []byte("y")); err != nil {
		t.Fatal(err)
	}
	if err := inside.List(ended, "", nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("list with a context that has ended: %v", err)
	}
}
