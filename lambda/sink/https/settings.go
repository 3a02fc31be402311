package https

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/oktastream/oktastream/lambda/sink"
)

// The settings that a destination can refuse us for, by their names in the CDK app.
const (
	SettingDestination = "destination"
	SettingEndpoint    = "endpoint"
	SettingSite        = "site" // of Datadog
	SettingSecret      = "secret"
	SettingSecretField = "secretField"
	SettingAuth        = "auth"
	SettingIndex       = "index"
	SettingAck         = "ack"
	SettingDataStream  = "dataStream"
	SettingFormat      = "format"
	SettingCertificate = "caCertificate"
)

// Blocked returns the error of a destination that refuses us for a setting of ours.
func Blocked(setting, format string, args ...any) *sink.Error {
	return &sink.Error{Kind: sink.Blocked, Err: fmt.Errorf(format+": correct the setting %s", append(args, setting)...)}
}

// transient returns the error of a call that may succeed in a moment.
func transient(format string, args ...any) *sink.Error {
	return &sink.Error{Kind: sink.Transient, Err: fmt.Errorf(format, args...)}
}

// parseEndpoint reads the setting endpoint: https, or http to the loopback interface.
func parseEndpoint(text string) (*url.URL, error) {
	const hint = SettingEndpoint + " must be an https URL such as https://HOST:PORT"
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, errors.New(hint + "; it is empty")
	case err != nil: // its text quotes the URL, which may hold a password
		return nil, errors.New(hint + "; it cannot be read as a URL")
	case u.User != nil:
		return nil, errors.New(hint + ", without a user and a password: they belong into the secret")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New(hint + ", without ? and #")
	case u.Hostname() == "":
		return nil, errors.New(hint + "; it has no host")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, errors.New(hint + "; plain http is for 127.0.0.1, ::1 and localhost only")
	}
	return nil, errors.New(hint)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// under returns endpoint with path at its end. What endpoint has from marker on, the
// part of path that a full URL holds, is replaced.
func under(endpoint *url.URL, marker, path string) *url.URL {
	u := *endpoint
	base, _, _ := strings.Cut(u.Path, marker)
	u.Path, u.RawPath = strings.TrimRight(base, "/")+path, ""
	return &u
}

// Fault is what is wrong with a setting.
type Fault struct {
	Setting string
	Text    string
}

func (f *Fault) Error() string { return f.Text }

// Faults returns all that is wrong with the settings. hasSecret says whether there is a
// secret.
func (c *Config) Faults(hasSecret bool) []Fault {
	_, _, _, faults := c.resolve(hasSecret)
	return faults
}

// resolve returns what the settings mean, and all that is wrong with them. Without such a
// preset p is its zero value.
func (c *Config) resolve(hasSecret bool) (p Preset, u *url.URL, auth Auth, faults []Fault) {
	p, ok := presetOf(c.Preset)
	if !ok {
		return p, nil, auth, []Fault{{SettingDestination, fmt.Sprintf("unknown HTTPS destination %q", c.Preset)}}
	}
	u, err := parseEndpoint(c.Endpoint)
	if err == nil {
		u, err = p.URL(c, u)
	}
	if own, ok := errors.AsType[*Fault](err); ok {
		faults = append(faults, *own)
	} else if err != nil {
		faults = append(faults, Fault{SettingEndpoint, err.Error()})
	}
	auth, err = p.auth(c.Auth)
	switch {
	case err != nil:
		faults = append(faults, Fault{SettingAuth, err.Error()})
	case auth.Secret && !hasSecret:
		faults = append(faults, Fault{SettingSecret, "the secret is missing: the destination needs a token or key"})
	}
	return p, u, auth, faults
}
