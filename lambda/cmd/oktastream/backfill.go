package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

type backfillCommand struct {
	Since moment `placeholder:"TIME" help:"help_backfill_since"`
	Until moment `placeholder:"TIME" help:"End of the window, not included (default now)."`

	oktaFlags
	stackFlags

	Yes         bool    `help:"Do it. Without this it is a dry run. Not needed with --to."`
	State       string  `type:"path" placeholder:"FILE" help:"help_state"`
	To          string  `placeholder:"TO" help:"help_backfill_to"`
	Format      *string `placeholder:"FORMAT" help:"With --to: ocsf, datadog or raw (default as for run)."`
	DeadLetters string  `type:"path" placeholder:"FILE" help:"help_backfill_dead_letters"`
	JSON        bool    `help:"Print one JSON object (with --to -, on stderr)."`

	remoteFlags
}

// AfterApply sets the default stack, which holds only without --to.
func (b *backfillCommand) AfterApply() error { return b.useDefault(b.To == "") }

// fault returns all that is wrong with the flags.
func (b *backfillCommand) fault() error {
	var all faults
	all.add(b.Since.IsZero() && b.State == "", "--since is missing: the beginning of the window")
	all.window(b.Since, b.Until)
	stack := b.Stack != "" || b.Pipeline != "" || b.Role != "" || b.NoAssumeRole
	all.add(b.To != "" && stack, "--to and the flags of a stack (--stack, --pipeline, --role) exclude each other")
	all.add(b.To == "" && b.Format != nil, "--format is for --to; a pipeline has its own format")
	all.add(b.To == "" && b.DeadLetters != "", "--dead-letters is for --to; a pipeline sends them to its queue dead")
	all.add(b.DeadLetters == "-", "--dead-letters must be a file, and - is not")
	var format error
	if b.Format != nil {
		_, format = pipeline.ParseFormat(*b.Format)
	}
	return all.join(b.oktaFlags.fault(), b.stackFlags.fault(), b.remoteFlags.fault(b.To), format)
}

// filling is one run of the command.
type filling struct {
	*backfillCommand
	c      console
	client *systemlog.Client
	report *messages
	quiet  *silence
	job    backfill.Job
	to     fillTarget
}

// fillTarget is where events are sent.
type fillTarget interface {
	// name identifies it in the state file.
	name() string
	senders() []backfill.Sender
	// notes say what the destination does with old events, and with events that it has already.
	notes() []string
	// cost is about what AWS charges, in US dollars.
	cost(events, bytes int64) float64
	// summary completes the result, and reports what was not sent.
	summary(result *filled)
	close() error
}

func (b *backfillCommand) Run(ctx context.Context, c console) error {
	if err := b.fault(); err != nil {
		return usage(err)
	}
	f := &filling{backfillCommand: b, c: c, quiet: newSilence(c)}
	f.report = &messages{to: c.err, bar: newBar(c, f.quiet, b.To == "-", shares)}
	defer f.quiet.end()
	defer f.report.bar.end()
	err := f.run(ctx)
	f.report.bar.end()
	return interruption(ctx, err)
}

func (f *filling) run(ctx context.Context) error {
	var err error
	if f.client, err = f.oktaFlags.client(ctx, &f.awsFlags, f.quiet, slog.New(&waitLog{report: f.report})); err != nil {
		return err
	}
	if f.to, err = f.open(ctx); err != nil {
		return err
	}
	if err := f.window(); err != nil {
		return errors.Join(err, f.to.close())
	}
	f.job.Client, f.job.Now, f.job.Progress = f.client, now, f.progress
	if f.To == "" && !f.Yes {
		return f.plan(ctx)
	}
	return f.fill(ctx)
}

// open opens where events are sent.
func (f *filling) open(ctx context.Context) (fillTarget, error) {
	if f.To == "" {
		return f.openStack(ctx)
	}
	return f.openLocal(ctx)
}

// window settles which window is read, and opens the state file.
func (f *filling) window() error {
	since, until := f.Since, f.Until
	if at := now().UTC(); until.After(at) {
		f.report.print(message{Note: "--until is in the future: the window ends now"})
		until = moment{at, true}
	}
	if f.State != "" {
		if _, err := os.Stat(f.State); err == nil {
			// The next run of the same command continues the window of the first.
			if since.relative {
				since = moment{}
			}
			if until.relative || until.IsZero() {
				until = moment{}
			}
		} else if until.IsZero() && errors.Is(err, fs.ErrNotExist) {
			until.Time = now().UTC()
		}
		state, err := backfill.OpenState(f.State, backfill.Window{
			Org: f.client.Org(), Since: since.Time, Until: until.Time, To: f.to.name(),
		})
		if err != nil {
			return withStep(err)
		}
		f.job.State = state
		f.job.Since, f.job.Until = state.Window().Since, state.Window().Until
	} else {
		f.job.Since, f.job.Until = since.Time, until.Time
		if until.IsZero() {
			f.job.Until = now().UTC()
		}
	}
	kept := f.client.Kept(f.job.Since)
	if !kept.From.Before(f.job.Until) {
		return withHint(fmt.Errorf("okta keeps events for 90 days, and the window ends at %s",
			f.job.Until.Format(time.RFC3339)), "these events can no longer be read from Okta")
	}
	if kept.Expired > 0 {
		f.report.print(message{Note: fmt.Sprintf("Okta keeps events for 90 days: those before %s can no longer be read",
			kept.From.Format(time.RFC3339))})
	}
	return nil
}

// plan is the dry run.
func (f *filling) plan(ctx context.Context) error {
	defer func() { _ = f.to.close() }() // nothing was written
	plan, err := f.job.Plan(ctx, func(share float64) { f.report.bar.at(int64(share*shares), shares) })
	f.report.bar.end()
	if err != nil {
		return withStep(err)
	}
	result := f.result(plan.Kept)
	result.DryRun, result.Exact, result.Seconds = true, &plan.Exact, int64(plan.Time.Seconds())
	result.Events, result.Bytes, result.Requests = plan.Events, plan.Bytes, plan.Pages
	for _, h := range plan.Hours {
		result.Hours = append(result.Hours, filledHour{Hour: h.Hour.Time(), Okta: h.Events, Exact: h.Exact})
	}
	usd := f.to.cost(plan.Events, plan.Bytes)
	result.USD = &usd
	f.to.summary(&result)
	if err := f.print(result); err != nil {
		return err
	}
	say(f.c.err, fmt.Sprintf("dry run: about %s would be sent; --yes does it", count(int(plan.Events), "event")))
	return nil
}

// fill reads and sends.
func (f *filling) fill(ctx context.Context) error {
	f.job.Senders = f.to.senders()
	for _, note := range f.to.notes() {
		f.report.print(message{Note: note})
	}
	if f.job.State != nil && f.job.State.Done() {
		f.report.print(message{Note: "the state file says that all of this window has been sent"})
	}
	done, err := f.job.Run(ctx)
	f.report.bar.end()
	result := f.result(done.Kept)
	result.Events, result.Bytes, result.Requests, result.Done = done.Events, done.Bytes, done.Pages, done.Done
	for _, h := range sortedHours(done.Hours) {
		result.Hours = append(result.Hours, filledHour{Hour: h.Time(), Okta: done.Hours[h], Exact: true})
	}
	f.to.summary(&result)
	err = errors.Join(err, f.to.close())
	if printed := f.print(result); printed != nil {
		return errors.Join(err, printed)
	}
	if err != nil {
		code := exitInterrupted
		if !done.Interrupted {
			code = report(f.c.err, f.hint(withStep(err)))
		}
		f.sayHowToContinue(done.Counts)
		return quiet(code)
	}
	if result.NotSent > 0 {
		return quiet(exitFailed)
	}
	return nil
}

// hint adds to an error of a destination of --to what to do about it.
func (f *filling) hint(err error) error {
	if t, ok := f.to.(*localTarget); ok && t.remote != nil && t.runner.gaveUp {
		return withHint(err, t.remote.hint(err))
	}
	return err
}

// sayHowToContinue prints how to continue a run that did not reach its end.
func (f *filling) sayHowToContinue(done backfill.Counts) {
	switch {
	case f.State != "":
		say(f.c.err, "next: run the same command again; it continues behind the last page that was sent")
	case !done.Newest.IsZero():
		say(f.c.err, "next: what was published before "+done.Newest.Format(momentForm)+
			" has been sent; --since "+done.Newest.Format(momentForm)+" continues (--state FILE does so by itself)")
	}
}

// momentForm is how a time is written that a flag takes.
const momentForm = "2006-01-02T15:04:05.000Z"

func (f *filling) progress(p backfill.Progress) {
	f.report.bar.step(count(int(p.Events), "event")+" until "+p.At.Format("2006-01-02 15:04"), int64(p.Share*shares))
}

// waitLog prints what the client of the System Log waits for.
type waitLog struct {
	report *messages
}

// Enabled reports whether a line of this level is printed.
func (w *waitLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle prints a line.
func (w *waitLog) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += ", " + a.Key + " " + a.Value.String()
		return true
	})
	w.report.print(message{Note: text})
	return nil
}

// WithAttrs returns the handler as it is: the client's lines have their own attributes.
func (w *waitLog) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup returns the handler as it is.
func (w *waitLog) WithGroup(string) slog.Handler { return w }
