// Package security reads what Okta has to say of an event's risk: risk,
// behaviors, logOnlySecurityData, threatDetections, tunnels and the device
// integrator's word, which come as JSON, as JSON in a string, or as Java prints
// a map, depending on the age of the code that wrote them.
//
// It turns each into typed JSON, once an event, for all formats. What it cannot
// read with certainty it leaves alone: the record then holds it as it came.
package security

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// Level is how dangerous Okta thinks something is.
type Level int

// String is Okta's word for the level.
func (l Level) String() string { return [...]string{"NONE", "LOW", "MEDIUM", "HIGH"}[l] }

// The levels of Okta's risk engine (Okta Management OpenAPI 2026.06.3,
// LogSecurityContext). LevelNone is the absence of a word that says so.
const (
	LevelNone Level = iota
	LevelLow
	LevelMedium
	LevelHigh
)

// ParseLevel reads LOW, MEDIUM and HIGH; every other word is LevelNone.
func ParseLevel(word []byte) Level {
	switch string(word) {
	case "LOW":
		return LevelLow
	case "MEDIUM":
		return LevelMedium
	case "HIGH":
		return LevelHigh
	}
	return LevelNone
}

// Verdict is what one event says. All of it is valid until the Reader goes on.
type Verdict struct {
	// Risk is the level of the first of securityContext.risk, debugData.risk
	// and logOnlySecurityData.risk that has one.
	Risk Level
	// Reasons are those of the first source that has any, unescaped.
	Reasons [][]byte
	// Threat is the highest level among debugData.threatDetections.
	Threat Level
	// Threats names the threats of debugData.threatDetections, unescaped.
	Threats [][]byte
	// Behaviors is a JSON object of results by the names of behaviors, of the
	// first of securityContext.userBehaviors, debugData.behaviors and
	// logOnlySecurityData.behaviors that has any; nil where none has.
	Behaviors []byte

	typed [6]typedField // one for each of the readers
}

type typedField struct {
	field events.Field
	json  []byte
}

// Typed is the typed JSON of field f, or nil where the field is absent, is JSON
// already, or cannot be read: it is then to be kept as it came.
func (v *Verdict) Typed(f events.Field) []byte {
	for i := range v.typed {
		if v.typed[i].field == f {
			return v.typed[i].json
		}
	}
	return nil
}

// Reader reads verdicts. It is for one goroutine and keeps its memory.
type Reader struct {
	verdict Verdict
	inner   jsontree.Tree // of JSON that stands in a string
	text    []byte        // unescaped strings
	out     []byte        // typed JSON
	list    []pair
}

// readers says how each field is read. The order is that of trust: the first
// risk and the first behaviors that can be read are the event's.
var readers = [...]struct {
	field events.Field
	read  func(*Reader, *jsontree.Tree, uint32) bool
}{
	{events.DebugRisk, (*Reader).risk},
	{events.DebugBehaviors, (*Reader).behaviors},
	{events.DebugLogOnlySecurityData, (*Reader).logOnly},
	{events.DebugThreatDetections, (*Reader).threats},
	{events.DebugTunnels, (*Reader).embedded},
	{events.DeviceIntegrator, (*Reader).embedded},
}

// Read reads the verdict of e.
func (r *Reader) Read(e *events.Event) *Verdict {
	r.text, r.out = r.text[:0], r.out[:0]
	r.verdict = Verdict{Threats: r.verdict.Threats[:0], Reasons: r.verdict.Reasons[:0]}
	r.current(e)
	r.userBehaviors(e)
	for k := range readers {
		i := e.Node(readers[k].field)
		if i == 0 {
			continue
		}
		start := len(r.out)
		if !readers[k].read(r, e.Tree, i) {
			r.out = r.out[:start]
			continue
		}
		r.verdict.typed[k] = typedField{readers[k].field, r.out[start:len(r.out):len(r.out)]}
	}
	return &r.verdict
}

// current reads the form that Okta documents since 2026, which is typed.
func (r *Reader) current(e *events.Event) {
	if i := e.Node(events.RiskLevel); i != 0 && e.Tree.Nodes[i].Kind == '"' {
		r.verdict.Risk = ParseLevel(e.Tree.Inner(i))
	}
	r.reasons(e.Tree, e.Node(events.RiskReasons))
}

// userBehaviors reads [{"name":"New Device","result":"POSITIVE"}], the form that
// Okta documents since 2026, into what the older ones are read into.
func (r *Reader) userBehaviors(e *events.Event) {
	list := e.Node(events.UserBehaviors)
	if list == 0 || e.Tree.Nodes[list].Kind != '[' {
		return
	}
	start := len(r.out)
	r.out, r.list = append(r.out, '{'), r.list[:0]
	for i := list + 1; i < e.Tree.Nodes[list].Next; i = e.Tree.Nodes[i].Next {
		name, result := e.Tree.Member(i, "name"), e.Tree.Member(i, "result")
		if !says(e.Tree, name) || !says(e.Tree, result) {
			continue
		}
		if len(r.out) > start+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(append(append(r.out, e.Tree.Raw(name)...), ':'), e.Tree.Raw(result)...)
		r.list = append(r.list, pair{key: r.unescape(e.Tree, name)})
	}
	if len(r.out) == start+1 || repeats(r.list) {
		r.out = r.out[:start]
		return
	}
	r.out = append(r.out, '}')
	r.verdict.Behaviors = r.out[start:len(r.out):len(r.out)]
}

// risk reads {level=…, reasons=…}. The reasons become a list.
func (r *Reader) risk(tree *jsontree.Tree, i uint32) bool {
	list, ok := r.pairs(tree, i, identifier)
	if !ok {
		return r.riskObject(tree, i)
	}
	start := len(r.out)
	r.out = append(r.out, '{')
	for _, p := range list {
		if len(p.value) == 0 {
			continue // it says nothing
		}
		if len(r.out) > start+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(quote(r.out, p.key), ':')
		switch string(p.key) {
		case "reasons":
			reasons := bytes.Split(p.value, []byte(", "))
			if len(r.verdict.Reasons) == 0 {
				for _, reason := range reasons {
					if len(reason) > 0 {
						r.verdict.Reasons = append(r.verdict.Reasons, reason)
					}
				}
			}
			r.out = appendList(r.out, reasons)
			continue
		case "level":
			if level := ParseLevel(p.value); r.verdict.Risk == LevelNone {
				r.verdict.Risk = level
			}
		}
		r.out = quote(r.out, p.value)
	}
	r.out = append(r.out, '}')
	return len(r.out) > start+len("{}")
}

func says(tree *jsontree.Tree, i uint32) bool {
	return i != 0 && tree.Nodes[i].Kind == '"' && !tree.Blank(i)
}

// riskObject reads a risk that is an object with more in it than strings. It is
// typed already, unless it stands in a string.
func (r *Reader) riskObject(tree *jsontree.Tree, i uint32) bool {
	inString := r.parseInner(tree, i)
	if inString {
		tree, i = &r.inner, 0
	}
	if tree.Nodes[i].Kind != '{' {
		return false
	}
	if level := tree.Member(i, "level"); level != 0 && tree.Nodes[level].Kind == '"' && r.verdict.Risk == LevelNone {
		r.verdict.Risk = ParseLevel(tree.Inner(level))
	}
	if reasons := tree.Member(i, "reasons"); len(r.verdict.Reasons) == 0 {
		r.reasons(tree, reasons)
	}
	if !inString {
		return false
	}
	var wrote bool
	r.out, wrote = tree.AppendDense(r.out, i)
	return wrote
}

// reasons remembers the strings of list node i.
func (r *Reader) reasons(tree *jsontree.Tree, i uint32) {
	if i == 0 || tree.Nodes[i].Kind != '[' {
		return
	}
	for c := i + 1; c < tree.Nodes[i].Next; c = tree.Nodes[c].Next {
		if tree.Nodes[c].Kind == '"' && !tree.Blank(c) {
			r.verdict.Reasons = append(r.verdict.Reasons, r.unescape(tree, c))
		}
	}
}

// behaviors reads {New Device=POSITIVE, …}: what the org's behavior rules say.
func (r *Reader) behaviors(tree *jsontree.Tree, i uint32) bool {
	start := len(r.out)
	list, ok := r.pairs(tree, i, anyKey)
	if !ok {
		return false
	}
	r.out = append(r.out, '{')
	for n, p := range list {
		if !isResult(p.value) {
			return false
		}
		if n > 0 {
			r.out = append(r.out, ',')
		}
		r.out = append(quote(r.out, p.key), ':')
		r.out = quote(r.out, p.value)
	}
	r.out = append(r.out, '}')
	if r.verdict.Behaviors == nil {
		r.verdict.Behaviors = r.out[start:len(r.out):len(r.out)]
	}
	return true
}

// logOnly reads {"risk":{…},"behaviors":{…}}, an object or one in a string.
func (r *Reader) logOnly(tree *jsontree.Tree, i uint32) bool {
	if tree.Nodes[i].Kind == '"' {
		if !r.parseInner(tree, i) {
			return false
		}
		tree, i = &r.inner, 0
	}
	if tree.Nodes[i].Kind != '{' {
		return false
	}
	first := len(r.out)
	r.out = append(r.out, '{')
	for c := i + 1; c < tree.Nodes[i].Next; c = tree.Nodes[c].Next {
		before := len(r.out)
		if before > first+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(r.out, '"')
		r.out = append(append(r.out, tree.Key(c)...), '"', ':')
		start := len(r.out)
		// Only objects: a string in here could hold JSON of its own and there
		// is but one inner tree.
		if key := string(tree.Key(c)); tree.Nodes[c].Kind == '{' &&
			(key == "risk" && r.risk(tree, c) || key == "behaviors" && r.behaviors(tree, c)) {
			continue
		}
		var wrote bool
		if r.out, wrote = tree.AppendDense(r.out[:start], c); !wrote {
			r.out = r.out[:before]
		}
	}
	r.out = append(r.out, '}')
	return len(r.out) > first+len("{}")
}

// threats reads {"Password Spray":"HIGH"}.
func (r *Reader) threats(tree *jsontree.Tree, i uint32) bool {
	if list, ok := r.pairs(tree, i, anyKey); ok {
		for _, p := range list {
			if len(p.key) > 0 && string(p.key) != "null" {
				r.verdict.Threats = append(r.verdict.Threats, p.key)
			}
			r.verdict.Threat = max(r.verdict.Threat, ParseLevel(p.value))
		}
	}
	return r.embedded(tree, i)
}

// embedded takes JSON objects and arrays out of strings.
func (r *Reader) embedded(tree *jsontree.Tree, i uint32) bool {
	if !r.parseInner(tree, i) {
		return false
	}
	if kind := r.inner.Nodes[0].Kind; kind != '{' && kind != '[' {
		return false
	}
	var wrote bool
	r.out, wrote = r.inner.AppendDense(r.out, 0)
	return wrote
}

// parseInner reads the JSON that stands in string node i.
func (r *Reader) parseInner(tree *jsontree.Tree, i uint32) bool {
	if tree.Nodes[i].Kind != '"' {
		return false
	}
	text := r.unescape(tree, i)
	return whole(text) && r.inner.Parse(text) == nil
}

// whole reports whether an unescaped text can be written again as it was: it
// cannot where half of a character was escaped in it, which is U+FFFD by now.
func whole(text []byte) bool { return !bytes.ContainsRune(text, utf8.RuneError) }

func (r *Reader) unescape(tree *jsontree.Tree, i uint32) []byte {
	inner := tree.Inner(i)
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	start := len(r.text)
	r.text = tree.AppendString(r.text, i)
	return r.text[start:]
}

func (r *Reader) unescapeKey(tree *jsontree.Tree, i uint32) []byte {
	key := tree.Key(i)
	if bytes.IndexByte(key, '\\') < 0 {
		return key
	}
	start := len(r.text)
	n := &tree.Nodes[i]
	r.text, _ = jsontext.AppendUnquote(r.text, tree.Text[n.KeyStart-1:n.KeyEnd+1])
	return r.text[start:]
}

// identifier holds of the keys of a risk: level, reasons, previousLevel.
func identifier(key []byte) bool {
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return len(key) > 0
}

// anyKey holds of the keys of behaviors, which admins name.
func anyKey(key []byte) bool { return len(key) > 0 }

// isResult holds of POSITIVE, NEGATIVE, BAD_REQUEST, UNKNOWN and whatever word
// of that kind Okta adds. Text that is none of it means that the pairs were cut
// in the wrong places.
func isResult(value []byte) bool {
	for _, c := range value {
		if (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return len(value) > 0
}

func appendList(dst []byte, items [][]byte) []byte {
	dst = append(dst, '[')
	for n, item := range items {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = quote(dst, item)
	}
	return append(dst, ']')
}

func quote(dst, text []byte) []byte {
	// The text has been checked to be UTF-8, the only thing that can be wrong.
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}
