//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

//go:embed emulator/*.py
var emulator embed.FS

const (
	account = "123456789012"
	region  = "us-east-1"
	// hour is what stands for an hour of EventBridge's tries at an API destination:
	// the eight hours that the product gives it are sixteen seconds here.
	hour = 2 * time.Second
)

// cloud is the emulated AWS, and what stands around it.
type cloud struct {
	tools
	dir      string // of this run; goes with it
	endpoint string

	cfn   *cloudformation.Client
	buses *eventbridge.Client
	logs  *cloudwatchlogs.Client
	sqs   *sqs.Client

	streams []string // partner event sources

	intake *intake // Datadog
	gate   *gate   // between the functions and AWS
	hosts  *hosts  // Lambda

	destinations *destinations // over HTTPS; nil where there are none
}

// output is what a process says, for when something goes wrong.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// newCloud starts it. It ends with the test.
func newCloud(t *testing.T) *cloud {
	c := &cloud{tools: findTools(t), dir: t.TempDir()}
	c.intake = newIntake(t)
	c.hosts = newHosts(t, c)
	c.startEmulator(t)
	c.gate = newGate(t, c.endpoint)
	config := aws.Config{
		Region: region, BaseEndpoint: &c.endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("testing", "testing", ""),
	}
	c.cfn, c.buses = cloudformation.NewFromConfig(config), eventbridge.NewFromConfig(config)
	c.logs, c.sqs = cloudwatchlogs.NewFromConfig(config), sqs.NewFromConfig(config)
	t.Cleanup(c.hosts.end) // before all that the functions talk to
	return c
}

func (c *cloud) startEmulator(t *testing.T) {
	files, err := emulator.ReadDir("emulator")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := emulator.ReadFile("emulator/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.dir, file.Name()), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := &output{}
	process := exec.Command(c.python, filepath.Join(c.dir, "launch.py"))
	process.Env = append(os.Environ(), "E2E_INVOKE="+c.hosts.URL+"/invoke", "E2E_INTAKE="+c.intake.URL,
		"E2E_RETRIES="+filepath.Join(c.dir, "retries"),
		fmt.Sprint("E2E_HOUR=", hour.Seconds()), "PYTHONDONTWRITEBYTECODE=1")
	process.Stderr = said
	// The emulator ends when this pipe does, however this process ends.
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatalf("start the emulator: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = process.Wait()
		if log := faults(said.String()); t.Failed() || strings.Contains(log, "LOST") {
			t.Errorf("the emulator said:\n%s", log)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the emulator does not start: %v\n%s", err, said)
	}
	c.endpoint = "http://127.0.0.1:" + strings.TrimSpace(strings.TrimPrefix(line, "port "))
	go func() { _, _ = io.Copy(said, stdout) }()
}

// faults is the emulator's log without its lines of requests that went well.
func faults(log string) string {
	var kept []string
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `HTTP/1.1" 200`) && !strings.Contains(line, `HTTP/1.1" 20`) {
			kept = append(kept, strings.TrimSpace(line))
		}
	}
	return strings.Join(kept[max(0, len(kept)-100):], "\n")
}

// environment is what makes the AWS SDKs and the CDK work on loopback.
func (c *cloud) environment() []string {
	return append(os.Environ(),
		"AWS_ENDPOINT_URL="+c.endpoint,
		// The CDK hands CloudFormation a URL of the template, which moto takes for one
		// of S3 only with this host in it.
		"AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION="+strings.Replace(c.endpoint, "127.0.0.1", "localhost", 1),
		"AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing", "AWS_SESSION_TOKEN=", "AWS_PROFILE=",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_EC2_METADATA_DISABLED=true",
		"CDK_DISABLE_CLI_TELEMETRY=1", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20", "NODE_NO_WARNINGS=1",
	)
}

// call asks the emulator for something of a service for which the module has no
// SDK; it wants no signature, only the service's name in it.
func (c *cloud) call(t *testing.T, service, method, path, target string, body []byte) []byte {
	t.Helper()
	request, err := http.NewRequest(method, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+
		"Credential=testing/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", service, path, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %v\n%s", service, path, response.Status, err, answer)
	}
	return answer
}
