package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// oktaToken is the API token of the fake org's user with the role Report Administrator.
const oktaToken = "00fakeTokenOfTheAuditor-0123456789abcdefgh"

// secretsServer is a Secrets Manager with one secret, okta/api.
func secretsServer(t *testing.T, value string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string } //nolint:revive // AWS's spelling
		_ = json.NewDecoder(r.Body).Decode(&in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch {
		case r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue":
			w.WriteHeader(http.StatusBadRequest)
		case in.SecretId != "okta/api":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"ResourceNotFoundException","message":"there is no such secret"}`))
		default:
			_ = json.NewEncoder(w).Encode(map[string]string{"Name": "okta/api", "SecretString": value})
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Each way to authenticate reads a page of the org.
func TestEveryCredentialReadsTheOrg(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	started := time.Now().UTC().Truncate(time.Hour)
	org := oktafake.New(oktafake.Config{Principals: []oktafake.Principal{
		{Name: "auditor", Token: oktaToken, Role: oktafake.ReportAdmin},
		{Name: "app", ClientID: "0oa1", Key: &jose.JSONWebKey{Key: key.Public()}, Scopes: []string{"okta.logs.read"},
			Role: oktafake.ReportAdmin, DPoP: true},
	}})
	org.Generate(oktafake.Load{Since: started.Add(-time.Hour), Span: time.Hour, PerHour: 20, Seed: 1})
	server := httptest.NewServer(org)
	defer server.Close()
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, v := range map[string]struct {
		flags    oktaFlags
		variable string
		secret   string
	}{
		"a file with a token":    {oktaFlags{TokenFile: file("token", oktaToken+"\n")}, "", ""},
		"the variable":           {oktaFlags{}, oktaToken, ""},
		"a file beats it":        {oktaFlags{TokenFile: file("token", oktaToken)}, "wrong", ""},
		"a service app's key":    {oktaFlags{KeyFile: file("key", private), ClientID: "0oa1"}, "", ""},
		"a secret with a token":  {oktaFlags{Secret: "okta/api"}, "", oktaToken},
		"a secret with an app's": {oktaFlags{Secret: "okta/api"}, "", secretOf(t, "0oa1", private)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(tokenVariable, v.variable)
			t.Setenv("AWS_ENDPOINT_URL", secretsServer(t, v.secret))
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			v.flags.OrgURL, v.flags.Rate = server.URL, 0.5
			if err := v.flags.fault(); err != nil {
				t.Fatal(err)
			}
			client, err := v.flags.client(t.Context(), &awsFlags{Region: "us-east-1"}, nil, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			page, err := client.Bounded(started.Add(-time.Hour), started).Next(t.Context())
			if err != nil || len(page.Events) != 20 {
				t.Errorf("%d events, %v", len(page.Events), err)
			}
		})
	}
}

func secretOf(t *testing.T, clientID, key string) string {
	text, err := json.Marshal(map[string]string{"client_id": clientID, "private_key": key})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What is wrong with the flags or the secrets is reported with the next step, and
// nothing of a secret.
func TestOktaFlagFaults(t *testing.T) {
	t.Setenv(tokenVariable, "")
	t.Setenv("AWS_ENDPOINT_URL", secretsServer(t, "{}"))
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	const secret = "s3cr3t-of-nobody"
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	const url = "https://example.okta.com"
	for name, v := range map[string]struct {
		flags      oktaFlags
		want, hint string
	}{
		"nothing":      {oktaFlags{}, "--org-url is missing", ""},
		"no secret":    {oktaFlags{OrgURL: url}, "credentials for Okta are missing: --token-file FILE", ""},
		"two":          {oktaFlags{OrgURL: url, TokenFile: "a", Secret: "b"}, "exclude each other", ""},
		"no client id": {oktaFlags{OrgURL: url, KeyFile: "a"}, "--key-file needs --client-id", ""},
		"no key":       {oktaFlags{OrgURL: url, TokenFile: "a", ClientID: "0oa"}, "--client-id is for --key-file", ""},
		"no file":      {oktaFlags{OrgURL: url, TokenFile: "none"}, "read the file of --token-file: open none", "check"},
		"a bad key":    {oktaFlags{OrgURL: url, KeyFile: key, ClientID: "0oa"}, "it is neither PEM nor a JWK", "PEM or JWK"},
		"plain http":   {oktaFlags{OrgURL: "http://example.okta.com", TokenFile: key}, "http", "https"},
		"no such":      {oktaFlags{OrgURL: url, Secret: "other"}, "secret other does not exist (region us-", "--secret"},
		"a bad secret": {oktaFlags{OrgURL: url, Secret: "okta/api"}, "it has neither token alone", "it must be"},
		"an admin's": {
			oktaFlags{OrgURL: "https://example-admin.okta.com", TokenFile: key}, "Admin Console", "https://example.okta.com",
		},
		"a large token": {oktaFlags{OrgURL: url, TokenFile: "/dev/zero"}, "too many for a secret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v.flags.Rate = 0.5
			err := v.flags.fault()
			if err == nil {
				_, err = v.flags.client(t.Context(), &awsFlags{Region: "us-east-1"}, nil, nil)
			}
			hint := ""
			if h, ok := err.(hinted); ok { //nolint:errorlint // the outermost has the hint
				hint = h.hint
			}
			if err == nil || !strings.Contains(err.Error(), v.want) || !strings.Contains(hint, v.hint) {
				t.Errorf("%v, hint %q, want %q, %q", err, hint, v.want, v.hint)
			}
			if err != nil && strings.Contains(err.Error()+hint, secret) {
				t.Error("the secret is in the error")
			}
		})
	}
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22":                "2026-11-22T00:00:00Z",
		"2026-11-22T10:00":          "2026-11-22T10:00:00Z",
		"2026-11-22 10:00:01":       "2026-11-22T10:00:01Z",
		"2026-11-22T10:00:00.5Z":    "2026-11-22T10:00:00.5Z",
		"2026-11-22T10:00:00+02:00": "2026-11-22T08:00:00Z",
	} {
		var m moment
		if err := m.UnmarshalText([]byte(text)); err != nil || m.Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %v, %v; want %s", text, m, err, want)
		}
	}
	var age moment
	if err := age.UnmarshalText([]byte("3d")); err != nil || time.Since(age.Time).Round(time.Hour) != 72*time.Hour {
		t.Errorf("3d is %v, %v", age, err)
	}
	for _, text := range []string{"", "yesterday", "22.11.2026", "-3d"} {
		if err := (&moment{}).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "invalid time") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
