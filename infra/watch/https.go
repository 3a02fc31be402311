package watch

// refusal is what is usually wrong when a destination refuses the function for a
// setting, and where to look at the destination.
type refusal struct{ settings, look string }

// refusals are the texts of the destinations that a function calls over HTTPS.
func refusals(destination string) refusal {
	switch destination {
	case "datadog":
		return refusal{"secret (the API key) or site",
			"In Datadog, Organization Settings, API Keys: is the secret's key still there?"}
	case "splunk":
		return refusal{"secret (the HEC token), index or ack",
			"In Splunk, Settings, Data inputs, HTTP Event Collector: is the token enabled, and may it write to the index?"}
	case "elastic":
		return refusal{"secret, auth, dataStream or endpoint",
			"In Kibana, Stack Management, API keys: is the key there, with auto_configure and create_doc on the data stream? " +
				"Are the assets of the Okta integration installed?"}
	case "opensearch":
		return refusal{"auth, secret, index, dataStream or endpoint",
			"In OpenSearch, Security, Roles (serverless: data access policies): may the function's role, or the user, write " +
				"to the index?"}
	}
	return refusal{"secret, endpoint, index or dataStream",
		"At the destination: is the key, token, user or role there, and may it write to the index?"}
}

// refusesUs is of records that went back because of a setting of ours: the wrong key,
// an index that is not there. The outage budget runs meanwhile, so one record in any
// five minutes is enough.
func refusesUs(p Pipeline) Alarm {
	const metric = "refused_by_destination"
	r := refusals(p.Destination)
	a := Alarm{Queries: watchingSum(metric, own(p.Name, metric, "Sum"), ownReplay(p.Name, metric, "Sum")),
		Comparison: atLeast, Threshold: 1}
	return a.window(within(300)).missing(notBreaching, onlyWritten).about(p.Name, "destination-refuses-us",
		"The destination of {name} refuses the function for one of these settings: "+r.settings+".",
		"Events go back to the buffer queue and are tried for outageHours, then they go to the queue redrive. "+
			"None is dead for this reason.",
		"In Logs Insights, log group of the function, run `filter ledger.refused_by_destination > 0 or "+
			"replay.refused_by_destination > 0 | fields @timestamp, @message`: returned names the setting.",
		r.look,
		"A wrong secret: put the right value into it. The function reads it again within a minute, without a deployment.",
		"Another setting: change it and deploy.")
}
