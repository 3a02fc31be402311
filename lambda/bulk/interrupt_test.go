package bulk

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/oktastream/oktastream/events"
)

// Ctrl-C ends the program before the pipe as well, so that the pipe ends within a
// record, before or after the signal is seen here.
func TestARecordCutByAnInterruptIsNoBadRecord(t *testing.T) {
	for name, test := range map[string]struct {
		pipe      bool
		interrupt time.Duration // after the input's end; negative: never
		dead      int64
	}{
		"a pipe, at once":          {true, 0, 0},
		"a pipe, a moment later":   {true, interruptDelay / 2, 0},
		"a pipe, never":            {true, -1, 1},
		"a file is bad as it is":   {false, -1, 1},
		"a pipe, when it was over": {true, 10 * interruptDelay, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				in := source("in", r)
				in.Pipe = test.pipe
				b := testRun{workers: 2}
				done := b.start(ctx, in)
				if _, err := io.WriteString(w, lines(signIn(1))+signIn(2)[:30]); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // until the first is delivered
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if test.interrupt >= 0 {
					time.Sleep(test.interrupt)
					cancel()
				}
				time.Sleep(time.Second)
				if !isDone(done) || b.ledger.Dead != test.dead || b.ledger.Delivered != 1 || !b.ledger.Balanced() {
					t.Errorf("%v, %s", b.err, b.ledger.JSON())
				}
				if cut := test.dead == 0; cut != b.ledger.Interrupted || cut != errors.Is(b.err, context.Canceled) {
					t.Errorf("interrupted: %v, %v", b.ledger.Interrupted, b.err)
				}
			})
		})
	}
}

func TestResultCountsIncompleteInputs(t *testing.T) {
	b := (&testRun{}).run(t.Context(), missing("a"), text("b", lines(signIn(1))),
		source("c", io.MultiReader(strings.NewReader(lines(signIn(2))+signIn(3)[:9]), iotest.ErrReader(errFull))))
	if b.err != nil || b.ledger.Incomplete != 2 || b.ledger.Interrupted || b.ledger.Delivered != 2 || b.ledger.Dead != 0 {
		t.Errorf("%v, %s", b.err, b.ledger.JSON())
	}
	want := `"interrupted":false,"incomplete_inputs":2}`
	if got := string(b.ledger.JSON()); !strings.HasPrefix(got, `{"received":2,`) || !strings.HasSuffix(got, want) {
		t.Errorf("%s", got)
	}
}

func TestNotesNameTheEvents(t *testing.T) {
	other := strings.Replace(signIn(1), "Ada", "Bob", 1)
	b := (&testRun{}).run(t.Context(), text("in", lines(signIn(1), event("u-2", "no.such.type"), other, signIn(1))))
	want := []Note{
		{UnknownType, "u-2", "no.such.type", "in", 2},
		{Conflict, "u-1", "user.session.start", "in", 3},
	}
	if len(b.notes) != 2 || b.notes[0] != want[0] || b.notes[1] != want[1] {
		t.Errorf("%+v, want %+v", b.notes, want)
	}
	if b.ledger.UnknownType != 1 || b.ledger.Conflict != 1 || b.ledger.Duplicate != 1 {
		t.Errorf("%s", b.ledger.JSON())
	}
}

// An envelope without events counts as no record; a note names its place.
func TestEnvelopesWithoutEventsAreNoted(t *testing.T) {
	b := testRun{}
	b.AnyEnvelope = true
	control := `{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: x"}]}`
	b.run(t.Context(), text("in", lines(signIn(1), control, signIn(2))))
	if want := (Note{Kind: NoEvents, File: "in", Line: 2}); len(b.notes) != 1 || b.notes[0] != want {
		t.Errorf("%+v, want %+v", b.notes, want)
	}
	if b.err != nil || b.ledger.Received != 2 || b.ledger.Delivered != 2 || b.ledger.Dead != 0 {
		t.Errorf("%v, %s", b.err, b.ledger.JSON())
	}
}

// A file that begins with a record of a kind that is not read is refused as a
// whole; in between, such a record is a bad one.
func TestFilesOfOtherRecordsAreRefusedOnce(t *testing.T) {
	record := `{"class_uid":3002,"type_uid":300201,"metadata":{"uid":"x"}}`
	notice := `{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"}}}`
	for _, first := range []string{record, notice, `{"Records":[` + notice + `]}`, "[" + record + "]"} {
		b := testRun{}
		b.AnyEnvelope = true
		b.run(t.Context(), text("other", lines(first, first)), text("next", lines(signIn(1), record)))
		if b.err != nil || len(b.unread) != 1 || b.ledger.Delivered != 1 || b.ledger.Dead != 1 || b.ledger.Incomplete != 1 {
			t.Fatalf("%v, %v, %s", b.err, b.broken, b.ledger.JSON())
		}
		if format, ok := errors.AsType[*events.FormatError](b.unread[0]); !ok || format.WayOut == "" {
			t.Errorf("%v", b.unread[0])
		}
	}
}
