package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

type reconcileCommand struct {
	Since   moment   `required:"" placeholder:"TIME" help:"help_reconcile_since"`
	Until   moment   `default:"now" placeholder:"TIME" help:"help_reconcile_until"`
	Against []string `required:"" sep:"none" placeholder:"WHERE" help:"help_reconcile_against"`
	Files   []string `arg:"" optional:"" name:"file" help:"More files of --against FILE."`

	oktaFlags
	stackFlags
	httpsFlags
	Index string `placeholder:"NAME" help:"OpenSearch: default okta."`
	archiveFlags
	Org string `placeholder:"NAME" help:"help_reconcile_org"`

	Fill    bool   `help:"help_reconcile_fill"`
	Wait    span   `default:"15m" placeholder:"DURATION" help:"help_reconcile_wait"`
	Missing string `type:"path" placeholder:"FILE" help:"Write the uuids of missing events to FILE, a line each."`
	HTML    string `name:"html" type:"path" placeholder:"FILE" help:"help_reconcile_html"`
	JSON    bool   `help:"Print one JSON object."`
}

// againstLogGroup is the value of --against for the log group of the stack. A file of that
// name is written ./cloudwatch.
const againstLogGroup = "cloudwatch"

// exitUnproven is the exit code where nothing is missing, but an event may still turn out to be.
const exitUnproven = 3

// AfterApply sets the default stack, which holds only where a log group is read, or an archive that
// no flag names.
func (r *reconcileCommand) AfterApply() error {
	ofStack := slices.Contains(r.Against, againstLogGroup) ||
		slices.Contains(r.Against, againstArchive) && r.Bucket == "" && r.Dir == ""
	return r.useDefault(ofStack)
}

// fault returns all that is wrong with the flags.
func (r *reconcileCommand) fault() error {
	var all faults
	isDestination := func(word string) bool {
		return word == againstLogGroup || word == againstArchive || slices.Contains(searched, word)
	}
	all.add(slices.ContainsFunc(r.Against, isDestination) && len(r.Against)+len(r.Files) > 1,
		"--against is one destination or files, not both")
	all.add(slices.Contains(append(slices.Clone(r.Against), r.Files...), ""), "--against has an empty name")
	all.window(r.Since, r.Until)
	all.add(r.Fill && r.Stack == "", "--fill needs --stack NAME: the pipeline that gets the missing events")
	all.add(r.Stack == "" && r.Pipeline != "", "--pipeline is for --stack")
	return all.join(r.oktaFlags.fault(), r.stackFlags.fault(), r.searchFault(), r.archiveFault())
}

// comparison is one run of the command.
type comparison struct {
	*reconcileCommand
	c      console
	client *systemlog.Client
	side   *heldSide
	quiet  *silence
	report *messages
	window reconcile.Window
	result reconciliation
}

func (r *reconcileCommand) Run(ctx context.Context, c console) error {
	if err := r.fault(); err != nil {
		return usage(err)
	}
	outputs, err := r.outputFiles()
	if err != nil {
		return err
	}
	code, err := r.compare(ctx, c, outputs)
	err = errors.Join(interruption(ctx, err), outputs.close())
	if err == nil && code != exitDone {
		err = quiet(code)
	}
	return err
}

// compare does all the work, and returns the exit code.
func (r *reconcileCommand) compare(ctx context.Context, c console, outputs *reconcileFiles) (code int, err error) {
	w := &comparison{reconcileCommand: r, c: c, quiet: newSilence(c)}
	w.report = &messages{to: c.err, bar: newSteps(c, w.quiet)}
	defer w.quiet.end()
	defer w.report.bar.end()
	waits := slog.New(&waitLog{report: w.report})
	if w.client, err = r.oktaFlags.client(ctx, &r.awsFlags, w.quiet, waits); err != nil {
		return 0, err
	}
	if w.side, err = r.open(ctx, w.client.Org(), w.quiet); err != nil {
		return 0, err
	}
	w.note(w.side.notes...)
	if err := w.clamp(); err != nil {
		return 0, err
	}
	if err := w.run(ctx, outputs); err != nil {
		return 0, withStep(err)
	}
	w.audit(ctx)
	w.report.bar.end()
	if err := w.result.write(c, r.JSON, outputs); err != nil {
		return 0, err
	}
	return w.result.exitCode(), nil
}

// audit adds the auditor's verdicts, which the archive has in its digests. What is claimed does not
// depend on them.
func (w *comparison) audit(ctx context.Context) {
	if w.side.verdicts == nil {
		return
	}
	verdicts, err := w.side.verdicts(ctx, w.window)
	if err != nil {
		w.note("the auditor's verdicts could not be read: " + shortCause(err))
		return
	}
	w.result.audit(verdicts)
}

// clamp shortens the window to what Okta still keeps, with a note.
func (w *comparison) clamp() error {
	w.window = reconcile.Window{Since: w.Since.Time, Until: minTime(w.Until.Time, now().UTC())}
	if w.Until.After(w.window.Until) {
		w.note("the window ends now: --until is in the future")
	}
	kept := w.client.Kept(w.window.Since)
	if kept.Expired == 0 {
		return nil
	}
	// The next full hour, as events expire while they are read.
	from := kept.From.Truncate(time.Hour).Add(2 * time.Hour)
	if !from.Before(w.window.Until) {
		return withHint(fmt.Errorf("okta keeps events for 90 days, and the window ends at %s",
			w.window.Until.Format(time.RFC3339)), "these events can no longer be read from Okta")
	}
	w.note(fmt.Sprintf("okta keeps events for 90 days: the hours before %s are not compared", stamp(from)))
	w.window.Since = from
	return nil
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// note prints what a person has to know about the figures, and keeps it for all outputs.
func (w *comparison) note(lines ...string) {
	for _, line := range lines {
		w.result.Notes = append(w.result.Notes, line)
		w.report.print(message{Note: line})
	}
}

// run compares, fills and compares again.
func (w *comparison) run(ctx context.Context, outputs *reconcileFiles) error {
	w.result.describe(w)
	if w.Fill {
		if err := w.emptyBuffer(ctx); err != nil {
			return err
		}
	}
	first, err := reconcile.New(w.job(), "")
	if err != nil {
		return err
	}
	defer first.Close()
	report, err := w.compareOnce(ctx, first)
	if err != nil {
		return err
	}
	if report.Comparable {
		if err := first.EachMissing(outputs.writeMissing); err != nil {
			return err
		}
	}
	w.result.set(report, w.side)
	if !w.Fill || report.Verdict() != reconcile.Missing {
		return nil
	}
	return w.fill(ctx, first, report.Missing)
}

// job is what is compared.
func (w *comparison) job() reconcile.Job {
	return reconcile.Job{
		Window: w.window, Held: w.side.held, Filter: w.side.filter, Waiting: w.side.waiting, Now: now,
		List:     func(since, until time.Time) reconcile.Source { return w.client.Bounded(since, until) },
		Progress: w.report.bar.step,
	}
}

func (w *comparison) compareOnce(ctx context.Context, run *reconcile.Run) (*reconcile.Report, error) {
	if err := run.ReadOkta(ctx); err != nil {
		return nil, err
	}
	return w.compareAgain(ctx, run)
}

// compareAgain reads the destination, not Okta.
func (w *comparison) compareAgain(ctx context.Context, run *reconcile.Run) (*reconcile.Report, error) {
	report, err := run.Compare(ctx)
	if err == nil {
		err = w.countBuffer(ctx)
	}
	var unrecognised *reconcile.UnrecognisedError
	if errors.As(err, &unrecognised) {
		return nil, withHint(fmt.Errorf("%s: %w", w.side.name, err),
			"is it the destination of this pipeline? records are read as ocsf, datadog, raw and envelopes")
	}
	return report, w.side.explain(err)
}

// countBuffer notes how many messages are in the buffer queue, and why it does not, where
// they may not be counted.
func (w *comparison) countBuffer(ctx context.Context) error {
	n, known, err := w.side.buffered(ctx)
	if known {
		w.result.Buffer = &n
	}
	return err
}

// fill sends the missing events, waits until they are processed, and compares again.
func (w *comparison) fill(ctx context.Context, first *reconcile.Run, missing int64) error {
	if !w.side.complete() {
		return withHint(
			errors.New("--fill: a dead-letter queue was not read to its end, and events in it would be sent twice"),
			"nothing was sent; dlq list says why; run it again")
	}
	filled, err := first.Fill(ctx, w.side.send)
	w.result.Filled = &filledEvents{Missing: missing, Filled: filled}
	if err != nil {
		return withHint(fmt.Errorf("%w; %s sent before", err, count(int(filled.Sent), "event")),
			"run it again: events that have arrived by then are not sent a second time")
	}
	w.note(w.side.notSent()...)
	if gone := filled.Gone; gone > 0 {
		w.note(fmt.Sprintf("okta no longer lists %s", count(int(gone), "missing event")))
	}
	if err := w.emptyBuffer(ctx); err != nil {
		return err
	}
	second, err := reconcile.New(w.job(), "")
	if err != nil {
		return err
	}
	defer second.Close()
	report, err := w.compareOnce(ctx, second)
	// What was just stored can be read a few seconds later.
	deadline, pause := now().Add(time.Duration(w.Wait)), firstPause
	for err == nil && report.Missing > 0 && now().Before(deadline) {
		if err = sleep(ctx, pause); err == nil {
			report, err = w.compareAgain(ctx, second)
		}
		pause = min(2*pause, maxPause)
	}
	if err != nil {
		return err
	}
	w.result.set(report, w.side)
	return nil
}

// The pause between two reads of the buffer queue or the destination: the first, and the longest.
const (
	firstPause = 500 * time.Millisecond
	maxPause   = 10 * time.Second
)

// emptyBuffer waits until the buffer queue is empty, as long as --wait says.
func (w *comparison) emptyBuffer(ctx context.Context) error {
	deadline, pause := now().Add(time.Duration(w.Wait)), firstPause
	for {
		n, known, err := w.side.buffered(ctx)
		switch {
		case err != nil:
			return err
		case !known || n == 0:
			return nil
		case !now().Before(deadline):
			w.note(fmt.Sprintf("the buffer queue still has about %s after %s: the events in them count as missing "+
				"until they are delivered", count(n, "message"), time.Duration(w.Wait)))
			return nil
		}
		w.report.bar.step(fmt.Sprintf("waiting for the buffer queue, about %s", count(n, "message")), 0)
		if err = sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, maxPause)
	}
}

// reconcileFiles are the files that the command writes; nil where there is none.
type reconcileFiles struct {
	missing, html *os.File
	done          bool // they hold what was asked for
}

// outputFiles creates the files before Okta is read, which can take hours.
func (r *reconcileCommand) outputFiles() (*reconcileFiles, error) {
	f := &reconcileFiles{}
	for _, file := range []struct {
		flag, name string
		to         **os.File
	}{{"--missing", r.Missing, &f.missing}, {"--html", r.HTML, &f.html}} {
		if file.name == "" {
			continue
		}
		opened, err := os.OpenFile(file.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			err = fmt.Errorf("make the file of %s: %w", file.flag, err)
			if errors.Is(err, os.ErrExist) {
				err = withHint(err, "oktastream overwrites nothing: name another file, or move this one away")
			}
			return nil, errors.Join(err, f.close())
		}
		*file.to = opened
	}
	return f, nil
}

func (f *reconcileFiles) writeMissing(uuid string) error {
	if f.missing == nil {
		return nil
	}
	if _, err := f.missing.WriteString(printable(uuid) + "\n"); err != nil {
		return fmt.Errorf("write missing uuids: %w", err)
	}
	return nil
}

// close closes the files, and removes them where the comparison did not come to its end.
func (f *reconcileFiles) close() error {
	var faults []error
	for _, file := range []*os.File{f.missing, f.html} {
		if file == nil {
			continue
		}
		faults = append(faults, file.Close())
		if !f.done {
			faults = append(faults, os.Remove(file.Name()))
		}
	}
	return errors.Join(faults...)
}
