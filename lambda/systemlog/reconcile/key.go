package reconcile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// keyBytes is the length of a Key.
const keyBytes = 16

// Key stands for the uuid of an event: the 16 bytes of a UUID in its canonical spelling
// (RFC 9562 §4, lower case), or the first 16 bytes of the SHA-256 of any other text. Okta
// documents uuid as a string and not as a UUID.
type Key [keyBytes]byte

// The hyphens of a UUID in its canonical spelling, and its length in characters.
var hyphens = [...]int{8, 13, 18, 23}

const uuidText = 36

// KeyOf returns the Key of a uuid, and whether text is a UUID in its canonical spelling, so
// that Key.String is text again.
func KeyOf(text []byte) (key Key, canonical bool) {
	if key, canonical = parseUUID(text); canonical {
		return key, true
	}
	sum := sha256.Sum256(text)
	return Key(sum[:keyBytes]), false
}

func parseUUID(text []byte) (key Key, ok bool) {
	if len(text) != uuidText {
		return key, false
	}
	n, next := 0, 0 // digits, hyphens
	for i, c := range text {
		if next < len(hyphens) && i == hyphens[next] {
			if c != '-' {
				return key, false
			}
			next++
			continue
		}
		var digit byte
		switch {
		case '0' <= c && c <= '9':
			digit = c - '0'
		case 'a' <= c && c <= 'f':
			digit = c - 'a' + 10
		default:
			return key, false
		}
		key[n/2] = key[n/2]<<4 | digit
		n++
	}
	return key, true
}

// String returns the canonical spelling of a UUID with the bytes of k.
func (k Key) String() string {
	var text [uuidText]byte
	digits := hex.AppendEncode(make([]byte, 0, 2*keyBytes), k[:])
	n, next := 0, 0
	for i := range text {
		if next < len(hyphens) && i == hyphens[next] {
			text[i], next = '-', next+1
			continue
		}
		text[i] = digits[n]
		n++
	}
	return string(text[:])
}

// Compare orders keys by their bytes: it returns -1, 0 or 1.
func (k Key) Compare(other Key) int { return bytes.Compare(k[:], other[:]) }

// share returns to which of n shares of nearly equal size k belongs. It is a hash, FNV-1a, because uuids
// that are counters have the same first bytes.
func (k Key) share(n int) int {
	hash := uint32(2166136261)
	for _, b := range k {
		hash = (hash ^ uint32(b)) * 16777619
	}
	return int(hash % uint32(n))
}
