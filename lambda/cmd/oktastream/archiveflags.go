package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// archiveFlags say where an archive is: in a bucket of S3, or in a directory.
type archiveFlags struct {
	Bucket string `placeholder:"NAME" help:"help_bucket"`
	Dir    string `type:"path" placeholder:"DIR" help:"help_dir"`
}

// fault returns what is wrong with the flags.
func (a *archiveFlags) fault() error {
	switch {
	case a.Bucket == "" && a.Dir == "":
		return errors.New("where is the archive? --bucket NAME, or --dir DIR")
	case a.Bucket != "" && a.Dir != "":
		return errors.New("--bucket and --dir exclude each other")
	case a.Dir == "":
		return nil
	}
	info, err := os.Stat(a.Dir)
	switch {
	case err != nil:
		return fmt.Errorf("--dir %s: %w", a.Dir, plain(err))
	case !info.IsDir():
		return fmt.Errorf("--dir %s: it is not a directory", a.Dir)
	}
	return nil
}

// String names the archive in messages.
func (a *archiveFlags) String() string {
	if a.Dir != "" {
		return "directory " + a.Dir
	}
	return "bucket " + a.Bucket
}

// archiveStore is an archive whose orgs can be listed.
type archiveStore interface {
	archive.Store
	archive.Folders
}

// open returns the archive, without a call of it. sdk is used for a bucket; owner, where it is
// known, is the account that has to own it.
func (a *archiveFlags) open(ctx context.Context, sdk aws.Config, owner string) (archiveStore, error) {
	if a.Dir != "" {
		return archive.Dir(a.Dir), nil
	}
	o := archive.S3Options{Bucket: a.Bucket, Owner: owner}
	if sdk.Retryer != nil {
		o.Retryer = sdk.Retryer()
	}
	store, err := archive.NewS3(ctx, sdk, o)
	if err != nil {
		return nil, usage(err)
	}
	return store, nil
}

// archiveCommand are the flags of the commands that work on an archive by itself.
type archiveCommand struct {
	archiveFlags
	Org string `placeholder:"NAME" help:"help_archive_org"`
	awsFlags

	who  identity // zero where nothing of AWS is called
	orgs []string // that the archive has
}

// store opens the archive, and returns the org, which may be chosen where there is only one. The
// configuration of AWS's SDK is that of calls for the archive; it is empty for a directory.
func (a *archiveCommand) store(ctx context.Context, quiet *silence) (archiveStore, aws.Config, error) {
	var sdk aws.Config
	if a.Bucket != "" {
		var err error
		if sdk, err = a.sdk(ctx, quiet, ""); err != nil {
			return nil, sdk, err
		}
		a.who = a.identity(ctx, sdk)
	}
	store, err := a.archiveFlags.open(ctx, sdk, "")
	if err != nil {
		return nil, sdk, err
	}
	if a.orgs, err = archive.Orgs(ctx, store); err != nil {
		return nil, sdk, a.explain(err)
	}
	switch {
	case a.Org != "":
		return store, sdk, nil
	case len(a.orgs) == 0:
		return nil, sdk, withHint(fmt.Errorf("%s holds no events and no digests", &a.archiveFlags),
			"is it the archive? its objects begin with "+archive.EventsPrefix)
	case len(a.orgs) > 1:
		return nil, sdk, usage(fmt.Errorf("%s holds several orgs: choose one with --org: %s",
			&a.archiveFlags, strings.Join(a.orgs, ", ")))
	}
	a.Org = a.orgs[0]
	return store, sdk, nil
}

// orgsText names orgs for a message.
func orgsText(orgs []string) string {
	if len(orgs) == 0 {
		return "no orgs"
	}
	return "the orgs " + strings.Join(orgs, ", ")
}

// explain adds to an error of the archive who called, and the next step.
func (a *archiveCommand) explain(err error) error { return explainArchive(err, a.who) }

// explainArchive adds to an error of AWS, of an archive or of its key, who called, and the next step.
func explainArchive(err error, who identity) error {
	if err == nil || who == (identity{}) || !ofAWS(err) {
		return err
	}
	p := dlq.ProblemOf("the call", err)
	hint := who.hint(p)
	if p.Denied() {
		hint = "reading needs s3:ListBucket on the bucket and s3:GetObject on its objects, and kms:Decrypt where a key " +
			"encrypts them; making digests also needs s3:PutObject, kms:GenerateDataKey where a key encrypts the bucket, " +
			"and kms:Sign with --sign-key"
	}
	return withHint(fmt.Errorf("%w (%s)", err, who), hint)
}
