package oktafake

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// fields are the members of a LogEvent (OpenAPI 2026.06.3).
var fields = []string{
	"actor", "authenticationContext", "client", "debugContext", "device", "displayMessage", "eventType",
	"legacyEventType", "outcome", "request", "securityContext", "severity", "target", "transaction", "uuid", "version",
}

// operators compare a value of the event with one of the filter.
var operators = map[string]func(have, want string) bool{
	"eq": func(have, want string) bool { return have == want },
	"ne": func(have, want string) bool { return have != want },
	"co": strings.Contains,
	"sw": strings.HasPrefix,
	"ew": strings.HasSuffix,
	"gt": func(have, want string) bool { return have > want },
	"ge": func(have, want string) bool { return have >= want },
	"lt": func(have, want string) bool { return have < want },
	"le": func(have, want string) bool { return have <= want },
	"pr": func(string, string) bool { return true },
}

var condition = regexp.MustCompile(`^([\w.]+)\s+(\w+)(?:\s+("(?:[^"\\]|\\.)*"|true|false|\d+))?(?:\s+(and|or)\s+)?`)

// parseFilter reads the parameters filter and q. Of SCIM's grammar it knows
// conditions joined by and and or; it refuses parentheses and not, which Okta
// takes.
func parseFilter(filter, q string) (keep func([]byte) bool, refused answer, ok bool) {
	words := strings.Fields(strings.ToLower(q))
	if len(words) > 10 {
		return nil, invalid("q", "Freeform search cannot contain more than 10 items."), false
	}
	for _, w := range words {
		if len(w) > 40 {
			return nil, invalid("q", "Freeform search cannot contain items longer than 40 characters. Please shorten "+
				"the items in your search or use an advanced filter to query by specific fields."), false
		}
	}
	any := [][]func([]byte) bool{nil} // of these, all of one
	for rest := filter; rest != ""; {
		m := condition.FindStringSubmatch(rest)
		if m == nil {
			return nil, badFilter(filter, fmt.Sprintf("cannot be read from position %d", len(filter)-len(rest))), false
		}
		one, refused, ok := parseCondition(filter, len(filter)-len(rest), m)
		if !ok {
			return nil, refused, false
		}
		any[len(any)-1] = append(any[len(any)-1], one)
		if rest = rest[len(m[0]):]; (m[4] == "") != (rest == "") {
			return nil, badFilter(filter, "ends in the middle"), false
		}
		if m[4] == "or" {
			any = append(any, nil)
		}
	}
	if filter == "" && len(words) == 0 {
		return nil, answer{}, true
	}
	return func(event []byte) bool {
		lower := []byte(nil)
		if len(words) > 0 {
			lower = bytes.ToLower(event)
		}
		missing := func(w string) bool { return !bytes.Contains(lower, []byte(w)) }
		fails := func(one func([]byte) bool) bool { return !one(event) }
		return !slices.ContainsFunc(words, missing) &&
			slices.ContainsFunc(any, func(all []func([]byte) bool) bool { return !slices.ContainsFunc(all, fails) })
	}, answer{}, true
}

func parseCondition(filter string, at int, m []string) (keep func([]byte) bool, refused answer, ok bool) {
	attribute, operator, want := m[1], m[2], m[3]
	compare, known := operators[operator]
	top, _, _ := strings.Cut(attribute, ".")
	switch {
	case !known:
		return nil, badFilter(filter, fmt.Sprintf("Unrecognized attribute operator '%s' at position %d. "+
			"Expected: eq,co,sw,pr,gt,ge,lt,le", operator, at+strings.Index(m[0], operator))), false
	case !slices.Contains(fields, top): // published is none of them, on purpose
		return nil, refuse(http.StatusBadRequest, "E0000053", "field is not valid: "+attribute), false
	case operator == "co" &&
		(attribute == "debugContext.debugData.url" || attribute == "debugContext.debugData.requestUri"):
		return nil, refuse(http.StatusBadRequest, "E0000031", "The supplied combination of operator and field is not "+
			"currently supported. Operator: co, Field: "+attribute), false
	case (want == "") != (operator == "pr"):
		return nil, badFilter(filter, "wrong number of values for operator "+operator), false
	}
	want = gjson.Parse(want).String()
	path := strings.Replace(attribute, "target.", "target.#.", 1)
	return func(event []byte) bool {
		v := gjson.GetBytes(event, path)
		if v.IsArray() {
			return slices.ContainsFunc(v.Array(), func(v gjson.Result) bool { return compare(v.String(), want) })
		}
		return v.Exists() && v.Type != gjson.Null && compare(v.String(), want)
	}, answer{}, true
}

func badFilter(filter, what string) answer {
	return refuse(http.StatusBadRequest, "E0000053", fmt.Sprintf("Invalid filter '%s': %s", filter, what))
}
