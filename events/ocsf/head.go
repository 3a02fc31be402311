package ocsf

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/security"
)

// head has the attributes at the beginning of every record.
func head() []record.Part {
	return []record.Part{
		record.Derive(
			"class_uid",
			"class of the event type",
			func(e *record.Emitter) bool { return e.Int(int64(e.Decision.Class.UID)) },
		),
		record.Derive("class_name", "its caption", func(e *record.Emitter) bool { return e.Quote(e.Decision.Class.Name) }),
		record.Derive(
			"category_uid",
			"its category",
			func(e *record.Emitter) bool { return e.Int(int64(e.Decision.Class.CategoryUID)) },
		),
		record.Derive(
			"activity_id",
			"activity of the event type",
			func(e *record.Emitter) bool { return e.Int(int64(e.Decision.Activity)) },
		),
		record.Derive(
			"activity_name",
			"its caption; the event type for 99",
			func(e *record.Emitter) bool { return e.Quote(e.Decision.ActivityName) },
		),
		record.Derive("type_uid", "class and activity in one number", func(e *record.Emitter) bool {
			return e.Int(int64(e.Decision.Class.UID*100 + e.Decision.Activity))
		}),
		record.Derive(
			"time",
			"published, in milliseconds",
			func(e *record.Emitter) bool { return e.Int(e.Event.PublishedMS) },
		),
		record.Number("timezone_offset", 0, "published is in UTC"),
		record.Derive(
			"severity_id",
			"severity, raised by Okta's verdict on the risk",
			func(e *record.Emitter) bool { id, _ := severity(e); return e.Int(id) },
		),
		record.Derive("severity", "its caption", func(e *record.Emitter) bool {
			if id, caption := severity(e); id != record.Other {
				return e.Quote(caption)
			}
			return e.Text(events.Severity)
		}),
		record.Derive("status_id", "outcome", func(e *record.Emitter) bool { id, _ := status(e); return e.Int(id) }),
		record.Derive("status", "its caption, or the outcome's own text", func(e *record.Emitter) bool {
			if id, caption := status(e); id != record.Other {
				return e.Quote(caption)
			}
			return e.Text(events.OutcomeResult)
		}),
		record.Field("status_code", record.AsText, events.OutcomeResult),
		record.Field("status_detail", record.AsText, events.OutcomeReason),
		record.Field("message", record.AsText, events.DisplayMessage),
		metadata(),
		cloud(),
		record.When(controlled, record.All{
			record.Derive(
				"action_id",
				"what Okta did, according to the outcome",
				func(e *record.Emitter) bool { return verdictOn(e, verdict.writeAction) },
			),
			record.Derive(
				"action",
				"its caption",
				func(e *record.Emitter) bool { return verdictOn(e, verdict.writeActionName) },
			),
			record.Derive(
				"disposition_id",
				"the result, according to the outcome",
				func(e *record.Emitter) bool { return verdictOn(e, verdict.writeDisposition) },
			),
			record.Derive(
				"disposition",
				"its caption",
				func(e *record.Emitter) bool { return verdictOn(e, verdict.writeDispositionName) },
			),
		}),
		record.When(atRisk, record.All{
			record.Derive("risk_level_id", "Okta's verdict on the risk", writeRiskID),
			record.Derive("risk_level", "its caption", writeRiskCaption),
			record.Derive("risk_details", "the reasons of that verdict", writeRiskReasons),
		}),
		record.Derive("is_alert", "debugData.threatSuspected", func(e *record.Emitter) bool {
			if !e.Is(e.Event.Node(events.DebugThreatSuspected), "true") || !controlled(e) {
				return false
			}
			e.Out = append(e.Out, "true"...)
			return true
		}),
	}
}

// riskCaptions are those of risk_level_id, which has the same numbers as security.Level: 1 Low, 2
// Medium, 3 High.
var riskCaptions = [...]string{security.LevelLow: "Low", security.LevelMedium: "Medium", security.LevelHigh: "High"}

// metadata describes the record: who wrote it, and the event's ids.
func metadata() record.Part {
	return &record.Object{Key: "metadata", Rest: []record.Part{
		record.Const("version", Version, "the version of OCSF"),
		&record.Object{Key: "product", Rest: []record.Part{
			record.Const("name", "Okta", "the product"),
			record.Const("vendor_name", "Okta", "its maker"),
		}},
		record.Field("uid", record.AsText, events.UUID),
		record.Field("event_code", record.AsText, events.EventType),
		record.Field("original_time", record.AsText, events.Published),
		record.Field("correlation_uid", record.AsName, events.TransactionID),
		record.Field("log_level", record.AsText, events.Severity),
		record.Field("log_version", record.AsText, events.Version),
		record.FromEnvelope(
			"tenant_uid",
			"the Okta org, from the envelope's source",
			func(p *events.Provenance) string { return p.Org },
		),
		record.Derive("labels", "behaviors that are POSITIVE", writePositiveBehaviors),
		record.Derive("profiles", "the OCSF profiles in use", writeProfiles),
		&record.Object{Key: "loggers", List: true, AtLeastOne: []record.Part{
			record.FromEnvelope("uid", "the envelope's source", func(p *events.Provenance) string { return p.Source }),
		}, Rest: []record.Part{
			record.Const("name", "EventBridge", "the service that delivered the event"),
			record.FromEnvelope("event_uid", "the envelope's id", func(p *events.Provenance) string { return p.ID }),
			record.Derive("logged_time", "the envelope's time, in milliseconds", func(e *record.Emitter) bool {
				return e.Event.Provenance.TimeMS != 0 && e.Int(e.Event.Provenance.TimeMS)
			}),
		}},
	}}
}

// writePositiveBehaviors lists the positive behaviors in the form in which Okta writes them, "New
// Device=POSITIVE". So a query can ask whether any is positive without the names, which an admin
// may choose.
func writePositiveBehaviors(e *record.Emitter) bool {
	if !bytes.Contains(e.Verdict.Behaviors, []byte(`"POSITIVE"`)) {
		return false
	}
	tree := e.Behaviors()
	if tree == nil || tree.Nodes[0].Kind != '{' {
		return false
	}
	start := len(e.Out)
	e.Out = append(e.Out, '[')
	for c := uint32(1); c < tree.Nodes[0].Next; c = tree.Nodes[c].Next {
		if tree.Nodes[c].Kind != '"' || string(tree.Inner(c)) != "POSITIVE" {
			continue
		}
		if e.Out[len(e.Out)-1] != '[' {
			e.Out = append(e.Out, ',')
		}
		e.Out = append(append(append(e.Out, '"'), tree.Key(c)...), `=POSITIVE"`...)
	}
	if len(e.Out) == start+1 {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}

// cloud is where the event entered AWS.
func cloud() record.Part {
	return &record.Object{Key: "cloud", AtLeastOne: []record.Part{
		record.FromEnvelope("region", "the envelope's region", func(p *events.Provenance) string { return p.Region }),
		&record.Object{Key: "account", Rest: []record.Part{
			record.FromEnvelope("uid", "the envelope's account", func(p *events.Provenance) string { return p.Account }),
		}},
	}, Rest: []record.Part{record.Const("provider", "AWS", "the owner of the region and the account")}}
}

// writeProfiles lists the profiles of which the record may have attributes.
func writeProfiles(e *record.Emitter) bool {
	start := len(e.Out)
	e.Out = append(e.Out, '[')
	add := func(name string) {
		if e.Out[len(e.Out)-1] != '[' {
			e.Out = append(e.Out, ',')
		}
		e.Quote(name)
	}
	if from := &e.Event.Provenance; from.Region != "" || from.Account != "" {
		add("cloud")
	}
	switch e.Decision.Class.UID {
	case baseEvent, applicationLifecycle, applicationError:
		add("host")
	case detectionFinding:
	default:
		if hasDevice(e) {
			add("host")
		}
	}
	if controlled(e) || atRisk(e) {
		add("security_control")
	}
	if len(e.Out) == start+1 {
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}

// controlled reports whether the record is of a class about an access decision of Okta: it has
// profile security_control.
func controlled(e *record.Emitter) bool {
	uid := e.Decision.Class.UID
	return uid == authentication || uid == detectionFinding || e.Decision.Disposition != 0
}

// tail has the attributes at the end of every record.
func tail() []record.Part {
	return []record.Part{
		&record.Object{Key: "raw_data_hash", Rest: []record.Part{
			record.Number("algorithm_id", 3, "SHA-256"),
			record.Const("algorithm", "SHA-256", "its caption"),
			record.Derive("value", "of the event's JSON text as received", func(e *record.Emitter) bool {
				const digits = "0123456789abcdef"
				e.Out = append(e.Out, '"')
				for _, b := range e.Event.Hash() {
					e.Out = append(e.Out, digits[b>>4], digits[b&15])
				}
				e.Out = append(e.Out, '"')
				return true
			}),
		}},
	}
}
