package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Dir is a store in a plain directory: a key is the path of a file in it. The directory has to exist, and
// its file system has to have hard links, with which Put never overwrites.
type Dir string

// temporary begins the names of files that are being written, which List leaves out.
const temporary = ".oktastream-"

// List implements Reader.
func (d Dir) List(ctx context.Context, prefix string, each func(Object) error) error {
	if _, err := os.ReadDir(string(d)); err != nil {
		return fmt.Errorf("list the archive: %w", err)
	}
	folder := ""
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		folder = prefix[:i]
	}
	return d.list(ctx, folder, prefix, each)
}

// Folders implements Folders.
func (d Dir) Folders(_ context.Context, prefix string) (names []string, err error) {
	if _, err := os.ReadDir(string(d)); err != nil {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	entries, err := os.ReadDir(d.path(prefix))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(a+"/", b+"/") })
	return names, nil
}

// list lists a folder. A directory is sorted by its name with a slash, so that keys are in the order in
// which S3 lists them.
func (d Dir) list(ctx context.Context, folder, prefix string, each func(Object) error) error {
	entries, err := os.ReadDir(d.path(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the archive: %w", err)
	}
	key := func(e fs.DirEntry) string {
		name := e.Name()
		if folder != "" {
			name = folder + "/" + name
		}
		if e.IsDir() {
			name += "/"
		}
		return name
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(key(a), key(b)) })
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := key(entry)
		switch {
		case entry.IsDir() && (strings.HasPrefix(name, prefix) || strings.HasPrefix(prefix, name)):
			err = d.list(ctx, strings.TrimSuffix(name, "/"), prefix, each)
		case entry.Type().IsRegular() && strings.HasPrefix(name, prefix) && !strings.HasPrefix(entry.Name(), temporary):
			err = d.file(entry, name, each)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d Dir) file(entry fs.DirEntry, key string, each func(Object) error) error {
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was removed since
	}
	if err != nil {
		return fmt.Errorf("list the archive: %w", err)
	}
	return each(Object{Key: key, Size: info.Size(), Modified: info.ModTime()})
}

// Get implements Reader. A file that List leaves out does not exist for it.
func (d Dir) Get(_ context.Context, key string) (io.ReadCloser, error) {
	if !fs.ValidPath(key) {
		return nil, fmt.Errorf("read %q: %w", key, fs.ErrNotExist)
	}
	info, err := os.Lstat(d.path(key))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %q, which is not a file: %w", key, fs.ErrNotExist)
	}
	file, err := os.Open(d.path(key))
	if err != nil {
		return nil, err
	}
	return file, nil
}

// Put implements Putter. It writes a temporary file, and links it to its name once it is on disk.
func (d Dir) Put(_ context.Context, key string, body []byte) (err error) {
	if !fs.ValidPath(key) {
		return fmt.Errorf("write %q: invalid key", key)
	}
	if _, err := os.Stat(string(d)); err != nil {
		return fmt.Errorf("write to the archive: %w", err)
	}
	path := d.path(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write to the archive: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), temporary)
	if err != nil {
		return fmt.Errorf("write to the archive: %w", err)
	}
	defer os.Remove(file.Name()) // an error leaves a temporary file, which nothing reads
	_, err = file.Write(body)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write to the archive: %w", err)
	}
	switch err := os.Link(file.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("write %s: %w", key, ErrExists)
	case err != nil:
		return fmt.Errorf("write to the archive: %w", err)
	}
	return nil
}

func (d Dir) path(key string) string { return filepath.Join(string(d), filepath.FromSlash(key)) }
