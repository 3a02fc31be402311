// Command infra is the CDK app: `cdk deploy` runs it. It reads its settings from CDK context
// (package settings), reports all faults in them at once, and puts one construct (package
// oktastream) into one stack.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/oktastream"
	"github.com/oktastream/oktastream/infra/settings"
)

func main() {
	err := synth()
	jsii.Close()
	if err != nil {
		report(err)
		os.Exit(1)
	}
}

func synth() error {
	app := awscdk.NewApp(nil)
	context, _ := app.Node().GetAllContext(nil).(map[string]any)
	s, err := settings.Read(context, os.Getenv("CDK_DEFAULT_REGION"))
	if err != nil {
		return err
	}
	stack := awscdk.NewStack(app, &s.Stack, &awscdk.StackProps{
		Description: jsii.String("oktastream: Okta System Log events from " + s.Source),
		Env:         environment(),
	})
	if _, err := oktastream.New(stack, "Okta", oktastream.Props{Settings: s}); err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}

// environment returns the account and region of the credentials in use, from the CDK's command
// line; without them the stack can be deployed to any account and region.
func environment() *awscdk.Environment {
	account, region := os.Getenv("CDK_DEFAULT_ACCOUNT"), os.Getenv("CDK_DEFAULT_REGION")
	if account == "" || region == "" {
		return nil
	}
	return &awscdk.Environment{Account: &account, Region: &region}
}

// report prints every fault on a separate line.
func report(err error) {
	faults := strings.Split(err.Error(), "\n")
	fmt.Fprintf(os.Stderr, "oktastream: nothing was deployed:\n")
	for _, fault := range faults {
		fmt.Fprintf(os.Stderr, "  %s\n", fault)
	}
	fmt.Fprintf(os.Stderr, "oktastream: hint: infra/README.md has the table of settings; "+
		"set each with -c NAME=VALUE, or in cdk.json under context, %s\n", settings.Group)
}
