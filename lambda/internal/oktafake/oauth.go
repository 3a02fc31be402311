package oktafake

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Limits of OAuth 2.0 for Okta (implement-oauth-for-okta-serviceapp and dpop
// guides, 2026-08-21). The age of a proof is this fake's: RFC 9449 section 11.1
// asks for a short one and gives no number.
const (
	tokenLife    = 3600 * time.Second
	maxAssertion = time.Hour
	nonceLife    = 24 * time.Hour
	maxProofAge  = 5 * time.Minute
)

// algorithms are those that Okta takes for assertions and proofs: asymmetric ones.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// refuseToken ends a call with an error response of the token endpoint (RFC 6749 section 5.2).
func refuseToken(status int, code, description string) {
	panic(answer{status, map[string]string{"error": code, "error_description": description}})
}

// token is POST /oauth2/v1/token of the org authorization server.
func (o *Org) token(r *request) answer {
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	err := r.ParseForm()
	form := r.PostForm
	switch {
	case err != nil:
		refuseToken(http.StatusBadRequest, "invalid_request", err.Error())
	case form.Get("grant_type") != "client_credentials":
		refuseToken(http.StatusBadRequest, "unsupported_grant_type", "The grant_type must be client_credentials.")
	case form.Get("client_assertion_type") != kind:
		refuseToken(http.StatusBadRequest, "invalid_request",
			"Okta scopes need private_key_jwt: client_assertion_type must be "+kind)
	}
	who, err := o.checkAssertion(r, form.Get("client_assertion"))
	if err != nil {
		refuseToken(http.StatusUnauthorized, "invalid_client", err.Error())
	}
	t := accessToken{who: who, scopes: strings.Fields(form.Get("scope")), expires: r.now.Add(tokenLife)}
	if len(t.scopes) == 0 {
		refuseToken(http.StatusBadRequest, "invalid_scope", "The scope parameter is missing.")
	}
	for _, s := range t.scopes {
		if !slices.Contains(who.Scopes, s) {
			refuseToken(http.StatusBadRequest, "invalid_scope", "The app is not granted the scope "+s+".")
		}
	}
	kindOf := "Bearer"
	if len(r.Header.Values("DPoP")) > 0 || who.DPoP {
		kindOf, t.jkt = "DPoP", o.bind(r)
	}
	value := rand.Text()
	o.tokens[value] = t
	r.header.Set("Cache-Control", "no-cache, no-store")
	return answer{http.StatusOK, map[string]any{
		"token_type": kindOf, "expires_in": int(tokenLife.Seconds()), "access_token": value,
		"scope": form.Get("scope"),
	}}
}

// bind returns the thumbprint of the key of the request's DPoP proof.
func (o *Org) bind(r *request) (jkt string) {
	p, err := o.checkProof(r, "")
	if err != nil {
		refuseToken(http.StatusBadRequest, "invalid_dpop_proof", err.Error())
	}
	if issued, known := o.nonces[p.nonce]; !known || r.now.Sub(issued) > nonceLife {
		nonce := rand.Text()
		o.nonces[nonce] = r.now
		r.header.Set("dpop-nonce", nonce)
		refuseToken(http.StatusBadRequest, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
	}
	return p.jkt
}

// checkAssertion checks a client assertion (private_key_jwt, RFC 7523) and returns the app
// that made it.
func (o *Org) checkAssertion(r *request, text string) (Principal, error) {
	fail := func(format string, a ...any) (Principal, error) { return Principal{}, fmt.Errorf(format, a...) }
	token, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		return fail("the client_assertion is not a JWT signed by an asymmetric key: %v", err)
	}
	var c jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&c); err != nil {
		return fail("the claims of the client_assertion: %v", err)
	}
	i := slices.IndexFunc(o.cfg.Principals, func(p Principal) bool { return p.Key != nil && p.ClientID == c.Subject })
	if i < 0 || c.Issuer != c.Subject {
		return fail("iss and sub of the client_assertion must both be the client id of an app of this org")
	}
	who := o.cfg.Principals[i]
	if kid := token.Headers[0].KeyID; kid != "" && kid != who.Key.KeyID {
		return fail("the kid of the client_assertion is not of a key of the app")
	}
	if err := token.Claims(who.Key.Key, &c); err != nil {
		return fail("the signature of the client_assertion: %v", err)
	}
	switch want := r.base() + r.Request.URL.Path; {
	case !slices.Equal(c.Audience, jwt.Audience{want}):
		return fail("aud of the client_assertion must be %s", want)
	case c.Expiry == nil || !c.Expiry.Time().After(r.now):
		return fail("the client_assertion has expired, or has no exp: compare your clock with %s",
			r.now.UTC().Format(time.RFC3339))
	case c.Expiry.Time().After(r.now.Add(maxAssertion)):
		return fail("exp of the client_assertion is more than an hour ahead")
	case c.IssuedAt != nil && c.IssuedAt.Time().After(r.now.Add(maxProofAge)):
		return fail("iat of the client_assertion is in the future: compare your clock with %s",
			r.now.UTC().Format(time.RFC3339))
	case c.ID != "" && !o.first("assertion "+c.Subject+" "+c.ID):
		return fail("the jti of the client_assertion has been used")
	}
	return who, nil
}

// first reports whether an id is used for the first time.
func (o *Org) first(id string) bool {
	used := o.used[id]
	o.used[id] = true
	return !used
}

// proof is a DPoP proof that was checked.
type proof struct{ jkt, nonce string }

// checkProof checks the DPoP proof of a request (RFC 9449 section 4.3), which
// must be of the access token, if there is one.
func (o *Org) checkProof(r *request, accessToken string) (proof, error) {
	headers := r.Header.Values("DPoP")
	if len(headers) != 1 {
		return proof{}, fmt.Errorf("%s", "The DPoP proof JWT header is missing.") // as Okta writes it
	}
	token, err := jwt.ParseSigned(headers[0], algorithms)
	if err != nil {
		return proof{}, fmt.Errorf("the DPoP proof is not a JWT signed by an asymmetric key: %w", err)
	}
	head := token.Headers[0]
	if head.ExtraHeaders[jose.HeaderType] != "dpop+jwt" || head.JSONWebKey == nil || !head.JSONWebKey.IsPublic() {
		return proof{}, errors.New("the header of the DPoP proof needs typ dpop+jwt and the public key as jwk")
	}
	var c struct {
		jwt.Claims
		Method string `json:"htm"`
		URL    string `json:"htu"`
		Hash   string `json:"ath"`
		Nonce  string `json:"nonce"`
	}
	if err := token.Claims(head.JSONWebKey.Key, &c); err != nil {
		return proof{}, fmt.Errorf("the signature of the DPoP proof: %w", err)
	}
	hash := ""
	if accessToken != "" {
		sum := sha256.Sum256([]byte(accessToken))
		hash = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	thumbprint, err := head.JSONWebKey.Thumbprint(crypto.SHA256)
	switch {
	case err != nil:
		return proof{}, fmt.Errorf("the key of the DPoP proof: %w", err)
	case c.Method != r.Method:
		return proof{}, errors.New("'htm' claim in the DPoP proof JWT is invalid")
	case c.URL != r.base()+r.Request.URL.Path:
		return proof{}, errors.New("'htu' claim in the DPoP proof JWT is invalid")
	case c.Hash != hash:
		return proof{}, errors.New("'ath' claim in the DPoP proof JWT is invalid")
	case c.IssuedAt == nil || r.now.Sub(c.IssuedAt.Time()).Abs() > maxProofAge:
		return proof{}, errors.New("'iat' claim in the DPoP proof JWT is missing, too old or in the future")
	case c.ID == "" || !o.first("proof "+c.ID):
		return proof{}, errors.New("'jti' claim in the DPoP proof JWT is missing or has been used")
	}
	return proof{base64.RawURLEncoding.EncodeToString(thumbprint), c.Nonce}, nil
}
