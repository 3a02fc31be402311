package archive

import (
	"context"
	"errors"
	"io"
	"time"
)

// Object is an object of a store, without its bytes.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// Reader is read access to a store.
type Reader interface {
	// List calls each with every object whose key begins with prefix, in the order of the keys'
	// bytes. It returns the first error of each.
	List(ctx context.Context, prefix string, each func(Object) error) error
	// Get returns the bytes of an object, which the caller has to close. Reading them ends with an error
	// where they end too early. The error for a key without an object wraps fs.ErrNotExist.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
}

// Folders lists the parts of keys that "/" ends.
type Folders interface {
	// Folders returns the names of the folders below prefix, which is "" or ends with "/": the next
	// part of every key that begins with prefix and has another "/" after it. Each is returned once, in
	// the order of their bytes with the "/".
	Folders(ctx context.Context, prefix string) ([]string, error)
}

// Putter is write access to a store.
type Putter interface {
	// Put stores an object as a whole. It never overwrites: where the key has an object, the error
	// wraps ErrExists and that object stays unchanged.
	Put(ctx context.Context, key string, body []byte) error
}

// Store is read and write access.
type Store interface {
	Reader
	Putter
}

// ErrExists is the error of a Put with a key that has an object.
var ErrExists = errors.New("the object exists")
