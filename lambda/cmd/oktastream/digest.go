package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

type digestCommand struct {
	Since moment `required:"" placeholder:"TIME" help:"help_digest_since"`
	Until moment `placeholder:"TIME" help:"help_digest_until"`

	archiveCommand
	SignKey string `name:"sign-key" placeholder:"ARN" help:"help_sign_key"`
	JSON    bool   `help:"Print one JSON object."`
}

// maxDigestHours bounds the hours of one run: 11 years.
const maxDigestHours = 100_000

// digestResult is what the command prints. Its JSON keys are an interface: scripts read them.
type digestResult struct {
	Org     string        `json:"org"`
	Digests []digestedRow `json:"digests"`
	// UpToDate are the hours that have a digest and no new object.
	UpToDate int `json:"up_to_date"`
	// Unsettled are the hours that were asked for and get no digest yet.
	Unsettled int          `json:"unsettled"`
	Head      archive.Head `json:"head"`
}

// digestedRow is a digest that was made.
type digestedRow struct {
	Number  int64     `json:"number"`
	Hour    time.Time `json:"hour"`
	Late    bool      `json:"late"`
	Objects int       `json:"objects"`
	Faulty  int       `json:"faulty"` // of Objects
	Events  int64     `json:"events"`
}

// settledHour returns the end of the last hour that is settled.
func settledHour() time.Time { return now().UTC().Add(-reconcile.SettledAfter).Truncate(time.Hour) }

// hours returns the whole hours that are digested, and how many of those that are asked for are not
// settled.
func (d *digestCommand) hours() (since, until time.Time, unsettled int) {
	since, until = d.Since.UTC().Truncate(time.Hour), settledHour()
	if d.Until.IsZero() {
		return since, until, 0
	}
	asked := d.Until.UTC().Truncate(time.Hour)
	if asked.After(until) {
		first := until
		if since.After(first) {
			first = since
		}
		return since, until, int(asked.Sub(first) / time.Hour)
	}
	return since, asked, 0
}

func (d *digestCommand) fault() error {
	var all faults
	if d.SignKey != "" {
		_, err := archive.KeyRegion(d.SignKey)
		all.add(err != nil, "--sign-key: %w", err)
	}
	all.hours(d.Since, d.Until)
	since, until, _ := d.hours()
	all.add(until.Sub(since)/time.Hour > maxDigestHours, "--since %s: more than %d hours are too many for one run",
		d.Since.Format(time.RFC3339), maxDigestHours)
	return all.join(d.archiveFlags.fault())
}

func (d *digestCommand) Run(ctx context.Context, c console) error {
	if err := d.fault(); err != nil {
		return usage(err)
	}
	shown := newSilence(c)
	defer shown.end()
	store, sdk, err := d.store(ctx, shown)
	if err != nil {
		return interruption(ctx, err)
	}
	if !slices.Contains(d.orgs, d.Org) {
		return usage(fmt.Errorf("%s has nothing of org %s: it has %s", &d.archiveFlags, d.Org, orgsText(d.orgs)))
	}
	options := archive.Options{Now: now}
	if options.Signer, err = d.signer(ctx, sdk, shown); err != nil {
		return err
	}
	bar := newSteps(c, shown)
	defer bar.end()
	result, err := d.make(ctx, store, options, bar)
	bar.end()
	if result != nil {
		err = errors.Join(err, d.print(c, result))
	}
	switch {
	case ctx.Err() != nil:
		return interruption(ctx, err)
	case errors.Is(err, archive.ErrRaced):
		return withHint(err, "run it again: hours that have a digest by then get no second one")
	case err == nil && result.Unsettled > 0:
		say(c.err, fmt.Sprintf("not settled yet: %s; an hour gets its digest %d hours after it has ended",
			count(result.Unsettled, "hour"), int(reconcile.SettledAfter/time.Hour)))
		return quiet(exitUnproven)
	}
	return d.explain(err)
}

// signer returns what signs the digests, nil without --sign-key. sdk is the configuration for the archive.
func (d *digestCommand) signer(ctx context.Context, sdk aws.Config, quiet *silence) (archive.Signer, error) {
	if d.SignKey == "" {
		return nil, nil
	}
	region, err := archive.KeyRegion(d.SignKey)
	if err == nil && d.Dir != "" {
		sdk, err = d.sdk(ctx, quiet, region)
	}
	if err != nil {
		return nil, err
	}
	d.who = d.identity(ctx, sdk)
	return archive.NewKMS(sdk, d.SignKey, sdk.Retryer())
}

// make makes the digests, hour by hour. After an error it also returns what was made before.
func (d *digestCommand) make(
	ctx context.Context, store archive.Store, options archive.Options, bar *progress,
) (*digestResult, error) {
	since, until, unsettled := d.hours()
	chain, err := archive.Open(ctx, store, d.Org, since, options)
	if err != nil {
		return nil, err
	}
	result := &digestResult{Org: d.Org, Unsettled: unsettled, Digests: []digestedRow{}, Head: chain.Head()}
	done := int64(0)
	for hour := since; hour.Before(until); hour = hour.Add(time.Hour) {
		digest, err := chain.Append(ctx, hour, nil, nil)
		result.Head = chain.Head()
		switch {
		case errors.Is(err, archive.ErrUpToDate):
			result.UpToDate++
		case err != nil:
			return result, err
		default:
			result.add(digest)
		}
		done++
		bar.step("making digests", done)
	}
	return result, nil
}

func (r *digestResult) add(d *archive.Digest) {
	row := digestedRow{Number: d.Number, Hour: d.Hour, Late: d.Late, Objects: len(d.Objects), Events: d.Events}
	for _, o := range d.Objects {
		if o.Fault != "" {
			row.Faulty++
		}
	}
	r.Digests = append(r.Digests, row)
}

// hourForm is how an hour is written.
const hourForm = "2006-01-02T15Z"

// line prints a digest.
func (r digestedRow) line(b *bytes.Buffer) {
	fmt.Fprintf(b, "%s  digest %d: %s, %s", r.Hour.Format(hourForm), r.Number,
		count(r.Objects, "object"), count(int(r.Events), "event"))
	if r.Late {
		b.WriteString(", late")
	}
	if r.Faulty > 0 {
		fmt.Fprintf(b, ", %d of the objects faulty", r.Faulty)
	}
	b.WriteByte('\n')
}

// print prints the result: a line for each digest, one for hours without objects in a row, and the
// head.
func (d *digestCommand) print(c console, r *digestResult) error {
	if d.JSON {
		return printJSON(c, r)
	}
	var b bytes.Buffer
	for rest := r.Digests; len(rest) > 0; {
		empty := 0
		for empty < len(rest) && rest[empty].Objects == 0 {
			empty++
		}
		if empty == 0 {
			rest[0].line(&b)
			rest = rest[1:]
			continue
		}
		first, last := rest[0], rest[empty-1]
		fmt.Fprintf(&b, "%s  %s without objects, until %s, from digest %d\n", first.Hour.Format(hourForm),
			count(empty, "hour"), last.Hour.Add(time.Hour).Format(hourForm), first.Number)
		rest = rest[empty:]
	}
	if r.UpToDate > 0 {
		fmt.Fprintf(&b, "%s had a digest, and no object has come since\n", count(r.UpToDate, "hour"))
	}
	if r.Head.Number == 0 {
		b.WriteString("no digest was made\n")
	} else {
		fmt.Fprintf(&b, "head: org %s, digest %d, %s\n", r.Org, r.Head.Number, r.Head.Hash)
	}
	return write(c.out, b.Bytes())
}
