package oktafake

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// fields are the members of a LogEvent (OpenAPI 2026.06.3) that a filter may name here: all except
// lists, and except published, which Okta refuses.
var fields = []string{
	"actor", "authenticationContext", "client", "debugContext", "device", "displayMessage", "eventType",
	"legacyEventType", "outcome", "request", "securityContext", "severity", "transaction", "uuid", "version",
}

// operators compare a value of the event with that of the filter.
var operators = map[string]func(have, want string) bool{
	"eq": func(have, want string) bool { return have == want },
	"co": strings.Contains,
	"sw": strings.HasPrefix,
}

var condition = regexp.MustCompile(`^([\w.]+)\s+(\w+)\s+("(?:[^"\\]|\\.)*")$`)

// parseFilter parses the parameter filter. Of SCIM's grammar it knows one condition with a text; it
// refuses everything else that Okta accepts.
func parseFilter(filter string) (keep func(event []byte) bool) {
	m := condition.FindStringSubmatch(filter)
	if m == nil {
		badFilter(filter, `the fake knows only: attribute operator "text"`)
	}
	attribute, compare, want := m[1], operators[m[2]], gjson.Parse(m[3]).String()
	top, _, _ := strings.Cut(attribute, ".")
	switch {
	case !slices.Contains(fields, top):
		refuse(http.StatusBadRequest, "E0000053", "field is not valid: "+attribute)
	case compare == nil:
		badFilter(filter, fmt.Sprintf("Unrecognized attribute operator '%s' at position %d. "+
			"Expected: eq,co,sw,pr,gt,ge,lt,le", m[2], strings.Index(filter, m[2])))
	case m[2] == "co" && (attribute == "debugContext.debugData.url" || attribute == "debugContext.debugData.requestUri"):
		refuse(http.StatusBadRequest, "E0000031", "The supplied combination of operator and field is not "+
			"currently supported. Operator: co, Field: "+attribute)
	}
	return func(event []byte) bool {
		v := gjson.GetBytes(event, attribute)
		return v.Exists() && v.Type != gjson.Null && compare(v.String(), want)
	}
}

func badFilter(filter, what string) {
	refuse(http.StatusBadRequest, "E0000053", fmt.Sprintf("Invalid filter '%s': %s", filter, what))
}
