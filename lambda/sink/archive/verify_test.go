package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// chainOf returns a store with a chain of so many hours, of which each has an object.
func chainOf(t *testing.T, hours int) *memory {
	t.Helper()
	store := newMemory()
	c := open(t, store, nil)
	for i := range hours {
		putEvents(t, store, hourAt(i), fmt.Sprint("u-", i))
		mustAppend(t, c, hourAt(i))
	}
	return store
}

func TestVerifyNothing(t *testing.T) {
	_, found := verify(t, newMemory(), Check{})
	if len(found) != 1 || found[0].Kind != DigestMissing || found[0].Number != 1 {
		t.Errorf("%+v", found)
	}
}

func TestMissingHours(t *testing.T) {
	store := newMemory()
	c := open(t, store, nil)
	for _, i := range []int{1, 2, 5} {
		mustAppend(t, c, hourAt(i))
	}
	putEvents(t, store, hourAt(3), "in-a-missing-hour")
	for name, c := range map[string]struct {
		check Check
		want  []string
	}{
		"from the first to the last": {Check{}, []string{hourAt(3).Format(hourForm)}},
		"from since": {
			Check{Since: hourAt(0)}, []string{hourAt(0).Format(hourForm), hourAt(3).Format(hourForm)},
		},
		"until": {Check{Since: hourAt(5), Until: hourAt(8)}, []string{hourAt(6).Format(hourForm)}},
	} {
		_, found := verify(t, store, c.check)
		if got := placesOf(found); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q: %+v", name, got, c.want, found)
		}
	}
}

// Nothing says which of the last two digests of an unsigned chain was changed, unless its head does.
func TestTheLastLink(t *testing.T) {
	store := chainOf(t, 3)
	key := digestKey("acme", 2)
	head := open(t, store, nil).Head().Hash
	store.objects[key] = bytes.Replace(store.objects[key], []byte("29T10:00:00Z"), []byte("29T11:00:00Z"), 1)
	_, found := verify(t, store, Check{})
	if len(found) != 1 || found[0].Kind != LinkBroken || found[0].Number != 2 || found[0].Last != 3 {
		t.Errorf("%+v", found)
	}
	_, found = verify(t, store, Check{Head: head})
	if found = broken(found); len(found) != 1 || found[0].Kind != DigestChanged || found[0].Number != 2 {
		t.Errorf("with the head: %+v", found)
	}
	// Where the objects say which it was.
	store = chainOf(t, 3)
	store.objects[key] = bytes.Replace(store.objects[key], []byte(`"events":1,"root"`), []byte(`"events":0,"root"`), 1)
	_, found = verify(t, store, Check{})
	if len(found) != 1 || found[0].Kind != DigestWrong || found[0].Number != 2 {
		t.Errorf("%+v", found)
	}
}

// A head of earlier is one of the chain.
func TestHeadOfEarlier(t *testing.T) {
	store := chainOf(t, 2)
	head := open(t, store, nil).Head().Hash
	mustAppend(t, open(t, store, nil), hourAt(2))
	if _, found := verify(t, store, Check{Head: head}); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// What no digest names is reported, and is not broken.
func TestUndigested(t *testing.T) {
	store := chainOf(t, 2)
	late := putEvents(t, store, hourAt(0), "late-1")
	putEvents(t, store, hourAt(5), "new-1")
	store.objects["okta/org=acme/readme.txt"] = []byte("x")
	store.objects["digest/org=acme/readme.txt"] = []byte("x")
	_, found := verify(t, store, Check{})
	got := map[Kind]int{}
	for _, f := range found {
		got[f.Kind]++
		if f.Hour.Equal(hourAt(0)) && f.Key != late {
			t.Errorf("%+v", f)
		}
	}
	if want := map[Kind]int{Undigested: 2, Unknown: 2}; !reflect.DeepEqual(got, want) || len(broken(found)) > 0 {
		t.Errorf("%v, want %v: %+v", got, want, found)
	}
}

// What could not be read is reported, and nothing is concluded from it.
func TestNotRead(t *testing.T) {
	store := chainOf(t, 3)
	key := store.keys(EventsPrefix)[1]
	store.get = func(k string) error {
		if k == key || k == digestKey("acme", 1) {
			return errors.New("denied")
		}
		return nil
	}
	_, found := verify(t, store, Check{Since: hourAt(0), Until: hourAt(3)})
	if len(broken(found)) > 0 {
		t.Errorf("%+v", found)
	}
	n := 0
	for _, f := range found {
		if f.Kind == NotRead {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%+v", found)
	}
}

// TestNoHourToCheck: where the window begins after the last digest, nothing was checked, and Verify says so.
func TestNoHourToCheck(t *testing.T) {
	store := chainOf(t, 3)
	for _, until := range []time.Time{{}, hourAt(3), hourAt(4)} {
		var found []Finding
		check := Check{Org: "acme", Since: hourAt(4), Until: until}
		s, err := Verify(t.Context(), store, check, func(f Finding) { found = append(found, f) })
		if err != nil || len(found) != 1 || found[0].Kind != NotRead || s.Objects != 0 || s.Until.Before(s.Since) {
			t.Errorf("until %s: %+v, %+v, %v", until, s, found, err)
		}
	}
}

func TestVerifyEnds(t *testing.T) {
	store := chainOf(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	store.get = func(string) error { cancel(); return ctx.Err() }
	if _, err := Verify(ctx, store, Check{Org: "acme"}, func(Finding) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestOrgs: an org whose digests were all removed is still one.
func TestOrgs(t *testing.T) {
	_, bucket := newBucket(t, awsfake.BucketOptions{MaxKeys: 1}, S3Options{})
	for _, store := range []interface {
		Store
		Folders
	}{bucket, Dir(t.TempDir())} {
		if orgs, err := Orgs(t.Context(), store); err != nil || len(orgs) > 0 {
			t.Errorf("%T without objects: %q, %v", store, orgs, err)
		}
		for _, key := range []string{
			digestKey("b", 1), digestKey("c.d", 1), Key(Hour{"a b", start}, nil), Key(Hour{"b", start}, nil),
			Key(Hour{"b", start}, []byte("x")), EventsPrefix + "file", EventsPrefix + "org=%zz/x", "other/org=x/y",
		} {
			if err := store.Put(t.Context(), key, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		orgs, err := Orgs(t.Context(), store)
		if want := []string{"a b", "b", "c.d"}; err != nil || !slices.Equal(orgs, want) {
			t.Errorf("%T: %q, want %q, %v", store, orgs, want, err)
		}
	}
	if _, err := Orgs(t.Context(), Dir("nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that does not exist: %v", err)
	}
}
