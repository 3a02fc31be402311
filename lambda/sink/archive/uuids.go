package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// UUIDs is a set of uuids. It needs about 64 bytes for a uuid. The zero value is the empty set. It is for
// one goroutine.
type UUIDs struct {
	list   []string
	sorted int // the first of list are sorted, and each is there once
}

// minCompact is the smallest number of uuids that are sorted at a time.
const minCompact = 1 << 16

// Add adds a uuid, which it copies.
func (u *UUIDs) Add(uuid []byte) { u.add(string(uuid)) }

func (u *UUIDs) add(uuids ...string) {
	u.list = append(u.list, uuids...)
	if len(u.list) >= max(2*u.sorted, minCompact) {
		u.compact()
	}
}

// Len returns the number of uuids.
func (u *UUIDs) Len() int {
	u.compact()
	return len(u.list)
}

func (u *UUIDs) compact() {
	if u.sorted == len(u.list) {
		return
	}
	slices.Sort(u.list)
	whole := u.list
	u.list = slices.Compact(u.list)
	clear(whole[len(u.list):])
	u.sorted = len(u.list)
}

// Root returns the Merkle tree hash of the uuids, sorted by their bytes, in lower-case hex. The
// tree is that of RFC 9162 §2.1.1 (2021-12): a leaf is SHA-256(0x00 || uuid), a node
// SHA-256(0x01 || left || right), the left side of n leaves has the largest power of two of them
// that is less than n, and the hash of no leaves is SHA-256 of nothing.
func (u *UUIDs) Root() string {
	u.compact()
	// The hashes of full trees, the largest first; sizes are their numbers of leaves.
	var trees [][sha256.Size]byte
	var sizes []int
	leaf := make([]byte, 1, 64)
	for _, uuid := range u.list {
		leaf = append(leaf[:1], uuid...)
		trees, sizes = append(trees, sha256.Sum256(leaf)), append(sizes, 1)
		for n := len(sizes); n > 1 && sizes[n-1] == sizes[n-2]; n = len(sizes) {
			trees, sizes = append(trees[:n-2], node(trees[n-2], trees[n-1])), append(sizes[:n-2], 2*sizes[n-1])
		}
	}
	if len(trees) == 0 {
		sum := sha256.Sum256(nil)
		return hex.EncodeToString(sum[:])
	}
	root := trees[len(trees)-1]
	for _, left := range slices.Backward(trees[:len(trees)-1]) {
		root = node(left, root)
	}
	return hex.EncodeToString(root[:])
}

// node returns the hash of a node with these children.
func node(left, right [sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}
