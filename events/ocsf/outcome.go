package ocsf

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/security"
)

// severity is severity_id and its caption: Okta's severity, raised to Medium or High if Okta's risk
// or threat level is that. Okta's severity is a log level, so a new finding has at least Medium.
func severity(e *record.Emitter) (id int64, caption string) {
	switch word := e.Inner(events.Severity); string(word) {
	case "":
		if i := e.Event.Node(events.Severity); i != 0 && e.Tree.Nodes[i].Kind == '0' {
			id = record.Other
		}
	case "DEBUG", "INFO":
		id = 1
	case "WARN":
		id = 2
	case "ERROR":
		id = 3
	default:
		id = record.Other
	}
	switch max(e.Verdict.Risk, e.Verdict.Threat) {
	case security.LevelMedium:
		if id < 3 || id == record.Other {
			id = 3
		}
	case security.LevelHigh:
		if id < 4 || id == record.Other {
			id = 4
		}
	}
	if e.Decision.Class.UID == detectionFinding && e.Decision.Activity == findingCreate && (id < 3 || id == record.Other) {
		id = 3
	}
	switch id {
	case 1:
		return id, "Informational"
	case 2:
		return id, "Low"
	case 3:
		return id, "Medium"
	case 4:
		return id, "High"
	case record.Other:
		return id, ""
	}
	return 0, "Unknown"
}

// status is status_id and its caption; with 99 it is Okta's own text. In a finding it is the state
// of the finding, which the outcome does not say.
func status(e *record.Emitter) (id int64, caption string) {
	if e.Decision.Class.UID == detectionFinding {
		switch e.Decision.Activity {
		case findingCreate:
			return 1, "New"
		case 2: // Update
			return 2, "In Progress"
		case 3: // Close
			return 4, "Resolved"
		}
		return 0, "Unknown"
	}
	if e.Decision.Status == 2 {
		return 2, "Failure"
	}
	switch word := e.Inner(events.OutcomeResult); string(word) {
	case "SUCCESS", "ALLOW":
		return 1, "Success"
	case "FAILURE", "DENY", "RATE_LIMIT", "ABANDONED", "UNANSWERED":
		return 2, "Failure"
	case "", "UNKNOWN":
		return 0, "Unknown"
	}
	return record.Other, ""
}

// verdict is Okta's decision about a request: action_id and disposition_id.
type verdict struct {
	action      int64
	disposition int64
}

// verdicts maps the outcomes that are a decision. SUCCESS and FAILURE are not: a wrong password
// fails without any decision to refuse.
var verdicts = map[string]verdict{
	"ALLOW":      {1, 1},
	"DENY":       {2, 2},
	"CHALLENGE":  {0, 23},
	"RATE_LIMIT": {2, 2},
}

var actionCaptions = map[int64]string{0: "Unknown", 1: "Allowed", 2: "Denied"}

var dispositionCaptions = map[int64]string{
	1: "Allowed", 2: "Blocked", 15: "Detected", 23: "Challenge", 25: "Rejected", 26: "Unauthorized",
}

// verdictOn writes one attribute of the decision, if there is one: from the event type, or else
// from the outcome.
func verdictOn(e *record.Emitter, write func(verdict, *record.Emitter) bool) bool {
	if stated := int64(e.Decision.Disposition); stated != 0 {
		return write(verdict{2, stated}, e)
	}
	v, ok := verdicts[string(e.Inner(events.OutcomeResult))]
	return ok && write(v, e)
}

func (v verdict) writeAction(e *record.Emitter) bool      { return e.Int(v.action) }
func (v verdict) writeActionName(e *record.Emitter) bool  { return e.Quote(actionCaptions[v.action]) }
func (v verdict) writeDisposition(e *record.Emitter) bool { return e.Int(v.disposition) }
func (v verdict) writeDispositionName(e *record.Emitter) bool {
	return e.Quote(dispositionCaptions[v.disposition])
}

// atRisk reports whether Okta reports any risk.
func atRisk(e *record.Emitter) bool { return e.Verdict.Risk != security.LevelNone }

func writeRiskID(e *record.Emitter) bool { return atRisk(e) && e.Int(int64(e.Verdict.Risk)) }

func writeRiskCaption(e *record.Emitter) bool {
	return atRisk(e) && e.Quote(riskCaptions[e.Verdict.Risk])
}

func writeRiskReasons(e *record.Emitter) bool {
	return len(e.Verdict.Reasons) > 0 && e.Quote(string(bytes.Join(e.Verdict.Reasons, []byte(", "))))
}
