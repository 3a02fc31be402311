package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/stream"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// heldSide is what Okta's side is compared with: what a destination holds, and the queues
// of the pipeline, where there is a stack.
type heldSide struct {
	name   string // of the destination
	held   reconcile.Held
	filter events.Filter
	notes  []string
	who    identity // who reads the destination; zero for files

	pipeline *pipelineOutput // nil without a stack
	site     *site           // the dead-letter queues; nil without a stack
	buffer   *dlq.Queue      // nil where there is none, or it may not be counted
	looks    looks           // how far the dead-letter queues were read
	// verdicts are those of the auditor, by hour; nil where there is no archive.
	verdicts func(context.Context, reconcile.Window) (map[time.Time]*archive.Verdict, error)
	sender   *stackPipeline // nil without --fill
}

// open finds what is compared with. It reads nothing of it.
func (r *reconcileCommand) open(ctx context.Context, org string, quiet *silence) (*heldSide, error) {
	side := &heldSide{}
	var sdk aws.Config
	if r.Stack != "" {
		var err error
		if sdk, err = r.sdk(ctx, quiet, ""); err != nil {
			return nil, err
		}
		if err := r.openPipeline(ctx, sdk, side, quiet); err != nil {
			return nil, err
		}
		if err := sameOrg(org, side.pipeline); err != nil {
			return nil, err
		}
	}
	switch {
	case r.isSearch():
		return side, r.openSearch(ctx, side)
	case r.isArchive():
		return side, r.openArchive(ctx, sdk, org, side, quiet)
	case r.Against[0] != againstLogGroup:
		side.name, side.held = r.files()
		return side, r.readable()
	}
	if side.pipeline.LogGroup == "" {
		return nil, usage(fmt.Errorf("pipeline %s delivers to %s: --against cloudwatch is for a pipeline with a log group",
			side.pipeline.Name, side.pipeline.Destination))
	}
	// The stack's role is for its queues, and may not read the log group.
	sdk, side.who = r.assume(ctx, sdk, r.Role)
	side.who.account = cmp.Or(side.pipeline.Account, side.who.account)
	side.name = "log group " + side.pipeline.LogGroup
	group := &reconcile.LogGroup{API: cloudwatchlogs.NewFromConfig(sdk), Name: side.pipeline.LogGroup, Now: now}
	side.held = group
	// Before Okta is read, which can take hours.
	if err := group.Check(ctx); err != nil {
		return nil, side.explain(err)
	}
	if days := side.pipeline.RetentionDays; days > 0 && r.Since.Before(now().AddDate(0, 0, -days)) {
		side.notes = append(side.notes, fmt.Sprintf("the log group keeps records for %d days: those of older hours, and "+
			"they count as missing, may have been there", days))
	}
	return side, nil
}

// files are the files of --against.
func (r *reconcileCommand) files() (name string, held reconcile.Files) {
	names := append(append([]string{}, r.Against...), r.Files...)
	for _, name := range names {
		held = append(held, reconcile.File{Name: name, Open: func() (reconcile.Records, error) {
			file, err := os.Open(name)
			return fileRecords{file, stream.NewReader(file, stream.Options{})}, err
		}})
	}
	if len(names) == 1 {
		return "file " + names[0], held
	}
	return fmt.Sprintf("%d files, the first %s", len(names), names[0]), held
}

// readable returns an error where a file of --against cannot be opened. Okta is read first, which can take hours.
func (r *reconcileCommand) readable() error {
	for _, name := range append(slices.Clone(r.Against), r.Files...) {
		info, err := os.Stat(name)
		switch {
		case err == nil && info.IsDir():
			err = syscall.EISDIR
		case err == nil && info.Mode().IsRegular(): // opening a pipe would wait for its writer
			var file *os.File
			if file, err = os.Open(name); err == nil {
				file.Close()
			}
		}
		if err != nil {
			return withHint(fmt.Errorf("read %s of --against: %w", name, plain(err)), fileHint(err))
		}
	}
	return nil
}

// fileRecords are the records of a file of any form that run reads.
type fileRecords struct {
	io.Closer
	values *stream.Reader
}

// Next implements reconcile.Records.
func (f fileRecords) Next() ([]byte, error) {
	value, err := f.values.Next()
	if err != nil || value.Fault != nil {
		return nil, err
	}
	return value.Text, nil
}

// openPipeline finds the pipeline of the stack, and its queues.
func (r *reconcileCommand) openPipeline(ctx context.Context, sdk aws.Config, side *heldSide, quiet *silence) error {
	outputs, err := r.outputs(ctx, sdk, quiet)
	if err != nil {
		return err
	}
	o := &outputs[0]
	if r.Pipeline == "" && (r.Against[0] == againstLogGroup || r.isSearch() || r.isArchive()) {
		// The one that delivers there is meant, if there is but one.
		var there []*pipelineOutput
		for i := range outputs {
			if p := &outputs[i]; p.Destination == r.Against[0] || p.LogGroup != "" && r.Against[0] == againstLogGroup {
				there = append(there, p)
			}
		}
		if len(there) == 1 {
			o, outputs = there[0], outputs[:1]
		}
	}
	if len(outputs) > 1 {
		var names []string
		for i := range outputs {
			names = append(names, outputs[i].Name)
		}
		return usage(fmt.Errorf("stack %s has several pipelines: choose one with --pipeline: %s",
			r.Stack, strings.Join(names, ", ")))
	}
	side.pipeline = o
	if side.filter, err = o.filter(); err != nil {
		return fmt.Errorf("pipeline %s: %w", o.Name, err)
	}
	queues := queueFlags{stackFlags: r.stackFlags}
	p, err := queues.siteOf(ctx, sdk, o)
	if err == nil {
		err = p.notOpened()
	}
	if err != nil {
		return err
	}
	side.site = p
	if o.Buffer != "" {
		// A role that was made by another version may not count them.
		if side.buffer, err = dlq.Open(ctx, p.api, o.Buffer, "buffer", now); err != nil && !r.Fill {
			side.notes = append(side.notes, "the messages in the buffer queue could not be counted: "+shortCause(err))
			err = nil
		}
	}
	if err != nil || !r.Fill {
		return p.identity.explain(err, o.Buffer)
	}
	side.sender, err = newStackPipeline(ctx, &r.stackFlags, sdk, o)
	return err
}

// waiting returns the keys of the events in the dead-letter queues. Reading hides messages
// from other readers for a moment, and changes nothing else.
func (s *heldSide) waiting(ctx context.Context) ([]reconcile.Key, error) {
	if s.site == nil {
		return nil, nil
	}
	s.looks = nil
	var keys []reconcile.Key
	err := eachSite(ctx, []*site{s.site}, func(p *site, q *dlq.Queue) error {
		read, err := p.read(ctx, q, func(items []*dlq.Item) error {
			for _, item := range items {
				for _, e := range item.Dead.Events {
					key, _ := reconcile.KeyOf([]byte(e.UUID))
					keys = append(keys, key)
				}
			}
			return nil
		})
		s.looks = append(s.looks, p.looked(ctx, q, read, 0, err))
		return p.identity.explain(err, q.URL)
	})
	return keys, err
}

// complete reports whether the dead-letter queues were read to their ends.
func (s *heldSide) complete() bool { return s.looks.complete() }

// buffered counts the messages in the buffer queue, approximately. Which events are in
// them cannot be known without receiving them, which would delay them.
func (s *heldSide) buffered(ctx context.Context) (n int, known bool, err error) {
	if s.buffer == nil {
		return 0, false, nil
	}
	if err := s.buffer.Count(ctx); err != nil {
		return 0, false, s.site.identity.explain(err, s.buffer.URL)
	}
	return s.buffer.About(), true, nil
}

func (s *heldSide) send(ctx context.Context, list []systemlog.Event) error {
	return s.sender.Send(ctx, list)
}

// notSent says which events --fill could not send for what they are.
func (s *heldSide) notSent() (notes []string) {
	if q := s.sender.queue; q != nil && len(q.TooLong) > 0 {
		notes = append(notes, count(len(q.TooLong), "missing event")+" do not fit in an SQS message, and were not sent")
	}
	if r := s.sender.rule; r != nil {
		for why, n := range r.refused {
			notes = append(notes, fmt.Sprintf("%s refused by the destination: %s", count(n, "missing event"), why))
		}
	}
	return notes
}

// explain adds to an error of reading the destination who read it, and the next step.
func (s *heldSide) explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var problem *dlq.Problem
	if errors.As(err, &problem) {
		return err // of a queue, and explained
	}
	switch s.held.(type) {
	case *reconcile.Search:
		return s.explainSearch(err)
	case *reconcile.Archive:
		return explainArchive(err, s.who)
	case reconcile.Files:
		return err
	}
	if errors.Is(err, reconcile.ErrIncomplete) {
		return err
	}
	err = roleProblem(dlq.ProblemOf("FilterLogEvents", err))
	errors.As(err, &problem)
	hint := s.who.hint(problem)
	switch {
	case problem.Call != "FilterLogEvents":
	case strings.Contains(problem.Code, "AccessDenied"):
		hint = "the permission logs:FilterLogEvents on the log group is needed, and the stack's replay role does not have " +
			"it: give it to the caller, or use another --profile or --role ARN; nothing was compared"
	case problem.Code == "InvalidOperationException":
		hint = "a log group of the class Infrequent Access can only be read by Logs Insights: save the @message of its " +
			"records to files, and name them with --against FILE"
	case strings.Contains(problem.Code, "ResourceNotFound"):
		hint = "check --stack, --region and --profile"
	}
	return withHint(fmt.Errorf("read %s: %w (%s)", s.name, err, s.who), hint)
}
