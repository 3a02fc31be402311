package archive

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// signs signs as AWS KMS does.
type signs struct{ key crypto.Signer }

func (s signs) Sign(_ context.Context, sum []byte) ([]byte, error) {
	var options crypto.SignerOpts = crypto.SHA256
	if _, isRSA := s.key.(*rsa.PrivateKey); isRSA {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	return s.key.Sign(rand.Reader, sum, options)
}

func newKey(t tb) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// story is an archive with a chain, made of drawn events.
type story struct {
	*memory
	hours  int
	head   Head
	signed bool
	key    *ecdsa.PrivateKey
}

// drawStory draws events, puts them in objects in a drawn order and grouping, and makes digests
// with late objects in between.
func drawStory(t *rapid.T, key *ecdsa.PrivateKey) *story {
	s := &story{
		memory: newMemory(), hours: rapid.IntRange(3, 6).Draw(t, "hours"),
		signed: rapid.Bool().Draw(t, "signed"), key: key,
	}
	n := 0
	put := func(hour int) {
		uuids := make([]string, rapid.IntRange(1, 3).Draw(t, "events"))
		for i := range uuids {
			n++
			uuids[i] = fmt.Sprint("u-", n)
		}
		putEvents(t, s, hourAt(hour), uuids...)
	}
	var signer Signer
	if s.signed {
		signer = signs{key}
	}
	c := open(t, s, signer)
	for hour := range s.hours {
		least := 0
		if hour == 0 {
			least = 1 // something to tamper with
		}
		for range rapid.IntRange(least, 2).Draw(t, "objects") {
			put(hour)
		}
		mustAppend(t, c, hourAt(hour))
		if hour > 0 && rapid.Bool().Draw(t, "late") {
			put(hour - 1)
			mustAppend(t, c, hourAt(hour-1))
		}
	}
	s.head = c.Head()
	return s
}

// digests returns the keys of the digests.
func (s *story) digests() []string { return s.keys(digestsFolder) }

// check is what a verifier knows: the head or the public key, where something is to be found by it.
func (s *story) check() Check {
	c := Check{Since: hourAt(0), Until: hourAt(s.hours), Head: s.head.Hash}
	if s.signed {
		c.PublicKey, c.Head = s.key.Public(), ""
	}
	return c
}

// verifies checks that nothing is found, and returns the checks that see everything.
func (s *story) verifies(t *rapid.T) {
	summary, found := verify(t, s, s.check())
	if len(found) > 0 || summary.Head != s.head || summary.Hours != int64(s.hours) {
		t.Fatalf("an untouched archive: %+v, %+v", summary, found)
	}
}

// blamed checks that what is broken is found, and that these places are named and no others.
func (s *story) blamed(t *rapid.T, what string, places ...string) []Finding {
	_, found := verify(t, s, s.check())
	got := slices.Compact(placesOf(broken(found)))
	slices.Sort(places)
	if !slices.Equal(got, places) {
		t.Fatalf("%s: %q are named, want %q: %+v", what, got, places, found)
	}
	return broken(found)
}

// tampered is what rapid draws for one property.
func tampered(t *testing.T, do func(t *rapid.T, s *story)) {
	key := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t, key)
		s.verifies(t)
		do(t, s)
	})
}

func draw(t *rapid.T, name string, keys []string) string {
	return rapid.SampledFrom(keys).Draw(t, name)
}

// flip changes one byte of an object.
func (s *story) flip(t *rapid.T, key string) {
	body := slices.Clone(s.objects[key])
	at := rapid.IntRange(0, len(body)-1).Draw(t, "offset")
	body[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
	s.objects[key] = body
}

func numberOf(key string) int64 { _, number, _ := parseDigestKey(key); return number }

func TestAChangedObjectIsNamed(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		key := draw(t, "object", s.keys(EventsPrefix))
		s.flip(t, key)
		if found := s.blamed(t, "a byte of "+key, key); found[0].Kind != ObjectChanged {
			t.Fatalf("%+v", found)
		}
	})
}

func TestARemovedObjectIsNamed(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		key := draw(t, "object", s.keys(EventsPrefix))
		hour, _, _ := ParseKey(key)
		delete(s.objects, key)
		if found := s.blamed(t, "without "+key, key); found[0].Kind != ObjectMissing || !found[0].Hour.Equal(hour.Start) {
			t.Fatalf("%+v", found)
		}
	})
}

func TestAChangedDigestIsNamed(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		key := draw(t, "digest", s.digests())
		s.flip(t, key)
		s.blamed(t, "a byte of "+key, fmt.Sprint("digest ", numberOf(key)))
	})
}

// Without the head and without signatures, a digest that is followed by others is named too; nothing
// but its objects says whether the last but one was changed, or the last.
func TestAChangedDigestIsNamedByTheChain(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		all := s.digests()
		key := draw(t, "digest", all[:len(all)-1])
		number := numberOf(key)
		s.flip(t, key)
		_, found := verify(t, s, Check{Since: hourAt(0), Until: hourAt(s.hours)})
		found = broken(found)
		if len(found) != 1 || found[0].Number != number ||
			found[0].Last != 0 && (found[0].Kind != LinkBroken || number != s.head.Number-1) {
			t.Fatalf("a byte of %s: %+v", key, found)
		}
	})
}

func TestARemovedDigestIsNamed(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		all := s.digests()
		key := draw(t, "digest", all[:len(all)-1])
		delete(s.objects, key)
		found := s.blamed(t, "without "+key, fmt.Sprint("digest ", numberOf(key)))
		if found[0].Kind != DigestMissing {
			t.Fatalf("%+v", found)
		}
	})
}

func TestReorderedDigestsAreNamed(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		all := s.digests()
		i := rapid.IntRange(0, len(all)-2).Draw(t, "one")
		j := rapid.IntRange(i+1, len(all)-1).Draw(t, "other")
		s.objects[all[i]], s.objects[all[j]] = s.objects[all[j]], s.objects[all[i]]
		// The last is named by its number, whether it is that or its hash that is known.
		found := slices.Compact(placesOf(broken(findings(t, s))))
		want := []string{fmt.Sprint("digest ", numberOf(all[i])), fmt.Sprint("digest ", numberOf(all[j]))}
		slices.Sort(want)
		if !slices.Equal(found, want) {
			t.Fatalf("%q are named, want %q", found, want)
		}
	})
}

func findings(t *rapid.T, s *story) []Finding { _, found := verify(t, s, s.check()); return found }

// An object is removed, and its digest written anew so that it agrees with what is left.
func TestARewrittenDigestIsNamed(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		key := draw(t, "digest", slices.DeleteFunc(s.digests(), func(key string) bool {
			f, err := parseDigest(s.objects[key])
			return err != nil || len(f.Objects) == 0
		}))
		f, err := parseDigest(s.objects[key])
		if err != nil {
			t.Fatal(err)
		}
		delete(s.objects, f.Objects[0].Key)
		f.Objects = f.Objects[1:]
		var held UUIDs
		for _, o := range f.Objects {
			c, err := readObject(context.Background(), s, o.Key)
			if err != nil {
				t.Fatal(err)
			}
			held.add(c.uuids...)
		}
		f.Events, f.Root = int64(held.Len()), held.Root()
		_, second, _ := strings.Cut(string(s.objects[key]), "\n")
		first, err := canonical(&f.Digest)
		if err != nil {
			t.Fatal(err)
		}
		s.objects[key] = append(first, second...)
		s.blamed(t, "digest written anew", fmt.Sprint("digest ", f.Number))
	})
}

// That the last digest is the last is known from the head, or from the hours that there must be.
func TestARemovedEndIsFound(t *testing.T) {
	tampered(t, func(t *rapid.T, s *story) {
		all := s.digests()
		for _, key := range all[rapid.IntRange(1, len(all)-1).Draw(t, "left"):] {
			delete(s.objects, key)
		}
		_, found := verify(t, s, Check{Head: s.head.Hash})
		if len(found) == 0 || found[0].Kind != HeadMissing {
			t.Fatalf("with the head: %+v", found)
		}
		summary, found := verify(t, s, Check{Until: hourAt(s.hours)})
		lastHour := slices.ContainsFunc(s.digests(), func(key string) bool {
			f, err := parseDigest(s.objects[key])
			return err == nil && f.Hour.Equal(hourAt(s.hours-1))
		})
		if (len(broken(found)) > 0) == lastHour {
			t.Fatalf("with --until: %+v, %+v", summary, found)
		}
	})
}

// The same events in any order and grouping have the same root.
func TestGroupingDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uuids := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,2}`), 1, 20).Draw(t, "uuids")
		digest := func() *Digest {
			store := newMemory()
			rest := rapid.Permutation(uuids).Draw(t, "order")
			for len(rest) > 0 {
				n := rapid.IntRange(1, len(rest)).Draw(t, "group")
				body := zipped(lines(rest[:n])...)
				_ = store.Put(context.Background(), Key(Hour{"acme", hourAt(0)}, body), body)
				rest = rest[n:]
			}
			d := mustAppend(t, open(t, store, nil), hourAt(0))
			if _, found := verify(t, store, Check{}); len(found) > 0 {
				t.Fatalf("%+v", found)
			}
			return d
		}
		if one, other := digest(), digest(); one.Root != other.Root || one.Events != other.Events {
			t.Fatalf("%d events with the root %s, and %d with %s", one.Events, one.Root, other.Events, other.Root)
		}
	})
}

func lines(uuids []string) (lines []string) {
	for _, uuid := range uuids {
		lines = append(lines, envelope(uuid, hourAt(0)))
	}
	return lines
}
