package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// oktaFlags say which Okta org is read, with which credentials, and how fast. No secret
// is among them: what stands on a command line, other users of the machine can see.
type oktaFlags struct {
	OrgURL    string  `name:"org-url" placeholder:"URL" help:"The Okta org, https://ORG.okta.com."`
	TokenFile string  `type:"path" placeholder:"FILE" help:"help_token_file"`
	KeyFile   string  `type:"path" placeholder:"FILE" help:"help_key_file"`
	ClientID  string  `name:"client-id" placeholder:"ID" help:"With --key-file: client id of the service app."`
	Secret    string  `placeholder:"NAME" help:"help_secret"`
	tries     int     // of a request; 0 is the client's default
	Rate      percent `default:"50%" placeholder:"PERCENT" help:"help_okta_rate"`
}

// tokenVariable is the environment variable that may hold an API token.
const tokenVariable = "OKTA_API_TOKEN"

// percent is a share, above 0 and at most 1.
type percent float64

// UnmarshalText reads 50% or 50.
func (p *percent) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "%"), 64)
	if err != nil || !(n > 0 && n <= 100) {
		return fmt.Errorf("%q is not a share of the org's rate limit, such as 25%% or 50%%", text)
	}
	*p = percent(n / 100)
	return nil
}

// fault returns all that is wrong with the flags.
func (o *oktaFlags) fault() error {
	var all faults
	all.add(o.OrgURL == "", "--org-url is missing: the Okta org, https://ORG.okta.com")
	given := 0
	for _, flag := range []string{o.TokenFile, o.KeyFile, o.Secret} {
		if flag != "" {
			given++
		}
	}
	all.add(given > 1, "--token-file, --key-file and --secret exclude each other")
	all.add(given == 0 && os.Getenv(tokenVariable) == "", "credentials for Okta are missing: --token-file FILE, "+
		"--key-file FILE with --client-id ID, --secret NAME, or an API token in %s", tokenVariable)
	all.add(o.KeyFile != "" && o.ClientID == "", "--key-file needs --client-id, which begins with 0oa")
	all.add(o.KeyFile == "" && o.ClientID != "", "--client-id is for --key-file")
	return all.join()
}

// client returns the client of the org. It makes no request of Okta; with --secret it
// reads the secret, by the credentials of aws.
func (o *oktaFlags) client(
	ctx context.Context, aws *awsFlags, quiet *silence, log *slog.Logger,
) (*systemlog.Client, error) {
	credentials, err := o.credentials(ctx, aws, quiet)
	if err != nil {
		return nil, withStep(err)
	}
	client, err := systemlog.New(systemlog.Config{
		OrgURL: o.OrgURL, Auth: credentials, Share: float64(o.Rate), Now: now, Log: log, Tries: o.tries,
	})
	return client, withStep(err)
}

func (o *oktaFlags) credentials(ctx context.Context, aws *awsFlags, quiet *silence) (systemlog.Credentials, error) {
	switch {
	case o.Secret != "":
		value, err := o.secret(ctx, aws, quiet)
		if err != nil {
			return systemlog.Credentials{}, err
		}
		return systemlog.ParseSecret(value)
	case o.KeyFile != "":
		text, err := readSecretFile("--key-file", o.KeyFile)
		if err != nil {
			return systemlog.Credentials{}, err
		}
		return systemlog.ParseKey(o.ClientID, "", text)
	case o.TokenFile != "":
		text, err := readSecretFile("--token-file", o.TokenFile)
		if err != nil {
			return systemlog.Credentials{}, err
		}
		return systemlog.ParseToken(text)
	}
	return systemlog.ParseToken([]byte(os.Getenv(tokenVariable)))
}

// secret is the value of the secret in Secrets Manager.
func (o *oktaFlags) secret(ctx context.Context, aws *awsFlags, quiet *silence) ([]byte, error) {
	sdk, err := aws.sdk(ctx, quiet, "")
	if err != nil {
		return nil, err
	}
	out, err := secretsmanager.NewFromConfig(sdk).GetSecretValue(ctx,
		&secretsmanager.GetSecretValueInput{SecretId: &o.Secret})
	if err != nil {
		problem := dlq.ProblemOf("GetSecretValue", err)
		who := aws.identity(ctx, sdk)
		if problem.Code == "ResourceNotFoundException" {
			return nil, withHint(fmt.Errorf("secret %s does not exist (%s)", o.Secret, who),
				"check --secret, --region and --profile")
		}
		return nil, who.explain(fmt.Errorf("read secret %s: %w", o.Secret, problem), "")
	}
	if out.SecretString != nil {
		return []byte(*out.SecretString), nil
	}
	return out.SecretBinary, nil
}

// maxSecretFile is more than any token or key has.
const maxSecretFile = 64 << 10

// readSecretFile reads the file of a flag. Errors hold nothing of it.
func readSecretFile(flag, name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, withHint(fmt.Errorf("read the file of %s: %w", flag, err), fileHint(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the file of %s: %w", flag, err)
	case len(text) > maxSecretFile:
		return nil, fmt.Errorf("%s %s: the file has more than %d bytes, too many for a secret", flag, name, maxSecretFile)
	}
	return text, nil
}

// withStep adds to an error of the System Log client or of the state file what to do about it.
func withStep(err error) error {
	step := ""
	if e, ok := errors.AsType[*systemlog.Error](err); ok {
		step = e.Step
	}
	if e, ok := errors.AsType[*backfill.StateError](err); ok {
		step = cmp.Or(e.Step, step)
	}
	if step == "" {
		return err
	}
	return withHint(err, step)
}

// moment is a point in time of a flag: a date, a time, or an age.
type moment struct {
	time.Time
	relative bool // to the current time: another one in the next run
}

// momentForms are the forms of a time, besides an age. Without a zone it is UTC.
var momentForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04",
	time.DateOnly,
}

// UnmarshalText reads 2026-11-22, 2026-11-22T10:00:00Z, or 6h: six hours ago.
func (m *moment) UnmarshalText(text []byte) error {
	for _, form := range momentForms {
		if at, err := time.Parse(form, string(text)); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	var age span
	m.relative = true
	if string(text) == "now" {
		m.Time = now().UTC()
		return nil
	}
	if err := age.UnmarshalText(text); err != nil {
		return fmt.Errorf("invalid time %q: write 2026-11-22, 2026-11-22T10:00:00Z (UTC), or an age such as 6h or 3d", text)
	}
	m.Time = now().UTC().Add(-time.Duration(age))
	return nil
}
