package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAppend(t *testing.T) {
	store := newMemory()
	a := putEvents(t, store, hourAt(0), "u-1", "u-2")
	b := putEvents(t, store, hourAt(0), "u-2", "u-3")
	c := open(t, store, nil)
	verdict := &Verdict{Okta: 3, Here: 3, State: "complete", ReadAt: start.AddDate(0, 0, 2)}
	first, err := c.Append(t.Context(), hourAt(0), verdict, nil)
	if err != nil {
		t.Fatal(err)
	}
	set := UUIDs{list: []string{"u-1", "u-2", "u-3"}}
	keys := []string{a, b}
	slices.Sort(keys)
	if first.Number != 1 || first.Late || first.Previous != "" || first.Events != 3 || first.Root != set.Root() ||
		len(first.Objects) != 2 || first.Objects[0].Key != keys[0] || first.Objects[0].Events != 2 ||
		!first.Made.Equal(settled()) || *first.Okta != *verdict {
		t.Errorf("the first digest is %+v", first)
	}
	// An hour without events.
	empty := mustAppend(t, c, hourAt(1))
	if empty.Number != 2 || empty.Events != 0 || len(empty.Objects) != 0 || empty.Root != (&UUIDs{}).Root() {
		t.Errorf("the digest of an empty hour is %+v", empty)
	}
	if _, err := c.Append(t.Context(), hourAt(0), nil, nil); !errors.Is(err, ErrUpToDate) {
		t.Errorf("a second digest without new objects: %v", err)
	}
	// What comes later, in the same chain and in one that was opened again.
	for i := range 2 {
		if i > 0 {
			c = open(t, store, nil)
		}
		key := putEvents(t, store, hourAt(i), fmt.Sprint("late-", i), "u-1")
		late := mustAppend(t, c, hourAt(i))
		if !late.Late || late.Number != int64(3+i) || len(late.Objects) != 1 || late.Objects[0].Key != key ||
			late.Events != 2 {
			t.Errorf("the late digest is %+v", late)
		}
	}
	summary, found := verify(t, store, Check{})
	if len(found) > 0 || summary.Digests != 4 || summary.Hours != 2 || summary.Objects != 4 || summary.Head.Number != 4 {
		t.Errorf("%+v, %+v", summary, found)
	}
}

// The file of a digest is the digest's canonical JSON, which its hash is of.
func TestDigestFile(t *testing.T) {
	store := newMemory()
	c := open(t, store, nil)
	mustAppend(t, c, hourAt(0))
	const want = `{"oktastream_digest":1,"number":1,"org":"acme","hour":"2026-11-22T10:00:00Z","late":false,` +
		`"objects":[],"events":0,"root":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","previous":"",` +
		`"made":"2026-11-29T10:00:00Z"}` + "\n"
	if got := string(store.objects["digest/org=acme/0000000001.json"]); got != want {
		t.Errorf("the file is %s, want %s", got, want)
	}
	if c.Head() != (Head{1, sum([]byte(want))}) {
		t.Errorf("the head is %+v", c.Head())
	}
}

func sum(text []byte) string { f, _ := parseDigest(text); return f.hash }

func TestAppendRefuses(t *testing.T) {
	c := open(t, newMemory(), nil)
	if _, err := c.Append(t.Context(), settled().Truncate(time.Hour), nil, nil); !errors.Is(err, ErrNotOver) {
		t.Errorf("an hour that has not ended: %v", err)
	}
	if _, err := c.Append(t.Context(), hourAt(0).Add(time.Minute), nil, nil); err == nil {
		t.Error("a time within an hour was accepted")
	}
	for _, org := range []string{"", "\xff"} {
		if _, err := Open(t.Context(), newMemory(), org, time.Time{}, Options{Now: settled}); err == nil {
			t.Errorf("org %q was accepted", org)
		}
	}
}

// Events that are at another destination have a digest without objects.
func TestAppendOutside(t *testing.T) {
	store := newMemory()
	putEvents(t, store, hourAt(0), "not-read")
	c := open(t, store, nil)
	held := &UUIDs{}
	held.Add([]byte("u-1"))
	d, err := c.Append(t.Context(), hourAt(0), nil, held)
	if err != nil || !d.Outside || d.Events != 1 || d.Root != held.Root() || len(d.Objects) > 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	summary, found := verify(t, store, Check{})
	if summary.Outside != 1 || len(broken(found)) > 0 {
		t.Errorf("%+v, %+v", summary, found)
	}
}

// Only the digests that were made since are read.
func TestOpenSince(t *testing.T) {
	store := newMemory()
	clock := hourAt(1)
	c, err := Open(t.Context(), store, "acme", time.Time{}, Options{Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	const hours = 5 * atATime
	for i := range hours {
		clock = hourAt(i + 1)
		mustAppend(t, c, hourAt(i))
	}
	read := 0
	store.get = func(string) error { read++; return nil }
	since := hourAt(hours - 10)
	again, err := Open(t.Context(), store, "acme", since, Options{Now: settled})
	if err != nil {
		t.Fatal(err)
	}
	if again.Head() != c.Head() || read > atATime || !again.Has(since) || !again.Has(hourAt(hours-1)) ||
		again.Has(hourAt(hours)) {
		t.Errorf("the head is %+v, want %+v; %d digests were read", again.Head(), c.Head(), read)
	}
}

// Two writers make one chain, without a gap and without a loss.
func TestTwoWriters(t *testing.T) {
	const hours, writers = 30, 4
	store := newMemory()
	for i := range hours {
		putEvents(t, store, hourAt(i), fmt.Sprint("u-", i))
	}
	var wg sync.WaitGroup
	raced := make([]int, writers)
	for w := range writers {
		wg.Go(func() {
			c := open(t, store, nil)
			for i := 0; i < hours; {
				_, err := c.Append(context.Background(), hourAt(i), nil, nil)
				switch {
				case err == nil, errors.Is(err, ErrUpToDate):
					i++
				case errors.Is(err, ErrRaced):
					raced[w]++
					c = open(t, store, nil)
				default:
					t.Error(err)
					return
				}
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	summary, found := verify(t, store, Check{Since: hourAt(0), Until: hourAt(hours)})
	if len(found) > 0 || summary.Digests != hours || summary.Events != hours {
		t.Errorf("%+v, %+v", summary, found)
	}
}

// The loser of a race knows, and goes on when it opens the chain again.
func TestRaced(t *testing.T) {
	store := newMemory()
	one, other := open(t, store, nil), open(t, store, nil)
	mustAppend(t, one, hourAt(0))
	for range 2 {
		if _, err := other.Append(t.Context(), hourAt(1), nil, nil); !errors.Is(err, ErrRaced) {
			t.Fatalf("the second writer gets %v", err)
		}
	}
	mustAppend(t, open(t, store, nil), hourAt(1))
	if _, found := verify(t, store, Check{}); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// lossy loses the response of the first Put, and the HTTP client makes the call again.
type lossy struct{ *memory }

func (l lossy) Put(ctx context.Context, key string, body []byte) error {
	return errors.Join(l.memory.Put(ctx, key, body), l.memory.Put(ctx, key, body))
}

func TestPutWhoseResponseWasLost(t *testing.T) {
	store := newMemory()
	c := open(t, lossy{store}, nil)
	mustAppend(t, c, hourAt(0))
	mustAppend(t, c, hourAt(1))
	if _, found := verify(t, store, Check{}); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// A chain with a missing and an unreadable digest is continued; Verify names them.
func TestABrokenChainIsContinued(t *testing.T) {
	store := newMemory()
	c := open(t, store, nil)
	for i := range 4 {
		mustAppend(t, c, hourAt(i))
	}
	delete(store.objects, digestKey("acme", 2))
	store.objects[digestKey("acme", 4)] = []byte("{}\n")
	c = open(t, store, nil)
	if d := mustAppend(t, c, hourAt(4)); d.Number != 5 {
		t.Errorf("the next digest has the number %d", d.Number)
	}
	_, found := verify(t, store, Check{})
	if got := placesOf(broken(found)); !reflect.DeepEqual(got, []string{"digest 2", "digest 4"}) {
		t.Errorf("%q", got)
	}
}

func placesOf(found []Finding) (places []string) {
	for _, f := range found {
		switch {
		case f.Key != "":
			places = append(places, f.Key)
		case f.Number != 0:
			places = append(places, fmt.Sprint("digest ", f.Number))
		default:
			places = append(places, f.Hour.Format(hourForm))
		}
	}
	slices.Sort(places)
	return places
}

// What could not be read ends Append: nothing is left out of a digest.
func TestAppendNeedsEveryObject(t *testing.T) {
	store := newMemory()
	key := putEvents(t, store, hourAt(0), "u-1")
	denied := errors.New("denied")
	store.get = func(k string) error {
		if k == key {
			return denied
		}
		return nil
	}
	c := open(t, store, nil)
	_, err := c.Append(t.Context(), hourAt(0), nil, nil)
	if !errors.Is(err, denied) || !strings.Contains(err.Error(), key) {
		t.Errorf("%v", err)
	}
	if len(store.keys(digestsFolder)) > 0 {
		t.Error("a digest was made")
	}
}

// Faulty objects are in the digest with their fault, and Verify names them.
func TestFaultyObjects(t *testing.T) {
	store := newMemory()
	good := putEvents(t, store, hourAt(0), "u-1")
	hour := Hour{"acme", hourAt(0)}
	put := func(key string, body []byte) string { store.objects[key] = body; return key }
	noGzip := []byte("no gzip")
	otherHour := zipped(envelope("u-2", hourAt(1)))
	want := map[string]Fault{
		good:                                 "",
		put(Key(hour, noGzip), noGzip):       FaultContent,
		put(Key(hour, nil), otherHour):       FaultName,
		put(Key(hour, otherHour), otherHour): FaultHour,
	}
	d := mustAppend(t, open(t, store, nil), hourAt(0))
	got := map[string]Fault{}
	for _, o := range d.Objects {
		got[o.Key] = o.Fault
	}
	if !reflect.DeepEqual(got, want) || d.Events != 2 {
		t.Errorf("%v, %d events, want %v", got, d.Events, want)
	}
	_, found := verify(t, store, Check{})
	if len(found) != 3 {
		t.Errorf("%+v", found)
	}
	for _, f := range found {
		if f.Kind != ObjectFaulty || want[f.Key] == "" {
			t.Errorf("%+v", f)
		}
	}
}

// An hour of a million events is digested within 256 MB.
func TestMemoryOfADigest(t *testing.T) {
	const objects, each = 100, 10_000
	store := newMemory()
	line := bare("%08x-1111-4111-8111-0123456789ab", hourAt(0)) + "\n"
	for i := range objects {
		var body bytes.Buffer
		z, err := gzip.NewWriterLevel(&body, gzip.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		for j := range each {
			fmt.Fprintf(z, line, i*each+j)
		}
		z.Close()
		store.objects[Key(Hour{"acme", hourAt(0)}, body.Bytes())] = body.Bytes()
	}
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	d := mustAppend(t, open(t, store, nil), hourAt(0))
	close(done)
	wg.Wait()
	if d.Events != objects*each {
		t.Errorf("%d events", d.Events)
	}
	used := (peak - before.HeapAlloc) >> 20
	t.Logf("%d MB", used)
	if used > 256 {
		t.Errorf("the digest of %d events took %d MB, want 256 at most", d.Events, used)
	}
}

func FuzzParseDigest(f *testing.F) {
	store := newMemory()
	putEvents(f, store, hourAt(0), "u-1")
	c := open(f, store, fakeSigner{})
	mustAppend(f, c, hourAt(0))
	mustAppend(f, c, hourAt(1))
	for _, key := range store.keys(digestsFolder) {
		f.Add(store.objects[key])
	}
	f.Add([]byte(`{"oktastream_digest":1}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseDigest(text)
		if d.hash == "" {
			t.Fatal("no hash")
		}
		if err != nil {
			return
		}
		_ = d.check("acme", 1)
		// There is one spelling.
		back, err := json.Marshal(d.Digest)
		if err != nil || len(back) == 0 {
			t.Fatal(err)
		}
		line, _ := canonical(&d.Digest)
		if !strings.HasPrefix(string(text), string(line)) {
			t.Fatalf("%q was accepted for %q", text, line)
		}
	})
}

type fakeSigner struct{}

func (fakeSigner) Sign(context.Context, []byte) ([]byte, error) { return []byte("signature"), nil }

func TestParseDigestKeyRefuses(t *testing.T) {
	for _, key := range []string{
		"digest/org=acme/1.json", "digest/org=acme/0000000000.json", "digest/org=acme/00000000001.json",
		"digest/org=acme/+000000001.json", "digest/org=acme/0000000001.jsn", "digest/org=/0000000001.json",
		"digest/org=acme/x/0000000001.json", "okta/org=acme/0000000001.json", "",
	} {
		if _, _, ok := parseDigestKey(key); ok {
			t.Errorf("%q was accepted", key)
		}
	}
	if org, n, ok := parseDigestKey(digestKey("a b", maxNumber)); org != "a b" || n != maxNumber || !ok {
		t.Errorf("%q %d %t", org, n, ok)
	}
}
