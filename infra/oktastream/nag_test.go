//go:build !race

package oktastream

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suppressed are the accepted findings of cdk-nag's AwsSolutions pack, by rule and resource, each
// with its reason.
func suppressed() map[string]string {
	return map[string]string{
		"AwsSolutions-SQS3 Dead": "it is the end of the line: what dies here is counted by an alarm and brought back by " +
			"`oktastream dlq`",
		"AwsSolutions-S1 Bucket": "CloudTrail's data events say who read which object, and whether that was denied; server " +
			"access logs are best effort",
		"AwsSolutions-SQS3 Failed":             "it takes runs of the auditor that failed: the next run goes on where they stopped",
		"AwsSolutions-SQS3 Unstarted":          "it takes runs of the auditor that could not be started",
		"AwsSolutions-S1 State":                "the state of the auditor holds hours, counts and hashes, and no event",
		"AwsSolutions-S1 AthenaResults":        "Athena's history and CloudTrail say who asked what; results are deleted after a week",
		"AwsSolutions-IAM5 FunctionRolePolicy": "TestNoWildcards has each wildcard of the policy and its reason",
		"AwsSolutions-IAM5 ReplayPolicy":       "the streams of a log group that the stack did not make, as :* names them",
	}
}

// TestNag reads what cdk-nag's AwsSolutions pack found in every configuration.
func TestNag(t *testing.T) {
	used := map[string]bool{}
	each(t, func(t *testing.T, s *synthesised) {
		if len(s.findings) < 5 {
			t.Fatalf("cdk-nag checked %d resources only", len(s.findings))
		}
		for _, row := range s.findings {
			rule, resource, compliance := row["Rule ID"], row["Resource ID"], row["Compliance"]
			if compliance == "Compliant" || compliance == "N/A" {
				continue
			}
			what := rule + " " + resource[strings.LastIndex(resource, "/")+1:]
			if suppressed()[what] == "" {
				t.Errorf("%s: %s of %s: %s", compliance, rule, resource, row["Rule Info"])
			}
			used[what] = true
		}
	})
	for what := range suppressed() {
		if !used[what] {
			t.Errorf("%s is suppressed and nowhere found", what)
		}
	}
}

// readReport reads the report that cdk-nag wrote into the cloud assembly.
func readReport(dir string) ([]map[string]string, error) {
	files, _ := filepath.Glob(filepath.Join(dir, "AwsSolutions-*-NagReport.csv"))
	if len(files) != 1 {
		return nil, fmt.Errorf("find cdk-nag's report: %d files, want 1", len(files))
	}
	f, err := os.Open(files[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.LazyQuotes = true
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read cdk-nag's report: %w", err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
