package sink

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Writer writes records to W, one a line, with one unbuffered Write a batch.
type Writer struct {
	W io.Writer

	buffer []byte
}

// Deliver accepts every record whose line has been written to its end.
func (w *Writer) Deliver(_ context.Context, records []Record, answers []Answer) error {
	w.buffer = w.buffer[:0]
	for _, r := range records {
		w.buffer = append(append(w.buffer, r.Line...), '\n')
	}
	n, err := w.W.Write(w.buffer)
	for i, r := range records {
		if n -= len(r.Line) + 1; n < 0 {
			break
		}
		answers[i].State = Accepted
	}
	return err
}

// fileSize is the Size of a new Dir.
const fileSize = 256 << 20

// Dir writes records into files <name>-00001.jsonl, <name>-00002.jsonl and so on
// in a directory. It never writes to a file that exists.
type Dir struct {
	// Size is the number of bytes after which a new file begins.
	Size int64

	path, name string
	file       *os.File
	written    int64
	number     int
	writer     Writer
}

// NewDir creates the directory path if it does not exist, and refuses one that holds
// files of this name already.
func NewDir(path, name string) (*Dir, error) {
	dir, old, err := openDir(path, name)
	if err == nil && len(old) > 0 {
		return nil, fmt.Errorf("%s: %w", old[0], os.ErrExist)
	}
	return dir, err
}

// ContinueDir is like NewDir, but takes a directory with files of this name, and
// continues with the next number. The last of them may end in the middle of a record, if
// the run that wrote it was killed before it noted that record as written.
func ContinueDir(path, name string) (*Dir, error) {
	dir, old, err := openDir(path, name)
	for _, file := range old {
		digits := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), name+"-"), ".jsonl")
		if n, err := strconv.Atoi(digits); err == nil {
			dir.number = max(dir.number, n)
		}
	}
	return dir, err
}

// openDir creates the directory path if it does not exist, and returns its files of name.
func openDir(path, name string) (dir *Dir, old []string, err error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, nil, fmt.Errorf("make the directory for records: %w", err)
	}
	if old, err = filepath.Glob(filepath.Join(escapeGlob(path), name+"-*.jsonl")); err != nil {
		return nil, nil, fmt.Errorf("look into %s: %w", path, err)
	}
	return &Dir{path: path, name: name, Size: fileSize}, old, nil
}

// Path is the directory.
func (d *Dir) Path() string { return d.path }

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// Deliver accepts every record that has been written.
func (d *Dir) Deliver(ctx context.Context, records []Record, answers []Answer) error {
	if d.file == nil || d.written >= d.Size {
		if err := d.next(); err != nil {
			return err
		}
	}
	err := d.writer.Deliver(ctx, records, answers)
	d.written += int64(len(d.writer.buffer))
	return err
}

func (d *Dir) next() error {
	if err := d.Close(); err != nil {
		return err
	}
	d.number++
	path := filepath.Join(d.path, fmt.Sprintf("%s-%05d.jsonl", d.name, d.number))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("begin a file of records: %w", err)
	}
	d.file, d.written, d.writer.W = file, 0, file
	return nil
}

// Close ends the last file.
func (d *Dir) Close() error {
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file = nil
	if err != nil {
		return fmt.Errorf("end a file of records: %w", err)
	}
	return nil
}
