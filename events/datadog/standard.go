package datadog

import (
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/security"
)

// event is evt: what happened, by the names that Okta's own Datadog queries use.
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

// person is usr: who did it. Okta's alternateId is the login, an e-mail address
// as a rule, and public rules group by usr.email.
func person() record.Part {
	return &record.Object{Key: "usr", Rest: []record.Part{
		record.Field("id", record.AsText, events.ActorID),
		record.Field("email", record.AsText, events.ActorAlternateID),
		record.Field("name", record.AsText, events.ActorDisplayName),
	}}
}

// network is network.client: where it came from.
func network() record.Part {
	named := func(key string, parts ...record.Part) record.Part {
		return &record.Object{Key: key, Rest: parts}
	}
	return named("network", named("client",
		record.ClientIP("ip"),
		named("geoip",
			named("city", record.Field("name", record.AsText, events.ClientCity)),
			named("subdivision", record.Field("name", record.AsText, events.ClientState)),
			named("country",
				record.Field("name", record.AsText, events.ClientCountry),
				record.Field("iso_code", record.AsCountryCode, events.ClientCountry)),
			named("location",
				record.Field("latitude", record.AsNumber, events.ClientLat),
				record.Field("longitude", record.AsNumber, events.ClientLon)),
			named("as",
				record.Field("number", record.AsInteger, events.ASNumber),
				record.Field("name", record.AsText, events.ASOrg),
				record.Field("domain", record.AsText, events.Domain))),
	))
}

// request is http: the request that Okta served.
func request() record.Part {
	family := func(key, name string, f events.Field) record.Part {
		return &record.Object{Key: key, Rest: []record.Part{record.Field(name, record.AsText, f)}}
	}
	return &record.Object{Key: "http", Rest: []record.Part{
		record.Field("useragent", record.AsText, events.ClientUserAgent),
		&record.Object{Key: "useragent_details", Rest: []record.Part{
			family("os", "family", events.ClientOS),
			family("browser", "family", events.ClientBrowser),
			family("device", "category", events.ClientDevice),
		}},
		&record.Object{Key: "url_details", Rest: []record.Part{
			record.Field("path", record.AsText, events.DebugRequestURI),
			record.Derive("queryString", "the parameters of debugData.url", writeQuery),
		}},
		record.Field("request_id", record.AsText, events.DebugRequestID),
	}}
}

// writeQuery writes the parameters of the request as an object, which is how
// Datadog's own URL parser does it; of a repeated one the first counts.
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
			return false // escaped bytes that are no text
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

// verdict is okta: what Okta says of the risk, typed, and the user to whom it
// was done. The strings that it came in stay at their raw paths, where public
// rules look for them.
func verdict() record.Part {
	return &record.Object{Key: "okta", Rest: []record.Part{
		&record.Object{Key: "risk", Naming: []record.Part{
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
			record.ForTarget("the first user", record.OfClass(record.UserTarget), &record.Object{Key: "user", Rest: []record.Part{
				record.Member("id", record.AsText, record.TargetID),
				record.Member("email", record.AsText, record.TargetAlternateID),
				record.Member("name", record.AsText, record.TargetName),
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
