package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/bulk"
)

// progress shows how much of the input has been read: a bar where its size is known, else a counter. It
// shows nothing where stderr is no terminal, or where records go to the same terminal.
type progress struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
	// silence learns that something was shown. It may be nil.
	silence *silence
}

// newBar returns the progress of total, or a counter where that is -1. It shows nothing where stderr is no
// terminal, or where records go to stdout, which is the same one. quiet, which may be nil, learns that
// something was shown, and says its own lines above the bar.
func newBar(c console, quiet *silence, toStdout bool, total int64, options ...progressbar.Option) *progress {
	if !term.IsTerminal(int(c.err.Fd())) || toStdout && term.IsTerminal(int(c.out.Fd())) {
		return &progress{}
	}
	options = append(options,
		progressbar.OptionSetWriter(c.err),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
		// A counter is drawn when there is something to count, and not by a clock.
		progressbar.OptionSetSpinnerChangeInterval(0),
		progressbar.OptionSpinnerType(14))
	p := &progress{bar: progressbar.NewOptions64(total, options...), silence: quiet}
	quiet.over(c, p)
	return p
}

// newProgress shows how many bytes of the inputs are read; toStdout says that records go there.
func newProgress(c console, inputs []bulk.Input, toStdout bool) *progress {
	return newBar(c, nil, toStdout, sizeOf(c, inputs), progressbar.OptionShowBytes(true))
}

// newCount shows how many of about total messages are done. What it counts goes
// to stdout only at the end, so that it may be the same terminal.
func newCount(c console, total int64) *progress {
	if total <= 0 {
		return &progress{}
	}
	return newBar(c, nil, false, total,
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("messages"))
}

// newSteps shows which step is at work and how much it has done, where nothing says how much
// there is.
func newSteps(c console, quiet *silence) *progress {
	return newBar(c, quiet, false, -1, progressbar.OptionShowCount())
}

// shares is what the whole of a window counts, in the progress of reading it.
const shares = 1000

// sizeOf returns the bytes of all inputs together, -1 where one of them is no file.
func sizeOf(c console, inputs []bulk.Input) int64 {
	total := int64(0)
	for _, in := range inputs {
		info, err := os.Stat(in.Name)
		if in.Name == "-" {
			info, err = c.in.Stat()
		}
		if err != nil || !info.Mode().IsRegular() {
			return -1
		}
		total += info.Size()
	}
	return total
}

// draw changes the bar, where there is one. An error of drawing is ignored.
func (p *progress) draw(change func(*progressbar.ProgressBar) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = change(p.bar)
		p.silence.shown()
	}
}

// step shows which step is running, and how much of it is done.
func (p *progress) step(what string, done int64) {
	p.draw(func(bar *progressbar.ProgressBar) error {
		bar.Describe(what)
		return bar.Set64(done)
	})
}

// at shows how much is done, of a total that may change.
func (p *progress) at(done, total int64) {
	if total > 0 {
		p.draw(func(bar *progressbar.ProgressBar) error {
			bar.ChangeMax64(max(done, total))
			return bar.Set64(done)
		})
	}
}

func (p *progress) add(n int) {
	p.draw(func(bar *progressbar.ProgressBar) error { return bar.Add(n) })
}

// say prints a message in the place of the bar, which is drawn again below it.
func (p *progress) say(w io.Writer, line string) { p.print(w, messageLine(line)) }

// print is say for a line that is printed as it is.
func (p *progress) print(w io.Writer, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(w, line)
}

// end removes the bar. Later calls, by a reader that has not ended yet, show nothing.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	p.bar = nil
}
