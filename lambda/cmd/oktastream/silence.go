package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/smithy-go/middleware"
	"golang.org/x/term"
)

// maxSilence is how long a command shows nothing on a terminal while it waits.
const maxSilence = 5 * time.Second

// silence prints on a terminal which call the command waits for, when nothing else was shown for
// maxSilence. A nil silence prints nothing.
type silence struct {
	say func(line string)
	now func() time.Time

	mu    sync.Mutex
	last  time.Time // something was shown
	calls map[int]call
	next  int
	stop  chan struct{}
}

// call is a call of AWS that has not been answered.
type call struct {
	operation string
	began     time.Time
}

// newSilence watches the silence on c's terminal, until end. It is nil where stderr is
// no terminal.
func newSilence(c console) *silence {
	if !term.IsTerminal(int(c.err.Fd())) {
		return nil
	}
	s := &silence{say: func(line string) { say(c.err, line) }, now: now, last: now(), stop: make(chan struct{})}
	go func() {
		tick := time.NewTicker(maxSilence / 10)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.look()
			case <-s.stop:
				return
			}
		}
	}()
	return s
}

// over prints lines above a progress bar from now on.
func (s *silence) over(c console, bar *progress) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = func(line string) { bar.say(c.err, line) }
}

// look prints the oldest call without an answer, if nothing was shown for maxSilence.
func (s *silence) look() {
	if line, say := s.due(); line != "" {
		say(line)
	}
}

// due returns the line to print now, if any. It is printed without the lock, as a bar that is
// being drawn may wait for it.
func (s *silence) due() (line string, say func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.last) < maxSilence {
		return "", nil
	}
	s.last = now
	var oldest call
	for _, c := range s.calls {
		if oldest.began.IsZero() || c.began.Before(oldest.began) {
			oldest = c
		}
	}
	if oldest.operation == "" {
		return "working", s.say
	}
	return fmt.Sprintf("waiting for AWS to answer %s, for %d s; Ctrl-C ends it",
		oldest.operation, int(now.Sub(oldest.began).Seconds())), s.say
}

// shown notes that something was shown.
func (s *silence) shown() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.now()
}

// begin notes a call; the function returned ends it.
func (s *silence) begin(operation string) (done func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = map[int]call{}
	}
	id := s.next
	s.next++
	s.calls[id] = call{operation, s.now()}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.calls, id)
	}
}

// watch notes all calls of a client of the SDK, with their retries.
func (s *silence) watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("oktastream-silence",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			defer s.begin(middleware.GetOperationName(ctx))()
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
}

// end ends the watching. It may be called twice.
func (s *silence) end() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
}
