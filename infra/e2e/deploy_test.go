//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// pipeline is what a stack's output says of one.
type pipeline struct {
	Name            string `json:"pipeline"`
	Destination     string `json:"destination"`
	Ingest          string `json:"ingest"`
	Source          string `json:"source"`
	Buffer          string `json:"buffer"`
	Redrive         string `json:"redrive"`
	Dead            string `json:"dead"`
	LogGroup        string `json:"log_group"`
	DeliveryBus     string `json:"delivery_bus"`
	Bucket          string `json:"bucket"`
	MaxReceiveCount int    `json:"max_receive_count"`
}

// cdk runs the CDK's command line as a user does, in the project's folder.
func (c *cloud) cdk(t *testing.T, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, c.tools.cdk, arguments...)
	command.Dir, command.Env = c.root, c.environment()
	// The CDK starts Go, which starts Node.js: all of them end together.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
	began := time.Now()
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("cdk %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	t.Logf("cdk %s: %.1f s", arguments[0], time.Since(began).Seconds())
	return string(out)
}

// deploy deploys a stack with settings, and gives its pipelines by destination.
func (c *cloud) deploy(t *testing.T, stack string, settings ...string) map[string]pipeline {
	t.Helper()
	// A change set leaves the emulated stack without outputs.
	arguments := []string{"deploy", "--method=direct", "--require-approval=never", "--ci", "-o", filepath.Join(c.dir,
		"cdk.out"), "-c", "stack=" + stack}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	c.cdk(t, arguments...)
	found := map[string]pipeline{}
	for _, text := range c.outputs(t, stack) {
		if !strings.Contains(text, `"oktastream":`) {
			continue
		}
		var p pipeline
		decode(t, []byte(text), &p)
		found[p.Destination] = p
	}
	return found
}

// destroy takes a stack away, with the settings that it was deployed with.
func (c *cloud) destroy(t *testing.T, stack string, settings ...string) {
	t.Helper()
	arguments := []string{"destroy", "--force", "--ci", "-o", filepath.Join(c.dir, "cdk.out"), "-c", "stack=" + stack}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	c.cdk(t, arguments...)
}

func (c *cloud) outputs(t *testing.T, stack string) map[string]string {
	t.Helper()
	out, err := c.cfn.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &stack})
	if err != nil || len(out.Stacks) != 1 {
		t.Fatalf("look at stack %s: %v", stack, err)
	}
	found := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		found[*o.OutputKey] = *o.OutputValue
	}
	return found
}

// ingest is how a deployed pipeline takes its events in.
func (c *cloud) ingest(t *testing.T, name string) string {
	t.Helper()
	stack := name[:strings.LastIndexByte(name, '-')]
	for _, text := range c.outputs(t, stack) {
		var p pipeline
		if json.Unmarshal([]byte(text), &p) == nil && p.Name == name {
			return p.Ingest
		}
	}
	t.Fatalf("stack %s has no pipeline %s", stack, name)
	return ""
}
