package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// terminal opens a terminal that nobody sits at. The function returned closes it
// and gives back what was printed there.
func terminal(t *testing.T) (tty *os.File, printed func() string) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { control.Close() })
	number, locked := uint32(0), int32(0)
	for request, at := range map[uintptr]unsafe.Pointer{syscall.TIOCGPTN: unsafe.Pointer(&number), syscall.TIOCSPTLCK: unsafe.Pointer(&locked)} {
		if _, _, code := syscall.Syscall(syscall.SYS_IOCTL, control.Fd(), request, uintptr(at)); code != 0 {
			t.Skip("no terminals here: ", code)
		}
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip("no terminals here: ", err)
	}
	text := make(chan string)
	go func() {
		var b strings.Builder
		// It ends with EIO when nobody holds the terminal any more.
		if _, err := io.Copy(&b, control); err != nil && !errors.Is(err, syscall.EIO) {
			t.Error(err)
		}
		text <- b.String()
	}()
	return tty, func() string {
		tty.Close()
		return strings.ReplaceAll(<-text, "\r\n", "\n")
	}
}

// Colours are for terminals, and for those who like them.
func TestColours(t *testing.T) {
	for env, coloured := range map[string]bool{"X=": true, "NO_COLOR=1": false, "TERM=dumb": false} {
		tty, printed := terminal(t)
		c := command(t, "explain", "user.session.start")
		c.Env = append(c.Env, "TERM=xterm", env)
		c.Stdout, c.Stderr = tty, tty
		if err := c.Run(); err != nil {
			t.Error(err)
		}
		page := printed()
		if strings.Contains(page, "\x1b[1m") != coloured || !strings.Contains(page, "user.session.start") {
			t.Errorf("%s: coloured is not %v: %q", env, coloured, page[:min(len(page), 300)])
		}
	}
}

// seen is what stays on each line of the terminal: what was drawn after the
// cursor went back to its beginning.
func seen(text string) (lines []string) {
	for line := range strings.Lines(text) {
		lines = append(lines, line[strings.LastIndexByte(line, '\r')+1:])
	}
	return lines
}

// The bar is drawn where somebody looks at it, is gone at the end, and leaves
// each message a line of its own.
func TestProgress(t *testing.T) {
	out, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for name, test := range map[string]struct {
		out  *os.File
		told int // lines, at least
	}{
		"to its end":   {out, 20 + 4}, // bad lines, the ledger and a hint
		"to a bad end": {full, 3},     // the ledger and an error
	} {
		tty, printed := terminal(t)
		c := command(t, "run", many(t, 4000, true))
		c.Stdout, c.Stderr = test.out, tty
		if code := exitCode(c.Run()); code != 1 {
			t.Errorf("%s: exit %d, want 1", name, code)
		}
		text := printed()
		if !strings.Contains(text, "%") {
			t.Errorf("%s: no bar", name)
		}
		for _, line := range seen(text) {
			if !strings.HasPrefix(line, "oktastream: ") {
				t.Errorf("%s: the line %q", name, line)
			}
		}
		if n := len(seen(text)); n < test.told {
			t.Errorf("%s: %d lines, want %d", name, n, test.told)
		}
	}
}

// Where records go to the terminal, too, a bar would be in their way.
func TestNoBarAmongRecords(t *testing.T) {
	tty, printed := terminal(t)
	c := command(t, "run", "--format", "raw", many(t, 400, false))
	c.Stdout, c.Stderr = tty, tty
	if err := c.Run(); err != nil {
		t.Error(err)
	}
	if text := printed(); strings.Contains(text, "\r") || len(seen(text)) != 402 {
		t.Errorf("a bar among %d lines", len(seen(text)))
	}
}

// A replay shows how far it is and how long it will take, and leaves nothing of
// that behind.
func TestReplayProgress(t *testing.T) {
	cloud := newCloud(t)
	for i := range 30 {
		cloud.dead(i*scaleForms + 2)
	}
	out, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	tty, printed := terminal(t)
	c := command(t, "dlq", "replay", "--stack", "okta", "--yes", "--rate", "30")
	c.Env = append(c.Env, cloud.env...)
	c.Stdout, c.Stderr = out, tty
	if code := exitCode(c.Run()); code != 0 {
		t.Errorf("exit %d", code)
	}
	text := printed()
	if !strings.Contains(text, "%") || !strings.Contains(text, "/30") || !strings.Contains(text, "messages/s") {
		t.Errorf("no bar: %q", text)
	}
	for _, line := range seen(text) {
		if line != "" && !strings.HasPrefix(line, "oktastream: next: ") {
			t.Errorf("the line %q", line)
		}
	}
}

// On a terminal a command says within some seconds what it waits for; elsewhere it
// says nothing of that.
func TestNoSilenceOnATerminal(t *testing.T) {
	for name, operation := range map[string]string{"the stack": "DescribeStacks", "a queue": "ReceiveMessage"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			slow := false
			var mu sync.Mutex
			cloud.SetFaults(func(call awsfake.Call) awsfake.Fault {
				mu.Lock()
				defer mu.Unlock()
				if call.Operation != operation || slow {
					return awsfake.Fault{}
				}
				slow = true
				return awsfake.Fault{Delay: maxSilence + 2*time.Second}
			})
			tty, printed := terminal(t)
			c := command(t, "dlq", "list", "--stack", "okta")
			c.Env = append(c.Env, cloud.env...)
			c.Stdout, c.Stderr = tty, tty
			if code := exitCode(c.Run()); code != 0 {
				t.Errorf("exit %d", code)
			}
			if text := printed(); strings.Count(text, "oktastream: waiting for AWS to answer "+operation+", for ") != 1 {
				t.Errorf("%q", text)
			}
		})
	}
}
