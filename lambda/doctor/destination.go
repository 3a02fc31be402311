package doctor

import "github.com/oktastream/oktastream/lambda/config"

// destination looks at what a pipeline delivers to, and at the newest event there.
func (d *Doctor) destination(p Pipeline) []Check {
	var checks []Check
	switch {
	case p.Bucket != "" && d.Archives != nil:
		return d.archive(p)
	case p.Destination == string(config.Archive):
		return nil
	case p.LogGroup != "" && d.Logs != nil:
		return d.logGroup(p)
	case p.DeliveryBus != "" && d.Delivery != nil:
		checks = d.delivery(p)
	case p.Destination != string(config.CloudWatch) && p.DeliveryBus == "" && p.Function != "" && d.Resolver != nil:
		checks = d.endpoint(p)
	}
	if d.Metrics != nil && len(checks) > 0 {
		checks = append(checks, d.count(p.Name, counter{HopDestination, delivered(p)}))
	}
	return checks
}

// delivered is the metric of what the destination has taken: counted by EventBridge where
// it delivers (EventBridge user guide, "Monitoring Amazon EventBridge", 2026-11), else by
// the function (lambda/ledger).
func delivered(p Pipeline) series {
	if p.DeliveryBus != "" {
		return series{"AWS/Events", "SuccessfulInvocationAttempts", "Sum",
			[]string{"EventBusName", p.DeliveryBus, "RuleName", p.DeliveryRule}}
	}
	return series{"oktastream", "delivered", "Sum", []string{"pipeline", p.Name}}
}
