package oktastream

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
)

// The import paths of the functions' packages.
const (
	Forwarder = "github.com/oktastream/oktastream/lambda/cmd/forwarder"
	Auditor   = "github.com/oktastream/oktastream/lambda/cmd/auditor"
)

// code is the object of the function's zip after the deployment.
type code struct{ bucket, key *string }

// newCode builds the functions that the stack has.
func (b *builder) newCode(stack awscdk.Stack) (err error) {
	if !b.hasFunction() {
		return nil
	}
	if b.code, err = b.newAsset(stack, "Forwarder", Forwarder); err != nil {
		return err
	}
	if _, audited := b.s.Audited(); audited {
		b.auditorCode, err = b.newAsset(stack, "AuditorCode", Auditor)
	}
	return err
}

// newAsset builds a function and makes an asset of it. It builds by import path with the installed
// Go toolchain: without docker, and in the same way from another module.
func (b *builder) newAsset(stack awscdk.Stack, id, path string) (code, error) {
	dir, err := os.MkdirTemp("", "oktastream-function-")
	if err != nil {
		return code{}, fmt.Errorf("make a folder for the function's binary: %w", err)
	}
	defer os.RemoveAll(dir) // the asset is then already in the cloud assembly
	if *stack.BundlingRequired() {
		if err := build(dir, path); err != nil {
			return code{}, err
		}
	} else if err := os.WriteFile(filepath.Join(dir, "not-built"), nil, 0o644); err != nil {
		return code{}, fmt.Errorf("write a placeholder for the function: %w", err)
	}
	asset := awss3assets.NewAsset(b.scope, &id, &awss3assets.AssetProps{Path: &dir})
	return code{asset.S3BucketName(), asset.S3ObjectKey()}, nil
}

// build builds the function of an import path into dir. The flags remove everything that differs
// between machines, so that an unchanged function is not deployed again.
func build(dir, path string) error {
	var said bytes.Buffer
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-tags",
		"lambda.norpc",
		"-o", filepath.Join(dir, "bootstrap"), path)
	c.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "GOARM64=", "GOEXPERIMENT=", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOWORK=off")
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		hint := ""
		for _, word := range []string{"go.sum", "no required module", "cannot find module"} {
			if strings.Contains(said.String(), word) {
				hint = "\nrun once in your module: go get -tool " + path
			}
		}
		return fmt.Errorf("build the function %s: %w\n%s%s", path, err, strings.TrimSpace(said.String()), hint)
	}
	return nil
}
