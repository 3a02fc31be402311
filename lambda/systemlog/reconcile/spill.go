package reconcile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// entry is an event that one side has.
type entry struct {
	key Key
	// meta is the event's time in milliseconds after the start of its hour, and flags.
	meta uint32
}

// Flags of entry.meta. An hour has 3,600,000 milliseconds, which take 22 bits.
const (
	dropped  = 1 << 31 // the stack's filter drops the event
	hashed   = 1 << 30 // the uuid is not a UUID: names has its text
	timeMask = 1<<22 - 1
)

// entryBytes is the length of an entry in memory and in a file.
const entryBytes = keyBytes + 4

// spillBytes is how many bytes of entries a spill keeps in memory: 400,000 entries.
const spillBytes = 8 << 20

// spill has the entries of one side by hour, in any order: in memory up to spillBytes, beyond that in a
// file for each hour. It is for one goroutine.
type spill struct {
	dir, name string
	hours     map[int64]*hourFile // by hours since 1970
	buffered  int                 // bytes, over all hours
	limit     int                 // spillBytes, but in tests
}

// hourFile is one hour of a spill.
type hourFile struct {
	buffer  []byte
	written int64 // bytes of the file
	entries int64
}

func newSpill(dir, name string) *spill {
	return &spill{dir: dir, name: name, hours: map[int64]*hourFile{}, limit: spillBytes}
}

// hourOf returns the hour of a time, in hours since 1970, and the milliseconds from its start. ms is the
// time in milliseconds since 1970.
func hourOf(ms int64) (hour int64, offset uint32) {
	const length = int64(time.Hour / time.Millisecond)
	hour = ms / length
	if ms%length < 0 {
		hour--
	}
	return hour, uint32(ms - hour*length)
}

// hourStart returns the time at which an hour starts.
func hourStart(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

func (s *spill) add(hour int64, e entry) error {
	var text [entryBytes]byte
	copy(text[:], e.key[:])
	binary.LittleEndian.PutUint32(text[keyBytes:], e.meta)
	return s.append(hour, text[:])
}

// append appends the bytes of one entry to an hour.
func (s *spill) append(hour int64, text []byte) error {
	f := s.hours[hour]
	if f == nil {
		f = &hourFile{}
		s.hours[hour] = f
	}
	f.buffer = append(f.buffer, text...)
	f.entries++
	if s.buffered += len(text); s.buffered < s.limit {
		return nil
	}
	return s.flush()
}

// flush writes what is in memory to the files.
func (s *spill) flush() error {
	for hour, f := range s.hours {
		if len(f.buffer) == 0 {
			continue
		}
		if err := s.write(hour, f); err != nil {
			return fmt.Errorf("write uuids to a temporary file of %s: %w", s.dir, err)
		}
	}
	s.buffered = 0
	return nil
}

func (s *spill) write(hour int64, f *hourFile) error {
	file, err := os.OpenFile(s.path(hour), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	n, err := file.Write(f.buffer)
	f.written += int64(n)
	f.buffer = nil
	return errors.Join(err, file.Close())
}

func (s *spill) path(hour int64) string {
	return filepath.Join(s.dir, s.name+"-"+strconv.FormatInt(hour, 10))
}

// sorted returns the hours that have entries, in order.
func (s *spill) sorted() []int64 { return slices.Sorted(maps.Keys(s.hours)) }

// count returns how many entries an hour has.
func (s *spill) count(hour int64) int64 {
	if f := s.hours[hour]; f != nil {
		return f.entries
	}
	return 0
}

// open returns all bytes of an hour, in the order in which they were added.
func (s *spill) open(hour int64) (io.ReadCloser, error) {
	f := s.hours[hour]
	if f == nil {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	inMemory := bytes.NewReader(f.buffer)
	if f.written == 0 {
		return io.NopCloser(inMemory), nil
	}
	file, err := os.Open(s.path(hour))
	if err != nil {
		return nil, err
	}
	written := bufio.NewReaderSize(io.LimitReader(file, f.written), 1<<16)
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(written, inMemory), file}, nil
}

// load appends to dst the entries of an hour that belong to one of n shares, sorted by
// key. An hour whose file is shorter than what was written is an error.
func (s *spill) load(dst []entry, hour int64, share, n int) ([]entry, error) {
	from := len(dst)
	var total int64
	err := s.read(hour, func(r io.Reader) error {
		var text [entryBytes]byte
		for {
			if _, err := io.ReadFull(r, text[:]); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
			total++
			e := entry{key: Key(text[:keyBytes]), meta: binary.LittleEndian.Uint32(text[keyBytes:])}
			if n == 1 || e.key.share(n) == share {
				dst = append(dst, e)
			}
		}
	})
	if err == nil && total != s.count(hour) {
		err = fmt.Errorf("read the uuids of %s from %s: %d of %d were read", hourStart(hour), s.dir, total, s.count(hour))
	}
	slices.SortFunc(dst[from:], func(a, b entry) int { return a.key.Compare(b.key) })
	return dst, err
}

// read calls do with the bytes of an hour.
func (s *spill) read(hour int64, do func(io.Reader) error) error {
	r, err := s.open(hour)
	if err != nil {
		return fmt.Errorf("read uuids from a temporary file of %s: %w", s.dir, err)
	}
	defer r.Close()
	if err := do(r); err != nil {
		return fmt.Errorf("read uuids from a temporary file of %s: %w", s.dir, err)
	}
	return nil
}

// names holds the texts of uuids that are not UUIDs, by hour: the key, the length and the
// bytes of each.
type names struct{ *spill }

func (n names) add(hour int64, key Key, text []byte) error {
	record := append([]byte{}, key[:]...)
	record = binary.AppendUvarint(record, uint64(len(text)))
	return n.append(hour, append(record, text...))
}

// all returns the keys and texts of an hour, in the order in which they were added. After
// an error there is no more.
func (n names) all(hour int64) iter.Seq2[named, error] {
	return func(yield func(named, error) bool) {
		err := n.read(hour, func(r io.Reader) error {
			in := bufio.NewReader(r)
			for {
				var one named
				if _, err := io.ReadFull(in, one.key[:]); err != nil {
					if errors.Is(err, io.EOF) {
						return nil
					}
					return err
				}
				length, err := binary.ReadUvarint(in)
				if err != nil {
					return err
				}
				text := make([]byte, length)
				if _, err := io.ReadFull(in, text); err != nil {
					return err
				}
				one.text = string(text)
				if !yield(one, nil) {
					return nil
				}
			}
		})
		if err != nil {
			yield(named{}, err)
		}
	}
}

// named is a uuid that is not a UUID.
type named struct {
	key  Key
	text string
}
