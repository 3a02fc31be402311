package oktafake

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Role is an admin role, of those that differ in what they may do here.
type Role int

// The roles, each with the rights of those before it.
const (
	NoRole      Role = iota
	ReportAdmin      // may read the System Log
	SuperAdmin       // may manage log streams
)

// Principal is who calls: the owner of an API token, or a service app.
type Principal struct {
	Name string
	Role Role

	Token string // SSWS token; "" for a service app

	ClientID string           // of a service app
	Key      *jose.JSONWebKey // public key of the app's client assertions
	Scopes   []string         // granted to the app
	DPoP     bool             // the app must prove possession of a key (RFC 9449)
}

// accessToken is an OAuth 2.0 access token of a service app.
type accessToken struct {
	who     Principal
	scopes  []string
	expires time.Time
	jkt     string // thumbprint of the key it is bound to; "" for a Bearer token
}

// authenticate finds who calls, and refuses those who may not.
func (o *Org) authenticate(r *request, at *route) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme {
	case "SSWS":
		i := slices.IndexFunc(o.cfg.Principals, func(p Principal) bool { return p.Token != "" && p.Token == credential })
		if i < 0 {
			o.deny(r, at, http.StatusUnauthorized)
		}
		r.who = o.cfg.Principals[i]
	case "Bearer", "DPoP":
		o.checkAccess(r, at, scheme, credential)
	default:
		o.deny(r, at, http.StatusUnauthorized)
	}
	if r.who.Role < at.role {
		o.deny(r, at, http.StatusForbidden)
	}
}

// checkAccess checks an access token, and the proof that belongs to it.
func (o *Org) checkAccess(r *request, at *route, scheme, credential string) {
	challenge := func(status int, code, description string) {
		r.header.Set("WWW-Authenticate", fmt.Sprintf(`%s authorization_uri="%s/oauth2/v1/authorize", realm="%s", `+
			`scope="%s", error="%s", error_description="%s", resource="%s"`,
			scheme, r.base(), r.base(), at.scope, code, description, r.Request.URL.Path))
		o.deny(r, at, status)
	}
	t, found := o.tokens[credential]
	if !found || !r.now.Before(t.expires) || (scheme == "DPoP") != (t.jkt != "") {
		challenge(http.StatusUnauthorized, "invalid_token",
			"The access token is invalid, expired, or of another token type.")
	}
	if scheme == "DPoP" {
		p, err := o.checkProof(r, credential)
		if err == nil && p.jkt != t.jkt {
			err = errors.New("the proof's key is not the one the access token is bound to")
		}
		if err != nil {
			challenge(http.StatusBadRequest, "invalid_dpop_proof", err.Error())
		}
	}
	if !slices.Contains(t.scopes, at.scope) {
		challenge(http.StatusForbidden, "insufficient_scope",
			"The access token provided does not contain the required scopes.")
	}
	r.who = t.who
}

// deny refuses a call that is not authenticated or not authorised. It counts in the org's
// bucket of the rate limit.
func (o *Org) deny(r *request, at *route, status int) {
	o.take(r, at.bucket, "")
	if status == http.StatusForbidden {
		refuse(status, "E0000006", "You do not have permission to perform the requested action")
	}
	refuse(status, "E0000011", "Invalid token provided")
}
