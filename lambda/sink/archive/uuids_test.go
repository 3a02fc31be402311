package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// treeHash is the Merkle tree hash as RFC 9162 §2.1.1 defines it, by recursion.
func treeHash(leaves []string) [sha256.Size]byte {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256([]byte("\x00" + leaves[0]))
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		left, right := treeHash(leaves[:k]), treeHash(leaves[k:])
		return sha256.Sum256(fmt.Appendf(nil, "\x01%s%s", left[:], right[:]))
	}
}

func TestRoot(t *testing.T) {
	// The second is that of one empty leaf, of which the RFC's test vectors have the hash.
	for want, uuids := range map[string][]string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": nil,
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d": {""},
	} {
		var u UUIDs
		u.add(uuids...)
		if got := u.Root(); got != want {
			t.Errorf("the root of %q is %s, want %s", uuids, got, want)
		}
	}
}

// Order, copies and grouping change nothing.
func TestRootIsThatOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uuids := rapid.SliceOfN(rapid.StringMatching(`[a-f0-9]{1,3}`), 0, 200).Draw(t, "uuids")
		var u UUIDs
		for _, uuid := range uuids {
			u.Add([]byte(uuid))
			if rapid.Bool().Draw(t, "look") {
				u.Len()
			}
		}
		set := slices.Clone(uuids)
		slices.Sort(set)
		set = slices.Compact(set)
		want := treeHash(set)
		if got := u.Root(); got != hex.EncodeToString(want[:]) || u.Len() != len(set) {
			t.Fatalf("%d uuids with the root %s, want %d with %x", u.Len(), got, len(set), want)
		}
	})
}
