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
	"github.com/aws/jsii-runtime-go"
)

// Forwarder is the import path of the function's package.
const Forwarder = "github.com/oktastream/oktastream/lambda/cmd/forwarder"

// code is where the deploy puts the function's zip.
type code struct{ bucket, key *string }

// newCode builds the function and makes an asset of it. It is built by import
// path, with the Go toolchain that is there: no docker, and the same from another
// module.
func (b *builder) newCode(stack awscdk.Stack) error {
	if !b.hasFunction() {
		return nil
	}
	dir, err := os.MkdirTemp("", "oktastream-forwarder-")
	if err != nil {
		return fmt.Errorf("make a folder for the function's binary: %w", err)
	}
	defer os.RemoveAll(dir) // the asset has been copied into the cloud assembly
	if *stack.BundlingRequired() {
		if err := build(dir); err != nil {
			return err
		}
	} else if err := os.WriteFile(filepath.Join(dir, "not-built"), nil, 0o644); err != nil {
		return fmt.Errorf("mark that the function is not built: %w", err)
	}
	asset := awss3assets.NewAsset(b.scope, jsii.String("Forwarder"), &awss3assets.AssetProps{Path: &dir})
	b.code = code{asset.S3BucketName(), asset.S3ObjectKey()}
	return nil
}

// build builds the function into dir. The flags leave out whatever differs from
// machine to machine, so that an unchanged function is not deployed again.
func build(dir string) error {
	var said bytes.Buffer
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-tags",
		"lambda.norpc",
		"-o", filepath.Join(dir, "bootstrap"), Forwarder)
	c.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "GOARM64=", "GOEXPERIMENT=", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOWORK=off")
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		hint := ""
		for _, word := range []string{"go.sum", "no required module", "cannot find module"} {
			if strings.Contains(said.String(), word) {
				hint = "\nrun once in your module: go get -tool " + Forwarder
			}
		}
		return fmt.Errorf("build the function %s: %w\n%s%s", Forwarder, err, strings.TrimSpace(said.String()), hint)
	}
	return nil
}
