package stream

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the largest window of zstd that is unpacked, in bytes: what
// zstd's own command takes without --long (zstd(1), 2026-11).
const maxZstdWindow = 128 << 20

// openZstd unpacks zstd. With a concurrency of 1 there is nothing to close.
func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxZstdWindow))
}

// utf16Reader makes UTF-8 of UTF-16. Half of a surrogate pair becomes bytes that
// are not UTF-8, so that what holds it is a bad record.
type utf16Reader struct {
	src   io.Reader
	order binary.ByteOrder
	in    []byte // read and not yet made into UTF-8
	out   []byte
	next  int // out[next:] is still to be returned
	err   error
}

func newUTF16(r io.Reader, order binary.ByteOrder) *utf16Reader {
	return &utf16Reader{src: r, order: order, in: make([]byte, 0, firstWindow/8)}
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for r.next == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out[r.next:])
	r.next += n
	return n, nil
}

// fill reads once and makes UTF-8 of all code units that are complete.
func (r *utf16Reader) fill() {
	n, err := r.src.Read(r.in[len(r.in):cap(r.in)])
	r.in, r.err = r.in[:len(r.in)+n], err
	r.out, r.next = r.out[:0], 0
	at := 0
	for ; at+2 <= len(r.in); at += 2 {
		c := rune(r.order.Uint16(r.in[at:]))
		if !utf16.IsSurrogate(c) {
			r.out = utf8.AppendRune(r.out, c)
			continue
		}
		if at+4 > len(r.in) && err == nil {
			break
		}
		pair := rune(utf8.RuneError)
		if at+4 <= len(r.in) {
			pair = utf16.DecodeRune(c, rune(r.order.Uint16(r.in[at+2:])))
		}
		if pair == utf8.RuneError {
			r.out = append(r.out, 0xff)
			continue
		}
		r.out = utf8.AppendRune(r.out, pair)
		at += 2
	}
	r.in = r.in[:copy(r.in, r.in[at:])]
	if err == io.EOF && len(r.in) > 0 {
		r.err = io.ErrUnexpectedEOF // half a code unit
	}
}
