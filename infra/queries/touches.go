package queries

// placeValue is what a responder replaces in everything-that-touches.
const placeValue = "VALUE"

// touches finds a value of any kind anywhere in a record, and shows where: the name of the first observable with that
// value, or the member of the record that holds it.
func touches() []Query {
	const sought = `"` + placeValue + `"`
	return []Query{{
		Name:     "everything-that-touches",
		Question: "Which events hold one value anywhere: a user, an address, a session, a device, an app, a policy, a hash?",
		Look: "foundIn shows where. Choose a short range: every record of it is read. Put a backslash before each " +
			"character of the value that has a meaning in regular expressions, such as a bracket, a plus or a slash.",
		body: "# Put the value in each place of " + placeValue + ".\n" +
			"filter @message like /" + sought + "/{observed}" +
			"\n| parse @message /\"(?<member>[^\"]*)\":" + sought + "/" +
			list("eventId", "{said} as said", "{foundIn} as foundIn"),
		ocsf: words{
			"observed": "\n| parse @message /\"name\":\"(?<seenIn>[^\"]*)\",\"value\":" + sought + "/",
			"foundIn":  "coalesce(seenIn, member)",
		},
		okta: words{"observed": "", "foundIn": "member"},
	}}
}
