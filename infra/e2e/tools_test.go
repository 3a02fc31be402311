//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The versions that the emulator's patches and the CDK libraries in go.mod go with.
const (
	motoVersion = "5.2.1"
	cdkVersion  = "2.1148.1"
)

// tools is what has to be on the machine.
type tools struct {
	python string // one that has moto
	cdk    string
	qemu   string // "" where arm64 is at home
	root   string // of this module
}

// findTools looks for all of them, and tells of each that is missing how to get it.
// It does not skip: whoever asks for the tag e2e wants the test.
func findTools(t *testing.T) tools {
	t.Helper()
	var found tools
	var missing []error
	need := func(name, hint string, probe func() (string, error)) (path string) {
		path, err := probe()
		if err != nil {
			missing = append(missing, fmt.Errorf("%s: %w\n  to get it: %s", name, err, hint))
		}
		return path
	}
	found.python = need("Python 3 with moto "+motoVersion,
		`python3 -m venv DIR && DIR/bin/pip install "moto[server]==`+motoVersion+`", then set OKTASTREAM_E2E_PYTHON=DIR/bin/python3`,
		func() (string, error) { return findPython(named("OKTASTREAM_E2E_PYTHON", "python3")) })
	found.cdk = need("the CDK's command line "+cdkVersion,
		"npm install --prefix DIR aws-cdk@"+cdkVersion+", then set OKTASTREAM_E2E_CDK=DIR/node_modules/.bin/cdk",
		func() (string, error) { return findCDK(named("OKTASTREAM_E2E_CDK", "cdk")) })
	need("Node.js", "https://nodejs.org, version 22 or newer", func() (string, error) { return exec.LookPath("node") })
	if runtime.GOARCH != "arm64" {
		found.qemu = need("qemu-aarch64-static, which runs the function's arm64 code", "apt-get install qemu-user-static",
			func() (string, error) { return exec.LookPath("qemu-aarch64-static") })
	}
	if err := errors.Join(missing...); err != nil {
		t.Fatalf("tools are missing:\n%v", err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	found.root = root
	return found
}

func named(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

func findPython(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	out, err := exec.Command(path, "-c", "import moto, flask, flask_cors; print(moto.__version__)").CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return "", fmt.Errorf("%s cannot import it: %s", path, lines[len(lines)-1])
	}
	if version := strings.TrimSpace(string(out)); version != motoVersion {
		return "", fmt.Errorf("%s has moto %s", path, version)
	}
	return path, nil
}

func findCDK(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	if !strings.HasPrefix(string(out), cdkVersion+" ") {
		return "", fmt.Errorf("%s is version %s", path, strings.TrimSpace(string(out)))
	}
	return path, nil
}
