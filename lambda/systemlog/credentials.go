package systemlog

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Credentials are how requests are authorised: an API token (SSWS), or a service app
// that signs with its private key. They print as "(hidden)".
type Credentials struct {
	token    string
	clientID string
	key      *jose.SigningKey // its Key is a jose.JSONWebKey
}

// String hides the credentials.
func (c Credentials) String() string { return "(hidden)" }

// GoString hides the credentials.
func (c Credentials) GoString() string { return "(hidden)" }

// MarshalJSON hides the credentials.
func (c Credentials) MarshalJSON() ([]byte, error) { return []byte(`"(hidden)"`), nil }

func (c Credentials) isZero() bool { return c.token == "" && c.key == nil }

const secretStep = `it must be an API token, or JSON: {"token": "..."} or ` +
	`{"client_id": "0oa...", "private_key": "-----BEGIN PRIVATE KEY-----...", "key_id": "..."}`

// credentialError is an error about a secret. Nothing of the secret is in it.
func credentialError(what, detail, step string) error {
	return &Error{Kind: WrongToken, Doing: "read the " + what, Detail: detail, Step: step}
}

// ParseToken reads an API token: the content of a token file or of OKTA_API_TOKEN.
func ParseToken(data []byte) (Credentials, error) {
	token := strings.TrimSpace(string(data))
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "SSWS") {
		token = strings.TrimSpace(rest)
	}
	wrong := func(detail, step string) (Credentials, error) {
		return Credentials{}, credentialError("API token", detail, step)
	}
	switch {
	case token == "":
		return wrong("it is empty", "make one in the Admin Console: Security, API, Tokens")
	case strings.Contains(token, "PRIVATE KEY") || strings.HasPrefix(token, "{"):
		return wrong("it is a key or JSON", "a service app's key needs its client id too: --key-file and --client-id")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return wrong("it has blanks, line ends or other characters that are not in a token", "copy it again")
	}
	return Credentials{token: token}, nil
}

// ParseKey reads the private key of a service app: PEM (PKCS #8, PKCS #1, SEC 1) or a
// JWK. keyID is the key's id (kid) in Okta, "" where the JWK has it, or the app has one
// key only.
func ParseKey(clientID, keyID string, data []byte) (Credentials, error) {
	clientID = strings.TrimSpace(clientID)
	if clientID == "" {
		return Credentials{}, credentialError("private key", "the client id of its service app is missing",
			"name it: it begins with 0oa and is on the app's page, tab General")
	}
	key, err := parseKey(data)
	if err == nil && key.Algorithm == "" {
		key.Algorithm, err = algorithm(key.Key)
	}
	if err != nil {
		return Credentials{}, credentialError("private key", err.Error(),
			"name a private key in PEM or JWK form, without a passphrase: "+
				"RSA of at least 2,048 bits, or EC P-256, P-384 or P-521")
	}
	if keyID != "" {
		key.KeyID = keyID
	}
	signing := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}
	if _, err := jose.NewSigner(signing, nil); err != nil {
		return Credentials{}, credentialError("private key", "it cannot sign with its algorithm",
			"leave alg out of the JWK, or make a new key")
	}
	return Credentials{clientID: clientID, key: &signing}, nil
}

// ParseSecret reads the value of a secret in Secrets Manager: a token, or a JSON object
// with token, or with client_id, private_key (a PEM text, a JWK, or a JWK as text) and
// key_id.
func ParseSecret(data []byte) (Credentials, error) {
	text := strings.TrimSpace(string(data))
	if !strings.HasPrefix(text, "{") {
		return ParseToken(data)
	}
	var value struct {
		Token      string          `json:"token"`
		ClientID   string          `json:"client_id"`
		PrivateKey json.RawMessage `json:"private_key"`
		KeyID      string          `json:"key_id"`
	}
	if json.Unmarshal([]byte(text), &value) != nil {
		return Credentials{}, credentialError("secret", "it is not JSON with these members as texts", secretStep)
	}
	switch {
	case value.Token != "" && value.ClientID == "" && value.PrivateKey == nil:
		return ParseToken([]byte(value.Token))
	case value.Token == "" && value.ClientID != "" && value.PrivateKey != nil:
		key := []byte(value.PrivateKey)
		var quoted string
		if json.Unmarshal(key, &quoted) == nil {
			key = []byte(quoted)
		}
		return ParseKey(value.ClientID, value.KeyID, key)
	}
	return Credentials{}, credentialError("secret",
		"it has neither token alone nor client_id with private_key", secretStep)
}

func parseKey(data []byte) (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	text := strings.TrimSpace(string(data))
	if strings.HasPrefix(text, "{") {
		if key.UnmarshalJSON([]byte(text)) != nil {
			return key, errors.New("it is not a JWK")
		}
		if key.IsPublic() {
			return key, errors.New("it is a public key")
		}
		return key, checkKey(key.Key)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return key, errors.New("it is neither PEM nor a JWK")
	}
	if strings.Contains(block.Type, "PUBLIC KEY") || strings.Contains(block.Type, "CERTIFICATE") {
		return key, errors.New("it is a public key or a certificate")
	}
	if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
		return key, errors.New("it is encrypted with a passphrase")
	}
	var parsed any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return key, errors.New("its PEM block is not a private key")
	}
	key.Key = parsed
	return key, checkKey(parsed)
}

// checkKey returns an error unless Okta accepts keys of this kind ("Implement OAuth for
// Okta with a service app", developer.okta.com, 2026-08).
func checkKey(key crypto.PrivateKey) error {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("it is RSA of %d bits", k.N.BitLen())
		}
	case *ecdsa.PrivateKey:
		_, err := algorithm(k)
		return err
	default:
		return errors.New("it is neither RSA nor EC")
	}
	return nil
}

// algorithm returns the algorithm that a key signs with.
func algorithm(key crypto.PrivateKey) (string, error) {
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return string(jose.RS256), nil
	}
	switch k.Curve {
	case elliptic.P256():
		return string(jose.ES256), nil
	case elliptic.P384():
		return string(jose.ES384), nil
	case elliptic.P521():
		return string(jose.ES512), nil
	}
	return "", errors.New("its curve is not P-256, P-384 or P-521")
}
