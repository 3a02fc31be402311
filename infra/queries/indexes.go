package queries

// Indexes are the fields of the log group's field index policy: what the queries
// filter by that few records share, and what Okta responders search by. Outcome,
// country and the like are left out: an index pays for "fields or values that
// match only a small fraction of the total log events" (PutIndexPolicy, Amazon
// CloudWatch Logs API reference, 2026-11).
func Indexes(s Shape) []string {
	if s == OCSF {
		return []string{
			"metadata.uid",
			"metadata.event_code",
			"metadata.correlation_uid",
			"actor.user.uid",
			"actor.user.name",
			"actor.user.programmatic_credentials.0.uid",
			"actor.session.uid",
			"actor.session.uid_alt",
			"user.uid",
			"user.name",
			"src_endpoint.ip",
			"evidences.0.actor.user.uid",
			"evidences.0.actor.user.name",
			"evidences.0.actor.session.uid",
			"evidences.0.actor.session.uid_alt",
			"evidences.0.user.name",
			"evidences.0.src_endpoint.ip",
			"unmapped.client.ipAddress",
		}
	}
	fields := []string{
		"$.uuid",
		"$.eventType",
		"$.transaction.id",
		"$.transaction.detail.requestApiTokenId",
		"$.actor.id",
		"$.actor.alternateId",
		"$.client.ipAddress",
		"$.request.ipChain.0.ip",
		"$.authenticationContext.externalSessionId",
		"$.authenticationContext.rootSessionId",
	}
	for i, f := range fields {
		fields[i] = place(f, s)
	}
	return fields
}
