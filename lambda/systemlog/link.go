package systemlog

import "strings"

// nextLink returns the URL with rel="next" in Link headers (RFC 8288): one header for
// each link, or several links in one header with commas between. "" is none.
func nextLink(headers []string) string {
	for _, header := range headers {
		for rest := header; rest != ""; {
			var link string
			var next bool
			if link, next, rest = cutLink(rest); next && link != "" {
				return link
			}
		}
	}
	return ""
}

// cutLink cuts the first link off a header: its URL, whether its relation is next, and
// the rest. A comma or semicolon within <> or quotes separates nothing.
func cutLink(header string) (link string, next bool, rest string) {
	header = strings.TrimLeft(header, " \t,")
	if !strings.HasPrefix(header, "<") {
		// Not a link: skip to the next one.
		_, rest, _ = strings.Cut(header, ",")
		return "", false, rest
	}
	link, rest, closed := strings.Cut(header[1:], ">")
	if !closed {
		return "", false, ""
	}
	for {
		rest = strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(rest, ";") {
			_, rest, _ = strings.Cut(rest, ",")
			return strings.TrimSpace(link), next, rest
		}
		var name, value string
		name, value, rest = cutParameter(rest[1:])
		if strings.EqualFold(name, "rel") {
			for relation := range strings.FieldsSeq(value) {
				next = next || strings.EqualFold(relation, "next")
			}
		}
	}
}

// cutParameter cuts name=value off text, which ends before a semicolon or a comma.
func cutParameter(text string) (name, value, rest string) {
	end := strings.IndexAny(text, "=;,")
	if end < 0 {
		return strings.TrimSpace(text), "", ""
	}
	name, rest = strings.TrimSpace(text[:end]), text[end:]
	if rest[0] != '=' {
		return name, "", rest
	}
	rest = strings.TrimLeft(rest[1:], " \t")
	if !strings.HasPrefix(rest, `"`) {
		if end = strings.IndexAny(rest, ";,"); end < 0 {
			end = len(rest)
		}
		return name, strings.TrimSpace(rest[:end]), rest[end:]
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			return name, b.String(), rest[i+1:]
		case c == '\\' && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return name, b.String(), ""
}
