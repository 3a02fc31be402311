package ocsf_test

import (
	"net/netip"
	"regexp"
	"strings"

	iso "github.com/biter777/countries"
)

// transform is what a value becomes in the record, nil where it does not become
// anything and stays in unmapped; whole: nothing of it is lost on the way.
type transform func(v *view, n *node) (value *node, whole bool)

// asText takes strings, and the numbers and booleans that stand where Okta
// documents a string.
func asText(_ *view, n *node) (*node, bool) {
	switch n.kind {
	case '0', 't':
		return str(n.text), true
	case '"':
		if !n.blank() {
			return n, true
		}
	}
	return nil, false
}

// asName is asText for what identifies or names something.
func asName(v *view, n *node) (*node, bool) {
	if n.placeholder() {
		return nil, false
	}
	return asText(v, n)
}

// asOneName is asName as the one element of a list.
func asOneName(v *view, n *node) (*node, bool) {
	name, _ := asName(v, n)
	if name == nil {
		return nil, false
	}
	l := list()
	l.kids = append(l.kids, name)
	return l, true
}

// asChange reads the JSON in members called …Json.
func asChange(_ *view, n *node) (*node, bool) {
	return readJSON(n).dense(), true
}

func readJSON(n *node) *node {
	if n.kind != '{' {
		return n
	}
	read := &node{kind: '{', keys: n.keys}
	for i, kid := range n.kids {
		if typed := embedded(kid); strings.HasSuffix(n.keys[i], "Json") && typed != nil {
			kid = typed
		}
		read.kids = append(read.kids, readJSON(kid))
	}
	return read
}

func asString(v *view, n *node) (*node, bool) { return is(n, v.word(n) != "") }

func asIP(_ *view, n *node) (*node, bool) {
	address, err := netip.ParseAddr(n.text)
	return is(n, n.kind == '"' && err == nil && address.Zone() == "" && len(n.text) <= 40)
}

func asInteger(_ *view, n *node) (*node, bool) {
	return is(n, n.kind == '0' && len(n.text) <= 18 && !strings.ContainsAny(n.text, ".eE"))
}

func asNumber(_ *view, n *node) (*node, bool) { return is(n, n.kind == '0') }

func asBoolean(_ *view, n *node) (*node, bool) { return is(n, n.kind == 't') }

func asJSON(_ *view, n *node) (*node, bool) { return n.dense(), true }

// is takes n as it is, under a condition.
func is(n *node, takes bool) (*node, bool) {
	if !takes {
		return nil, false
	}
	return n, true
}

func asCountry(v *view, n *node) (*node, bool) {
	name := v.word(n)
	if name == "" {
		return nil, false
	}
	names := []string{name}
	// The library passes over brackets, in which stands which Korea is meant.
	if before, after, ok := strings.Cut(name, "("); ok {
		names = []string{strings.TrimSuffix(strings.TrimSpace(after), ")") + " " + strings.TrimSpace(before), name}
	}
	for _, name := range names {
		if country := iso.ByName(name); country.IsValid() && len(country.Alpha2()) == 2 {
			return str(country.Alpha2()), true
		}
	}
	return n, true
}

// email is OCSF's expression for email_t, but for the comma that a range in it
// lets in.
var email = regexp.MustCompile("^[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\\.[a-zA-Z0-9-.]+$")

func asEmail(v *view, n *node) (*node, bool) {
	return is(n, email.MatchString(v.word(n)))
}

func asDomain(v *view, n *node) (*node, bool) {
	if n, _ := asEmail(v, n); n != nil {
		_, domain, _ := strings.Cut(n.text, "@")
		return str(domain), false
	}
	return nil, false
}

func asUserType(v *view, n *node) (*node, bool) {
	switch word := v.word(n); {
	case word == "":
		return nil, false
	case word == "SystemPrincipal":
		return str("System"), false
	case word == "NewUser", strings.EqualFold(word, "User") && word != "User":
		return str("User"), false
	case strings.HasPrefix(word, "PublicClientApp"), word == "ApiServiceIntegration":
		return str("Service"), false
	}
	return n, true
}

// entityCaption is the caption of the kind of thing that a target type is, "" where OCSF has none.
func entityCaption(word string) string {
	switch word {
	case "User", "NewUser", "user":
		return "User"
	case "UserGroup", "AppGroup", "Group":
		return "Group"
	case "Org", "Organization":
		return "Organization"
	}
	switch lower := strings.ToLower(word); {
	case strings.HasSuffix(lower, "policy"), strings.HasSuffix(lower, "policyentity"):
		return "Policy"
	case strings.HasSuffix(lower, "device"):
		return "Device"
	case strings.HasSuffix(lower, "networkzone"), strings.HasSuffix(lower, "networkzoneentity"):
		return "Network Zone"
	}
	return ""
}

// asEntityType is the caption of the kind that the target's type is, or its own word.
func asEntityType(v *view, n *node) (*node, bool) {
	word := v.word(n)
	if word == "" {
		return nil, false
	}
	caption := entityCaption(word)
	if caption == "" || caption == word {
		return n, true
	}
	return str(caption), false
}

// asPrivileges splits what Okta has joined by ", ": a role's own name has its
// commas in parentheses.
func asPrivileges(v *view, n *node) (*node, bool) {
	text := v.word(n)
	if text == "" {
		return nil, false
	}
	roles := list()
	for _, piece := range strings.Split(text, ", ") {
		last := len(roles.kids) - 1
		if last >= 0 && strings.Count(roles.kids[last].text, "(") != strings.Count(roles.kids[last].text, ")") {
			roles.kids[last] = str(roles.kids[last].text + ", " + piece)
			continue
		}
		roles.kids = append(roles.kids, str(piece))
	}
	for _, role := range roles.kids {
		if role.blank() || role.placeholder() {
			return nil, false
		}
	}
	return roles, false // the text stays: detections search it
}

// asQuery takes the url of the request itself.
func asQuery(v *view, n *node) (*node, bool) {
	path := v.root.at("debugContext.debugData.requestUri")
	if v.word(path) == "" {
		return nil, false
	}
	query, ok := strings.CutPrefix(v.word(n), path.text+"?")
	return is(str(query), ok && query != "")
}

var origin = regexp.MustCompile(`^https://([A-Za-z0-9.-]+)$`)

func asHostname(v *view, n *node) (*node, bool) {
	if m := origin.FindStringSubmatch(v.word(n)); m != nil {
		return str(m[1]), true
	}
	return nil, false
}
