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
	"unicode"

	_ "embed"

	"github.com/alecthomas/kong"
	"github.com/alecthomas/units"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// sample holds made-up events, as EventBridge delivers them.
//
//go:embed sample.jsonl
var sample []byte

type runCommand struct {
	Files []string `arg:"" optional:"" name:"file" help:"${help_files}"`

	Sample      bool     `help:"Read the events that come with the program."`
	Format      string   `default:"ocsf" placeholder:"FORMAT" help:"ocsf, datadog or raw (default ${default})."`
	To          string   `default:"-" placeholder:"DIR" help:"Write FORMAT-00001.jsonl and so on into DIR."`
	DeadLetters string   `type:"path" placeholder:"FILE" help:"${help_dead_letters}"`
	Include     types    `placeholder:"TYPE" help:"${help_include}"`
	Exclude     types    `placeholder:"TYPE" help:"Not these event types. Beats --include."`
	Service     string   `placeholder:"NAME" help:"Service of Datadog logs (default okta)."`
	Tags        []string `placeholder:"TAG" help:"Tags of Datadog logs."`
	MaxRecord   size     `default:"32MiB" placeholder:"SIZE" help:"The longest record (default ${default})."`
	JSON        bool     `help:"Print the ledger as one JSON object."`
}

// size is a number of bytes.
type size int

// UnmarshalText reads a number of bytes, or one with the unit KiB, MiB or GiB.
func (s *size) UnmarshalText(text []byte) error {
	if n, err := strconv.Atoi(string(text)); err == nil {
		*s = size(n)
		return nil
	}
	n, err := units.ParseBase2Bytes(string(text))
	if err != nil {
		return fmt.Errorf("invalid size %q: write a number of bytes, or 512KiB, 32MiB, 1GiB", text)
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
	r.unmatched(c)
	output, err := r.output(c, job.Config.Format)
	if err != nil {
		return err
	}
	letters, err := r.letters(c)
	if err != nil {
		return err
	}
	bar := newProgress(c, job.Inputs)
	letters.bar = bar
	job.Sink, job.Bad, job.Progress = output.sink, letters.take, bar.add
	failed := false
	job.Unreadable = func(name string, err error) {
		failed = true
		bar.say(c.err, fmt.Sprintf("error: read %s: %v", name, plain(err)))
		if hint := hintFor(err); hint != "" {
			bar.say(c.err, "hint: "+hint)
		}
	}

	total, err := job.Run(ctx)
	bar.end()
	err = errors.Join(err, output.close(), letters.close())
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	r.printLedger(c.err, total)
	switch {
	case errors.Is(err, context.Canceled):
		say(c.err, "interrupted: the input was not read to its end, and the counts are those until then")
		return quiet(exitInterrupted)
	case err != nil:
		return err
	case failed || total.Dead > 0 || !total.Balanced():
		if letters.reported > 0 {
			say(c.err, "hint: --dead-letters FILE keeps bad records, to be fixed and run again")
		}
		return quiet(exitFailed)
	}
	return nil
}

// unmatched notes patterns that no event type matches that Okta has published.
func (r *runCommand) unmatched(c console) {
	for _, flag := range []struct {
		name     string
		patterns []string
	}{{"--include", r.Include}, {"--exclude", r.Exclude}} {
		for _, pattern := range flag.patterns {
			if len(typesLike(pattern)) > 0 {
				continue
			}
			line := fmt.Sprintf("note: %s %s: no event type that Okta has published matches", flag.name, pattern)
			if similar := similarType(pattern); similar != "" {
				line += "; did you mean " + similar
			}
			say(c.err, line)
		}
	}
}

// job is what the flags ask for. All that is wrong with them is said at once.
func (r *runCommand) job(c console) (*bulk.Job, error) {
	var faults []error
	format, err := pipeline.ParseFormat(r.Format)
	faults = append(faults, err)
	filter, err := events.NewFilter(r.Include, r.Exclude)
	faults = append(faults, err)
	if r.DeadLetters == "-" {
		faults = append(faults, errors.New("--dead-letters is a file; without it bad records are reported on stderr"))
	}
	if r.MaxRecord < 1 || r.MaxRecord > 1<<30 {
		faults = append(faults, errors.New("--max-record is between 1 byte and 1GiB"))
	}
	if format != pipeline.Datadog && (r.Service != "" || len(r.Tags) > 0) {
		faults = append(faults, errors.New("--service and --tags are for --format datadog"))
	}
	for _, tag := range r.Tags {
		if tag == "" || strings.ContainsFunc(tag, func(c rune) bool { return unicode.IsSpace(c) || c == ',' }) {
			faults = append(faults, fmt.Errorf("invalid tag %q: a tag is key:value, or a value, without blanks and commas", tag))
		}
	}
	if r.Sample && len(r.Files) > 0 {
		faults = append(faults, errors.New("--sample and files exclude each other"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, usage(err)
	}
	inputs, err := r.inputs(c)
	if err != nil {
		return nil, err
	}
	return &bulk.Job{
		Inputs: inputs,
		Config: pipeline.Config{
			Format: format, Filter: filter, Datadog: datadog.Settings{Service: r.Service, Tags: r.Tags},
		},
		MaxRecord: int(r.MaxRecord),
		Workers:   runtime.GOMAXPROCS(0),
		Now:       now,
		Version:   version(),
	}, nil
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
	for _, name := range r.files() {
		if name == "-" {
			open := func() (io.ReadCloser, error) { return io.NopCloser(c.in), nil }
			inputs = append(inputs, bulk.Input{Name: name, Open: open, Pipe: true})
			continue
		}
		inputs = append(inputs, bulk.Input{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	return inputs, nil
}

// files are the names of what is read; none for the sample.
func (r *runCommand) files() []string {
	if len(r.Files) == 0 && !r.Sample {
		return []string{"-"}
	}
	return r.Files
}

// feedback is the fault of a file that would be read and written in one run,
// which would feed on itself, for ever.
func (r *runCommand) feedback(c console) error {
	var written []fs.FileInfo
	var names []string
	note := func(name string, info fs.FileInfo, err error) {
		if err == nil && info.Mode().IsRegular() {
			written, names = append(written, info), append(names, name)
		}
	}
	if r.DeadLetters != "" {
		info, err := os.Stat(r.DeadLetters)
		note("--dead-letters "+r.DeadLetters, info, err)
	}
	if r.To == "-" {
		info, err := c.out.Stat()
		note("stdout", info, err)
	}
	for _, name := range r.files() {
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
					"name another file: what is written would be read again, for ever")
			}
		}
	}
	return nil
}

// output is where records go.
type output struct {
	sink  sink.Sink
	close func() error
}

func (r *runCommand) output(c console, format pipeline.Format) (output, error) {
	if r.To == "-" {
		return output{&sink.Writer{W: c.out}, func() error { return nil }}, nil
	}
	dir, err := sink.NewDir(r.To, string(format))
	if errors.Is(err, fs.ErrExist) {
		return output{}, withHint(err, "oktastream overwrites nothing: name another directory, or move these files away")
	}
	if err != nil {
		return output{}, err
	}
	return output{dir, dir.Close}, nil
}

func (r *runCommand) printLedger(w io.Writer, total ledger.Ledger) {
	if r.JSON {
		fmt.Fprintf(w, "%s\n", total.JSON())
		return
	}
	for _, line := range total.Lines() {
		say(w, line)
	}
}

// plain leaves out what the message says already: "open FILE:" before an error
// about FILE.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// hintFor is the next step after an input that cannot be read.
func hintFor(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the name; - stands for stdin"
	case errors.Is(err, syscall.EISDIR):
		return "it is a directory: name the files in it"
	case errors.Is(err, fs.ErrPermission):
		return "you may not read it"
	}
	return ""
}
