package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// The metrics of the auditor. They have the dimension pipeline.
const (
	// AuditMissing is the number of events of an hour that were found missing; each gap counts
	// once.
	AuditMissing = "audit_missing"
	// AuditFilled is the number of events of an hour that were missing and have arrived.
	AuditFilled = "audit_filled"
	// AuditUnfilled is the number of events of an hour that had not arrived when the hour was
	// closed.
	AuditUnfilled = "audit_unfilled"
	// AuditHours is 1 for each hour that is closed, which means that it has its digest.
	AuditHours = "audit_hours"
	// AuditHoursBehind is the number of hours that should be closed and are not.
	AuditHoursBehind = "audit_hours_behind"
	// AuditBacklog is the number of hours before the auditor's first run that are not closed.
	AuditBacklog = "audit_backlog"
	// AuditRequests is the number of requests to the System Log API in a run.
	AuditRequests = "audit_requests"
	// AuditOktaUnreachable is 1 for a run that could not read the System Log, otherwise 0.
	AuditOktaUnreachable = "audit_okta_unreachable"

	// AuditHourEvents, AuditHourMissing and AuditHourUnfilled are about one hour of published,
	// and have the start of that hour as their time.
	AuditHourEvents   = "audit_hour_events"
	AuditHourMissing  = "audit_hour_missing"
	AuditHourUnfilled = "audit_hour_unfilled"
)

// AuditMetrics are all metrics of the auditor.
var AuditMetrics = []string{
	AuditMissing, AuditFilled, AuditUnfilled, AuditHours, AuditHoursBehind, AuditBacklog, AuditRequests,
	AuditOktaUnreachable, AuditHourEvents, AuditHourMissing, AuditHourUnfilled,
}

// AuditValue is one value of a metric of the auditor. All of them are counts.
type AuditValue struct {
	Name  string
	Value int64
}

// WriteAudit writes metrics of the auditor as one document of the embedded metric format.
func WriteAudit(out io.Writer, pipeline string, at time.Time, values []AuditValue) error {
	document := map[string]any{"pipeline": pipeline}
	metrics := make([]metric, len(values))
	for i, v := range values {
		metrics[i], document[v.Name] = metric{v.Name, "Count"}, v.Value
	}
	document["_aws"] = header{at.UnixMilli(), []directive{{namespace, [][]string{{"pipeline"}}, metrics}}}
	line, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("write the metrics of the auditor: %w", err)
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the metrics of the auditor: %w", err)
	}
	return nil
}
