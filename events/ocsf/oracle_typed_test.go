package ocsf_test

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// verdict is what the event says of its risk.
type verdict struct {
	risk, threat int    // 1 Low, 2 Medium, 3 High; 0 where nothing says so
	behaviors    bool   // some have been read
	newDevice    string // the result of behavior New Device
	positive     []string
	reasons      []string
	threats      []string
}

var levels = []string{"", "LOW", "MEDIUM", "HIGH"}

// level is the number of a word, 0 for words that Okta does not document.
func level(word string) int { return max(0, slices.Index(levels, word)) }

// read finds the texts of the event that hold something typed, and the verdict.
func (v *view) read() {
	v.readRisk(v.root.at("securityContext.risk"))
	debug := func(name string) *node { return v.root.at("debugContext.debugData." + name) }

	if risk := typedRisk(debug("risk")); risk != nil {
		v.typed[debug("risk")] = risk
		v.readRisk(risk)
	} else {
		v.readRiskObject(debug("risk"))
		if typed := embedded(debug("risk")); typed != nil && typed.kind == '{' {
			v.typed[debug("risk")] = typed
		}
	}
	v.readUserBehaviors()
	if behaviors := typedBehaviors(debug("behaviors")); behaviors != nil {
		v.typed[debug("behaviors")] = behaviors
		v.readBehaviors(behaviors)
	}
	if n := debug("logOnlySecurityData"); n != nil {
		if data := v.typedLogOnly(n); data != nil {
			v.typed[n] = data
		}
	}
	threats, _ := pairs(debug("threatDetections"), nil)
	for i := range threats {
		if !str(threats[i].key).blank() {
			v.verdict.threats = append(v.verdict.threats, threats[i].key)
		}
		v.verdict.threat = max(v.verdict.threat, level(threats[i].value))
	}
	for _, n := range []*node{
		debug("threatDetections"), debug("tunnels"), v.root.at("device.device_integrator|deviceIntegrator"),
	} {
		if typed := embedded(n); typed != nil {
			v.typed[n] = typed
		}
	}
}

// readBehaviors takes the results of behaviors, unless one before them has.
func (v *view) readBehaviors(behaviors *node) {
	if v.verdict.behaviors {
		return
	}
	v.verdict.behaviors = true
	for i, result := range behaviors.kids {
		if result.kind == '"' && result.text == "POSITIVE" {
			v.verdict.positive = append(v.verdict.positive, behaviors.keys[i]+"=POSITIVE")
		}
	}
	if n := behaviors.member("New Device"); n != nil {
		v.verdict.newDevice = n.text
	}
}

func (v *view) readUserBehaviors() {
	behaviors := &node{kind: '{'}
	for _, n := range v.array("securityContext.userBehaviors") {
		if n.kind != '{' {
			continue
		}
		name, result := n.last("name"), n.last("result")
		if name == nil || result == nil || name.kind != '"' || result.kind != '"' || name.blank() || result.blank() {
			continue
		}
		if behaviors.member(name.text) != nil {
			return // a name twice: which counts?
		}
		behaviors.add(name.text, result)
	}
	if len(behaviors.kids) > 0 {
		v.readBehaviors(behaviors)
	}
}

// readRisk takes what a typed risk says, unless one before it has.
func (v *view) readRisk(risk *node) {
	if word := risk.member("level"); v.verdict.risk == 0 && word != nil && word.kind == '"' {
		v.verdict.risk = level(word.text)
	}
	if reasons := risk.member("reasons"); len(v.verdict.reasons) == 0 && reasons != nil && reasons.kind == '[' {
		for _, reason := range reasons.kids {
			if reason.kind == '"' && !reason.blank() {
				v.verdict.reasons = append(v.verdict.reasons, reason.text)
			}
		}
	}
}

// readRiskObject takes what an object says that holds more than strings.
func (v *view) readRiskObject(n *node) {
	if n != nil && n.kind == '"' {
		n = inner(n)
	}
	if n != nil && n.kind == '{' {
		v.readRisk(n)
	}
}

var identifier = regexp.MustCompile(`^[A-Za-z_]+$`)

// typedRisk is {level, reasons, …} with the reasons as a list, nil where n is
// nothing that can be read as one.
func typedRisk(n *node) *node {
	list, ok := pairs(n, identifier)
	if !ok {
		return nil
	}
	risk := &node{kind: '{'}
	for _, p := range list {
		if p.value == "" {
			continue // it says nothing
		}
		value := str(p.value)
		if p.key == "reasons" {
			value = strs(strings.Split(p.value, ", "))
		}
		risk.add(p.key, value)
	}
	if len(risk.kids) == 0 {
		return nil
	}
	return risk
}

var result = regexp.MustCompile(`^[A-Z_]+$`)

// typedBehaviors is {"New Device": "POSITIVE", …}.
func typedBehaviors(n *node) *node {
	list, ok := pairs(n, nil)
	if !ok {
		return nil
	}
	behaviors := &node{kind: '{'}
	for _, p := range list {
		if !result.MatchString(p.value) {
			return nil
		}
		behaviors.add(p.key, str(p.value))
	}
	return behaviors
}

// typedLogOnly is an object that holds a risk and behaviors among others.
func (v *view) typedLogOnly(n *node) *node {
	if n.kind == '"' {
		n = inner(n)
	}
	if n == nil || n.kind != '{' {
		return nil
	}
	typed := &node{kind: '{'}
	for i, key := range n.keys {
		kid := n.kids[i]
		var read *node
		switch {
		case kid.kind != '{':
		case key == "risk":
			if read = typedRisk(kid); read != nil {
				v.readRisk(read)
			} else {
				v.readRiskObject(kid)
			}
		case key == "behaviors":
			if read = typedBehaviors(kid); read != nil {
				v.readBehaviors(read)
			}
		}
		if read == nil {
			read = kid.dense()
		}
		if read != nil {
			typed.add(key, read)
		}
	}
	if len(typed.kids) == 0 {
		return nil
	}
	return typed
}

// embedded is the object or array that string n holds as JSON.
func embedded(n *node) *node {
	if n == nil || n.kind != '"' {
		return nil
	}
	if n = inner(n); n == nil || n.kind != '{' && n.kind != '[' {
		return nil
	}
	return n.dense()
}

// inner is the JSON in a string, nil where it holds none. A text in which half a
// character was escaped cannot be written again: it stays as it is.
func inner(n *node) *node {
	if strings.ContainsRune(n.text, utf8.RuneError) {
		return nil
	}
	read, err := parseJSON([]byte(n.text))
	if err != nil {
		return nil
	}
	return read
}

type pair struct{ key, value string }

// pairs reads a map of strings and refuses one that says a key twice: as an
// object it would lose a value in most readers.
func pairs(n *node, isKey *regexp.Regexp) ([]pair, bool) {
	all, ok := readPairs(n, isKey)
	seen := map[string]bool{}
	for _, p := range all {
		ok = ok && !seen[p.key]
		seen[p.key] = true
	}
	if !ok {
		return nil, false
	}
	return all, true
}

// readPairs knows every way in which Okta writes a map: an object, an object in a
// string, {k=v, k=v}, ["k=v"] and {"k=v": null}. In the third, a piece without a
// key belongs to the value before it.
func readPairs(n *node, isKey *regexp.Regexp) ([]pair, bool) {
	if n == nil {
		return nil, false
	}
	if n.kind == '"' {
		if read := inner(n); read == nil {
			return javaMap(n.text, isKey)
		} else if n = read; n.kind != '{' {
			return nil, false
		}
	}
	var all []pair
	equation := func(text string) bool {
		key, value, _ := strings.Cut(text, "=")
		all = append(all, pair{key, value})
		return key != "" && value != ""
	}
	for i, kid := range n.kids {
		switch {
		case n.kind == '[' && kid.kind == '"':
			if !equation(kid.text) {
				return nil, false
			}
		case n.kind == '{' && kid.kind == 'n':
			if !equation(n.keys[i]) {
				return nil, false
			}
		case n.kind == '{' && kid.kind == '"':
			all = append(all, pair{n.keys[i], kid.text})
		default:
			return nil, false
		}
	}
	return all, len(all) > 0
}

func javaMap(text string, isKey *regexp.Regexp) ([]pair, bool) {
	if strings.ContainsRune(text, utf8.RuneError) {
		return nil, false
	}
	if inner, ok := strings.CutPrefix(text, "{"); ok && strings.HasSuffix(inner, "}") {
		text = strings.TrimSuffix(inner, "}")
	}
	var all []pair
	for _, piece := range strings.Split(text, ", ") {
		key, value, ok := strings.Cut(piece, "=")
		switch {
		case ok && key != "" && (isKey == nil || isKey.MatchString(key)):
			all = append(all, pair{key, value})
		case len(all) == 0:
			return nil, false
		default:
			all[len(all)-1].value += ", " + piece
		}
	}
	return all, true
}
