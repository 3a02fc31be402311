//go:build !race

package oktastream

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/oktastream/oktastream/infra/settings"
)

// TestTheAssetIsTheSameForTwoBuilds: an unchanged function is not deployed again.
// The second build is of a copy of the module in another folder.
func TestTheAssetIsTheSameForTwoBuilds(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere", "module")
	for _, name := range []string{"go.mod", "go.sum", "lambda", "events"} {
		if err := copyTree(filepath.Join(root, name), filepath.Join(elsewhere, name)); err != nil {
			t.Fatal(err)
		}
	}
	var sums []string
	for _, module := range []string{root, elsewhere} {
		t.Chdir(module)
		dir := t.TempDir()
		if err := build(dir, Forwarder); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 || files[0].Name() != "bootstrap" {
			t.Fatalf("the build made %v, %v", files, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256(text)))
		binary, err := elf.Open(filepath.Join(dir, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		if binary.Machine != elf.EM_AARCH64 {
			t.Errorf("the function is for %s", binary.Machine)
		}
		binary.Close()
	}
	if sums[0] != sums[1] {
		t.Errorf("two builds differ: %s and %s", sums[0], sums[1])
	}
}

// TestABuildThatFailsSaysWhatToDo: the error for a module with a go.sum that lacks the function's
// modules names the one command that adds them.
func TestABuildThatFailsSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/other\n\ngo 1.26.0\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	err := build(t.TempDir(), Forwarder)
	if err == nil || !strings.Contains(err.Error(), "go get -tool "+Forwarder) {
		t.Errorf("the error has no hint: %v", err)
	}
}

// TestTheConstructServesAnotherModule synthesises the construct with its function from a module
// outside this one, as another CDK app would.
func TestTheConstructServesAnotherModule(t *testing.T) {
	needNode(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, requires, _ := strings.Cut(string(ours), "go 1.")
	mod := "module example.com/consumer\n\ngo 1." + requires +
		"\nrequire github.com/oktastream/oktastream v0.0.0\n\nreplace github.com/oktastream/oktastream => " + root +
		"\n\ntool " + Forwarder + "\n"
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": mod, "go.sum": string(sum), "main.go": consumer} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "cdk.out")
	c := exec.Command("go", "run", ".")
	c.Dir = dir
	c.Env = append(os.Environ(), "CDK_OUTDIR="+out, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	text, err := os.ReadFile(filepath.Join(out, "theirs.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Outputs   map[string]any
		Resources map[string]struct {
			Type       string
			Properties struct {
				Code struct{ S3Key string }
			}
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	functions := 0
	for _, r := range template.Resources {
		if r.Type != "AWS::Lambda::Function" {
			continue
		}
		functions++
		asset := filepath.Join(out, "asset."+strings.TrimSuffix(r.Properties.Code.S3Key, ".zip"), "bootstrap")
		if info, err := os.Stat(asset); err != nil || info.Mode()&0o111 == 0 || info.Size() < 1<<20 {
			t.Errorf("the function's asset: %v, %v", info, err)
		}
	}
	for id := range template.Outputs {
		if !regexp.MustCompile(`^Okta(one|two)[A-Za-z0-9]+$`).MatchString(id) {
			t.Errorf("CloudFormation takes no output %q", id)
		}
	}
	if functions != 2 {
		t.Errorf("%d functions, want 2", functions)
	}
}

const consumer = `package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/oktastream"
	"github.com/oktastream/oktastream/infra/settings"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("theirs"), nil)
	for _, org := range []string{"one", "two"} {
		s := settings.Default()
		s.Source = "aws.partner/okta.com/" + org + "/stream"
		s.Destinations = []settings.Destination{settings.CloudWatch}
		if _, err := oktastream.New(stack, "Okta-"+org, oktastream.Props{Settings: s, Name: "okta-" + org}); err != nil {
			panic(err)
		}
	}
	app.Synth(nil)
}
`

// TestFaultsOfTheConstruct checks that settings in Go code are checked like those from the context.
func TestFaultsOfTheConstruct(t *testing.T) {
	needNode(t)
	app := newApp(t.TempDir())
	name := "stack"
	stack := awscdk.NewStack(app, &name, &awscdk.StackProps{Env: &awscdk.Environment{Account: str(account),
		Region: str("af-south-1")}})
	s := settings.Default()
	s.Datadog.Site = "us9"
	s.Destinations = []settings.Destination{settings.Datadog}
	_, err := New(stack, "Okta", Props{Settings: s})
	if err == nil {
		t.Fatal("settings with four faults are taken")
	}
	for _, word := range []string{"source", "af-south-1", "datadog.site", "secret"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not speak of %s:\n%v", word, err)
		}
	}
	s = settings.Default()
	s.Source, s.Destinations = source, []settings.Destination{settings.CloudWatch}
	if _, err := New(awscdk.NewStack(app, str("two"), nil), "Okta", Props{Settings: s, Name: strings.Repeat("long",
		15)}); err == nil || !strings.Contains(err.Error(), "name") {
		t.Errorf("a name that makes a rule's name too long is taken: %v", err)
	}
	for _, d := range settings.Destinations() {
		if _, err := New(awscdk.NewStack(app, str("of-"+string(d)), nil), "Okta", Props{Settings: s,
			Name: "okta-" + string(d)}); err == nil || !strings.Contains(err.Error(), "must not end in -"+string(d)) {
			t.Errorf("a name that the pipeline of another stack can have is taken: %v", err)
		}
	}
}

func str(s string) *string { return &s }

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}
