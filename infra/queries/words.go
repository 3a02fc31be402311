package queries

import "strings"

// oktaWords are the words in Okta's own names, which the shapes raw, datadog and
// envelope hold.
func oktaWords() words {
	return words{
		"uuid":      "$.uuid",
		"event":     "$.eventType",
		"outcome":   "$.outcome.result",
		"reason":    "$.outcome.reason",
		"said":      "$.displayMessage",
		"actor":     "$.actor.alternateId",
		"ip":        "coalesce($.client.ipAddress, $.request.ipChain.0.ip)",
		"country":   "$.client.geographicalContext.country",
		"agent":     "$.client.userAgent.rawUserAgent",
		"network":   "$.securityContext.asOrg",
		"session":   "$.authenticationContext.externalSessionId",
		"token":     "$.transaction.detail.requestApiTokenId",
		"data":      "$.debugContext.debugData",
		"severity":  "$.severity",
		"itsUser":   oktaTarget("whom", `"User"`),
		"userLogin": "whom.alternateId",
	}
}

// clientAddresses are the places of the address that a request came from in OCSF records, one of which a record has.
// OCSF 1.8.0 has src_endpoint in the classes 3001, 3002, 3004, 3005, 3006 and 6003; a Detection Finding (2004) has it
// in its evidences; the classes 0, 6002 and 6008 have none at all, so that the address stays in unmapped.
func clientAddresses() []string {
	return []string{"src_endpoint.ip", "evidences.0.src_endpoint.ip", "unmapped.client.ipAddress"}
}

// ocsfWords are the words in OCSF 1.8.0 as events/ocsf writes it. In a Detection
// Finding (2004) actor and address are evidence; classes without an endpoint leave
// the address unmapped.
func ocsfWords() words {
	return words{
		"uuid":    "metadata.uid",
		"event":   "metadata.event_code",
		"outcome": "status_code",
		"reason":  "status_detail",
		"said":    "message",
		"actor":   "coalesce(actor.user.name, evidences.0.actor.user.name)",
		"ip":      "coalesce(" + strings.Join(clientAddresses(), ", ") + ")",
		"country": "coalesce(src_endpoint.location.country, evidences.0.src_endpoint.location.country, " +
			"unmapped.client.geographicalContext.country)",
		"agent": "coalesce(http_request.user_agent, evidences.0.http_request.user_agent)",
		"network": "coalesce(src_endpoint.autonomous_system.name, evidences.0.src_endpoint.autonomous_system.name, " +
			"unmapped.securityContext.asOrg)",
		"session": "coalesce(actor.session.uid, evidences.0.actor.session.uid)",
		"token": "coalesce(actor.user.programmatic_credentials.0.uid, " +
			"evidences.0.actor.user.programmatic_credentials.0.uid)",
		"data":      "unmapped.debugContext.debugData",
		"severity":  "metadata.log_level",
		"itsUser":   "",
		"itsThing":  "",
		"thing":     "entity.name",
		"userLogin": "user.name",
	}
}

// oktaTarget splits the event's targets into rows and keeps those of the types, under the name into.
func oktaTarget(into, types string) string {
	return "\n| fields jsonParse(@message) as record\n| unnest record.$.target into " + into +
		"\n| filter " + into + ".type in [" + types + "]"
}

// list shows one row for each event, or for each combination of keys, the newest
// first. Columns are expressions with their names; between the first of a list and
// the last stand those of the query itself. What fields names is shown by display
// alone, so that the whole record which unnest needs is not.
func list(keys string, columns ...string) string {
	columns = append([]string{"{event} as eventName", "{outcome} as result", "{actor} as who"}, columns...)
	columns = append(columns, "{ip} as fromIP", "{country} as fromCountry", "{uuid} as eventId")
	shown := []string{"@timestamp"}
	for _, c := range columns {
		shown = append(shown, c[strings.LastIndexByte(c, ' ')+1:])
	}
	return "\n| fields @timestamp, " + strings.Join(columns, ", ") +
		"\n| display " + strings.Join(shown, ", ") +
		"\n| sort @timestamp desc\n| dedup " + keys + "\n| limit 1000"
}

// thing is a list of changes to things of one kind: what happened to which of
// them, and by whom. Types are the target types, as a regular expression.
func thing(name, question, look, events, types string) Query {
	return Query{Name: name, Question: question, Look: look,
		body: "filter {event} in [" + events + "]{itsThing}" + list("eventId", "{thing} as what"),
		okta: oktaNamed(types),
	}
}

// oktaThing reads the name of the first target of a type from the message: an event without one stays in the list.
func oktaThing(types, into string) string {
	return "\n| parse @message /\"type\":\"(?:" + types + ")\"[^{}]*?\"displayName\":\"(?<" + into + ">[^\"]*)\"/"
}

// oktaNamed are the words of a query that shows the name of the first target of a type.
func oktaNamed(types string) words {
	return words{"itsThing": oktaThing(types, "named"), "thing": "named"}
}

// oktaActorAddress reads the address of an actor of type IP address, whose id it is: such an event may name no client.
const oktaActorAddress = "\n| parse $.actor.id /^(?<actorAddress>[0-9a-fA-F]*[.:][0-9a-fA-F.:]*)$/"

// oktaAnyAddress replaces the placeholder ip after oktaActorAddress.
const oktaAnyAddress = "coalesce($.client.ipAddress, $.request.ipChain.0.ip, actorAddress)"

// types returns event types of one family, as a list for brackets.
func types(family string, verbs ...string) string {
	for i, v := range verbs {
		verbs[i] = `"` + family + "." + v + `"`
	}
	return strings.Join(verbs, ", ")
}

// anyIs is true where one of the fields is value.
func anyIs(value string, fields ...string) string {
	for i, f := range fields {
		fields[i] = f + ` = "` + value + `"`
	}
	return strings.Join(fields, " or ")
}
