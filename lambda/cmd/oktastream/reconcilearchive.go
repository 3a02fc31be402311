package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// againstArchive is the value of --against for an archive. A file of that name is written ./archive.
const againstArchive = string(config.Archive)

// isArchive reports whether --against is an archive.
func (r *reconcileCommand) isArchive() bool { return r.Against[0] == againstArchive }

// archiveFault returns what is wrong with the flags of an archive. With --stack the bucket is that of
// the pipeline, unless the flags say otherwise.
func (r *reconcileCommand) archiveFault() error {
	if !r.isArchive() {
		var all faults
		for _, flag := range [][2]string{{"--bucket", r.Bucket}, {"--dir", r.Dir}, {"--org", r.Org}} {
			all.add(flag[1] != "", "%s is for --against archive", flag[0])
		}
		return all.join()
	}
	if r.Stack != "" && r.Bucket == "" && r.Dir == "" {
		return nil
	}
	return r.archiveFlags.fault()
}

// openArchive makes side read an archive. It looks whether the archive has objects of the org. sdk is
// the configuration for the stack; it is empty without one.
func (r *reconcileCommand) openArchive(
	ctx context.Context, sdk aws.Config, address string, side *heldSide, quiet *silence,
) error {
	where, owner := r.archiveFlags, ""
	org, _ := systemlog.OrgName(address)
	if o := side.pipeline; o != nil {
		if where.Bucket == "" && where.Dir == "" {
			if o.Bucket == "" {
				return usage(fmt.Errorf("pipeline %s delivers to %s: --against archive is for a pipeline with an archive",
					o.Name, o.Destination))
			}
			where.Bucket, owner = o.Bucket, o.BucketOwner
		}
		if own, _, ok := events.ParseSource(o.Source); ok {
			org = own
		}
	}
	if org = cmp.Or(r.Org, org); org == "" {
		return usage(errors.New("--org is missing: the Okta org, as the keys of the archive have it"))
	}
	if where.Bucket != "" {
		if r.Stack == "" {
			var err error
			if sdk, err = r.sdk(ctx, quiet, ""); err != nil {
				return err
			}
		}
		// The stack's role is for its queues, and may not read the bucket.
		sdk, side.who = r.assume(ctx, sdk, r.Role)
	}
	store, err := where.open(ctx, sdk, owner)
	if err != nil {
		return err
	}
	side.name, side.held = fmt.Sprintf("%s, org %s", &where, org), &reconcile.Archive{Store: store, Org: org}
	side.verdicts = func(ctx context.Context, w reconcile.Window) (map[time.Time]*archive.Verdict, error) {
		return archive.Verdicts(ctx, store, org, w.Since.UTC().Truncate(time.Hour), w.Until)
	}
	// Before Okta is read, which can take hours.
	found := errors.New("found")
	switch err := store.List(ctx, archive.OrgPrefix(org), func(archive.Object) error { return found }); {
	case errors.Is(err, found):
		return nil
	case err != nil:
		return explainArchive(err, side.who)
	}
	orgs, err := archive.Orgs(ctx, store)
	if err != nil {
		return explainArchive(err, side.who)
	}
	text := "the archive has no events of org " + org
	if len(orgs) > 0 {
		text += "; it has the orgs " + strings.Join(orgs, ", ") + ", and --org chooses one"
	}
	side.notes = append(side.notes, text)
	return nil
}
