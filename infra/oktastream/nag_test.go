//go:build !race

package oktastream

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/oktastream/oktastream/infra/settings"
)

// suppressed are the findings of cdk-nag's AwsSolutions pack that stand, by rule
// and resource, each with its reason.
func suppressed() map[string]string {
	return map[string]string{
		"AwsSolutions-SQS3 Dead": "it is the end of the line: what dies here is counted by an alarm and brought back by `oktastream dlq`",
	}
}

// TestNag runs cdk-nag's AwsSolutions pack over every configuration.
func TestNag(t *testing.T) {
	needNode(t)
	used := map[string]bool{}
	for name, context := range configurations() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			set, err := settings.Read(context, here)
			if err != nil {
				t.Fatal(err)
			}
			app := newApp(dir)
			stack := awscdk.NewStack(app, &set.Stack, nil)
			if _, err := New(stack, "Okta", Props{Settings: set}); err != nil {
				t.Fatal(err)
			}
			awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
				Reports: jsii.Bool(true), ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_CSV},
			}), nil)
			app.Synth(nil)
			rows := report(t, dir)
			if len(rows) < 5 {
				t.Fatalf("cdk-nag looked at %d things only", len(rows))
			}
			for _, row := range rows {
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
	}
	for what := range suppressed() {
		if !used[what] {
			t.Errorf("%s is suppressed and nowhere found", what)
		}
	}
}

// report reads cdk-nag's report.
func report(t *testing.T, dir string) []map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "AwsSolutions-*-NagReport.csv"))
	if err != nil || len(files) != 1 {
		t.Fatalf("cdk-nag wrote %v, %v", files, err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.LazyQuotes = true
	lines, err := r.ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("cdk-nag's report has %d lines, %v", len(lines), err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}
