package main

// Metrics that the alarms of a stack with one destination read, with live=true, which is
// what AWS charges alarms by (infracost, cloudwatch_metric_alarm_test.golden,
// "expression"). TestAlarms compares them with package infra/watch.
const (
	alarmsCloudWatch = 39
	alarmsDatadog    = 42
	alarmsHTTPS      = 41
	alarmsArchive    = 39
)

const (
	// ledgerMetrics are the custom metrics that the function writes (lambda/ledger).
	ledgerMetrics = 20
	// mappingMetrics are those of MetricsConfig EventCount of the event source mapping.
	// No page was found that says whether they cost what a custom metric does.
	mappingMetrics = 4
	// functionLogDays is how long the function's own log is kept (infra/oktastream).
	functionLogDays = 90
)

// Mean sizes in bytes of an event, over the events of testdata: as Okta writes it,
// in EventBridge's envelope, and as the function delivers it. TestSizes measures.
const (
	rawBytes      = 1946
	envelopeBytes = 2183
	ocsfBytes     = 2742
	datadogBytes  = 2751
	// observablesBytes is what observables=true adds to an OCSF record.
	observablesBytes = 806
	// entryOverheadBytes is what an entry of PutEvents has beside its logs.
	entryOverheadBytes = 260
	// gzipFactor is how many times smaller than its events an object of the archive is taken
	// to be. The events of testdata, which a program made and which are more alike than real
	// ones, shrink by the other two: in objects of 20 events and of all. No real stream was
	// measured. TestObjects measures.
	gzipFactor                      = 5
	corpusFactor20, corpusFactorAll = 6.8, 8.6
)

// What an invocation writes to the function's own log: the ledger as metrics and one
// line of summary, and for each event its lag. TestOwnLog measures.
const (
	logBytesAnInvocation = 1709
	logBytesAnEvent      = 5.2
	logLines             = 2
)

// platformLines are what Lambda itself writes into that log for each invocation (Lambda
// developer guide, "Working with function logs", 2026-11; log format text).
const platformLines = "START RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189 Version: $LATEST\n" +
	"END RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189\n" +
	"REPORT RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189\tDuration: 134.56 ms\tBilled Duration: 135 ms\tMemory " +
	"Size: 256 MB\tMax Memory Used: 48 MB\t\n"

const platformLineCount = 3

// How fast the function is. measuredEventsPerSecond is BenchmarkSQS/ocsf/100 on one
// core of an AMD EPYC, rounded down (54,000 to 59,000 on 2026-11-22; datadog is no
// slower). A vCPU of Lambda's arm64 is taken to do half of that, and 256 MB to have
// 256/1769 of a vCPU ("At 1,769 MB, a function has the equivalent of one vCPU",
// Lambda developer guide, "Configure Lambda function memory", read 2026-11-22).
const (
	measuredEventsPerSecond = 50_000
	shareOfMeasured         = 0.5
	mbOfOneVCPU             = 1769
	// awsMilliseconds and httpsMilliseconds are how long an invocation waits for the
	// destination to take its batch: a service of AWS's, or one that the function calls
	// over HTTPS. Nobody has measured them on AWS.
	awsMilliseconds, httpsMilliseconds = 100, 200
)

// How Lambda polls a queue. "Lambda starts processing five batches at a time … When
// traffic is low, Lambda scales back the processing to five concurrent batches, and
// can optimize to as few as 2 … this optimization is not available when you enable
// the maximum concurrency setting", which is enabled (Lambda developer guide,
// "Configuring scaling behavior for SQS event source mappings", read 2026-11-22).
const (
	pollers = 5
	// pollSeconds is how long a receive waits when there is nothing: SQS's longest
	// (API reference, ReceiveMessage, WaitTimeSeconds). It returns with the first
	// message that there is.
	pollSeconds = 20.0
	// receiveSeconds is the least time between two receives of a poller: "in the tens
	// or low hundreds of milliseconds" (SQS FAQ, typical latencies; known since long,
	// not re-confirmed), taken as 10.
	receiveSeconds = 0.010
	// messagesOfRequest is the most messages of a receive or a delete.
	messagesOfRequest = 10.0
)

// How CloudWatch Logs stores. storedShare is what AWS's own pricing calculator takes
// compressed logs to be ("Storage compression factor 0.15", shown at
// dev.classmethod.jp/articles/compare-archive-cost-cloudwatchlogs-s3, 2021-09). The
// 26 bytes are "metadata per log event", which is part of what is stored
// (aws.amazon.com/cloudwatch/pricing; known since long, not re-confirmed) and not of
// what is ingested, where no page of AWS was found to charge them.
const (
	storedShare            = 0.15
	storedBytesForLogEvent = 26
)

// Quota of invocations a second of an API destination, which can be raised
// (EventBridge user guide, "Quotas").
const apiDestinationPerSecond = 300

// KMS, for kms=own. keyReuseSeconds is what infra/oktastream sets for queues.
const keyReuseSeconds = 86_400
