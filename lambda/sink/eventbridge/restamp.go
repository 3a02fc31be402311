package eventbridge

import (
	"cmp"
	"slices"
	"time"

	"github.com/oktastream/oktastream/events/jsontree"
)

// datadogFormat is the format whose logs carry the raw event at its raw paths.
const datadogFormat = "datadog"

// stamper keeps its memory from record to record.
type stamper struct {
	tree    jsontree.Tree
	now     []byte // as JSON
	splices []splice
	text    []byte // of the splices
	tail    []byte // new members of the record
}

// splice puts text where the record's bytes from:to are.
type splice struct {
	from, to uint32
	text     []byte
}

// append appends line to dst, with now as its time, because Datadog drops, after its 202,
// what is older than 18 h or more than 2 h ahead. It is pure.
//
// In every format the top-level date becomes now. In a Datadog log, which is a
// record of format datadog or one with a ddsource (a raw fallback, whatever the
// pipeline's format), the top-level published becomes now as well, because
// Datadog's own Okta pipeline may take the time from there, and what it was is
// kept as okta.published_original: null where there was none. If that is there
// already it stays: it is the older one. An okta that is not an object is
// kept as okta.value.
//
// All other bytes stay as they are, with numbers, the order of names and blanks. Of a name
// that is there twice the last one counts, as for most readers of JSON; names are compared
// unescaped. To restamp twice is to restamp once, at the later time.
func (s *stamper) append(dst, line []byte, format string, now time.Time) ([]byte, error) {
	t := &s.tree
	if err := t.Parse(line); err != nil {
		return dst, err
	}
	if t.Nodes[0].Kind != '{' {
		return dst, errNotObject
	}
	s.splices, s.text, s.tail = s.splices[:0], s.text[:0], s.tail[:0]
	s.now = append(now.UTC().AppendFormat(append(s.now[:0], '"'), TimeLayout), '"')

	date := t.Member(0, "date")
	s.set(date, "date")
	if format == datadogFormat || t.Member(0, "ddsource") != 0 {
		published := t.Member(0, "published")
		s.set(published, "published")
		original := []byte("null")
		if i := cmp.Or(published, date); i != 0 {
			original = t.Raw(i)
		}
		s.keep(original)
	}

	if end := t.Nodes[0].End - 1; len(s.tail) > 0 {
		s.splices = append(s.splices, splice{end, end, s.tail})
	}
	slices.SortStableFunc(s.splices, func(a, b splice) int { return cmp.Compare(a.from, b.from) })
	at := uint32(0)
	for _, e := range s.splices {
		dst = append(append(dst, line[at:e.from]...), e.text...)
		at = e.to
	}
	return append(dst, line[at:]...), nil
}

// set makes now the value of top-level member i, or of a new one where i is 0.
func (s *stamper) set(i uint32, name string) {
	if i == 0 {
		s.insert(0, name, s.now)
		return
	}
	n := &s.tree.Nodes[i]
	s.splices = append(s.splices, splice{n.Start, n.End, s.now})
}

// keep makes original okta.published_original, unless there is one.
func (s *stamper) keep(original []byte) {
	const name = "published_original"
	okta := s.tree.Member(0, "okta")
	if okta == 0 {
		s.insert(0, "okta", []byte(`{"`+name+`":`), original, []byte(`}`))
		return
	}
	n := &s.tree.Nodes[okta]
	switch {
	case n.Kind != '{':
		s.splices = append(s.splices,
			splice{n.Start, n.Start, []byte(`{"value":`)},
			splice{n.End, n.End, s.made([]byte(`,"`+name+`":`), original, []byte(`}`))})
	case s.tree.Member(okta, name) == 0:
		s.insert(okta, name, original)
	}
}

// insert appends a member to an object. New members of the record itself are collected in
// tail and added last, because okta may end where the record does.
func (s *stamper) insert(object uint32, name string, value ...[]byte) {
	n := &s.tree.Nodes[object]
	head := `"` + name + `":`
	if n.Next > object+1 || object == 0 && len(s.tail) > 0 {
		head = "," + head
	}
	if object != 0 {
		s.splices = append(s.splices, splice{n.End - 1, n.End - 1, s.made(append([][]byte{[]byte(head)}, value...)...)})
		return
	}
	s.tail = append(s.tail, head...)
	for _, part := range value {
		s.tail = append(s.tail, part...)
	}
}

// made returns the text of a splice. It stays valid when the buffer grows.
func (s *stamper) made(parts ...[]byte) []byte {
	start := len(s.text)
	for _, part := range parts {
		s.text = append(s.text, part...)
	}
	return s.text[start:]
}
