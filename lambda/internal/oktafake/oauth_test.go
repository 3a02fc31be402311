package oktafake_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

const readLogs = "okta.logs.read"

// app is a service app in a test: what it signs can be changed.
type app struct {
	*world
	key       crypto.Signer
	alg       jose.SignatureAlgorithm
	assertion map[string]any // claims; set to nil to leave one out
	scope     string
}

func newApp(t *testing.T, p oktafake.Principal) *app {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newAppWith(t, p, key, jose.ES256)
}

func newAppWith(t *testing.T, p oktafake.Principal, key crypto.Signer, alg jose.SignatureAlgorithm) *app {
	p.Name, p.ClientID, p.Key = "app", "0oaclient", &jose.JSONWebKey{Key: key.Public(), KeyID: "k1"}
	w := newWorld(t, oktafake.Config{RateLimit: 10_000, Principals: []oktafake.Principal{p}})
	return &app{world: w, key: key, alg: alg, assertion: map[string]any{}, scope: readLogs}
}

func reader(dpop bool) oktafake.Principal {
	return oktafake.Principal{Role: oktafake.ReportAdmin, Scopes: []string{readLogs}, DPoP: dpop}
}

// sign makes a JWT of claims, those of change put over them.
func sign(
	t *testing.T, key any, alg jose.SignatureAlgorithm, head map[jose.HeaderKey]any, claims, change map[string]any,
) string {
	t.Helper()
	for name, v := range change {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: head})
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ask asks for a token, with a DPoP proof unless it is "".
func (a *app) ask(proof string) response {
	a.Helper()
	now := a.clock.Now()
	assertion := sign(a.T, a.key, a.alg, map[jose.HeaderKey]any{"kid": "k1"}, map[string]any{
		"iss": "0oaclient", "sub": "0oaclient", "aud": a.url + "/oauth2/v1/token",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": rand.Text(),
	}, a.assertion)
	return a.post(assertion, proof)
}

func (a *app) post(assertion, proof string) response {
	a.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {a.scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	request, err := http.NewRequestWithContext(a.Context(), http.MethodPost, a.url+"/oauth2/v1/token",
		strings.NewReader(form.Encode()))
	if err != nil {
		a.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if proof != "" {
		request.Header.Set("DPoP", proof)
	}
	r := a.send(request)
	var problem struct {
		Error       string
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(r.body, &problem)
	r.code, r.summary = problem.Error, problem.Description
	return r
}

// take reads the token of an answer, and lets get use it.
func (a *app) take(r response) (token string) {
	a.Helper()
	var got struct {
		Type    string `json:"token_type"`
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.Unmarshal(r.body, &got); err != nil || r.status != 200 || got.Expires != 3600 {
		a.Fatalf("%v: %d %s", err, r.status, r.body)
	}
	a.token = got.Type + " " + got.Token
	return got.Token
}

func TestServiceApp(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []*app{
		newApp(t, reader(false)), newAppWith(t, reader(false), key, jose.RS256),
	} {
		a.take(a.ask(""))
		a.clock.advance(time.Hour - time.Second)
		if r := a.logs(); r.status != 200 || !strings.HasPrefix(a.token, "Bearer ") {
			t.Errorf("%s: %d %s", a.alg, r.status, r.body)
		}
		a.clock.advance(time.Second)
		if r := a.logs(); r.status != 401 || r.code != "E0000011" ||
			!strings.Contains(r.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s after 3,600 s: %d %s", a.alg, r.status, r.body)
		}
	}
}

func TestAssertion(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unix := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for name, test := range map[string]struct {
		change func(*app)
		code   string
	}{
		"audience is the default server": {func(a *app) {
			a.assertion["aud"] = a.url + "/oauth2/default/v1/token"
		}, "invalid_client"},
		"audience is the org":      {func(a *app) { a.assertion["aud"] = a.url }, "invalid_client"},
		"expired":                  {func(a *app) { a.assertion["exp"] = unix(0) }, "invalid_client"},
		"without exp":              {func(a *app) { a.assertion["exp"] = nil }, "invalid_client"},
		"exp in more than an hour": {func(a *app) { a.assertion["exp"] = unix(3601 * time.Second) }, "invalid_client"},
		"issued in the future":     {func(a *app) { a.assertion["iat"] = unix(10 * time.Minute) }, "invalid_client"},
		"issuer is another":        {func(a *app) { a.assertion["iss"] = "okta" }, "invalid_client"},
		"unknown client":           {func(a *app) { a.assertion["iss"], a.assertion["sub"] = "x", "x" }, "invalid_client"},
		"key of another":           {func(a *app) { a.key = other }, "invalid_client"},
		"scope is not granted":     {func(a *app) { a.scope = "okta.logStreams.manage" }, "invalid_scope"},
		"no scope":                 {func(a *app) { a.scope = "" }, "invalid_scope"},
		"exp in an hour":           {func(a *app) { a.assertion["exp"] = unix(time.Hour) }, ""},
		"without jti and iat":      {func(a *app) { a.assertion["jti"], a.assertion["iat"] = nil, nil }, ""},
	} {
		a := newApp(t, reader(false))
		test.change(a)
		if r := a.ask(""); r.code != test.code || (r.status == 200) != (test.code == "") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}

	a := newApp(t, reader(false))
	a.assertion["jti"] = "once"
	a.take(a.ask(""))
	if r := a.ask(""); r.code != "invalid_client" || !strings.Contains(r.summary, "jti") {
		t.Errorf("jti used again: %d %s", r.status, r.body)
	}
	symmetric := sign(t, []byte(strings.Repeat("k", 32)), jose.HS256, nil, map[string]any{
		"iss": "0oaclient", "sub": "0oaclient", "aud": a.url + "/oauth2/v1/token", "exp": unix(time.Minute),
	}, nil)
	if r := a.post(symmetric, ""); r.code != "invalid_client" {
		t.Errorf("symmetric signature: %d %s", r.status, r.body)
	}
}

// proof makes a DPoP proof of the app's own key, with claims changed.
func (a *app) proof(method, path, token, nonce string, change map[string]any) string {
	a.Helper()
	claims := map[string]any{
		"htm": method, "htu": a.url + path, "iat": a.clock.Now().Unix(), "jti": rand.Text(),
	}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	head := map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: a.key.Public()}}
	return sign(a.T, a.key, a.alg, head, claims, change)
}

func (a *app) askWithProof(nonce string) response {
	return a.ask(a.proof(http.MethodPost, "/oauth2/v1/token", "", nonce, nil))
}

func (a *app) logsWithProof(proof string) response {
	a.Helper()
	request, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.url+"/api/v1/logs?limit=1", nil)
	if err != nil {
		a.Fatal(err)
	}
	request.Header.Set("Authorization", a.token)
	if proof != "" {
		request.Header.Set("DPoP", proof)
	}
	return a.send(request)
}

// The first proof gets a nonce, the second holds it; then each call needs a proof
// of its own, by the same key.
func TestDPoP(t *testing.T) {
	a := newApp(t, reader(true))
	if r := a.ask(""); r.status != 400 || r.code != "invalid_dpop_proof" {
		t.Errorf("without a proof: %d %s", r.status, r.body)
	}
	r := a.askWithProof("")
	nonce := r.header.Get("dpop-nonce")
	if r.status != 400 || r.code != "use_dpop_nonce" || nonce == "" {
		t.Fatalf("without a nonce: %d %s", r.status, r.body)
	}
	if r := a.askWithProof("made-up"); r.code != "use_dpop_nonce" {
		t.Errorf("with a separate nonce: %d %s", r.status, r.body)
	}
	token := a.take(a.askWithProof(nonce))
	if !strings.HasPrefix(a.token, "DPoP ") {
		t.Fatalf("token %s", a.token)
	}
	proof := func(change map[string]any) string {
		return a.proof(http.MethodGet, "/api/v1/logs", token, "", change)
	}
	used := proof(nil)
	if r := a.logsWithProof(used); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	otherKey := *a
	otherKey.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for name, text := range map[string]string{
		"no proof":             "",
		"jti used again":       used,
		"htm of another call":  proof(map[string]any{"htm": "POST"}),
		"htu with the query":   proof(map[string]any{"htu": a.url + "/api/v1/logs?limit=1"}),
		"ath of another token": a.proof(http.MethodGet, "/api/v1/logs", "other", "", nil),
		"no ath":               proof(map[string]any{"ath": nil}),
		"too old":              proof(map[string]any{"iat": start.Add(-6 * time.Minute).Unix()}),
		"another key":          otherKey.proof(http.MethodGet, "/api/v1/logs", token, "", nil),
		"signature changed":    swapSignature(proof(nil), proof(nil)),
	} {
		r := a.logsWithProof(text)
		if r.status != 400 || !strings.Contains(r.header.Get("WWW-Authenticate"), `error="invalid_dpop_proof"`) {
			t.Errorf("%s: %d %s", name, r.status, r.header.Get("WWW-Authenticate"))
		}
	}
	a.token = "Bearer " + token
	if r := a.logsWithProof(""); r.status != 401 {
		t.Errorf("a bound token as Bearer: %d", r.status)
	}
	a.clock.advance(24*time.Hour + time.Second)
	if r := a.askWithProof(nonce); r.code != "use_dpop_nonce" || r.header.Get("dpop-nonce") == nonce {
		t.Errorf("a nonce of yesterday: %d %s", r.status, r.body)
	}
}

func swapSignature(a, b string) string {
	return a[:strings.LastIndex(a, ".")] + b[strings.LastIndex(b, "."):]
}

func TestRights(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	for _, token := range []string{"", "secret", "SSWS ", "SSWS wrong", "Bearer secret", "Basic c2VjcmV0"} {
		w.token = token
		if r := w.logs(); r.status != 401 || r.code != "E0000011" {
			t.Errorf("Authorization %q: %d %s", token, r.status, r.body)
		}
	}
	for name, p := range map[string]oktafake.Principal{
		"no role":  {Scopes: []string{readLogs}},
		"no scope": {Role: oktafake.SuperAdmin, Scopes: []string{"okta.users.read"}},
	} {
		a := newApp(t, p)
		a.scope = p.Scopes[0]
		a.take(a.ask(""))
		if r := a.logs(); r.status != 403 || r.code != "E0000006" ||
			strings.Contains(r.header.Get("WWW-Authenticate"), "insufficient_scope") != (name == "no scope") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	a := newApp(t, oktafake.Principal{Role: oktafake.ReportAdmin, Scopes: []string{"okta.logStreams.read"}})
	a.scope = "okta.logStreams.read"
	a.take(a.ask(""))
	if r := a.do(http.MethodGet, a.url+"/api/v1/logStreams"); r.status != 403 {
		t.Errorf("log streams by a Report Admin: %d", r.status)
	}
}
