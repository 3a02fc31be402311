package systemlog_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// keyForms are a private key in each form that is read.
func keyForms(t *testing.T, key crypto.Signer) map[string][]byte {
	t.Helper()
	forms := map[string][]byte{
		"PKCS #8": pemOf(key),
		"JWK":     must(json.Marshal(jose.JSONWebKey{Key: key, KeyID: "k1"})),
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		forms["PKCS #1"] = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
	case *ecdsa.PrivateKey:
		forms["SEC 1"] = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(k))})
	}
	return forms
}

// A service app reads with each kind and form of key, with DPoP and without, and renews
// its access token in the middle of a read.
func TestServiceApp(t *testing.T) {
	for _, key := range []crypto.Signer{rsaKey(), ecKey(), must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))} {
		for form, text := range keyForms(t, key) {
			for _, dpop := range []bool{false, true} {
				if dpop && form != "JWK" {
					continue // the form of the key and DPoP do not meet
				}
				t.Run(fmt.Sprintf("%T %s DPoP %v", key, form, dpop), func(t *testing.T) {
					w := newWorld(t, oktafake.Config{RateLimit: 4, Principals: []oktafake.Principal{app(key, dpop, "okta.logs.read")}})
					w.Generate(oktafake.Load{Since: start, Span: 6 * time.Hour, PerHour: 25, Seed: 1})
					auth, err := systemlog.ParseKey(clientID, "", text)
					if err != nil {
						t.Fatal(err)
					}
					c := w.client(t, func(c *systemlog.Config) { c.Auth, c.PageSize = auth, 1 })
					began := w.clock.Now()
					// 150 events at 2 a minute take an hour and a quarter.
					compare(t, readAll(t, c.Bounded(start, start.Add(6*time.Hour))), w.want(start, start.Add(6*time.Hour)))
					if took := w.clock.Now().Sub(began); took < time.Hour {
						t.Fatalf("the read took %v: no token had to be renewed", took)
					}
					want := 2 // tokens
					if dpop {
						want = 4 // without a proof, without a nonce, with one, renewed
					}
					if n := w.Calls("/oauth2/v1/token"); n != want {
						t.Errorf("%d requests of a token, want %d", n, want)
					}
					if n := w.statuses[http.StatusUnauthorized]; n > 0 {
						t.Errorf("%d answers of status 401", n)
					}
				})
			}
		}
	}
}

// A token that Okta takes back in the middle of a read is renewed.
func TestRevokedTokenIsRenewed(t *testing.T) {
	w := newWorld(t, oktafake.Config{Principals: []oktafake.Principal{app(ecKey(), true, "okta.logs.read")}})
	w.Generate(load(10))
	w.SetFaults(func(c oktafake.Call) oktafake.Fault {
		if c.Path == "/api/v1/logs" && c.N%5 == 3 {
			return oktafake.Fault{Status: http.StatusUnauthorized, Code: "E0000011"}
		}
		return oktafake.Fault{}
	})
	auth := must(systemlog.ParseKey(clientID, "k1", pemOf(ecKey())))
	c := w.client(t, func(c *systemlog.Config) { c.Auth, c.PageSize = auth, 6 })
	compare(t, readAll(t, c.Bounded(start, start.Add(6*time.Hour))), w.want(start, start.Add(6*time.Hour)))
}

// Each setting of Okta that is wrong is an error that says which, and the next step.
func TestWhatIsWrongIsNamed(t *testing.T) {
	noRole := app(ecKey(), false, "okta.logs.read")
	noRole.Role = oktafake.NoRole
	key := func(c *systemlog.Config) { c.Auth = must(systemlog.ParseKey(clientID, "", pemOf(ecKey()))) }
	for name, test := range map[string]struct {
		who    oktafake.Principal
		change func(*systemlog.Config)
		fault  oktafake.Fault
		skew   time.Duration
		kind   systemlog.Kind
		says   string // in the error or the step
	}{
		"wrong token":          {who: oktafake.Principal{Token: "another", Role: oktafake.ReportAdmin}, kind: systemlog.WrongToken, says: "new API token"},
		"token without a role": {who: oktafake.Principal{Token: token}, kind: systemlog.MissingRole, says: "Report Administrator"},
		"app without the scope": {who: app(ecKey(), false, "okta.users.read"), change: key, kind: systemlog.MissingScope,
			says: "Okta API Scopes"},
		"app without a role": {who: noRole, change: key, kind: systemlog.MissingRole, says: "Report Administrator"},
		"another key": {who: app(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), false, "okta.logs.read"), change: key,
			kind: systemlog.WrongToken, says: "public key"},
		"an unknown client id": {who: app(ecKey(), false, "okta.logs.read"), kind: systemlog.WrongToken, says: "client id",
			change: func(c *systemlog.Config) { c.Auth = must(systemlog.ParseKey("0oaother", "", pemOf(ecKey()))) }},
		"clock two hours ahead": {who: app(ecKey(), false, "okta.logs.read"), change: key, skew: 2 * time.Hour,
			kind: systemlog.ClockSkew, says: "2h0m0s ahead"},
		"clock two hours behind": {who: app(ecKey(), true, "okta.logs.read"), change: key, skew: -2 * time.Hour,
			kind: systemlog.ClockSkew, says: "2h0m0s behind"},
		"a page of HTML": {fault: oktafake.Fault{HTML: true}, kind: systemlog.WrongURL, says: "https://ORG.okta.com"},
		"not found":      {fault: oktafake.Fault{Status: 404, Code: "E0000007"}, kind: systemlog.WrongURL, says: "https://ORG.okta.com"},
		"any other refusal": {fault: oktafake.Fault{Status: 400, Code: "E0000031", Summary: "Invalid search criteria."},
			kind: systemlog.Refused, says: "Invalid search criteria."},
		"always an error":     {fault: oktafake.Fault{Status: 503}, kind: systemlog.Unavailable, says: "gave up after 10 tries"},
		"always cut":          {fault: oktafake.Fault{Cut: true}, kind: systemlog.Unavailable, says: "gave up after 10 tries"},
		"always a time-out":   {fault: oktafake.Fault{Status: 500, Code: "E0000009"}, kind: systemlog.QueryTimeout, says: "shorter"},
		"always concurrency":  {fault: oktafake.Fault{Concurrency: true}, kind: systemlog.RateLimited, says: "at the same time"},
		"always a rate limit": {fault: oktafake.Fault{Status: 429, Code: "E0000047"}, kind: systemlog.RateLimited, says: "lower the rate"},
	} {
		t.Run(name, func(t *testing.T) {
			config := oktafake.Config{RateLimit: 1000}
			if test.who.Token != "" || test.who.ClientID != "" {
				test.who.Name = "app"
				config.Principals = []oktafake.Principal{test.who}
			}
			w := newWorld(t, config)
			w.Generate(load(10))
			w.clock.skew = test.skew
			w.SetFaults(func(oktafake.Call) oktafake.Fault { return test.fault })
			began := w.clock.Now()
			_, err := w.client(t, test.change).Bounded(start, start.Add(6*time.Hour)).Next(t.Context())
			step := stepOf(err)
			if systemlog.KindOf(err) != test.kind || step == "" || !strings.Contains(err.Error()+"\n"+step, test.says) {
				t.Errorf("kind %d, want %d: %v\n%s", systemlog.KindOf(err), test.kind, err, step)
			}
			if took := w.clock.Now().Sub(began); took > 20*time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// What is read as a secret, and what is not. No error holds any of it.
func TestCredentials(t *testing.T) {
	pemText := string(pemOf(ecKey()))
	jwk := string(must(json.Marshal(jose.JSONWebKey{Key: ecKey(), KeyID: "k1"})))
	public := string(must(json.Marshal(jose.JSONWebKey{Key: ecKey().Public(), KeyID: "k1"})))
	quoted := string(must(json.Marshal(pemText)))
	small := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(smallKey())}))
	tokenOf := func(text string) error { _, err := systemlog.ParseToken([]byte(text)); return err }
	keyOf := func(text string) error { _, err := systemlog.ParseKey(clientID, "", []byte(text)); return err }
	secretOf := func(text string) error { _, err := systemlog.ParseSecret([]byte(text)); return err }
	for name, test := range map[string]struct {
		parse func(string) error
		text  string
		says  string // of the error; "" for none
	}{
		"a token":                 {tokenOf, token, ""},
		"a token with a line end": {tokenOf, token + "\r\n", ""},
		"a token with its scheme": {tokenOf, "SSWS " + token, ""},
		"an empty file":           {tokenOf, " \n", "empty"},
		"two lines":               {tokenOf, token + "\n" + token, "blanks"},
		"a key for a token":       {tokenOf, pemText, "--key-file"},
		"JSON for a token":        {tokenOf, `{"token":"` + token + `"}`, "--key-file"},
		"a token for a key":       {keyOf, token, "neither PEM nor a JWK"},
		"a public key":            {keyOf, public, "public key"},
		"a public key in PEM":     {keyOf, strings.ReplaceAll(pemText, "PRIVATE", "PUBLIC"), "public key"},
		"an encrypted key":        {keyOf, strings.ReplaceAll(pemText, "PRIVATE", "ENCRYPTED PRIVATE"), "passphrase"},
		"a broken key":            {keyOf, pemText[:80] + "\n" + pemText[120:], "private key"},
		"a short RSA key":         {keyOf, small, "1024 bits"},
		"a symmetric key":         {keyOf, `{"kty":"oct","k":"` + token + `"}`, "neither RSA nor EC"},
		"a broken JWK":            {keyOf, jwk[:len(jwk)/2], "JWK"},
		"an algorithm that does not fit": {keyOf, strings.Replace(jwk, `"kid"`, `"alg":"RS256","kid"`, 1),
			"cannot sign"},
		"a secret that is a token":   {secretOf, token, ""},
		"a secret with a token":      {secretOf, `{"token":"` + token + `"}`, ""},
		"a secret with PEM":          {secretOf, `{"client_id":"0oa1","private_key":` + quoted + `,"key_id":"k1"}`, ""},
		"a secret with a JWK":        {secretOf, `{"client_id":"0oa1","private_key":` + jwk + `}`, ""},
		"a secret with a JWK's text": {secretOf, `{"client_id":"0oa1","private_key":` + string(must(json.Marshal(jwk))) + `}`, ""},
		"a secret with both":         {secretOf, `{"token":"` + token + `","client_id":"0oa1","private_key":` + jwk + `}`, "neither"},
		"a secret without an id":     {secretOf, `{"private_key":` + jwk + `}`, "neither"},
		"a secret of other JSON":     {secretOf, `{"token":["` + token + `"]}`, "not JSON"},
	} {
		err := test.parse(test.text)
		text := ""
		if err != nil {
			text = err.Error() + " " + stepOf(err)
		}
		if (err != nil) != (test.says != "") || !strings.Contains(text, test.says) {
			t.Errorf("%s: %v", name, text)
		}
		for _, secret := range []string{token[:12], pemText[60:80], jwk[30:50]} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: the error holds the secret", name)
			}
		}
	}
	if _, err := systemlog.ParseKey("", "", pemOf(ecKey())); err == nil || !strings.Contains(err.Error(), "client id") {
		t.Errorf("a key without a client id: %v", err)
	}
	both := []systemlog.Credentials{must(systemlog.ParseToken([]byte(token))), must(systemlog.ParseKey("0oa1", "", pemOf(ecKey())))}
	for _, c := range both {
		for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q", c, c, c, c), string(must(json.Marshal(c))),
			fmt.Sprintf("%+v", systemlog.Config{Auth: c})} {
			if !strings.Contains(text, "(hidden)") || strings.Contains(text, token) || strings.Contains(text, "0oa1") {
				t.Errorf("credentials print as %s", text)
			}
		}
	}
}
