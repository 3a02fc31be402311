package ocsf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// node is a JSON value as encoding/json reads it, with the members of objects in
// their order and numbers as they are written. It shares no code with what it
// tests.
type node struct {
	kind byte     // { [ " 0 t (true and false) n
	text string   // a string unescaped; a number, true or false as written
	keys []string // of an object, one for each of kids
	kids []*node
}

func parse(t testing.TB, text []byte) *node {
	t.Helper()
	n, err := parseJSON(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return n
}

func parseJSON(text []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	n, err := readNode(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value")
	}
	return n, nil
}

func readNode(d *json.Decoder) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case string:
		return str(v), nil
	case json.Number:
		return num(v.String()), nil
	case bool:
		return boolean(v), nil
	case nil:
		return &node{kind: 'n', text: "null"}, nil
	}
	n := &node{kind: byte(token.(json.Delim))}
	for d.More() {
		if n.kind == '{' {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string))
		}
		kid, err := readNode(d)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, kid)
	}
	_, err = d.Token()
	return n, err
}

func str(text string) *node    { return &node{kind: '"', text: text} }
func num(text string) *node    { return &node{kind: '0', text: text} }
func integer(n int64) *node    { return num(strconv.FormatInt(n, 10)) }
func boolean(b bool) *node     { return &node{kind: 't', text: strconv.FormatBool(b)} }
func list(kids ...*node) *node { return &node{kind: '[', kids: kids} }

// strs is a list of strings, nil where there are none.
func strs(texts []string) *node {
	if len(texts) == 0 {
		return nil
	}
	n := list()
	for _, text := range texts {
		n.kids = append(n.kids, str(text))
	}
	return n
}

func (n *node) add(key string, kid *node) {
	n.keys, n.kids = append(n.keys, key), append(n.kids, kid)
}

// set makes value the member at path. What is not an object on the way becomes one.
func (n *node) set(path string, value *node) {
	for name := range strings.SplitSeq(path, ".") {
		below := n.member(name)
		if below == nil {
			below = &node{kind: 'n'}
			n.add(name, below)
		}
		if n = below; n.kind != '{' {
			*n = node{kind: '{'}
		}
	}
	*n = *value
}

// member is the first member of that name, nil where there is none.
func (n *node) member(key string) *node {
	if n == nil || n.kind != '{' {
		return nil
	}
	for i, k := range n.keys {
		if k == key {
			return n.kids[i]
		}
	}
	return nil
}

// last is the last member of that name.
func (n *node) last(key string) *node {
	var found *node
	if n != nil && n.kind == '{' {
		for i, k := range n.keys {
			if k == key {
				found = n.kids[i]
			}
		}
	}
	return found
}

// at follows names joined by dots. The last name may have spellings, joined by
// "|": the member that comes first is meant, whichever it is and whatever it says.
func (n *node) at(path string) *node {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		n = n.member(name)
	}
	if n == nil || n.kind != '{' {
		return nil
	}
	spellings := strings.Split(names[len(names)-1], "|")
	i := slices.IndexFunc(n.keys, func(key string) bool { return slices.Contains(spellings, key) })
	if i < 0 {
		return nil
	}
	return n.kids[i]
}

// blank holds of what says nothing by itself.
func (n *node) blank() bool {
	switch n.kind {
	case 'n':
		return true
	case '"':
		return n.text == "" || n.text == "null"
	case '{', '[':
		return len(n.kids) == 0
	}
	return false
}

// dense is n without what says nothing, nil where nothing is left.
func (n *node) dense() *node {
	if n.kind != '{' && n.kind != '[' {
		if n.blank() {
			return nil
		}
		return n
	}
	d := &node{kind: n.kind}
	for i, kid := range n.kids {
		if kid = kid.dense(); kid == nil {
			continue
		}
		d.kids = append(d.kids, kid)
		if n.kind == '{' {
			d.keys = append(d.keys, n.keys[i])
		}
	}
	if len(d.kids) == 0 {
		return nil
	}
	return d
}

// leaf is a scalar, or an empty object or array, with its place.
type leaf struct {
	path string
	n    *node
	key  string // the place without numbers: what a query calls it
}

// leaves lists the leaves of n in order.
func (n *node) leaves() []leaf {
	var all []leaf
	n.visit("", "", func(path, key string, n *node) {
		if n.kind != '{' && n.kind != '[' || len(n.kids) == 0 {
			all = append(all, leaf{path, n, key})
		}
	})
	return all
}

// visit calls f with every node, the containers before what they contain. A
// member that has the name of one before it gets a number, so that every path
// is there once.
func (n *node) visit(path, key string, f func(path, key string, n *node)) {
	f(path, key, n)
	seen := map[string]int{}
	for i, kid := range n.kids {
		if n.kind == '[' {
			kid.visit(path+"["+strconv.Itoa(i)+"]", key, f)
			continue
		}
		name := n.keys[i]
		if strings.ContainsAny(name, `.["#`) || name == "" {
			name = strconv.Quote(name)
		}
		below := join(key, name)
		if seen[name]++; seen[name] > 1 {
			name += "#" + strconv.Itoa(seen[name])
		}
		kid.visit(join(path, name), below, f)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// String is the value as JSON.
func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case '"':
		b.WriteString(quote(n.text))
	case '{', '[':
		b.WriteByte(n.kind)
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteByte(',')
			}
			if n.kind == '{' {
				str(n.keys[i]).write(b)
				b.WriteByte(':')
			}
			kid.write(b)
		}
		b.WriteByte(n.kind + 2)
	default:
		b.WriteString(n.text)
	}
}

// quote is text as a JSON string. Not json.Marshal: that escapes < and >.
func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// clone copies n, so that a copy can be changed.
func (n *node) clone() *node {
	c := &node{kind: n.kind, text: n.text, keys: append([]string(nil), n.keys...)}
	for _, kid := range n.kids {
		c.kids = append(c.kids, kid.clone())
	}
	return c
}
