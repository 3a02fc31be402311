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
	dir    *sink.Dir // nil where it is none
	table  bool
	remote *remote // where records go to a destination; then the job has no sink
}

// output opens the output of the job.
func (r *runCommand) output(ctx context.Context, c console, job *bulk.Job) (output, error) {
	if r.To == "-" && r.Format == nil && term.IsTerminal(int(c.out.Fd())) {
		job.Sink = newTable(c.out)
		return output{table: true}, nil
	}
	return r.remoteFlags.output(ctx, c, r.To, &r.awsFlags, job, sink.NewDir)
}

// output opens stdout, a destination, or a directory with openDir, and sets what the job needs of it.
func (f *remoteFlags) output(
	ctx context.Context, c console, to string, aws *awsFlags, job *bulk.Job,
	openDir func(dir, name string) (*sink.Dir, error),
) (out output, err error) {
	switch {
	case isRemote(to):
		out.remote, err = f.open(ctx, to, aws, &job.Config)
		return out, err
	case to == "-":
		job.Sink = &sink.Writer{W: c.out}
		return out, nil
	}
	out.dir, err = openDir(to, string(job.Config.Format))
	if errors.Is(err, fs.ErrExist) {
		err = withHint(err, "oktastream overwrites nothing: name another directory, or move these files away")
	}
	job.Sink = out.dir
	return out, err
}

// close ends the output.
func (o output) close() error {
	if o.dir == nil {
		return nil
	}
	return o.dir.Close()
}

// repeatable reports whether the inputs can be read again: the sample and files can, and
// a pipe cannot.
func (r *runCommand) repeatable() bool {
	return !slices.ContainsFunc(r.names(), func(name string) bool {
		info, err := os.Stat(name)
		return name == "-" || err == nil && !info.Mode().IsRegular()
	})
}

// notSent reports why the run gave up, what it did not send, where that is kept, and the
// next step. It returns err with that of the file where it is kept.
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
	case closing == nil && !total.Interrupted:
		report.print(message{Note: "nothing was sent: run it again when that is fixed"})
	}
	return errors.Join(err, closing)
}
