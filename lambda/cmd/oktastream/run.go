package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "embed"

	"github.com/alecthomas/kong"
	"github.com/alecthomas/units"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// sample holds made-up events, as EventBridge delivers them.
//
//go:embed sample.jsonl
var sample []byte

type runCommand struct {
	Files []string `arg:"" optional:"" name:"file" help:"help_files"`

	Sample      bool     `help:"Read the events that come with the program."`
	Format      *string  `placeholder:"FORMAT" help:"help_format"`
	To          string   `default:"-" placeholder:"TO" help:"help_to"`
	DeadLetters string   `type:"path" placeholder:"FILE" help:"help_dead_letters"`
	Ledger      string   `type:"path" placeholder:"FILE" help:"Append the ledger to FILE, as one line of JSON."`
	Notes       string   `type:"path" placeholder:"FILE" help:"help_notes"`
	Include     types    `placeholder:"TYPE" help:"help_include"`
	Exclude     types    `placeholder:"TYPE" help:"Not these event types. Beats --include."`
	Observables bool     `help:"With --format ocsf: add OCSF's observables[], the values that one searches for."`
	Service     string   `placeholder:"NAME" help:"Service of Datadog logs (default okta)."`
	Org         string   `placeholder:"NAME" help:"Okta org of events without an EventBridge envelope."`
	Tags        []string `placeholder:"TAG" help:"Tags of Datadog logs, each key:value."`
	MaxRecord   size     `default:"32MiB" placeholder:"SIZE" help:"A longer record is a bad one (default ${default})."`
	JSON        bool     `help:"Report on stderr in JSON, one object a line; the last is the ledger."`

	remoteFlags
	awsFlags
}

// size is a number of bytes.
type size int64

// UnmarshalText reads a number of bytes, or a number with a unit.
func (s *size) UnmarshalText(text []byte) error {
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		*s = size(n)
		return nil
	}
	n, err := units.ParseBase2Bytes(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a size such as 32MiB, 512KiB or 1000000 (bytes)", text)
	}
	*s = size(n)
	return nil
}

// types are patterns of event types. Kong's own list drops empty ones, and a
// filter that is empty by mistake would let everything through.
type types []string

// Decode adds the patterns of one flag.
func (t *types) Decode(c *kong.DecodeContext) error {
	var list string
	if err := c.Scan.PopValueInto("TYPE", &list); err != nil {
		return err
	}
	*t = append(*t, strings.Split(list, ",")...)
	return nil
}

func (r *runCommand) Run(ctx context.Context, c console) error {
	job, err := r.job(c)
	if err != nil {
		return err
	}
	if err := r.feedback(c); err != nil {
		return err
	}
	output, err := r.output(ctx, c, job)
	if err != nil {
		return err
	}
	files, err := r.files()
	if err != nil {
		return err
	}
	bar := newProgress(c, job.Inputs, r.To == "-")
	report := &messages{to: c.err, asJSON: r.JSON, bar: bar}
	for _, warning := range r.warnings() {
		report.print(message{Warning: warning})
	}
	letters, notes := &letters{file: files["--dead-letters"], messages: report}, &notes{file: files["--notes"]}
	job.Bad, job.Note, job.Progress = letters.take, notes.take, bar.add
	if output.remote != nil {
		job.Remote = output.remote.job(time.Duration(r.GiveUpAfter), r.repeatable(), report)
	}
	failed := false
	job.Unreadable = func(name string, err error) {
		failed = true
		report.unreadable(name, err)
	}

	total, err := job.Run(ctx)
	bar.end()
	if total.GaveUp != nil && !total.Interrupted && errors.Is(err, total.GaveUp) {
		err = nil // notSent reports it
	}
	err = errors.Join(err, output.close(), notes.err, files.close(total))
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	letters.end()
	if total.Interrupted {
		report.print(message{Note: "interrupted before the end of the input: the output is partial"})
	}
	if output.remote != nil {
		err = r.notSent(output.remote, report, total, err)
	}
	r.printLedger(c.err, total)
	return r.verdict(report, letters, output, total, failed, err)
}

// verdict reports how the run ended, and returns its error; failed: an input was not read.
func (r *runCommand) verdict(
	report *messages, letters *letters, output output, total bulk.Result, failed bool, err error,
) error {
	switch {
	case errors.Is(err, context.Canceled):
		return quiet(exitInterrupted)
	case err != nil:
		report.failed(err)
		return quiet(exitFailed)
	case failed || total.Dead > 0 || total.Returned > 0 || !total.Balanced():
		if letters.reported > 0 && !r.JSON {
			if letters.tooLong {
				report.print(message{Hint: "--max-record SIZE reads longer records"})
			}
			report.print(message{Hint: "--dead-letters FILE keeps bad records, to be fixed and run again"})
		}
		return quiet(exitFailed)
	case total.Received == 0:
		report.print(message{Note: "the input holds no event"})
	case total.Filtered == total.Received:
		report.print(message{Note: "--include and --exclude let no event through"})
	case output.table && total.Delivered > 0 && !r.JSON:
		report.print(message{Hint: wholeRecords})
	}
	return nil
}

// job is what the flags ask for. All that is wrong with them is reported at once.
func (r *runCommand) job(c console) (*bulk.Job, error) {
	all := faults{r.remoteFlags.fault(r.To)}
	format := r.defaultFormat(r.To)
	if r.Format != nil {
		var err error
		format, err = pipeline.ParseFormat(*r.Format)
		all = append(all, err, r.formatFault(r.To, format))
	}
	filter, err := events.NewFilter(r.Include, r.Exclude)
	all = append(all, err)
	all.add(r.To == string(config.Archive) && strings.ContainsFunc(r.Org, notSubdomain),
		"--org must be the subdomain of the Okta org: letters, digits and hyphens")
	for _, file := range r.appended() {
		all.add(file.name == "-", "%s must be a file, and - is not; %s", file.flag, file.without)
	}
	all.add(r.MaxRecord < 1 || r.MaxRecord > 1<<30, "--max-record must be between 1 byte and 1GiB")
	all.add(format != pipeline.Datadog && r.To != string(config.Datadog) && (r.Service != "" || len(r.Tags) > 0),
		"--service and --tags are for --format datadog")
	all.add(r.Observables && format != pipeline.OCSF, "--observables is for --format ocsf")
	if r.Service != "" {
		err := datadog.CheckService(r.Service)
		all.add(err != nil, "--service %q: %w", r.Service, err)
	}
	for _, tag := range r.Tags {
		err := datadog.CheckTag(tag)
		all.add(err != nil, "--tags %q: %w", tag, err)
	}
	all.add(r.Sample && len(r.Files) > 0, "--sample and files exclude each other")
	if err := all.join(); err != nil {
		return nil, usage(err)
	}
	inputs, err := r.inputs(c)
	if err != nil {
		return nil, err
	}
	return &bulk.Job{
		Inputs: inputs,
		Config: pipeline.Config{
			Format: format, Observables: r.Observables, Filter: filter, Org: r.Org,
			Datadog:     datadog.Settings{Service: r.Service, Tags: r.Tags},
			AnyEnvelope: true,
		},
		MaxRecord: int(r.MaxRecord),
		Workers:   runtime.GOMAXPROCS(0),
		Now:       now,
		Version:   version(),
	}, nil
}

// notSubdomain reports whether r cannot be in the subdomain of an Okta org.
func notSubdomain(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// warnings are about a directory that is named nearly like a destination, and about patterns that match
// no event type of the catalogue, which are no errors: Okta adds types.
func (r *runCommand) warnings() []string {
	warnings := directoryWarning(r.To)
	for _, list := range []struct {
		flag     string
		patterns types
	}{{"--include", r.Include}, {"--exclude", r.Exclude}} {
		for _, pattern := range list.patterns {
			if len(catalogue.Matching(pattern)) > 0 {
				continue
			}
			text := fmt.Sprintf("%s %s matches no event type that Okta has published", list.flag, pattern)
			if meant := catalogue.Suggest(pattern); meant != "" {
				text += fmt.Sprintf("; did you mean %s?", meant)
			}
			warnings = append(warnings, text)
		}
	}
	return warnings
}

func (r *runCommand) inputs(c console) ([]bulk.Input, error) {
	if r.Sample {
		return []bulk.Input{{Name: "sample", Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(sample)), nil
		}}}, nil
	}
	if len(r.Files) == 0 && term.IsTerminal(int(c.in.Fd())) {
		return nil, withHint(usage(errors.New("no events: stdin is a terminal")),
			"name a file, pipe events in, or try oktastream run --sample")
	}
	var inputs []bulk.Input
	for _, name := range r.names() {
		if name == "-" {
			inputs = append(inputs, bulk.Input{Name: name, Pipe: true, Open: func() (io.ReadCloser, error) {
				return io.NopCloser(c.in), nil
			}})
			continue
		}
		inputs = append(inputs, bulk.Input{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	return inputs, nil
}

// names are the names of what is read; none for the sample.
func (r *runCommand) names() []string {
	if len(r.Files) == 0 && !r.Sample {
		return []string{"-"}
	}
	return r.Files
}

// feedback returns an error if the run would read a file that it writes, and so would not end.
func (r *runCommand) feedback(c console) error {
	var written []fs.FileInfo
	var names []string
	note := func(name string, info fs.FileInfo, err error) {
		if err == nil && info.Mode().IsRegular() {
			written, names = append(written, info), append(names, name)
		}
	}
	for _, file := range r.appended() {
		if file.name != "" {
			info, err := os.Stat(file.name)
			note(file.flag+" "+file.name, info, err)
		}
	}
	if r.To == "-" {
		info, err := c.out.Stat()
		note("stdout", info, err)
	}
	for _, name := range r.names() {
		in, err := os.Stat(name)
		if name == "-" {
			in, err = c.in.Stat()
		}
		if err != nil {
			continue
		}
		for i := range written {
			if os.SameFile(in, written[i]) {
				return withHint(usage(fmt.Errorf("%s is also read", names[i])),
					"name another file: the run would read what it writes, and not end")
			}
		}
	}
	return nil
}

func (r *runCommand) printLedger(w io.Writer, total bulk.Result) {
	if r.JSON {
		fmt.Fprintf(w, "%s\n", total.JSON())
		return
	}
	for _, line := range total.Lines() {
		say(w, line)
	}
}

// plain returns the cause of err without the operation and the name of the file, which the message has
// already.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// hintFor is the next step after an input that cannot be read.
func hintFor(err error) string {
	if format, ok := errors.AsType[*events.FormatError](err); ok {
		return format.WayOut
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the name; - stands for stdin"
	case errors.Is(err, syscall.EISDIR):
		return "it is a directory: name the files in it"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the file is cut short: copy or download it again"
	}
	return fileHint(err)
}

// fileHint is the next step after a file that cannot be opened, made or written; "" where there is none.
func fileHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the name, and that its directory exists"
	case errors.Is(err, syscall.EISDIR):
		return "it is a directory: name a file"
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the name is a file, not a directory: name another directory"
	case errors.Is(err, fs.ErrPermission):
		return "you have no permission: change it, or run as another user; ls -ld shows who may"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: make room, or name a file on another disk"
	}
	return ""
}
