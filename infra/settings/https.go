package settings

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Signed describes what the function may call with requests that it signs as its role.
type Signed struct {
	Action   string // of IAM
	Service  string // in the resource's ARN
	Resource string // the last part of the resource's ARN
	Known    bool   // the endpoint names the domain or the collection
	Region   string // "" where the endpoint does not name it
}

// The hosts of OpenSearch Service, "Endpoints" of a domain, and of OpenSearch
// Serverless, whose name begins with the collection's id (developer guides, read
// 2026-11). A domain's name has 3 to 28 characters (CreateDomain, API reference).
var (
	domainHosts = []*regexp.Regexp{
		regexp.MustCompile(`^(?:search|vpc)-([a-z][a-z0-9-]{2,27})-[a-z0-9]{20,32}\.([a-z0-9-]+)\.es\.amazonaws\.com$`),
		regexp.MustCompile(`^(?:search|vpc)-([a-z][a-z0-9-]{2,27})-[a-z0-9]{20,32}\.aos\.([a-z0-9-]+)\.on\.aws$`),
	}
	collectionHost = regexp.MustCompile(`^([a-z0-9]{3,40})\.([a-z0-9-]+)\.aoss\.amazonaws\.com$`)
)

// SignedTo returns what the function may call at OpenSearch: the bulk API of a domain, or
// the API of a collection, whose one permission covers all of it (OpenSearch
// Serverless, service authorization reference, read 2026-11). ok is false where the
// function does not sign.
func (s *Settings) SignedTo(d Destination) (to Signed, ok bool) {
	u, err := url.Parse(s.Of(d).Endpoint)
	if err != nil {
		return Signed{}, false
	}
	switch s.Auth(d) {
	case AuthES:
		to = Signed{Action: "es:ESHttpPost", Service: "es", Resource: "domain/*/*_bulk"}
		for _, form := range domainHosts {
			if parts := form.FindStringSubmatch(u.Hostname()); parts != nil {
				to.Resource, to.Region, to.Known = "domain/"+parts[1]+"/*_bulk", parts[2], true
			}
		}
	case AuthAOSS:
		to = Signed{Action: "aoss:APIAccessAll", Service: "aoss", Resource: "collection/*"}
		if parts := collectionHost.FindStringSubmatch(u.Hostname()); parts != nil {
			to.Resource, to.Region, to.Known = "collection/"+parts[1], parts[2], true
		}
	default:
		return Signed{}, false
	}
	return to, true
}

// maxCertificateFile bounds what is read of a PEM file. The function's environment of 4 KB has room for about three
// certificates.
const maxCertificateFile = 64 << 10

// Certificates reads the certificates of a PEM file and returns them as the function
// takes them: DER, in base64, joined by commas.
func Certificates(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("open the certificate file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCertificateFile+1))
	if err != nil {
		return "", fmt.Errorf("read the certificate file: %w", err)
	}
	return parseCertificates(text)
}

func parseCertificates(text []byte) (string, error) {
	if len(text) > maxCertificateFile {
		return "", fmt.Errorf("it must be shorter than %d bytes: put only the private CA's certificate into it",
			maxCertificateFile)
	}
	var list []string
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return "", fmt.Errorf("it must hold certificates only, not %s", block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "", fmt.Errorf("certificate %d in it: %w", len(list)+1, err)
		}
		list = append(list, base64.StdEncoding.EncodeToString(block.Bytes))
	}
	if len(list) == 0 {
		return "", errors.New("it must be the path of a PEM file: -----BEGIN CERTIFICATE-----")
	}
	return strings.Join(list, ","), nil
}
