package systemlog

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// scope is all that reading the System Log needs.
	scope = "okta.logs.read"

	tokenPath     = "/oauth2/v1/token" // of the org's own authorization server
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLife is how long an assertion is valid; Okta takes up to an hour.
	assertionLife = 5 * time.Minute
	// renewBefore is how long before its end an access token is renewed.
	renewBefore = time.Minute
	// maxTokenBody is the length in bytes of the longest response with a token.
	maxTokenBody = 1 << 20
	// maxTokenTries is how often a token is asked for in a row: without DPoP, with a
	// proof, with the nonce that Okta then demands, with a nonce that was renewed.
	maxTokenTries = 4
)

// authorizer authorises requests.
type authorizer struct {
	c           *Client
	credentials Credentials
	scope       string      // that an access token is asked for
	signer      jose.Signer // of assertions; nil with an API token

	access  string // the access token; "" before the first and when it has to be renewed
	scheme  string // Bearer or DPoP
	expires time.Time

	// proofs signs DPoP proofs with a key of its own (RFC 9449); nil until Okta demands
	// them.
	proofs jose.Signer
	nonces map[string]string // Okta's latest nonce by path
}

func newAuthorizer(c *Client, credentials Credentials, scope string) (*authorizer, error) {
	a := &authorizer{c: c, credentials: credentials, scope: scope, nonces: map[string]string{}}
	if credentials.key == nil {
		return a, nil
	}
	var err error
	if a.signer, err = jose.NewSigner(*credentials.key, (&jose.SignerOptions{}).WithType("JWT")); err != nil {
		return nil, credentialError("private key", "it cannot sign", "make a new key")
	}
	return a, nil
}

// what returns the words for the credentials in an error.
func (a *authorizer) what() string {
	if a.signs() {
		return "access token of the service app"
	}
	return "API token"
}

// step returns what to do where Okta does not accept the credentials.
func (a *authorizer) step() string {
	if a.signs() {
		return "check the client id, that the app is active, and that its public key is the one of this private key"
	}
	return "make a new API token (Admin Console: Security, API, Tokens); " +
		"one ends after 30 days without use, or with its user"
}

// scopeStep returns what to do where the app lacks the scope.
func (a *authorizer) scopeStep() string {
	return "grant the app " + a.scope + ": Admin Console, the app, tab Okta API Scopes (a super admin can)"
}

// signs reports whether the client signs, for which the clock has to be right.
func (a *authorizer) signs() bool { return a.signer != nil }

// authorize sets the headers of a request of the API.
func (a *authorizer) authorize(ctx context.Context, r *http.Request) error {
	if !a.signs() {
		r.Header.Set("Authorization", "SSWS "+a.credentials.token)
		return nil
	}
	if a.access == "" || !a.c.now().Before(a.expires.Add(-renewBefore)) {
		if err := a.fetch(ctx); err != nil {
			return err
		}
	}
	r.Header.Set("Authorization", a.scheme+" "+a.access)
	if a.scheme != "DPoP" {
		return nil
	}
	return a.prove(r, a.access)
}

// renew reports whether a request that got a 401 is to be made again, with a new nonce or a new access
// token.
func (a *authorizer) renew(path string, r *http.Response) bool {
	if !a.signs() {
		return false
	}
	if nonce := r.Header.Get("DPoP-Nonce"); nonce != "" &&
		strings.Contains(strings.Join(r.Header.Values("WWW-Authenticate"), " "), "use_dpop_nonce") {
		a.nonces[path] = nonce
		return true
	}
	a.access = ""
	return true
}

// fetch gets an access token by client credentials and private_key_jwt, with DPoP where
// Okta demands it.
func (a *authorizer) fetch(ctx context.Context) error {
	a.access = ""
	for try := 1; ; try++ {
		r, err := a.tokenRequest(ctx)
		if err != nil {
			return err
		}
		response, body, err := a.c.do(r, accessToken, maxTokenBody)
		if err != nil {
			return err
		}
		if response.StatusCode == http.StatusOK {
			return a.accept(response, body)
		}
		code, _, _ := readProblem(body)
		nonce := response.Header.Get("DPoP-Nonce")
		switch {
		case try == maxTokenTries:
		case code == "use_dpop_nonce" && nonce != "" && nonce != a.nonces[tokenPath]:
			a.nonces[tokenPath] = nonce
			if err := a.startDPoP(); err != nil {
				return err
			}
			continue
		case code == "invalid_dpop_proof" && a.proofs == nil:
			if err := a.startDPoP(); err != nil {
				return err
			}
			continue
		}
		return a.responseError(accessToken, response, body)
	}
}

func (a *authorizer) tokenRequest(ctx context.Context) (*http.Request, error) {
	endpoint := *a.c.org
	endpoint.Path = tokenPath
	now := a.c.now()
	assertion, err := sign(a.signer, map[string]any{
		"iss": a.credentials.clientID, "sub": a.credentials.clientID, "aud": endpoint.String(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(), "jti": rand.Text(),
	})
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {a.scope},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion},
	}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a.proofs != nil {
		return r, a.prove(r, "")
	}
	return r, nil
}

// accept keeps the token of a response.
func (a *authorizer) accept(r *http.Response, body []byte) error {
	unreadable := func(detail, step string) error {
		return &Error{Kind: Unreadable, Doing: accessToken, Status: r.StatusCode, Detail: detail, Step: step}
	}
	if html(r) {
		return &Error{Kind: WrongURL, Doing: accessToken, Status: r.StatusCode, Step: urlStep,
			Detail: "the server is not the API of an Okta org: the response is not JSON"}
	}
	var token struct {
		AccessToken string  `json:"access_token"`
		TokenType   string  `json:"token_type"`
		ExpiresIn   float64 `json:"expires_in"`
		Scope       string  `json:"scope"`
	}
	if json.Unmarshal(body, &token) != nil || token.AccessToken == "" {
		return unreadable("the response has no access token", urlStep)
	}
	switch {
	case strings.EqualFold(token.TokenType, "Bearer"):
		a.scheme = "Bearer"
	case strings.EqualFold(token.TokenType, "DPoP") && a.proofs != nil:
		a.scheme = "DPoP"
	default:
		return unreadable("the access token is of a type that was not asked for", "report this")
	}
	if token.Scope != "" && !strings.Contains(" "+token.Scope+" ", " "+a.scope+" ") {
		return &Error{Kind: MissingScope, Doing: accessToken, Status: r.StatusCode,
			Detail: "the access token lacks the scope " + a.scope, Step: a.scopeStep()}
	}
	// Okta's tokens are valid for an hour. One that expires within renewBefore is used once.
	a.access, a.expires = token.AccessToken, a.c.now().Add(time.Duration(min(token.ExpiresIn, 86400))*time.Second)
	return nil
}

// startDPoP makes the key of the proofs, which is used as long as the client.
func (a *authorizer) startDPoP() error {
	if a.proofs != nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key for DPoP: %w", err)
	}
	a.proofs, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		return fmt.Errorf("make a signer for DPoP: %w", err)
	}
	return nil
}

// prove adds the DPoP proof of a request (RFC 9449, section 4.2). access is the access
// token that goes with it, "" for a request of one.
func (a *authorizer) prove(r *http.Request, access string) error {
	claims := map[string]any{
		"htm": r.Method, "htu": r.URL.Scheme + "://" + r.URL.Host + r.URL.Path,
		"iat": a.c.now().Unix(), "jti": rand.Text(),
	}
	if nonce := a.nonces[r.URL.Path]; nonce != "" {
		claims["nonce"] = nonce
	}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	proof, err := sign(a.proofs, claims)
	if err != nil {
		return err
	}
	r.Header.Set("DPoP", proof)
	return nil
}

// sign returns claims as a signed JWT.
func sign(signer jose.Signer, claims map[string]any) (string, error) {
	text, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write the claims of a JWT: %w", err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("sign a JWT: %w", err)
	}
	return signed.CompactSerialize()
}
