package record

import (
	"bytes"
	"net/netip"

	"github.com/oktastream/oktastream/events"
)

// Transform converts the value of an Okta field to the value of an attribute. It refuses a value
// that it cannot convert without loss; the value then stays in unmapped.
type Transform struct {
	Name  string
	Write func(e *Emitter, i uint32) bool
	// Partial: the attribute holds only a part of the value, which therefore goes to unmapped as
	// well.
	Partial bool
}

// Repeated is how, for a value that also has another attribute.
func Repeated(how Transform) Transform {
	how.Partial = true
	return how
}

var (
	// AsText accepts strings unchanged, and quotes numbers and booleans, which Okta sometimes
	// writes instead of strings (postalCode, version).
	AsText = Transform{Name: Unchanged, Write: writeText}
	// AsName is AsText for attributes that identify or name something. It refuses placeholders.
	AsName = Transform{Name: Unchanged, Write: writeName}
	// AsOneName is AsName for an attribute that holds a list of names.
	AsOneName = Transform{
		Name: "as the one element of a list",
		Write: func(e *Emitter, i uint32) bool {
			start := len(e.Out)
			e.Out = append(e.Out, '[')
			if !writeName(e, i) {
				e.Out = e.Out[:start]
				return false
			}
			e.Out = append(e.Out, ']')
			return true
		},
	}
	// AsIP accepts what net/netip parses as an address without a zone. ip_t has at most 40
	// characters (OCSF 1.8.0).
	AsIP = Transform{Name: "unchanged, if it is an IP address", Write: writeIP}
	// AsInteger accepts numbers of up to 18 digits without a fraction or exponent.
	AsInteger = Transform{Name: "unchanged, if it is a whole number", Write: writeInteger}
	AsNumber  = Transform{Name: "unchanged, if it is a number", Write: func(e *Emitter, i uint32) bool {
		return e.Tree.Nodes[i].Kind == '0' && e.Raw(i)
	}}
	AsBoolean = Transform{Name: "unchanged, if it is true or false", Write: func(e *Emitter, i uint32) bool {
		k := e.Tree.Nodes[i].Kind
		return (k == 't' || k == 'f') && e.Raw(i)
	}}
	// AsJSON accepts any value with content.
	AsJSON = Transform{Name: Unchanged, Write: func(e *Emitter, i uint32) bool {
		var wrote bool
		e.Out, wrote = e.Tree.AppendDense(e.Out, i)
		return wrote
	}}
	AsCountry = Transform{Name: "ISO 3166-1 alpha-2 code, or the name unchanged", Write: writeCountry}
	// AsEmail and AsDomain write parts of a login name, which another attribute holds whole.
	AsEmail  = Transform{Name: "the login, if it is an e-mail address", Write: writeEmail, Partial: true}
	AsDomain = Transform{Name: "the part of the login after the @", Write: writeDomain, Partial: true}
	// AsPrivileges splits the role names that Okta joins with commas. The text also stays in
	// unmapped, because public detections search it.
	AsPrivileges = Transform{Name: "split at the commas between roles", Write: writePrivileges, Partial: true}
)

func writeText(e *Emitter, i uint32) bool {
	switch e.Tree.Nodes[i].Kind {
	case '"':
		return !e.Tree.Blank(i) && e.Raw(i)
	case '0', 't', 'f':
		e.Out = append(append(append(e.Out, '"'), e.Tree.Raw(i)...), '"')
		return true
	}
	return false
}

func writeName(e *Emitter, i uint32) bool {
	return !(e.Tree.Nodes[i].Kind == '"' && IsPlaceholder(e.Tree.Inner(i))) && writeText(e, i)
}

func writeIP(e *Emitter, i uint32) bool { return isIP(e, i) && e.Raw(i) }

// isIP reports whether node i is a string that AsIP accepts.
func isIP(e *Emitter, i uint32) bool {
	if e.Tree.Nodes[i].Kind != '"' {
		return false
	}
	text := e.Tree.Inner(i)
	if len(text) > 40 {
		return false
	}
	address, err := netip.ParseAddr(string(text))
	return err == nil && address.Zone() == ""
}

func writeInteger(e *Emitter, i uint32) bool {
	if e.Tree.Nodes[i].Kind != '0' {
		return false
	}
	text := e.Tree.Raw(i)
	if len(text) > 18 || bytes.ContainsAny(text, ".eE") {
		return false
	}
	return e.Raw(i)
}

func writeCountry(e *Emitter, i uint32) bool {
	if !e.Says(i) {
		return false
	}
	if code := e.countries.code(e.Tree, i); code != "" {
		return e.Quote(code)
	}
	return e.Raw(i)
}

// at returns the index of the @ in an e-mail address, or -1. email_t (OCSF 1.8.0) requires one @, a
// host of letters, digits and hyphens with a dot, and no character that is valid only in a quoted
// local part.
func at(text []byte) int {
	i := bytes.IndexByte(text, '@')
	if i < 1 {
		return -1
	}
	for _, c := range text[:i] {
		if !isAlphanumeric(c) && bytes.IndexByte([]byte("!#$%&'*+-/=?^_`{|}~."), c) < 0 {
			return -1
		}
	}
	host := text[i+1:]
	if dot := bytes.IndexByte(host, '.'); dot < 1 || dot == len(host)-1 {
		return -1
	}
	for _, c := range host {
		if !isAlphanumeric(c) && c != '-' && c != '.' {
			return -1
		}
	}
	return i
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func writeEmail(e *Emitter, i uint32) bool {
	return e.Tree.Nodes[i].Kind == '"' && at(e.Tree.Inner(i)) > 0 && e.Raw(i)
}

func writeDomain(e *Emitter, i uint32) bool {
	if e.Tree.Nodes[i].Kind != '"' {
		return false
	}
	text := e.Tree.Inner(i)
	n := at(text)
	if n < 0 {
		return false
	}
	e.Out = append(append(append(e.Out, '"'), text[n+1:]...), '"')
	return true
}

// writePrivileges writes "Super administrator, Read only admin" as an array. Commas in parentheses
// belong to a role's name. No item may be empty.
func writePrivileges(e *Emitter, i uint32) bool {
	if !e.Says(i) {
		return false
	}
	text := e.Tree.Inner(i)
	e.Out = append(e.Out, '[')
	depth, start := 0, 0
	for n := 0; n <= len(text); n++ {
		switch {
		case n == len(text) || text[n] == ',' && depth == 0 && bytes.HasPrefix(text[n:], []byte(", ")):
			if IsPlaceholder(text[start:n]) {
				return false
			}
			if start > 0 {
				e.Out = append(e.Out, ',')
			}
			e.Out = append(append(append(e.Out, '"'), text[start:n]...), '"')
			start = n + len(", ")
			n++
		case text[n] == '(':
			depth++
		case text[n] == ')':
			depth--
		}
	}
	e.Out = append(e.Out, ']')
	return true
}

// AsQuery accepts a url that has the path of the request followed by "?" and a query.
var AsQuery = Transform{Name: "the part after the path and ?", Write: func(e *Emitter, i uint32) bool {
	path := e.Inner(events.DebugRequestURI)
	if path == nil || e.Tree.Nodes[i].Kind != '"' {
		return false
	}
	query, ok := bytes.CutPrefix(e.Tree.Inner(i), path)
	if !ok || len(query) < 2 || query[0] != '?' {
		return false
	}
	e.Out = append(append(append(e.Out, '"'), query[1:]...), '"')
	return true
}}

// AsHostname accepts an origin such as https://example.okta.com. Every Okta org is served over
// https on the default port. An origin with another scheme or a port also stays in unmapped.
var AsHostname = Transform{Name: "the host of the origin https://…", Write: func(e *Emitter, i uint32) bool {
	if e.Tree.Nodes[i].Kind != '"' {
		return false
	}
	host, ok := bytes.CutPrefix(e.Tree.Inner(i), []byte("https://"))
	if !ok || IsPlaceholder(host) {
		return false
	}
	for _, c := range host {
		if !isAlphanumeric(c) && c != '-' && c != '.' {
			return false
		}
	}
	e.Out = append(append(append(e.Out, '"'), host...), '"')
	return true
}}
