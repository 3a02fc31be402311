package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
)

const (
	endpointToken = "7f3c5f0e-5a1e-4b7e-9f0e-0f0f0f0f0f0f"
	password      = "oktastream:canary"
)

// endpointWorld is a pipeline to an HTTPS destination that works, before it is broken.
type endpointWorld struct {
	t        *testing.T
	cloud    *awsfake.Cloud
	d        *Doctor
	p        Pipeline
	function awsfake.LambdaFunction
	handler  http.Handler
	ends     time.Time // of the certificate
	names    map[string]bool
	faults   func(awsfake.Call) awsfake.Fault
}

func newEndpointWorld(t *testing.T, destination string, handler http.Handler, more ...string) *endpointWorld {
	w := &endpointWorld{
		t: t, cloud: awsfake.New(t, awsfake.Options{}), handler: handler, ends: time.Now().Add(90 * 24 * time.Hour),
		names: map[string]bool{"127.0.0.1": true}, p: Pipeline{Name: "okta-" + destination, Function: "okta-f"},
	}
	sdk := w.cloud.Config()
	w.d = &Doctor{
		Stack: Stack{Name: "okta", Region: "us-east-1"}, Now: time.Now,
		Lambda: awshttp.New(sdk, awshttp.Service{ID: "Lambda", Name: "lambda"}, awshttp.Options{}),
		Endpoints: Endpoints{
			Secrets: secretsmanager.NewFromConfig(sdk), Credentials: sdk.Credentials, Resolver: w,
		},
	}
	w.function = awsfake.LambdaFunction{State: "Active", LastUpdateStatus: "Successful", Variables: map[string]string{
		"OKTASTREAM_PIPELINE": w.p.Name, "OKTASTREAM_ACCOUNT": "111122223333", "OKTASTREAM_DESTINATION": destination,
		"OKTASTREAM_SOURCE":     "aws.partner/okta.com/acme/oktastream",
		"OKTASTREAM_BUFFER_URL": "https://sqs.us-east-1.amazonaws.com/111122223333/buffer",
		"OKTASTREAM_DEAD_URL":   "https://sqs.us-east-1.amazonaws.com/111122223333/dead",
		"OKTASTREAM_SECRET":     "okta/secret", "OKTASTREAM_MAX_RECEIVE_COUNT": "60",
	}}
	for i := 0; i+1 < len(more); i += 2 {
		w.function.Variables["OKTASTREAM_"+more[i]] = more[i+1]
	}
	w.cloud.SetSecret("okta/secret", endpointToken)
	return w
}

// LookupHost is the Resolver.
func (w *endpointWorld) LookupHost(_ context.Context, host string) ([]string, error) {
	if !w.names[host] {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []string{"127.0.0.1"}, nil
}

// start serves the destination over TLS, by a certificate of a CA of its own.
func (w *endpointWorld) start() {
	w.t.Helper()
	ca, leaf := issue(w.t, w.ends)
	server := httptest.NewUnstartedServer(w.handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	server.StartTLS()
	w.t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"OKTASTREAM_ENDPOINT": server.URL, "OKTASTREAM_CA_CERTIFICATE": base64.StdEncoding.EncodeToString(ca.Raw),
	} {
		if _, set := w.function.Variables[name]; !set {
			w.function.Variables[name] = value
		}
	}
	w.function.Variables["OKTASTREAM_ENDPOINT"] = strings.ReplaceAll(w.function.Variables["OKTASTREAM_ENDPOINT"],
		"PORT", server.URL[strings.LastIndexByte(server.URL, ':')+1:])
	if w.function.State != "" {
		w.cloud.SetFunction(w.p.Function, &w.function)
	}
	w.cloud.SetFaults(w.faults)
}

// issue makes a CA, and a certificate of it for 127.0.0.1 that ends then.
func issue(t *testing.T, ends time.Time) (*x509.Certificate, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a private CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: ends.Add(-365 * 24 * time.Hour), NotAfter: ends.Add(365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: ends.Add(-365 * 24 * time.Hour), NotAfter: ends,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"hec.example.com"},
	}
	raw, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.CreateCertificate(rand.Reader, own, authority, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return ca, tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: key}
}

func hec() http.Handler { return httpsfake.NewHEC(httpsfake.HECOptions{Token: endpointToken}) }

func searchEngine(elastic bool, indexes ...string) http.Handler {
	bulk := httpsfake.NewBulk(httpsfake.BulkOptions{Elasticsearch: elastic, DataStreams: []string{"logs-okta.system-*"}})
	for _, name := range indexes {
		bulk.AddIndex(name)
	}
	bulk.SetAuthorization("Basic " + base64.StdEncoding.EncodeToString([]byte(password)))
	return bulk
}

// Each break of a destination over HTTPS is named, with the next step; what could not be
// looked at says with which permission.
func TestEndpoint(t *testing.T) {
	denied := func(operation, code string) func(*endpointWorld) {
		return func(w *endpointWorld) {
			w.faults = func(c awsfake.Call) awsfake.Fault {
				if c.Operation == operation {
					return awsfake.Fault{Code: code}
				}
				return awsfake.Fault{}
			}
		}
	}
	set := func(name, value string) func(*endpointWorld) {
		return func(w *endpointWorld) { w.function.Variables["OKTASTREAM_"+name] = value }
	}
	secret := func(value string) func(*endpointWorld) {
		return func(w *endpointWorld) { w.cloud.SetSecret("okta/secret", value) }
	}
	fails := func(f httpsfake.Fault) func(*endpointWorld) {
		return func(w *endpointWorld) {
			w.handler = httpsfake.WithFaults(w.handler, func(*http.Request) httpsfake.Fault { return f })
		}
	}
	vpc := func(w *endpointWorld) { w.function.Subnets = []string{"subnet-1"} }
	splunk := func(t *testing.T) *endpointWorld { return newEndpointWorld(t, "splunk", hec()) }
	opensearch := func(t *testing.T) *endpointWorld {
		w := newEndpointWorld(t, "opensearch", searchEngine(false, "okta"), "AUTH", "basic")
		w.cloud.SetSecret("okta/secret", password)
		return w
	}
	elastic := func(t *testing.T) *endpointWorld {
		w := newEndpointWorld(t, "elastic", searchEngine(true), "AUTH", "basic")
		w.cloud.SetSecret("okta/secret", password)
		return w
	}
	for name, test := range map[string]struct {
		open   func(*testing.T) *endpointWorld
		breaks []func(*endpointWorld)
		status Status
		seen   string
		next   string
		action string
	}{
		"splunk":     {splunk, nil, OK, "certificate for 89 more days; the token is accepted", "", ""},
		"opensearch": {opensearch, nil, OK, "okta exists", "", ""},
		"elastic":    {elastic, nil, OK, "which the first event makes", "", ""},
		"index of a token": {splunk, []func(*endpointWorld){set("INDEX", "okta")}, OK,
			"the token is accepted (not seen: whether the token may write to index okta", "", ""},
		"certificate expired": {splunk, []func(*endpointWorld){func(w *endpointWorld) { w.ends = time.Now().Add(-time.Hour) }},
			Broken, "expired at", "renew the certificate", ""},
		"certificate expires soon": {splunk,
			[]func(*endpointWorld){func(w *endpointWorld) { w.ends = time.Now().Add(100 * time.Hour) }},
			OK, "certificate for 4 more days", "renew the certificate of 127.0.0.1 before", ""},
		"another CA": {splunk, []func(*endpointWorld){func(w *endpointWorld) {
			ca, _ := issue(w.t, w.ends)
			set("CA_CERTIFICATE", base64.StdEncoding.EncodeToString(ca.Raw))(w)
		}}, Broken, "is of an unknown CA", "caCertificate", ""},
		"certificate of another host": {splunk, []func(*endpointWorld){set("ENDPOINT", "https://localhost:PORT"),
			func(w *endpointWorld) { w.names["localhost"] = true }}, Broken, "is for hec.example.com", "setting endpoint", ""},
		"name does not resolve": {splunk, []func(*endpointWorld){set("ENDPOINT", "https://hec.example.com:8088")}, Broken,
			"host hec.example.com does not resolve", "correct the setting endpoint", ""},
		"name does not resolve, in a VPC": {splunk,
			[]func(*endpointWorld){set("ENDPOINT", "https://hec.example.com:8088"), vpc}, NotLookedAt,
			"from this machine; the function is in a VPC", "a machine in that VPC", ""},
		"nothing listens": {splunk, []func(*endpointWorld){set("ENDPOINT", "https://127.0.0.1:1")}, Broken,
			"no TLS connection to 127.0.0.1:1", "check that the host is up", ""},
		"token wrong": {splunk, []func(*endpointWorld){secret("another")}, Broken, "code 4, invalid token",
			"put the right value into secret okta/secret", ""},
		"a proxy answers": {splunk, []func(*endpointWorld){fails(httpsfake.Page(404))}, Broken, "not that of the destination",
			"the setting endpoint", ""},
		"the destination has a problem": {splunk, []func(*endpointWorld){fails(httpsfake.HECFault(9))}, Broken,
			"server is busy", "events wait in the buffer queue", ""},
		"secret gone": {splunk, []func(*endpointWorld){set("SECRET", "okta/gone")}, Broken, "secret okta/gone does not exist",
			"create-secret --name okta/gone", ""},
		"secret not allowed": {splunk, []func(*endpointWorld){denied("GetSecretValue", "AccessDeniedException")}, NotLookedAt,
			getSecretValue, "ask for", getSecretValue},
		"settings not allowed": {splunk, []func(*endpointWorld){denied("GetFunctionConfiguration", "AccessDeniedException")},
			NotLookedAt, getFunctionConfiguration, "ask for", getFunctionConfiguration},
		"function gone": {splunk, []func(*endpointWorld){func(w *endpointWorld) { w.function.State = "" }}, NotLookedAt,
			"does not exist", "", ""},
		"settings not valid": {splunk, []func(*endpointWorld){set("ACK", "maybe")}, NotLookedAt, "OKTASTREAM_ACK", "deploy", ""},
		"password wrong": {opensearch, []func(*endpointWorld){secret("oktastream:another")}, Broken, "are not accepted",
			"secret okta/secret", ""},
		"index missing": {opensearch, []func(*endpointWorld){set("INDEX", "okta-2")}, Broken, "there is no okta-2",
			"the setting index", ""},
		"key wrong": {elastic, []func(*endpointWorld){secret("oktastream:another")}, Broken, "is not accepted (HTTP 401)",
			"secret okta/secret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := test.open(t)
			for _, change := range test.breaks {
				change(w)
			}
			w.start()
			report := run(t, w.d.endpoint(w.p)...)
			found := 0
			for _, line := range report.Lines {
				if line.Status == test.status && strings.Contains(line.Seen, test.seen) &&
					strings.Contains(line.Next, test.next) && line.Action == test.action {
					found++
				} else if line.Status != OK {
					found = -1
				}
			}
			if found != 1 {
				t.Errorf("%+v", report.Lines)
			}
			if out := text(t, report); strings.Contains(out, "canary") || strings.Contains(out, endpointToken) {
				t.Errorf("a secret is printed:\n%s", out)
			}
		})
	}
}
