package queries

// placeValue is what a responder replaces in everything-that-touches.
const placeValue = "VALUE"

// touches finds a value of any kind wherever it is, and shows where: records with observables say it (their first name
// with that value), else it is the member of the record that holds the value.
func touches() []Query {
	const sought = `"` + placeValue + `"`
	return []Query{{
		Name:     "everything-that-touches",
		Question: "Which events hold one value anywhere: a user, an address, a session, a device, an app, a policy, a hash?",
		Look: "foundIn tells where. It reads every record of the range: choose a short one. Write a backslash before each " +
			"of ( ) [ ] { } + * ? | ^ $ / in the value.",
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
