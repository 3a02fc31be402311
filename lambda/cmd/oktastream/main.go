// Command oktastream is the operator's tool: it runs the function's own pipeline
// on files, explains how an event is normalised, and replays dead messages.
//
// Results go to stdout and nothing else does. Messages go to stderr, each line
// beginning "oktastream:", in lower case and without a final period; an error that a
// person can fix is followed by a line that says how. With --json, run prints there
// one JSON object a line.
// Exit codes: 0 done (also when the reader of stdout went away), 1 something
// failed or was bad, 2 wrong use, 3 nothing is missing or broken but not all is proven
// (reconcile, digest, verify), 130 interrupted.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/alecthomas/kong"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/sink"
)

func main() {
	// A write to a closed pipe must return an error, rather than end the process.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], console{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// console is the standard input and outputs.
type console struct {
	in       *os.File
	out, err *os.File
}

const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

type commands struct {
	Run     runCommand     `cmd:"" help:"Normalise System Log events from files or stdin, as the function does."`
	Explain explainCommand `cmd:"" help:"Show how an event, or a type of event, is normalised."`
	DLQ     dlqCommand     `cmd:"" name:"dlq" help:"See what is in the dead-letter queues, and replay it."`

	Doctor    doctorCommand    `cmd:"" help:"Look at every link from Okta to the destination, and say what is broken."`
	Backfill  backfillCommand  `cmd:"" help:"Read a window of events from Okta's API, and send them."`
	Reconcile reconcileCommand `cmd:"" help:"Compare Okta's System Log with what the destination holds."`

	Digest digestCommand `cmd:"" help:"Write digests of an archive's hours: hashes that prove what it held."`
	Verify verifyCommand `cmd:"" help:"Check an archive against its digests."`

	Version kong.VersionFlag `help:"Show the version."`

	Help       helpCommand       `cmd:"" help:"Show the help of a command."`
	Completion completionCommand `cmd:"" help:"Print the script with which a shell completes the command's words."`
	Complete   completeCommand   `cmd:"" hidden:""`
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, c console) (code int) {
	parser := newParser(c)
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	command, err := parser.Parse(args)
	if wrong := (*kong.ParseError)(nil); errors.As(err, &wrong) {
		return report(c.err, usageOf(wrong.Context, missingValue(err)))
	} else if err != nil {
		return report(c.err, usage(err))
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(c)
	if u := (usageError{}); errors.As(err, &u) {
		err = usageOf(command, err)
	}
	return report(c.err, err)
}

// missingValue says in words what kong's error says of a flag at the end of the command line.
func missingValue(err error) error {
	if name, _, found := strings.Cut(err.Error(), ": expected "); found && strings.Contains(err.Error(), `"EOL"`) {
		return fmt.Errorf("%s needs a value", name)
	}
	return err
}

// usageOf returns a usage error whose hint, where it has none, names the command.
func usageOf(command *kong.Context, err error) error {
	if h := (hinted{}); errors.As(err, &h) || fileHint(err) != "" {
		return usage(err)
	}
	if node := command.Selected(); node != nil {
		return withHint(usage(err), "see oktastream "+strings.TrimPrefix(node.FullPath(), "oktastream ")+" --help")
	}
	return usage(err)
}

// newParser returns the parser of the command line.
func newParser(c console) *kong.Kong {
	return kong.Must(&commands{},
		kong.Name("oktastream"),
		kong.Description("Okta System Log events in, normalised records out."),
		kong.Vars{"version": version()},
		kong.PostBuild(expandHelp),
		kong.Writers(c.out, c.err),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
		// Kong ends the process after --help and --version.
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
}

// exit is the panic value by which kong ends the process.
type exit int

// usageError is an error in how the command line is used.
type usageError struct{ error }

func usage(err error) error { return usageError{err} }

func (u usageError) Unwrap() error { return u.error }

// hinted is an error with the next step.
type hinted struct {
	error
	hint string
}

func withHint(err error, hint string) error { return hinted{err, hint} }

func (h hinted) Unwrap() error { return h.error }

// quiet ends the program with an exit code and without a message: it has been
// printed already.
type quiet int

func (quiet) Error() string { return "" }

// report says what went wrong and turns it into an exit code.
func report(w io.Writer, err error) int {
	// The reader of stdout has closed it, as head does: that is not a failure.
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return exitDone
	}
	if code := quiet(0); errors.As(err, &code) {
		return int(code)
	}
	// Joined errors are a line each.
	for line := range strings.SplitSeq(err.Error(), "\n") {
		say(w, "error: "+line)
	}
	code, hint := exitFailed, fileHint(err)
	if u := (usageError{}); errors.As(err, &u) {
		code, hint = exitUsage, cmp.Or(hint, "see oktastream --help")
	}
	if h := (hinted{}); errors.As(err, &h) {
		hint = h.hint
	}
	if hint != "" {
		say(w, "hint: "+hint)
	}
	return code
}

// say prints one line. A file's name or a uuid in it can neither break the line nor
// send control codes to the terminal.
func say(w io.Writer, line string) { fmt.Fprintln(w, messageLine(line)) }

// messageLine returns a line as say prints it.
func messageLine(line string) string { return "oktastream: " + printable(line) }

// printable spells control characters, and those that turn the direction of
// text, as JSON does.
func printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

func version() string { return deadletter.Build() }

func now() time.Time { return time.Now() }

// sleep waits for d. The error is that of ctx, if it ends before, or will.
func sleep(ctx context.Context, d time.Duration) error {
	if !sink.Sleep(ctx, d) {
		return cmp.Or(ctx.Err(), context.DeadlineExceeded)
	}
	return nil
}
