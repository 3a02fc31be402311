package watch

import (
	"slices"
	"strings"
)

// longest is the longest name of a stack that infra/oktastream takes.
var longest = strings.Repeat("n", 64-len("-cloudwatch"))

// pipeline is one as infra/oktastream describes it; tokens stand for what is not
// known at synth.
func pipeline(stack, destination, ingest string, filtered bool) Pipeline {
	token := func(s string) string { return "${Token[" + destination + s + ".12]}" }
	p := Pipeline{Name: stack + "-" + destination, Destination: destination, Ingest: ingest, Rule: stack + "-" +
		destination,
		Bus: "aws.partner/okta.com/example/oktastream", Filtered: filtered, Dead: token("Dead"), OutageHours: 6}
	if ingest != "rule" {
		p.Buffer, p.Redrive, p.Function, p.Mapping, p.VisibilitySeconds = token("Buffer"), token("Redrive"),
			token("Function"), token("Mapping"), 365
	}
	switch destination {
	case "cloudwatch":
		p.LogGroup = token("LogGroup")
	case "datadog":
		p.DeliveryRule, p.DeliveryBus = "to-datadog", token("DeliveryBus")
	case "archive":
		p.Bucket = token("Bucket")
	default:
		p.HTTPS = true
	}
	return p
}

// auditorOf is the auditor of a pipeline.
func auditorOf(p Pipeline, minutes int) *Auditor {
	return &Auditor{Pipeline: p.Name, Function: "${Token[Auditor.1]}", LogGroup: "${Token[AuditorLog.2]}",
		Failed: "${Token[Failed.3]}", Unstarted: "${Token[Unstarted.4]}", EveryMinutes: minutes}
}

// overHTTPS are the destinations of stacks that a rule cannot deliver to.
const overHTTPS = "splunk elastic,opensearch"

// stacks are all that the settings can make, and the default one, by name.
func stacks() map[string]Stack {
	all := map[string]Stack{}
	base := func(name string) Stack {
		return Stack{Name: name, Region: "eu-west-1", Account: "111122223333",
			Source: "aws.partner/okta.com/example/oktastream",
			Bus:    "aws.partner/okta.com/example/oktastream", SilenceMinutes: 60}
	}
	for _, ingest := range []string{"queue", "lambda", "rule"} {
		for _, destinations := range []string{"cloudwatch", "datadog", "cloudwatch,datadog", "splunk", "elastic,opensearch",
			"archive"} {
			if ingest == "rule" && strings.Contains(overHTTPS, destinations) || ingest != "queue" && destinations == "archive" {
				continue
			}
			for _, filtered := range []bool{false, true} {
				for _, live := range []bool{false, true} {
					s := base(longest)
					s.Live = live
					if ingest == "rule" {
						s.StreamRule = longest + "-log-stream"
					}
					for _, d := range strings.Split(destinations, ",") {
						s.Pipelines = append(s.Pipelines, pipeline(longest, d, ingest, filtered))
					}
					name := ingest + " " + destinations
					for word, is := range map[string]bool{" filtered": filtered, " live": live} {
						if is {
							name += word
						}
					}
					all[name] = s
				}
			}
		}
	}
	s := base("oktastream")
	s.Pipelines = []Pipeline{pipeline("oktastream", "cloudwatch", "queue", false)}
	all["default"] = s
	for _, d := range []string{"cloudwatch", "archive"} {
		s := base(longest)
		s.Pipelines = []Pipeline{pipeline(longest, d, "queue", false)}
		s.Auditor = auditorOf(s.Pipelines[0], 15)
		all[d+" with auditor"] = s
	}
	return all
}

// check says what is wrong with a metric.
func check(list map[string]string, namespace, name string, dimensions []Dimension) string {
	allowed, ok := list[namespace+" "+name]
	if !ok {
		return "there is no metric " + namespace + " " + name
	}
	var names []string
	for _, d := range dimensions {
		names = append(names, d.Name)
		if d.Value == "" {
			return namespace + " " + name + ": the dimension " + d.Name + " is of something that the stack does not have"
		}
	}
	if have := strings.Join(names, " "); !slices.Contains(strings.Split(allowed, "|"), have) {
		return namespace + " " + name + " has the dimensions " + allowed + ", not " + have
	}
	return ""
}
