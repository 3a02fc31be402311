package stream

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	firstWindow = 256 << 10 // bytes; also the most that a longest record wastes
	emptyReads  = 100       // without progress, in a row, before giving up
	minPeek     = 16        // bytes ahead that can be looked at, whatever the longest record is
	maxPacked   = 3         // encodings around each other: UTF-16 in gzip in gzip
)

// window is the part of the input in memory: buf[pos:] is not yet consumed. It moves and grows when
// more is read.
type window struct {
	src io.Reader
	err error // the error of src
	// packed is the name of the encoding that was decoded last; "" for none.
	packed string
	// The window's first size and its largest size, in bytes.
	smallest, largest int
	buf               []byte
	pos               int
	base              int64 // offset of buf[0]
	line              int   // of buf[pos]
	// There is no line break from offset clear to offset next; if found, there is one at next.
	clear, next int64
	found       bool
}

// more reads more of the input and returns false if there is no more.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if cap(w.buf)-len(w.buf) < w.smallest/16 {
		w.makeRoom()
	}
	for range emptyReads {
		n, err := w.src.Read(w.buf[len(w.buf):cap(w.buf)])
		if n < 0 || n > cap(w.buf)-len(w.buf) {
			n, err = 0, errors.New("the reader returned an impossible count")
		}
		w.buf = w.buf[:len(w.buf)+n]
		if err != nil {
			w.err = w.failed(err)
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = w.failed(io.ErrNoProgress)
	return false
}

// failed adds to err what the reader was doing.
func (w *window) failed(err error) error {
	switch {
	case err == io.EOF:
		return err
	case w.packed != "":
		return fmt.Errorf("unpack %s after %s bytes: %w", w.packed, grouped(w.base+int64(len(w.buf))), err)
	default:
		return fmt.Errorf("read after %s bytes: %w", grouped(w.base+int64(len(w.buf))), err)
	}
}

// makeRoom moves the bytes in memory to the front of the window, or to a larger window if they fill
// more than half of it. So it never moves more bytes than were consumed or scanned since the last
// move.
func (w *window) makeRoom() {
	held := w.buf[w.pos:]
	to := w.buf[:0]
	if size := cap(w.buf); size < w.largest && len(held) > size/2 || size == 0 {
		to = make([]byte, 0, min(max(w.smallest, 2*size), w.largest))
	}
	w.base += int64(w.pos)
	w.pos = 0
	w.buf = append(to, held...)
}

// drop consumes n bytes.
func (w *window) drop(n int) {
	w.line += bytes.Count(w.buf[w.pos:w.pos+n], lineBreak)
	w.pos += n
}

var lineBreak = []byte{'\n'}

// toLineEnd returns the part of the line from buf[i] on that is in the window, and whether that is
// all of it. It searches each byte once, so that long lines with many values or in many pieces take
// linear time.
func (w *window) toLineEnd(i int) (line []byte, whole bool) {
	if at := w.base + int64(i); at < w.clear || at > w.next {
		w.clear, w.next, w.found = at, at, false
	}
	if !w.found {
		from := int(w.next - w.base)
		n := bytes.IndexByte(w.buf[from:], '\n')
		if w.found = n >= 0; !w.found {
			n = len(w.buf) - from
		}
		w.next += int64(n)
	}
	return w.buf[i:int(w.next-w.base)], w.found
}

// skipBlanks consumes blanks. It reports whether a byte follows, and whether that byte is the first
// of a line.
func (w *window) skipBlanks() (ok, first bool) {
	for {
		n := len(w.buf) - w.pos - len(trimLeft(w.buf[w.pos:]))
		if n > 0 {
			first = w.buf[w.pos+n-1] == '\n'
			w.drop(n)
		}
		if w.pos < len(w.buf) {
			return true, first
		}
		if !w.more() {
			return false, first
		}
	}
}

// open reads the first bytes of the input, and unpacks, decodes or skips what they announce. A file
// of a kind that is not read fails with an [events.FormatError].
func (w *window) open() {
	if !w.more() {
		return
	}
	for range maxPacked {
		switch {
		case w.announces("\x1f\x8b"):
			w.unpack("gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
		case w.announces("\x28\xb5\x2f\xfd"):
			w.unpack("zstd", openZstd)
		case w.announces("\xff\xfe"), w.announces("{\x00"), w.announces("[\x00"): // without a mark: a zero byte is not JSON
			w.unpack("UTF-16", func(r io.Reader) (io.Reader, error) { return newUTF16(r, binary.LittleEndian), nil })
		case w.announces("\xfe\xff"), w.announces("\x00{"), w.announces("\x00["):
			w.unpack("UTF-16", func(r io.Reader) (io.Reader, error) { return newUTF16(r, binary.BigEndian), nil })
		default:
			w.plain()
			return
		}
		if !w.more() {
			return
		}
	}
	w.plain()
}

// plain reads the beginning of a text without an encoding.
func (w *window) plain() {
	if mark := "\ufeff"; w.announces(mark) {
		w.pos = len(mark)
	}
	if unread := w.unreadFormat(); unread != nil {
		w.buf, w.pos, w.err = w.buf[:0], 0, unread
	}
}

// announces reports whether the rest of the input begins with magic. It reads only as far as
// needed.
func (w *window) announces(magic string) bool {
	for i := range len(magic) {
		if c, ok := w.peek(i); !ok || c != magic[i] {
			return false
		}
	}
	return true
}

// peek returns the byte i bytes ahead. It returns false if the input ends before it, or if it is
// further ahead than the longest record.
func (w *window) peek(i int) (byte, bool) {
	for w.pos+i >= len(w.buf) {
		if i >= max(w.largest-w.smallest, minPeek) || !w.more() {
			return 0, false
		}
	}
	return w.buf[w.pos+i], true
}

// unpack replaces the input by its decoded form, as returned by open.
func (w *window) unpack(name string, open func(io.Reader) (io.Reader, error)) {
	rest := w.src
	if w.err != nil {
		rest = failing{w.err}
	}
	packed := io.MultiReader(bytes.NewReader(bytes.Clone(w.buf)), rest)
	w.buf, w.err, w.packed = w.buf[:0], nil, name
	r, err := open(bufio.NewReaderSize(packed, firstWindow/4))
	if err != nil {
		// EOF within the header is an error, not the end of the input.
		if r = (failing{err}); err == io.EOF {
			r = failing{io.ErrUnexpectedEOF}
		}
	}
	w.src = r
}

// failing is a reader that always fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func blank(c byte) bool { return strings.IndexByte(whitespace, c) >= 0 }

const whitespace = " \n\r\t"

func trimLeft(b []byte) []byte  { return bytes.TrimLeft(b, whitespace) }
func trimRight(b []byte) []byte { return bytes.TrimRight(b, whitespace) }
