package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/bulk"
)

// progress shows how much of the files has been read. It shows nothing where
// there is no terminal, where records go to the same terminal, or where it is
// not known how much there is.
type progress struct {
	bar *progressbar.ProgressBar
}

func newProgress(c console, inputs []bulk.Input) progress {
	if !term.IsTerminal(int(c.err.Fd())) || term.IsTerminal(int(c.out.Fd())) {
		return progress{}
	}
	total := int64(0)
	for _, in := range inputs {
		info, err := os.Stat(in.Name)
		if err != nil || !info.Mode().IsRegular() {
			return progress{}
		}
		total += info.Size()
	}
	return progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(c.err),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30),
	)}
}

func (p progress) add(bytes int) {
	if p.bar != nil {
		// What cannot be drawn is not worth an error.
		_ = p.bar.Add(bytes)
	}
}

func (p progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
