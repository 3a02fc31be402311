package awsfake

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// declarations are the resources that a test declares and that calls only describe, by type and
// name.
type declarations struct{ byKey sync.Map }

type declaredKey struct {
	kind reflect.Type
	name string
}

// declare stores a resource, or removes it if it is nil.
func declare[T any](c *Cloud, name string, resource *T) {
	key := declaredKey{reflect.TypeFor[T](), name}
	if resource == nil {
		c.declared.byKey.Delete(key)
		return
	}
	c.declared.byKey.Store(key, resource)
}

// declared returns a resource, nil if it is not declared.
func declared[T any](c *Cloud, name string) *T {
	v, _ := c.declared.byKey.Load(declaredKey{reflect.TypeFor[T](), name})
	resource, _ := v.(*T)
	return resource
}

// declaredNames are the names of the resources of a type that begin with prefix, sorted.
func declaredNames[T any](c *Cloud, prefix string) (names []string) {
	for k := range c.declared.byKey.Range {
		if key := k.(declaredKey); key.kind == reflect.TypeFor[T]() && strings.HasPrefix(key.name, prefix) {
			names = append(names, key.name)
		}
	}
	slices.Sort(names)
	return names
}

// pageOf returns a page of a list. The token is the number of elements before it; next is "" after
// the last page, and ok is false for a token that no page returned.
func pageOf[T any](all []T, token string, size int) (page []T, next string, ok bool) {
	from, err := strconv.Atoi(cmp.Or(token, "0"))
	if err != nil || from < 0 || from > len(all) {
		return nil, "", false
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, true
}
