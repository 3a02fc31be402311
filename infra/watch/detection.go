package watch

// Detected is the alarm of a detection of infra/queries whose events a metric filter counts, in the metric of that
// name. It fires at the first event.
func Detected(pipeline, detection, question, advice, metric string) Alarm {
	a := Alarm{Queries: watching(&Metric{DetectionsNamespace, metric, "Sum", nil}), Comparison: atLeast, Threshold: 1}
	return a.window(within(60)).missing(notBreaching, "the metric filter writes only where an event matches").
		about(pipeline, "detection-"+detection,
			"An event of {name} matches the detection "+detection+".",
			"The detection asks: "+question,
			"In CloudWatch Logs Insights, run the saved query detections/"+detection+" for the last hour.", advice)
}

// DetectionsNamespace is where the metric filters of detections count.
const DetectionsNamespace = "oktastream/detections"
