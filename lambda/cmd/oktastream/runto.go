package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/sink"
)

// output is where records go.
type output struct {
	sink  sink.Sink
	close func() error
	table bool

	remote *remote // where records go to a destination; then sink is nil
}

// output opens the output of the job, and sets the job's sink.
func (r *runCommand) output(ctx context.Context, c console, job *bulk.Job) (output, error) {
	to, err := r.open(ctx, c, job)
	job.Sink = to.sink
	return to, err
}

func (r *runCommand) open(ctx context.Context, c console, job *bulk.Job) (output, error) {
	nothing := func() error { return nil }
	switch {
	case isRemote(r.To):
		remote, err := r.remoteFlags.open(ctx, r.To, &r.awsFlags, &job.Config)
		if err != nil {
			return output{}, err
		}
		return output{close: nothing, remote: remote}, nil
	case r.To == "-" && r.Format == nil && term.IsTerminal(int(c.out.Fd())):
		return output{sink: newTable(c.out), close: nothing, table: true}, nil
	case r.To == "-":
		return output{sink: &sink.Writer{W: c.out}, close: nothing}, nil
	}
	dir, err := sink.NewDir(r.To, string(job.Config.Format))
	if errors.Is(err, fs.ErrExist) {
		return output{}, withHint(err, "oktastream overwrites nothing: name another directory, or move these files away")
	}
	if err != nil {
		return output{}, err
	}
	return output{sink: dir, close: dir.Close}, nil
}

// repeatable reports whether the inputs can be read again: the sample and files can, and
// a pipe cannot.
func (r *runCommand) repeatable() bool {
	return !slices.ContainsFunc(r.names(), func(name string) bool {
		info, err := os.Stat(name)
		return name == "-" || err == nil && !info.Mode().IsRegular()
	})
}

// notSent reports what the run did not send, where that is kept, and the next step. It
// returns err without the reason for which the run gave up, which it has reported.
func (r *runCommand) notSent(to *remote, report *messages, total bulk.Result, err error) error {
	kept, closing := to.unsent.close()
	gaveUp := total.GaveUp
	if gaveUp == nil {
		return errors.Join(err, closing)
	}
	records := count(int(total.Returned), "record")
	if !total.Interrupted {
		report.print(message{Error: fmt.Sprintf("send to %s: %v", to.name, gaveUp), Hint: to.hint(gaveUp)})
	}
	switch {
	case kept != "":
		report.print(message{
			Note: fmt.Sprintf("%s not sent: kept in %s", records, kept), Unsent: kept,
			Hint: fmt.Sprintf("to send them later: oktastream run --to %s %s, with the other options of this run", r.To, kept),
		})
	case closing == nil:
		report.print(message{Note: "nothing was sent: run it again when that is fixed"})
	}
	if errors.Is(err, gaveUp) && !total.Interrupted {
		err = nil // it has been reported
	}
	return errors.Join(err, closing)
}
