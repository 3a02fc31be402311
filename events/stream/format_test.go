package stream

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/oktastream/oktastream/events"
)

func zstdOf(t *testing.T, in []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(in, nil)
}

func utf16Of(order binary.AppendByteOrder, text string) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func TestEncodings(t *testing.T) {
	const text = "{\"a\":\"é \U0001f600\"}\n" + stamp + "s {\"b\":1}\n"
	for name, in := range map[string][]byte{
		"zstd":                 zstdOf(t, []byte(text)),
		"zstd in gzip":         packed(zstdOf(t, []byte(text))),
		"gzip in gzip":         packed(packed([]byte(text))),
		"UTF-16, little":       utf16Of(binary.LittleEndian, text),
		"UTF-16, big":          utf16Of(binary.BigEndian, text),
		"UTF-16 in gzip":       packed(utf16Of(binary.LittleEndian, text)),
		"a mark, then in zstd": zstdOf(t, []byte("\ufeff"+text)),
		"UTF-16, little, bare": utf16Of(binary.LittleEndian, text)[2:],
		"UTF-16, big, bare":    utf16Of(binary.BigEndian, text)[2:],
	} {
		for _, r := range []io.Reader{bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in))} {
			items, err := all(NewReader(r, Options{}))
			if err != io.EOF || len(items) != 2 || items[0].Text != "{\"a\":\"é \U0001f600\"}" ||
				items[1].Text != `{"b":1}` {
				t.Errorf("%s: %v, %+v", name, err, items)
			}
		}
	}
}

func TestEncodingsCutOffOrDamaged(t *testing.T) {
	little := utf16Of(binary.LittleEndian, "{\"a\":1}\n{\"b\":2}\n{")
	long := zstdOf(t, []byte(strings.Repeat("{\"a\":1}\n", 1000)))
	for name, in := range map[string][]byte{
		"half a code unit": little[:len(little)-1],
		"zstd":             long[:len(long)-3],
	} {
		items, err := all(NewReader(bytes.NewReader(in), Options{}))
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "unpack ") {
			t.Errorf("%s: %v", name, err)
		}
		for _, it := range items {
			if it.Fault != "" {
				t.Errorf("%s: %+v; what is cut off is not a bad record", name, it)
			}
		}
	}
	bad := utf16Of(binary.LittleEndian, "{\"a\":\"x\"}\n{}\n")
	bad[14], bad[15] = 0x00, 0xd8 // half of a pair
	items, err := all(NewReader(bytes.NewReader(bad), Options{}))
	if err != io.EOF || len(items) != 2 || items[1].Text != "{}" || items[1].Fault != "" {
		t.Errorf("%v, %+v", err, items)
	}
}

func TestFilesThatAreNotRead(t *testing.T) {
	var zipped, tarred bytes.Buffer
	z := zip.NewWriter(&zipped)
	w, err := z.Create("a.json")
	if err == nil {
		_, err = io.WriteString(w, "{}")
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	tw := tar.NewWriter(&tarred)
	err = tw.WriteHeader(&tar.Header{Name: "a.json", Size: 2, Mode: 0o600, Format: tar.FormatUSTAR})
	if err == nil {
		_, err = io.WriteString(tw, "{}")
	}
	if err = errors.Join(err, tw.Close()); err != nil {
		t.Fatal(err)
	}
	csv := "timestamp,actor.id,event_type,uuid\n2026-06-22T22:37:12.728Z,1,user.session.start,u\n"
	for _, test := range []struct{ in, name string }{
		{zipped.String(), "a zip archive"},
		{tarred.String(), "a tar archive"},
		{string(packed(tarred.Bytes())), "a tar archive"},
		{"BZh91AY&SY", "bzip2"},
		{"\xfd7zXZ\x00\x00\x04", "xz"},
		{"7z\xbc\xaf\x27\x1c\x00", "a 7z archive"},
		{"PAR1\x15", "a Parquet file"},
		{csv, "CSV"},
		{"\ufeff" + csv, "CSV"},
		{string(utf16Of(binary.LittleEndian, csv)), "CSV"},
		{strings.ReplaceAll(csv, ",", ";"), "CSV"},
		{"\"_raw\",\"_time\"\n\"{}\",\"2026\"\n", "CSV"},              // Splunk's
		{"@timestamp,@message\n2026-06-22 22:37:12.728,{}\n", "CSV"},  // Logs Insights'
		{"Time,Event_Type,Actor\n2026,user.session.start,a\n", "CSV"}, // a spreadsheet's
		{"Obj\x01\x04\x16", "an Avro file"},
		{"ORC\x0a", "an ORC file"},
		{"\x04\x22\x4d\x18", "lz4"},
		{"<!DOCTYPE html>\n<html>", "an HTML page"},
		{"<html lang=\"en\">", "an HTML page"},
		{"<?xml version=\"1.0\"?>", "XML"},
	} {
		items, err := all(NewReader(iotest.HalfReader(strings.NewReader(test.in)), Options{}))
		bad, ok := errors.AsType[*events.FormatError](err)
		if !ok || bad.Name != test.name || bad.WayOut == "" || len(items) != 0 {
			t.Errorf("%.20q: %v, %+v; want %s", test.in, err, items, test.name)
		}
	}
}

// Text that only begins with letters is read line by line, without waiting for more.
func TestTextIsNoFile(t *testing.T) {
	for _, first := range []string{"not JSON", "a,b,c,d", "timestamp,level,text", "PK", "BZ", "tru", "uuid", "-1"} {
		live := io.MultiReader(strings.NewReader(first+"\n"), iotest.ErrReader(errCable))
		r := NewReader(live, Options{})
		if it, err := r.Next(); err != nil || string(it.Text) != first {
			t.Errorf("%q: %v, %+v", first, err, it)
		}
	}
}

// CutOff is set on the items that the end of the input ended.
func TestCutOff(t *testing.T) {
	for in, want := range map[string][]bool{
		"{}\n{\"a\":":       {false, true},
		"{}\n{\"a\":\n":     {false, true},
		"{}\n{}":            {false, false},
		"x\n{":              {false, true},
		"[{},{\"a\"":        {false, true},
		"[{},":              {false, true},
		"{\"Records\":[{}]": {false, true},
		"{\n \"a\": 1,\n":   {true},
		stamp + "{\"a\":":   {true},
		stamp + "{\"a\":1}": {false},
	} {
		r := NewReader(strings.NewReader(in), Options{})
		var got []bool
		for {
			it, err := r.Next()
			if err != nil {
				break
			}
			got = append(got, it.CutOff)
		}
		if len(got) != len(want) {
			t.Errorf("%q: %v, want %v", in, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: %v, want %v", in, got, want)
			}
		}
	}
}
