package main

import (
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/bulk"
)

// progress shows how much of the files has been read. It shows nothing where
// there is no terminal, where records go to the same terminal, or where it is
// not known how much there is.
type progress struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
	// silence learns that something was shown. It may be nil.
	silence *silence
}

func newProgress(c console, inputs []bulk.Input) *progress {
	if !term.IsTerminal(int(c.err.Fd())) || term.IsTerminal(int(c.out.Fd())) {
		return &progress{}
	}
	total := int64(0)
	for _, in := range inputs {
		info, err := os.Stat(in.Name)
		if err != nil || !info.Mode().IsRegular() {
			return &progress{}
		}
		total += info.Size()
	}
	return &progress{bar: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(c.err),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30),
	)}
}

// newCount shows how many of about total messages are done. What it counts goes
// to stdout only at the end, so that it may be the same terminal.
func newCount(c console, total int64) *progress {
	if !term.IsTerminal(int(c.err.Fd())) || total <= 0 {
		return &progress{}
	}
	return &progress{bar: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(c.err),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("messages"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
	)}
}

// at says how much is done, of how much there turns out to be.
func (p *progress) at(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil && total > 0 {
		p.bar.ChangeMax64(max(done, total))
		// What cannot be drawn is not worth an error.
		_ = p.bar.Set64(done)
		p.silence.shown()
	}
}

func (p *progress) add(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		// What cannot be drawn is not worth an error.
		_ = p.bar.Add(bytes)
		p.silence.shown()
	}
}

// say says a line where the bar was; the bar comes back below it.
func (p *progress) say(w io.Writer, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	say(w, line)
}

// end takes the bar away, also for a reader that does not know yet that the run
// is over.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	p.bar = nil
}
