package datadog

import (
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
	"github.com/oktastream/oktastream/events/security"
)

// event is evt: what happened, with the names that Okta's own Datadog queries use.
func event() record.Part {
	return &record.Object{Key: "evt", Rest: []record.Part{
		record.Field("id", record.AsText, events.UUID),
		record.Field("name", record.AsText, events.EventType),
		record.Derive("category", "the OCSF class of the event type", func(e *record.Emitter) bool {
			return e.Quote(categories[e.Decision.Class.UID])
		}),
		record.Field("outcome", record.AsText, events.OutcomeResult),
	}}
}

// categories are evt.category by OCSF class.
var categories = map[int]string{
	0:    "other",
	2004: "threat",
	3001: "iam",
	3002: "authentication",
	3004: "configuration",
	3005: "iam",
	3006: "iam",
	6002: "application",
	6003: "api",
	6008: "error",
}

// person is usr: the actor. Okta's alternateId is the login, usually an e-mail address, and public
// rules group by usr.email. A login of another form (a client's id, a password typed in the wrong
// field) is only at its raw path.
func person() record.Part {
	return record.When(record.ActorIsPrincipal, &record.Object{Key: "usr", Rest: []record.Part{
		record.Field("id", record.AsName, events.ActorID),
		record.Field("email", record.AsEmail, events.ActorAlternateID),
		record.Field("name", record.AsName, events.ActorDisplayName),
	}})
}

// network is network.client: where the request came from. Its geoip is left to Datadog's own GeoIP
// parser, which writes it from the address with other names than Okta's.
func network() record.Part {
	return &record.Object{Key: "network", Rest: []record.Part{
		&record.Object{Key: "client", Rest: []record.Part{record.ClientIP("ip")}},
	}}
}

// request is http: the request that Okta served. useragent_details is left to Datadog's own
// user-agent parser, which writes it from useragent with other names than Okta's.
func request() record.Part {
	return &record.Object{Key: "http", Rest: []record.Part{
		record.Field("useragent", record.AsName, events.ClientUserAgent),
		&record.Object{Key: "url_details", Rest: []record.Part{
			record.Field("path", record.AsName, events.DebugRequestURI),
			record.Derive("queryString", "the parameters of debugData.url", writeQuery),
		}},
		record.Field("request_id", record.AsName, events.DebugRequestID),
	}}
}

// writeQuery writes the parameters of the request as an object, as Datadog's own URL parser does.
// If a parameter is repeated, the first one is written.
func writeQuery(e *record.Emitter) bool {
	i := e.Event.Node(events.DebugURL)
	if !e.Says(i) {
		return false
	}
	parsed, err := url.Parse(string(e.Tree.AppendString(nil, i)))
	if err != nil || parsed.RawQuery == "" {
		return false
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil || len(query) == 0 {
		return false
	}
	keys := make([]string, 0, len(query))
	for key, values := range query {
		if !utf8.ValidString(key) || !utf8.ValidString(values[0]) {
			return false // escaped bytes that are not UTF-8
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	e.Out = append(e.Out, '{')
	for n, key := range keys {
		if n > 0 {
			e.Out = append(e.Out, ',')
		}
		e.Quote(key)
		e.Out = append(e.Out, ':')
		e.Quote(query[key][0])
	}
	e.Out = append(e.Out, '}')
	return true
}

// verdict is okta: Okta's assessment of the risk as typed JSON, and the user that was acted on. The
// original strings stay at their raw paths, where public rules search for them.
func verdict() record.Part {
	return &record.Object{Key: "okta", Rest: []record.Part{
		&record.Object{Key: "risk", AtLeastOne: []record.Part{
			record.Derive("level", "Okta's verdict on the risk", func(e *record.Emitter) bool {
				return e.Verdict.Risk != security.LevelNone && e.Quote(e.Verdict.Risk.String())
			}),
		}, Rest: []record.Part{
			record.Derive("reasons", "the reasons of that verdict", writeReasons),
		}},
		record.Derive("behaviors", "the results of the org's behavior rules", func(e *record.Emitter) bool {
			e.Out = append(e.Out, e.Verdict.Behaviors...)
			return len(e.Verdict.Behaviors) > 0
		}),
		&record.Object{Key: "target", Rest: []record.Part{
			record.ForRole(roles.User, &record.Object{Key: "user", Rest: []record.Part{
				record.Member("id", record.AsName, record.TargetID),
				record.Member("email", record.AsEmail, record.TargetAlternateID),
				record.Member("name", record.AsName, record.TargetName),
			}}),
		}},
	}}
}

func writeReasons(e *record.Emitter) bool {
	if len(e.Verdict.Reasons) == 0 {
		return false
	}
	e.Out = append(e.Out, '[')
	for n, reason := range e.Verdict.Reasons {
		if n > 0 {
			e.Out = append(e.Out, ',')
		}
		e.Quote(string(reason))
	}
	e.Out = append(e.Out, ']')
	return true
}
