package doctor

// Permission is an IAM action, and the link that is looked at with it. An action may
// serve more than one link.
type Permission struct {
	Link   Link
	Action string
	What   string // what is read with it
}

// Permissions returns all IAM actions that doctor uses, in the order of the links. None
// of them changes anything.
func Permissions() []Permission {
	return []Permission{
		{PartnerSource, describeEventSource, "state and expiry of the partner event source"},
		{PartnerSource, describeEventBus, "of a source that is pending: whether its bus is there"},
		{Bus, describeEventBus, "whether the partner event bus is there"},
		{Rule, describeRule, "state and event pattern of the rule"},
		{Rule, listTargetsByRule, "targets of the rule"},
		{QueuePolicies, getQueueAttributes, "policies of buffer, redrive and dead"},
		{Mapping, getEventSourceMapping, "state and last result of the event source mapping"},
		{Function, getFunctionConfiguration, "state, last update and environment of the function"},
		{Function, getMetricData, "AWS/Lambda Errors and Throttles"},
		{Queues, getQueueAttributes, "numbers of messages"},
		{Queues, getMetricData, "AWS/SQS ApproximateAgeOfOldestMessage of buffer"},
		{Newest, getMetricData, "AWS/Events Events and MatchedEvents, AWS/SQS NumberOfMessagesSent, oktastream received"},
	}
}
