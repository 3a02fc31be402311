package https_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// store is where a secret is kept.
type store struct {
	mu    sync.Mutex
	value string
	err   error
	reads int
}

func (s *store) read(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.value, s.err
}

func (s *store) set(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = value
}

// A rotated secret is used without a new sink, and read at most once a minute.
func TestARotatedSecretIsReadAgain(t *testing.T) {
	d, h := hec(httpsfake.HECOptions{})
	now := time.Now()
	secret := &store{value: token}
	d.config.Secret = secret.read
	d.config.Now = func() time.Time { return now }
	s, _ := d.start(t, nil)
	loop := &sink.Loop{Sink: s, Concurrency: 4, FirstCeiling: time.Millisecond}
	run := func() (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		out := loop.Deliver(ctx, records(5))
		if len(out.Errors) > 0 {
			return states(out.Answers), out.Errors[0]
		}
		return states(out.Answers), nil
	}
	if got, err := run(); got != "aaaaa" || err != nil || secret.reads != 1 {
		t.Fatalf("%s after %d reads, %v", got, secret.reads, err)
	}
	h.SetToken("another-token", false)
	for range 3 { // within the minute
		if got, err := run(); got != "rrrrr" || sink.KindOf(err) != sink.Blocked || secret.reads != 1 {
			t.Errorf("%s after %d reads, %v", got, secret.reads, err)
		}
	}
	now = now.Add(time.Minute)
	for range 3 { // the secret is the old one still
		if got, err := run(); got != "rrrrr" || sink.KindOf(err) != sink.Blocked || secret.reads != 2 {
			t.Errorf("%s after %d reads, %v", got, secret.reads, err)
		}
	}
	secret.set("another-token\n")
	now = now.Add(time.Minute)
	if got, err := run(); got != "aaaaa" || err != nil || secret.reads != 3 {
		t.Errorf("%s after %d reads, %v", got, secret.reads, err)
	}
}

func TestASecretThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct {
		value   string
		err     error
		kind    sink.Kind
		setting string
	}{
		"empty":             {" \n", nil, sink.Blocked, "secret"},
		"a JSON object":     {`{"token":"canary"}`, nil, sink.Blocked, "secretField"},
		"two lines":         {"canary\r\nX-Other: 1", nil, sink.Blocked, "secret"},
		"not of a header":   {"canary\x00", nil, sink.Blocked, "secret"},
		"not to be read":    {"", errors.New("GetSecretValue: throttled"), sink.Transient, ""},
		"not to be read, 2": {"", https.Blocked("secret", "GetSecretValue: AccessDenied"), sink.Blocked, "secret"},
	} {
		for preset, open := range targets() {
			d := open()
			if d.signed {
				continue
			}
			secret := &store{value: c.value, err: c.err}
			d.config.Secret = secret.read
			s, calls := d.start(t, nil)
			answers, err := deliver(t.Context(), s, records(2))
			if states(answers) != "rr" || sink.KindOf(err) != c.kind || calls.Load() != 0 || strings.Contains(err.Error(), "canary") ||
				strings.HasSuffix(err.Error(), "correct the setting "+c.setting) != (c.setting != "") {
				t.Errorf("%s, %s: %s in %d calls, kind %d: %v", preset, name, states(answers), calls.Load(), sink.KindOf(err), err)
			}
			secret.set(token)
			secret.err = nil
			if answers, err := deliver(t.Context(), s, records(2)); err != nil || states(answers) != "aa" {
				t.Errorf("%s, %s: then %s, %v", preset, name, states(answers), err)
			}
		}
	}
}
