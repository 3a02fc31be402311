package ledger

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWriteAudit(t *testing.T) {
	var out strings.Builder
	at := time.UnixMilli(1_790_000_000_000)
	err := WriteAudit(&out, "stack-archive", at, []AuditValue{{AuditMissing, 3}, {AuditHours, 1}})
	const want = `{"_aws":{"Timestamp":1790000000000,"CloudWatchMetrics":[{"Namespace":"oktastream",` +
		`"Dimensions":[["pipeline"]],"Metrics":[{"Name":"audit_missing","Unit":"Count"},` +
		`{"Name":"audit_hours","Unit":"Count"}]}]},"audit_hours":1,"audit_missing":3,"pipeline":"stack-archive"}` + "\n"
	if err != nil || out.String() != want {
		t.Errorf("%v, %s, want %s", err, out.String(), want)
	}
	if names := slices.Compact(slices.Sorted(slices.Values(AuditMetrics))); len(names) != len(AuditMetrics) {
		t.Errorf("a metric has the name of another: %q", AuditMetrics)
	}
}
