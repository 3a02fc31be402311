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
	case strings.HasPrefix(word, "PublicClientApp"):
		return str("Service"), false
	}
	return n, true
}

// asEntityType is the caption of the kind that the event type or the target
// names, or the target's own word.
func asEntityType(v *view, n *node) (*node, bool) {
	word := v.word(n)
	if word == "" {
		return nil, false
	}
	captions := map[int]string{1: "Device", 4: "Organization", 5: "Policy", 7: "Network Zone"}
	caption := captions[v.decision.EntityTypeID]
	if caption == "" {
		caption = map[string]string{"user": "User", "group": "Group", "policy": "Policy"}[targetKind(v.named["entity"])]
	}
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
		if role.text == "" {
			return nil, false
		}
	}
	return roles, true
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
