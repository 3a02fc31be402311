package systemlog

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// logsPath is the path of the API.
const logsPath = "/api/v1/logs"

const urlStep = "use the org's own address, such as https://ORG.okta.com (Admin Console: the user menu, top right)"

// oktaDomains are where Okta has orgs; an address of the Admin Console has -admin before
// one of them ("Okta domain", developer.okta.com, 2026-08).
var oktaDomains = []string{
	".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com", ".okta.mil", ".trexcloud.com",
}

// parseOrg reads the address of an org: scheme and host.
func parseOrg(text string) (*url.URL, error) {
	wrong := func(why, step string) error {
		return &Error{Kind: WrongURL, Doing: "read the org URL", Detail: why, Step: step}
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, wrong("it is not a URL", urlStep)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case text == "":
		return nil, wrong("it is empty", urlStep)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, wrong("it does not begin with https://", urlStep)
	case host == "":
		return nil, wrong("it has no host", urlStep)
	case u.User != nil:
		return nil, wrong("it holds a user name or a password", urlStep)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, wrong("it has more than a host", "use only https://"+u.Host)
	case u.Scheme == "http" && !loopback(host):
		return nil, wrong("it is plain http: the token would not be encrypted", "use https://"+u.Host)
	}
	for _, domain := range oktaDomains {
		if name, ok := strings.CutSuffix(host, "-admin"+domain); ok {
			return nil, wrong("it is the address of the Admin Console", "use https://"+name+domain)
		}
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

// OrgName returns the name of the org, and Okta's domain, of the address of an org: ORG and
// okta.com of https://ORG.okta.com. Both are "" for an address of the customer's own, or on this
// machine.
func OrgName(address string) (org, domain string) {
	host := strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
	org, domain, _ = strings.Cut(host, ".")
	if slices.Contains(oktaDomains, "."+domain) {
		return org, domain
	}
	return "", ""
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// checkLink returns an error unless link is one of the org's own API: the token would be sent to any other
// host too.
func (c *Client) checkLink(link string) error {
	foreign := func(why string) error {
		return &Error{Kind: ForeignLink, Doing: "follow Okta's link to the next page", Detail: why,
			Step: "the token was not sent there; is a proxy or a custom domain between this machine and Okta?"}
	}
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return foreign("it is not a URL")
	case u.Scheme != c.org.Scheme || !strings.EqualFold(u.Host, c.org.Host) || u.User != nil:
		return foreign(fmt.Sprintf("it leads to %s, and the org is %s", hostOf(u), c.org.Host))
	case u.Path != logsPath:
		return foreign("it leads to another part of the API")
	}
	return nil
}

// hostOf is the scheme and host of u as they may be printed.
func hostOf(u *url.URL) string {
	return printable(u.Scheme+"://"+u.Host, 100)
}
