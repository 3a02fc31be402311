//go:build e2e

// Package e2e deploys the CDK app with the CDK's own command line into an emulated
// AWS on loopback, and drives what it has deployed from end to end: events come in
// as Okta sends them, and every one of them is looked for where it belongs.
//
//	go test -tags e2e ./infra/e2e -timeout 20m
//
// The emulator is moto with the patches of the folder emulator. What Lambda does
// around a function (poll the queue, batch, delete what was not returned; queue and
// repeat an asynchronous call) is done here, with the settings that were deployed and
// the code that was uploaded. Datadog is a server on loopback.
//
// IAM is not evaluated here; package access does that on the template. README.md of
// this folder says what else only a real account can show.
package e2e
