package main

import (
	"testing"

	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/infra/watch"
	"github.com/oktastream/oktastream/lambda/ledger"
)

// TestAlarms compares the number of metrics in alarms with those that package watch
// makes for a stack with one destination, default settings and live=true.
func TestAlarms(t *testing.T) {
	for d, inCode := range map[settings.Destination]float64{settings.CloudWatch: quantity("alarmsCloudWatch"),
		settings.Datadog: quantity("alarmsDatadog"), settings.Splunk: quantity("alarmsHTTPS"), settings.OpenSearch: quantity("alarmsHTTPS"),
		settings.Archive: quantity("alarmsArchive")} {
		all := settings.Default()
		set := all.Of(d)
		p := watch.Pipeline{
			Name: "s-" + string(d), Destination: string(d), Ingest: set.Ingest, Rule: "rule", Bus: "bus", Buffer: "buffer",
			Redrive: "redrive", Dead: "dead",
			Function: "function", Mapping: "mapping", OutageHours: set.OutageHours, VisibilitySeconds: set.VisibilitySeconds(),
		}
		switch d {
		case settings.Datadog:
			p.DeliveryRule, p.DeliveryBus = "to-datadog", "delivery"
		case settings.CloudWatch:
			p.LogGroup = "events"
		case settings.Archive:
			p.Bucket = "events"
		default:
			p.HTTPS = true
		}
		metrics := 0
		for _, a := range watch.Alarms(watch.Stack{
			Name: "s", Region: region, Account: account, Source: "source", Bus: "bus", Live: true,
			SilenceMinutes: all.SilenceMinutes,
			Pipelines:      []watch.Pipeline{p},
		}) {
			for _, q := range a.Queries {
				if q.Metric != nil {
					metrics++
				}
			}
		}
		if float64(metrics) != inCode {
			t.Errorf("%s: the alarms read %d metrics and quantities.csv says %g", d, metrics, inCode)
		}
	}
}

// TestAlarmsOfTheAuditor compares what the auditor adds.
func TestAlarmsOfTheAuditor(t *testing.T) {
	s := watch.Stack{Name: "s", Auditor: &watch.Auditor{Pipeline: "p", Function: "f", LogGroup: "g", Failed: "failed",
		Unstarted: "unstarted", EveryMinutes: settings.Default().OktaEvery}}
	metrics := 0
	for _, a := range watch.Alarms(s) {
		for _, q := range a.Queries {
			if q.Metric != nil {
				metrics++
			}
		}
	}
	if metrics != int(quantity("auditorAlarms")) {
		t.Errorf("the alarms read %d metrics and quantities.csv says %d", metrics, int(quantity("auditorAlarms")))
	}
	if len(ledger.AuditMetrics) != int(quantity("auditorMetrics")) {
		t.Errorf("the auditor writes %d metrics and quantities.csv says %d", len(ledger.AuditMetrics), int(quantity("auditorMetrics")))
	}
}
