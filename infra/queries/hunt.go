package queries

// timelines are all that is known of one user, address or session: the value in
// quotes is to be replaced.
func timelines() []Query {
	line := list("eventId", "{reason} as why", "{session} as sessionId")
	put := func(what string) string { return "# Put " + what + " between the quotes.\n" }
	return []Query{
		{
			Name:     "everything-a-user-did",
			Question: "What did one user do?",
			Look: "The newest event is first. Find the first event that was not the user's, and read on from there. Then " +
				"look for a sessionId or fromIP that is new.",
			body: put("the user's login") + "filter {isActor}" + line,
			ocsf: words{"isActor": anyIs(placeUser, "actor.user.name", "evidences.0.actor.user.name")},
			okta: words{"isActor": anyIs(placeUser, "$.actor.alternateId")},
		},
		{
			Name:     "everything-that-names-a-user",
			Question: "What was done by, to or about one user?",
			Look: "This reads every record of the range, while everything-a-user-did uses an index: choose a short range. " +
				"An id works as well as a login.",
			body: put("the user's login or id") + `filter @message like "` + placeUser + `"` + list("eventId",
				"{said} as said"),
		},
		{
			Name:     "everything-about-an-address",
			Question: "What came from one address?",
			Look: "who and result show which users it tried and where it succeeded. Many people share the address of a " +
				"mobile network or a VPN.",
			body: put("the address") + "filter {isAddress}" + line,
			ocsf: words{"isAddress": anyIs(placeAddress, clientAddresses()...)},
			okta: words{
				"isAddress": anyIs(placeAddress, "$.client.ipAddress", "$.request.ipChain.0.ip", "$.actor.id") + oktaActorAddress,
				"ip":        oktaAnyAddress,
			},
		},
		{
			Name:     "everything-in-a-session",
			Question: "What happened in one session?",
			Look:     "More than one fromIP or country in a session is a stolen cookie: end the session in Okta.",
			body:     put("the session's id") + "filter {isSession}" + line,
			ocsf: words{"isSession": anyIs(placeSession, "actor.session.uid", "actor.session.uid_alt",
				"evidences.0.actor.session.uid", "evidences.0.actor.session.uid_alt")},
			okta: words{
				"isSession": anyIs(placeSession, "$.authenticationContext.externalSessionId",
					"$.authenticationContext.rootSessionId"),
			},
		},
	}
}

// delivery are about the pipeline itself.
func delivery() []Query {
	return []Query{
		{
			Name:     "duplicates",
			Question: "Which events are stored more than once?",
			Look: "A few are normal: every hop delivers at least once. Many, stored minutes apart, mean that the function " +
				"times out after writing.",
			body: `stats count(*) as copies, min(@ingestionTime) as firstStored,
    max(@ingestionTime) as lastStored by {uuid} as eventId
| filter copies >= 2
| sort copies desc
| limit 1000`,
		},
		{
			Name:     "volume-by-event-type",
			Question: "How much is stored of each event type?",
			Look:     "The first rows cost the most. Use the setting exclude to leave out event types that you do not need.",
			body: `stats count(*) as records, count_distinct({uuid}) as events, sum(strlen(@message)) as characters,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by {event} as eventName
| sort characters desc
| limit 1000`,
		},
	}
}
