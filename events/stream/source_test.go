package stream

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var errCable = errors.New("the cable is out")

// Values that were complete before a failure are delivered; a value that only the failure ended is
// not.
func TestReadError(t *testing.T) {
	for in, wants := range map[string][]string{
		"":                                     nil,
		"{\"a\":1}\n{\"b\":":                   {`{"a":1}`},
		"{\"a\":1}":                            {`{"a":1}`},
		"{\"a\":[\n{\"b\":1}\n":                {`{"a":[`, `{"b":1}`},
		"{\"a\":[\n{\"b\":1}\n{\"c\"":          {`{"a":[`, `{"b":1}`},
		"{\n  \"a\": 1\n":                      nil,
		"4":                                    nil,
		"4\n":                                  {"4"},
		"[{\"a\":1},":                          {`{"a":1}`},
		"[{\"a\":1},{\"b\":":                   {`{"a":1}`},
		"[1,2":                                 {"1"},
		"[1 2":                                 {"1"},
		"[1 2]":                                {"1", "2"},
		"{\"Records\":[{}]":                    {"{}"},
		"{\"Records\":[{}], \"a\":\"\n{\"b\":": {"{}", `, "a":"`},
		"\x1f":                                 nil,
	} {
		src := io.MultiReader(strings.NewReader(in), iotest.ErrReader(errCable))
		items, err := all(NewReader(src, Options{}))
		if !errors.Is(err, errCable) || !strings.HasPrefix(err.Error(), "read after ") {
			t.Errorf("%q: the error is %v", in, err)
		}
		for i, it := range items {
			if i >= len(wants) || it.Text != wants[i] {
				t.Errorf("%q: item %d is %q", in, i, it.Text)
			}
		}
		if len(items) < len(wants) {
			t.Errorf("%q: %d items", in, len(items))
		}
	}
}

func TestGzip(t *testing.T) {
	plain := []byte("{\"a\":1}\n{\"b\":2}\n{\"c\":")
	whole := packed(plain)
	broken := bytes.Clone(whole)
	broken[len(broken)-6] ^= 1 // in the checksum of the last member
	for name, test := range map[string]struct {
		in    []byte
		items int
		cause error
	}{
		"whole":            {whole, 3, io.EOF},
		"empty":            {packed(nil), 0, io.EOF},
		"byte order mark":  {packed([]byte("\ufeff{}")), 1, io.EOF},
		"truncated":        {whole[:len(whole)-9], 2, io.ErrUnexpectedEOF},
		"bad checksum":     {broken, 2, gzip.ErrChecksum},
		"something after":  {append(packed([]byte("{}\n{}\n")), "{}{}{}{}{}{}"...), 2, gzip.ErrHeader},
		"truncated header": {whole[:5], 0, io.ErrUnexpectedEOF},
		"only magic":       {whole[:2], 0, io.ErrUnexpectedEOF},
		"bad header":       {[]byte("\x1f\x8b{}\n{}\n{}\n{}\n"), 0, gzip.ErrHeader},
	} {
		t.Run(name, func(t *testing.T) {
			for _, src := range []io.Reader{bytes.NewReader(test.in), iotest.OneByteReader(bytes.NewReader(test.in)),
				iotest.DataErrReader(bytes.NewReader(test.in))} {
				items, err := all(NewReader(src, Options{}))
				if len(items) != test.items || !errors.Is(err, test.cause) {
					t.Errorf("%d items, then %v", len(items), err)
				}
				if test.cause != io.EOF && !strings.Contains(err.Error(), "gzip") {
					t.Errorf("the error is %v", err)
				}
			}
		})
	}
}

// rude breaks the rules of io.Reader.
type rude int

func (n rude) Read([]byte) (int, error) { return int(n), nil }

func TestRudeReader(t *testing.T) {
	for n, want := range map[rude]string{
		0:       io.ErrNoProgress.Error(),
		-1:      "impossible count",
		1 << 40: "impossible count",
	} {
		if _, err := NewReader(n, Options{}).Next(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// portions yields one of its strings at each read.
type portions struct {
	left  []string
	reads int
}

func (p *portions) Read(b []byte) (int, error) {
	p.reads++
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left[0])
	p.left = p.left[1:]
	return n, nil
}

func TestReady(t *testing.T) {
	for in, want := range map[string]string{
		"{\"a\":1}\n{\"b\":2}\n{\"c\"|:3}\n{}\n": "+-+-",
		"{}{}\n|{}":                              "+--",
		"[{\"a\":1},{\"b\":[2]}, {\"c\":|1}]\n":  "+-+",
		"[1,2 ,3|,\"a,\",\"b|\",]\n":             "+-+-+-",
		"[{\n},\n{\n},|\n{}]\n":                  "+-+",
		"{}\n \n |{}\n":                          "--",
	} {
		src := &portions{left: strings.Split(in, "|")}
		r := NewReader(src, Options{})
		if r.Ready() {
			t.Errorf("%q: ready before anything is read", in)
		}
		have := ""
		for i := 0; ; i++ {
			ready, reads := r.Ready(), src.reads
			_, err := r.Next()
			if i > 0 {
				have += map[bool]string{true: "+", false: "-"}[ready]
			}
			if ready && src.reads > reads && err == nil {
				t.Errorf("%q: item %d took a read", in, i)
			}
			if err == io.EOF {
				break
			}
		}
		if have != want {
			t.Errorf("%q: %s, not %s", in, have, want)
		}
	}
}

func TestAllocs(t *testing.T) {
	for name, in := range map[string]string{"lines": event(1) + "\n", "array": "[" + event(1) + "]",
		"pretty": string(pretty([]byte(event(1))))} {
		r := NewReader(&endless{text: []byte(in)}, Options{})
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(1000, func() {
			if it, err := r.Next(); err != nil || it.Fault != nil {
				t.Fatal(err, it.Fault)
			}
			r.Ready()
		}); n != 0 {
			t.Errorf("%s: %v allocations an item", name, n)
		}
	}
}
