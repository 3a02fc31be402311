package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// getSecretValue is the IAM action of reading the secret of a destination.
const getSecretValue = "secretsmanager:GetSecretValue"

const (
	// dialTimeout bounds the resolution of a name, and a connection with its handshake.
	dialTimeout = 5 * time.Second
	// expiresSoon is how long before a certificate expires the next step is to renew it.
	expiresSoon = 21 * 24 * time.Hour
)

// Resolver resolves host names. It is a *net.Resolver.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// endpoint looks at a destination over HTTPS: the name and the certificate of its host, then whether
// the destination accepts the secret, and whether the index exists. The settings are those of the
// function's environment.
func (d *Doctor) endpoint(p Pipeline) []Check {
	e := &endpointChecks{d: d, p: p}
	return []Check{
		{Link: Destination, Pipeline: p.Name, Look: e.found},
		{Link: Destination, Pipeline: p.Name, Look: e.accepts, Budget: 2 * budget},
	}
}

// endpointChecks are the two checks of one endpoint, which share the settings and the host.
type endpointChecks struct {
	d *Doctor
	p Pipeline

	once  sync.Once
	c     config.Config
	inVPC bool   // the function is in a VPC, and may reach what this machine does not
	proxy bool   // this machine reaches the host through a proxy
	host  Result // of the host
}

// found reads the settings and looks at the host, once, and returns the result of the host.
func (e *endpointChecks) found(ctx context.Context) Result {
	e.once.Do(func() {
		f, err := e.d.configuration(ctx, e.p)
		if err != nil {
			e.host = failed(getFunctionConfiguration, err,
				Unseen(Unclear, "the function, which has the settings, does not exist", ""))
			return
		}
		e.c, err = config.Read(func(name string) string {
			if name == "AWS_REGION" { // which Lambda sets
				return e.d.Stack.Region
			}
			return f.Environment.Variables[name]
		})
		if err != nil {
			e.host = Unseen(Unclear, "the function's settings are not valid: "+err.Error(), e.d.Stack.deploy())
			return
		}
		e.inVPC = len(f.VpcConfig.SubnetIDs) > 0
		e.host = e.reachable(ctx)
	})
	return e.host
}

// reachable looks at the host of the endpoint.
func (e *endpointChecks) reachable(ctx context.Context) Result {
	u, err := url.Parse(e.c.HTTPS.Endpoint)
	if err != nil { // config.Read has parsed it
		return Unseen(Unclear, "the endpoint is not a URL", "correct the setting endpoint")
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err == nil && proxy != nil {
		e.proxy = true
		return Unseen(Unclear, "name and certificate of "+u.Hostname()+": this machine reaches it through a proxy", "")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	if _, err := e.d.Resolver.LookupHost(ctx, u.Hostname()); err != nil {
		return e.unreachable("host "+u.Hostname()+" does not resolve", "correct the setting "+e.where())
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	address := net.JoinHostPort(u.Hostname(), port)
	if u.Scheme == "http" { // of the loopback interface
		return Fine("host " + u.Hostname())
	}
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: https.TLS(e.c.HTTPS.CACertificates)}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return e.handshake(address, err)
	}
	defer c.Close()
	until := c.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter
	left := until.Sub(e.d.Now())
	result := Fine(fmt.Sprintf("host %s, certificate for %d more days", u.Hostname(), int(left.Hours()/24)))
	if left < expiresSoon {
		result.Next = "renew the certificate of " + u.Hostname() + " before " + atMinute(until)
	}
	return result
}

// where returns the name of the setting that has the address of the destination.
func (e *endpointChecks) where() string {
	if e.c.Destination == config.Datadog {
		return https.SettingSite
	}
	return https.SettingEndpoint
}

// unreachable returns the result of a host that this machine does not reach. A function in a VPC may
// reach it.
func (e *endpointChecks) unreachable(seen, next string) Result {
	if e.inVPC {
		return Unseen(NoAnswer, seen+" from this machine; the function is in a VPC", "run doctor on a machine in that VPC")
	}
	return Fault(seen, next)
}

// handshake says why there is no TLS connection.
func (e *endpointChecks) handshake(address string, err error) Result {
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	name, isName := errors.AsType[x509.HostnameError](err)
	_, isPlain := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isInvalid && invalid.Reason == x509.Expired && e.d.Now().After(invalid.Cert.NotAfter):
		return Fault("certificate of "+address+" expired at "+atMinute(invalid.Cert.NotAfter), "renew the certificate")
	case isInvalid && invalid.Reason == x509.Expired:
		return Fault("certificate of "+address+" is not valid before "+atMinute(invalid.Cert.NotBefore),
			"check the clocks of this machine and of the host")
	case isUnknown:
		return Fault("certificate of "+address+" is of an unknown CA",
			"for a private CA deploy with its certificate: -c caCertificate=FILE")
	case isName:
		return Fault(fmt.Sprintf("certificate of %s is for %s", address, strings.Join(name.Certificate.DNSNames, ", ")),
			"correct the setting "+e.where()+", or the certificate")
	case isPlain:
		return Fault(address+" does not speak TLS", "correct the setting "+e.where()+", above all its port")
	}
	return e.unreachable(fmt.Sprintf("no TLS connection to %s: %v", address, sink.NoResponse(err, 0)),
		"check that the host is up and accepts connections from this machine")
}

// accepts asks the destination whether it accepts the secret.
func (e *endpointChecks) accepts(ctx context.Context) Result {
	if host := e.found(ctx); host.Status != OK && !e.proxy {
		return Result{Status: OK} // the check of the host reports it
	}
	secrets := &noteError{api: e.d.Secrets}
	clients := config.Clients{Secrets: secrets, Credentials: e.d.Credentials, HTTP: e.d.HTTP}
	loop, err := e.c.NewLoop(clients, e.d.Now, 0)
	if err != nil {
		return Unseen(Unclear, "the function's settings are not valid: "+err.Error(), e.d.Stack.deploy())
	}
	s, ok := loop.Sink.(*https.Sink)
	if !ok {
		return Result{Status: OK}
	}
	report, failure := s.Check(ctx)
	switch {
	case secrets.err != nil:
		return failed(getSecretValue, secrets.err, Fault("secret "+e.c.Secret+" does not exist",
			"make it: aws secretsmanager create-secret --name "+e.c.Secret))
	case failure != nil && ctx.Err() != nil:
		return Unseen(NoAnswer, string(e.c.Destination)+": no answer in time", "run it again")
	case failure != nil && failure.Kind == sink.Unknown:
		return Unseen(Unclear, failure.Error(), "try it with a file of events: oktastream run --to "+string(e.c.Destination))
	case failure != nil:
		return e.refused(failure)
	case report.Seen == "":
		return Unseen(NoPermission, "not seen: "+report.Unseen, "it is the role of the function that needs this access")
	case report.Unseen != "":
		return Fine(report.Seen + " (not seen: " + report.Unseen + ")")
	}
	return Fine(report.Seen)
}

// refused returns the result of a destination that does not accept what the function sends.
func (e *endpointChecks) refused(failure *sink.Error) Result {
	seen, setting, found := strings.Cut(failure.Error(), ": correct the setting ")
	switch {
	case failure.Kind != sink.Blocked:
		return Fault(seen, "look at the destination's own status; events wait in the buffer queue")
	case setting == https.SettingSecret:
		return Fault(seen, "put the right value into secret "+e.c.Secret+": the function reads it again without a deployment")
	case found:
		return Fault(seen, "correct it, or the setting "+setting+" and deploy")
	}
	return Fault(seen, "see the section of "+string(e.c.Destination)+" in lambda/sink/https/README.md")
}

// noteError keeps the error of reading the secret with the caller's credentials, which says nothing
// about those of the function.
type noteError struct {
	api config.SecretsAPI
	err error
}

func (n *noteError) GetSecretValue(
	ctx context.Context, in *secretsmanager.GetSecretValueInput, options ...func(*secretsmanager.Options),
) (*secretsmanager.GetSecretValueOutput, error) {
	out, err := n.api.GetSecretValue(ctx, in, options...)
	n.err = err
	return out, err
}

// Endpoints are the clients that endpoints over HTTPS are looked at with.
type Endpoints struct {
	Secrets     config.SecretsAPI
	Credentials aws.CredentialsProvider // sign requests to OpenSearch
	Resolver    Resolver
	HTTP        *http.Client // nil is that of the sink
}
