package doctor

// permission is an IAM action, and the link that is looked at with it. An action may
// serve more than one link.
type permission struct {
	Link   Link
	Action string
	What   string // what is read with it
}

// permissions returns all IAM actions that doctor uses, in the order of the links. None
// of them changes anything.
func permissions() []permission {
	return []permission{
		{PartnerSource, describeEventSource, "state and expiry of the partner event source"},
		{PartnerSource, describeEventBus, "of a source that is pending: whether its bus is there"},
		{Bus, describeEventBus, "whether the partner event bus is there"},
		{Rule, describeRule, "state and event pattern of the rule"},
		{Rule, listTargetsByRule, "targets of the rule"},
		{QueuePolicies, getQueueAttributes, "policies of buffer, redrive and dead"},
		{Mapping, getEventSourceMapping, "state and last result of the event source mapping"},
		{Function, getFunctionConfiguration, "state, last update and environment of the function"},
		{Function, getMetricData, "AWS/Lambda Errors and Throttles"},
		{Destination, describeLogGroups, "existence, retention, class and deletion protection of the log group"},
		{Destination, describeRule, "state of the rule on the delivery bus"},
		{Destination, describeDestination, "state of the API destination"},
		{Destination, describeConnection, "state of the connection of the API destination"},
		{Destination, getFunctionConfiguration, "settings of a destination over HTTPS"},
		{Destination, getSecretValue, "secret of a destination over HTTPS, to ask whether it is accepted"},
		{Archive, listBucket, "newest object of the archive, and number of its last digest"},
		{Archive, getLock, "default retention of the bucket"},
		{Archive, getEncryption, "key of the bucket"},
		{Archive, getVersioning, "whether the bucket is versioned"},
		{Archive, getObject, "the last digest; `kms:Decrypt` too where a KMS key encrypts the bucket"},
		{Queues, getQueueAttributes, "numbers of messages"},
		{Queues, getMetricData, "AWS/SQS ApproximateAgeOfOldestMessage of buffer"},
		{Auditor, getSchedule, "state of the schedule that starts the auditor"},
		{Auditor, getFunctionConfiguration, "state, last update and environment of the auditor's function"},
		{Auditor, getMetricData, "AWS/Lambda Errors and Throttles, oktastream audit_hours_behind and audit_okta_unreachable"},
		{Auditor, getQueueAttributes, "numbers of runs that failed, and that could not be started"},
		{Auditor, listBucket, "number of the auditor's last digest"},
		{Auditor, getObject, "the auditor's last digest"},
		{Alarms, describeAlarms, "states and actions of the stack's alarms"},
		{Alarms, listSubscriptions, "whether a subscription of the alarms' topic is confirmed"},
		{Newest, getMetricData, "AWS/Events Events, MatchedEvents and SuccessfulInvocationAttempts, " +
			"AWS/SQS NumberOfMessagesSent, oktastream received and delivered"},
		{Newest, filterLogEvents, "time of the newest record in the log group"},
		{Newest, describeLogStreams, "the same of a log group of the class Infrequent Access"},
	}
}
