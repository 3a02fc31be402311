package archive

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/pipeline"
)

// zipped returns gzip-compressed lines.
func zipped(lines ...string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for _, line := range lines {
		io.WriteString(z, line+"\n")
	}
	z.Close()
	return b.Bytes()
}

// bare returns an event as Okta sends it.
func bare(uuid string, published time.Time) string {
	return fmt.Sprintf(`{"uuid":%q,"published":%q,"eventType":"user.session.start","version":"0","severity":"INFO"}`,
		uuid, published.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// envelope returns an event in EventBridge's envelope.
func envelope(uuid string, published time.Time) string {
	return fmt.Sprintf(`{"version":"0","id":"id-of-%s","detail-type":"SystemLog","source":"aws.partner/okta.com/acme/s",`+
		`"account":"111122223333","time":"2026-11-22T10:00:00Z","region":"eu-central-1","resources":[],"detail":%s}`,
		uuid, bare(uuid, published))
}

// eventsOf returns the uuids and times of an object.
func eventsOf(object []byte) (found []string, err error) {
	err = EachEvent(bytes.NewReader(object), func(uuid []byte, ms int64) error {
		found = append(found, fmt.Sprint(string(uuid), "@", ms))
		return nil
	})
	return found, err
}

func TestEachEvent(t *testing.T) {
	at := start.Add(1234 * time.Millisecond)
	want := []string{fmt.Sprint("u-1@", at.UnixMilli()), fmt.Sprint("u-2@", at.UnixMilli())}
	for name, lines := range map[string][]string{
		"envelopes": {envelope("u-1", at), envelope("u-2", at)},
		"events":    {bare("u-1", at), bare("u-2", at)},
		"ocsf":      {record(t, envelope("u-1", at)), record(t, bare("u-2", at))},
		"mixed":     {record(t, bare("u-1", at)), envelope("u-2", at)},
	} {
		if got, err := eventsOf(zipped(lines...)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
		// Several gzip members are one file.
		if got, err := eventsOf(slices.Concat(zipped(lines[0]), zipped(lines[1]))); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s in two members: %q, %v, want %q", name, got, err, want)
		}
	}
	if got, err := eventsOf(zipped()); err != nil || len(got) > 0 {
		t.Errorf("an object without lines: %q, %v", got, err)
	}
}

// record returns the OCSF record of an event, as the pipeline makes it.
func record(t *testing.T, event string) (text string) {
	t.Helper()
	p := pipeline.New(pipeline.Config{Format: pipeline.OCSF})
	out := p.Process(nil, []byte(event), func(r *pipeline.Record) {
		if r.Fault != nil {
			t.Fatal(r.Fault)
		}
	})
	return string(out)
}

func TestEachEventRefuses(t *testing.T) {
	good := envelope("u-1", start)
	whole := zipped(good, good)
	for name, c := range map[string]struct {
		object []byte
		want   string
	}{
		"nothing":           {nil, "unpack gzip"},
		"no gzip":           {[]byte(good + "\n"), "unpack gzip"},
		"cut":               {whole[:len(whole)-9], "after line"},
		"a wrong checksum":  {append(slices.Clone(whole[:len(whole)-5]), 1, 2, 3, 4, 5), "checksum"},
		"more after it":     {append(slices.Clone(whole), "x"...), "after line 2"},
		"no JSON":           {zipped(good, "{"), "line 2: no Okta event in it"},
		"an empty line":     {zipped(good, "", good), "line 2: no Okta event in it"},
		"an empty array":    {zipped("[]"), "line 1: no Okta event in it"},
		"another event":     {zipped(good, `{"detail-type":"EC2","source":"aws.ec2","detail":{}}`), "line 2"},
		"a record of other": {zipped(`{"class_uid":1,"metadata":{"uid":"u","product":{"vendor_name":"X"}}}`), "line 1"},
	} {
		if _, err := eventsOf(c.object); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	stop := errors.New("stop")
	n := 0
	err := EachEvent(bytes.NewReader(whole), func([]byte, int64) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("an error of do ends it with %v after %d events", err, n)
	}
}

func FuzzEachEvent(f *testing.F) {
	f.Add(zipped(envelope("u-1", start), bare("u-2", start)))
	f.Add(zipped("[]", "{", ""))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, object []byte) {
		n := 0
		_ = EachEvent(bytes.NewReader(object), func(uuid []byte, _ int64) error {
			if n++; len(uuid) == 0 {
				t.Fatal("an event without uuid")
			}
			return nil
		})
		// The bytes as a line.
		if bytes.ContainsAny(object, "\n\r") {
			return
		}
		before := n
		line := bytes.NewReader(zipped(string(object)))
		err := EachEvent(line, func([]byte, int64) error { n++; return nil })
		if err == nil && n == before {
			t.Fatal("a line without an event is no error")
		}
	})
}

// An object that unpacks to more than what Sink stores is not read to its end.
func TestAnObjectThatUnpacksToTooMuch(t *testing.T) {
	event := bare("u-1", start)
	object := zipped(slices.Repeat([]string{event}, 1000)...)
	for _, events := range []int{1, 2, 999, 1000} {
		longest := int64(events * (len(event) + 1))
		for past, want := range []error{nil, errTooLarge} {
			longest := longest - int64(past)
			got := 0
			err := eachEvent(bytes.NewReader(object), longest, func([]byte, int64) error { got++; return nil })
			if events < 1000 {
				want = errTooLarge
			}
			if !errors.Is(err, want) || got > events || want == nil && got != 1000 {
				t.Errorf("%d bytes: %d events, %v, want %v", longest, got, err, want)
			}
		}
	}
}
