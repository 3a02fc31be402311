package https

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Secret returns the current value of a secret. Its error names the call and never
// the value; it is a *sink.Error where more is known.
type Secret func(ctx context.Context) (string, error)

// byHeader authenticates by a header with the secret behind prefix, such as
// "Authorization" and "Splunk ".
func byHeader(name, key, prefix string) Auth {
	how := "header `" + key + ": " + prefix + "SECRET`"
	return secretAuth(name, how, key, func(secret string) string { return prefix + secret })
}

// basic authenticates by HTTP basic authentication (RFC 7617); the secret is
// user:password.
func basic(name string) Auth {
	return secretAuth(name, "basic authentication with `USER:PASSWORD`", "Authorization", func(secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(secret))
	})
}

func secretAuth(name, how, key string, value func(secret string) string) Auth {
	return Auth{Name: name, Secret: true, How: how, New: func(c *Config) (authorizer, error) {
		return &header{preset: c.Preset, key: key, value: value, read: c.Secret, now: c.Now}, nil
	}}
}

// minReadInterval is the least time between two reads of the secret.
const minReadInterval = time.Minute

// header is the authorizer of a header. The secret is read before the first request,
// and again when the destination refuses it.
type header struct {
	preset, key string
	value       func(secret string) string
	read        Secret
	now         func() time.Time

	mu      sync.Mutex
	current string // the header's value; "" before the secret was read
	readAt  time.Time
}

// Authorize sets the header.
func (h *header) Authorize(ctx context.Context, r *http.Request, _ []byte) *sink.Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == "" {
		if failure := h.load(ctx); failure != nil {
			return failure
		}
	}
	r.Header.Set(h.key, h.current)
	return nil
}

// Renew reads the secret again, unless that was done less than a minute ago.
func (h *header) Renew(ctx context.Context, r *http.Request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Header.Get(h.key) == h.current && h.now().Sub(h.readAt) >= minReadInterval {
		// Where it cannot be read, the old one stays, and the refusal says enough.
		_ = h.load(ctx)
	}
	return r.Header.Get(h.key) != h.current
}

// load reads the secret.
func (h *header) load(ctx context.Context) *sink.Error {
	secret, err := h.read(ctx)
	h.readAt = h.now()
	if err != nil {
		if failure, ok := errors.AsType[*sink.Error](err); ok {
			return failure
		}
		return transient("%s: read the secret: %w", h.preset, err)
	}
	secret = strings.TrimSpace(secret)
	switch {
	case secret == "":
		return Blocked(SettingSecret, "%s: the secret is empty", h.preset)
	case strings.HasPrefix(secret, "{"):
		return Blocked(SettingSecretField, "%s: the secret is a JSON object, and no field of it is named", h.preset)
	case strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }):
		return Blocked(SettingSecret, "%s: the secret holds characters that a header cannot", h.preset)
	}
	h.current = h.value(secret)
	return nil
}
