package systemlog

import "testing"

func TestOrgName(t *testing.T) {
	for address, want := range map[string][2]string{
		"https://example.okta.com":        {"example", "okta.com"},
		"https://example.oktapreview.com": {"example", "oktapreview.com"},
		"https://login.example.com":       {},
		"http://127.0.0.1:8080":           {},
		"https://okta.com":                {},
		"":                                {},
	} {
		if org, domain := OrgName(address); [2]string{org, domain} != want {
			t.Errorf("%s: %q of %q, want %q", address, org, domain, want)
		}
	}
}
