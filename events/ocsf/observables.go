package ocsf

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/events/record"
)

// maxObservables bounds the observables of one record: an event of 256 KB can name thousands of targets.
const maxObservables = 256

// observable is one kind of value that analysts search across records: OCSF's observable.type_id
// (OCSF 1.8.0) or, if OCSF has no number for it, 99 with its caption, and the attributes that hold
// such values. Only the caption of 99 is written: all others follow from the number, and
// destinations charge by the byte.
type observable struct {
	typeID     int
	caption    string
	attributes string // paths, separated by blanks; [] is every element of an array
}

// inEvidences has the attributes of a Detection Finding that are in its evidences, below
// evidences[].
const inEvidences = "evidences[]."

// The client's facts stay in unmapped in the classes that have no attribute for them.
const (
	unmappedClient = "unmapped.client."
	unmappedDebug  = "unmapped.debugContext.debugData."
	unmappedTarget = "unmapped.target[]."
)

// observables is the table. raw_data_hash is not in it: every event has another, so nobody searches
// for it.
func observables() []observable {
	return []observable{
		{4, "User Name", "actor.user.name user.name entity.user.name"},
		{31, "User Object: uid", "actor.user.uid user.uid entity.user.uid"},
		{5, "Email Address", "actor.user.email_addr user.email_addr entity.user.email_addr"},
		{34, "Account Object: name", "user.account.name entity.user.account.name"},
		{35, "Account Object: uid", "user.account.uid entity.user.account.uid"},
		{19, "User Credential ID", "actor.user.programmatic_credentials[].uid"},
		{2, "IP Address", "src_endpoint.ip src_endpoint.intermediate_ips[] http_request.x_forwarded_for[] " +
			unmappedClient + "ipAddress unmapped.request.ipChain[].ip " +
			unmappedDebug + "ip " + unmappedDebug + "suspiciousActivityEventIp"},
		{1, "Hostname", "actor.user.domain src_endpoint.domain http_request.url.hostname unmapped.securityContext.domain"},
		{16, "HTTP User-Agent", "http_request.user_agent " + unmappedClient + "userAgent.rawUserAgent"},
		{10, "Resource UID", "resources[].uid resource.uid entity.uid entity.policy.uid entity.org.uid policy.uid " +
			"service.uid app.uid actor.app_uid " + unmappedTarget + "id"},
		{33, "Group Object: uid", "group.uid entity.group.uid"},
		{47, "Device Object: uid", "device.uid entity.device.uid"},
		{30, "Fingerprint", "ja4_fingerprint_list[].value " + unmappedDebug + "dtHash " + unmappedDebug + "deviceTokenHash " +
			unmappedDebug + "deviceFingerprint " + unmappedDebug + "ja3 " + unmappedDebug + "ja4"},
		{record.Other, "Session UID", "actor.session.uid actor.session.uid_alt session.uid " +
			unmappedDebug + "endedSessionId " + unmappedDebug + "externalSessionId " + unmappedDebug + "sessionId"},
	}
}

// branch is an attribute on the path to those of the table.
type branch struct {
	name string
	list bool   // an array: the branches below are those of each element
	kind []byte // the observable's text after the value; nil: this attribute is not an observable
	next []*branch
}

// observer finds the observables of a record by reading the record. It must not be used by two
// goroutines at once.
type observer struct {
	root branch
	tree jsontree.Tree
	path []byte // of the current attribute
	seen []seen
}

// seen is one observable that the record has.
type seen struct {
	kind  []byte
	value []byte
}

func newObserver() *observer {
	o := &observer{}
	for _, kind := range observables() {
		said := []byte(`,"type_id":` + strconv.Itoa(kind.typeID) + "}")
		if kind.typeID == record.Other {
			said = []byte(`,"type_id":99,"type":"` + kind.caption + `"}`)
		}
		for path := range strings.FieldsSeq(kind.attributes) {
			o.root.add(path, said)
			if !strings.HasPrefix(path, "unmapped.") {
				o.root.add(inEvidences+path, said)
			}
		}
	}
	return o
}

// add puts an attribute below b.
func (b *branch) add(path string, kind []byte) {
	for name := range strings.SplitSeq(path, ".") {
		name, list := strings.CutSuffix(name, "[]")
		var next *branch
		for _, n := range b.next {
			if n.name == name {
				next = n
			}
		}
		if next == nil {
			next = &branch{name: name, list: list}
			b.next = append(b.next, next)
		}
		b = next
	}
	b.kind = kind
}

// append appends the attribute observables to the record that begins at start and lacks its last
// brace. Each value is written once.
func (o *observer) append(out []byte, start int) []byte {
	out = append(out, '}')
	err := o.tree.Parse(out[start:])
	out = out[:len(out)-1]
	if err != nil {
		return out
	}
	o.path, o.seen = o.path[:0], o.seen[:0]
	before := len(out)
	out = append(out, `,"observables":[`...)
	first := len(out)
	out = o.object(out, 0, o.root.next)
	if len(out) == first {
		return out[:before]
	}
	return append(out, ']')
}

// object appends the observables of the object at node i.
func (o *observer) object(out []byte, i uint32, branches []*branch) []byte {
	if o.tree.Nodes[i].Kind != '{' {
		return out
	}
	for c := i + 1; c < o.tree.Nodes[i].Next; c = o.tree.Nodes[c].Next {
		for _, b := range branches {
			if b.name != string(o.tree.Key(c)) {
				continue
			}
			outer := len(o.path)
			if outer > 0 {
				o.path = append(o.path, '.')
			}
			o.path = append(o.path, b.name...)
			out = o.attribute(out, c, b)
			o.path = o.path[:outer]
		}
	}
	return out
}

// attribute appends the observables of the attribute at node i: its value, or those of the objects
// in it.
func (o *observer) attribute(out []byte, i uint32, b *branch) []byte {
	if !b.list {
		return o.value(out, i, b)
	}
	if o.tree.Nodes[i].Kind != '[' {
		return out
	}
	outer, n := len(o.path), int64(0)
	for c := i + 1; c < o.tree.Nodes[i].Next; c = o.tree.Nodes[c].Next {
		o.path = append(strconv.AppendInt(append(o.path, '['), n, 10), ']')
		out = o.value(out, c, b)
		o.path = o.path[:outer]
		n++
	}
	return out
}

func (o *observer) value(out []byte, i uint32, b *branch) []byte {
	if b.kind == nil {
		return o.object(out, i, b.next)
	}
	if o.tree.Nodes[i].Kind != '"' || record.IsPlaceholder(o.tree.Inner(i)) || len(o.seen) == maxObservables {
		return out
	}
	value := o.tree.Raw(i)
	for k := range o.seen {
		if &o.seen[k].kind[0] == &b.kind[0] && bytes.Equal(o.seen[k].value, value) {
			return out
		}
	}
	o.seen = append(o.seen, seen{b.kind, value})
	if out[len(out)-1] != '[' {
		out = append(out, ',')
	}
	out = append(append(out, `{"name":"`...), o.name()...)
	out = append(append(out, `","value":`...), value...)
	return append(out, b.kind...)
}

// name returns the path of an attribute, as OCSF requires for name. For anything in unmapped it is
// "unmapped", since OCSF defines no path into that.
func (o *observer) name() []byte {
	if bytes.HasPrefix(o.path, []byte("unmapped.")) {
		return o.path[:len("unmapped")]
	}
	return o.path
}
