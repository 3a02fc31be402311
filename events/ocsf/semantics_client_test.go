package ocsf_test

import "testing"

func client(member string) string { return `"client":{"ipAddress":"192.0.2.1",` + member + `}` }

func TestCountrySpellings(t *testing.T) {
	for name, code := range map[string]string{
		"United States": "US", "UNITED KINGDOM": "GB", "US": "US", "Ireland": "IE", "Netherlands": "NL",
		"Czech Republic": "CZ", "Czechia": "CZ", "Turkey": "TR", "Türkiye": "TR", "Ivory Coast": "CI", "Côte d'Ivoire": "CI",
		"Hong Kong": "HK", "South Korea": "KR", "Korea, Republic of": "KR", "Russian Federation": "RU", "Vietnam": "VN",
		"Viet Nam": "VN", "Taiwan": "TW", "Macao": "MO", "Georgia": "GE", "Niger": "NE", "Eswatini": "SZ", "North Macedonia": "MK",
		"Democratic Republic of the Congo": "CD", "Cura\\u00e7ao": "CW",
		"Virgin Islands, British": "VG", "Virgin Islands, U.S.": "VI", "Korea, Democratic People's Republic of": "KP",
		// ISO 3166 and its users put the words that distinguish two countries in brackets.
		"Korea (Democratic People's Republic of)": "KP", "Korea (Republic of)": "KR", "Congo (Democratic Republic of the)": "CD",
		"Virgin Islands (British)": "VG", "Virgin Islands (U.S.)": "VI", "Iran (Islamic Republic of)": "IR",
		"Bolivia (Plurinational State of)": "BO", "Venezuela (Bolivarian Republic of)": "VE", "Tanzania (United Republic of)": "TZ",
		"Saint Martin (French part)": "MF", "Sint Maarten (Dutch part)": "SX", "Falkland Islands (Malvinas)": "FK",
		"Cocos (Keeling) Islands": "CC", "Netherlands (Kingdom of the)": "NL", "Holy See (Vatican City State)": "VA",
		// An unknown country keeps Okta's text.
		"Atlantis": "Atlantis", "None": "None", "International": "International", "XX": "XX", "Europe": "Europe", "A1": "A1",
	} {
		expect(t, typeEntity, members(client(`"geographicalContext":{"country":"`+name+`"}`)),
			says{"src_endpoint.location": `{"country":` + quote(code) + `}`, "unmapped": ""})
	}
}

// OCSF allows no location with nothing but coordinates.
func TestCoordinatesNeedAPlace(t *testing.T) {
	const at = `"geolocation":{"lat":53.3382,"lon":-6.2591}`
	expect(t, typeEntity, members(client(`"geographicalContext":{`+at+`}`)),
		says{"src_endpoint": `{"ip":"192.0.2.1"}`, "unmapped": `{"client":{"geographicalContext":{` + at + `}}}`})
	expect(t, typeEntity, members(client(`"geographicalContext":{"city":null,"state":"","postalCode":9050,`+at+`}`)),
		says{"src_endpoint.location": `{"postal_code":"9050","lat":53.3382,"long":-6.2591}`, "unmapped": ""})
	expect(
		t,
		typeEntity,
		members(client(`"geographicalContext":{"state":"Leinster","geolocation":{"lat":"53"}}`)),
		says{
			"src_endpoint.location": `{"region":"Leinster"}`,
			"unmapped":              `{"client":{"geographicalContext":{"geolocation":{"lat":"53"}}}}`,
		},
	)
}

func TestOperatingSystems(t *testing.T) {
	for name, want := range map[string]struct{ id, caption, deviceID, device string }{
		"Mac OS X":                          {"300", `"macOS"`, "2", `"Desktop"`},
		"MACOS":                             {"300", `"macOS"`, "2", `"Desktop"`},
		"OSX":                               {"300", `"macOS"`, "2", `"Desktop"`},
		"iOS":                               {"301", `"iOS"`, "5", `"Mobile"`},
		"Mac OS X (iPhone)":                 {"301", `"iOS"`, "5", `"Mobile"`},
		"iPhone; CPU iPhone OS like Mac OS": {"301", `"iOS"`, "5", `"Mobile"`},
		"Mac OS X (iPad)":                   {"302", `"iPadOS"`, "4", `"Tablet"`},
		"IPADOS":                            {"302", `"iPadOS"`, "4", `"Tablet"`},
		"Android 16":                        {"201", `"Android"`, "5", `"Mobile"`},
		"Linux; Android":                    {"201", `"Android"`, "5", `"Mobile"`},
		"Windows 11":                        {"100", `"Windows"`, "2", `"Desktop"`},
		"WINDOWS":                           {"100", `"Windows"`, "2", `"Desktop"`},
		"Windows Phone":                     {"101", `"Windows Mobile"`, "5", `"Mobile"`},
		"Windows Mobile 6":                  {"101", `"Windows Mobile"`, "5", `"Mobile"`},
		"Linux":                             {"200", `"Linux"`, "2", `"Desktop"`},
		"Ubuntu":                            {"200", `"Linux"`, "2", `"Desktop"`},
		"Chrome OS":                         {"99", `"Chrome OS"`, "3", `"Laptop"`},
		"CHROMEOS":                          {"99", `"CHROMEOS"`, "3", `"Laptop"`},
		"Plan 9":                            {"99", `"Plan 9"`, "0", `"Unknown"`},
	} {
		os := `{"name":` + quote(name) + `,"type_id":` + want.id + `,"type":` + want.caption + `}`
		expect(
			t,
			typeEntity,
			members(client(`"userAgent":{"os":`+quote(name)+`}`)),
			says{"src_endpoint.os": os, "unmapped": ""},
		)
		expect(t, typeEntity, members(`"device":{"id":"guo1","os_platform":`+quote(name)+`,"osVersion":"16"}`), says{
			"device.os": os[:len(os)-1] + `,"version":"16"}`, "device.type_id": want.deviceID, "device.type": want.device,
			"metadata.profiles": `["host"]`, "unmapped": ""})
	}
	// Where Okta writes a number for a name, the record has it as text throughout.
	expect(t, typeEntity, members(client(`"userAgent":{"os":7}`), `"device":{"id":"guo1","platform":7}`),
		says{"src_endpoint.os": `{"name":"7","type_id":99,"type":"7"}`, "device.os": `{"name":"7","type_id":99,"type":"7"}`})
}

func TestDeviceIsReadInBothSpellings(t *testing.T) {
	for _, device := range []string{
		`{"id":"guo1","name":"n","os_platform":"IOS","os_version":"18","managed":true}`,
		`{"id":"guo1","name":"n","osPlatform":"IOS","osVersion":"18","managed":true}`,
		`{"id":"guo1","name":"n","platform":"IOS","osVersion":"18","managed":true}`,
	} {
		expect(t, typeSignIn, members(`"device":`+device), says{
			"unmapped": "",
			"device":   `{"uid":"guo1","name":"n","type_id":5,"type":"Mobile","os":{"name":"IOS","type_id":301,"type":"iOS","version":"18"},"is_managed":true}`,
		})
	}
	expect(
		t,
		typeSignIn,
		members(`"device":{"id":"guo1","os_platform":"IOS","platform":"iOS 18","managed":"yes"}`),
		says{
			"device.os.name":    `"IOS"`,
			"device.is_managed": "",
			"unmapped":          `{"device":{"platform":"iOS 18","managed":"yes"}}`,
		},
	)
	// The first spelling is used, with any value; the other is kept in unmapped.
	expect(t, typeSignIn, members(`"device":{"id":"guo1","os_platform":null,"platform":"IOS"}`),
		says{"device.os": "", "device.type_id": "0", "unmapped": `{"device":{"platform":"IOS"}}`})
	expect(
		t,
		typeSignIn,
		members(`"device":{"managed":true,"platform":"IOS"}`),
		says{
			"device":            "",
			"metadata.profiles": `["security_control"]`,
			"unmapped":          `{"device":{"managed":true,"platform":"IOS"}}`,
		},
	)
}

func TestKindOfClient(t *testing.T) {
	for word, want := range map[string]says{
		"Mobile":   {"src_endpoint.type_id": "5", "src_endpoint.type": `"Mobile"`},
		"Tablet":   {"src_endpoint.type_id": "4", "src_endpoint.type": `"Tablet"`},
		"Computer": {"src_endpoint.type_id": "99", "src_endpoint.type": `"Computer"`},
		"Unknown":  {"src_endpoint.type_id": "", "src_endpoint.type": "", "unmapped.client.device": `"Unknown"`},
		"null":     {"src_endpoint.type_id": "", "src_endpoint.type": "", "unmapped.client": `{"userAgent":{"browser":"UNKNOWN"}}`},
	} {
		expect(t, typeEntity, members(client(`"device":"`+word+`","zone":"null","userAgent":{"browser":"UNKNOWN"}`)), want)
	}
	expect(
		t,
		typeEntity,
		members(client(`"zone":"Office","userAgent":{"browser":"CHROME","rawUserAgent":"unknown"}`)),
		says{
			"src_endpoint.zone": `"Office"`,
			"http_request":      "",
			"unmapped":          `{"client":{"userAgent":{"browser":"CHROME","rawUserAgent":"unknown"}}}`,
		},
	)
}

func TestAddressOfTheClient(t *testing.T) {
	chain := func(hops string) string { return `"request":{"ipChain":[` + hops + `]}` }
	const one, two = `{"ip":"198.51.100.1","version":"V4"}`, `{"ip":"2001:db8::2"}`
	for name, row := range map[string]struct {
		members []string
		want    says
	}{
		"its own":              {members(client(`"zone":"z"`), chain(one)), says{"src_endpoint.ip": `"192.0.2.1"`, "unmapped": `{"request":{"ipChain":[` + one + `]}}`}},
		"else the first hop's": {members(chain(one)), says{"src_endpoint.ip": `"198.51.100.1"`, "unmapped": `{"request":{"ipChain":[` + one + `]}}`}},
		"a hop that says no more is not repeated": {members(chain(`{"ip":"198.51.100.1","source":null}`)), says{"src_endpoint.ip": `"198.51.100.1"`, "unmapped": ""}},
		"else that of an actor that is an address": {members(actorIs(`{"id":"203.0.113.9","type":"IP address"}`)),
			says{"src_endpoint.ip": `"203.0.113.9"`}},
		"no address is none": {members(`"client":{"ipAddress":"10.0.0.1:443"}`, chain(one)),
			says{"src_endpoint.ip": `"198.51.100.1"`, "unmapped.client.ipAddress": `"10.0.0.1:443"`}},
		"nor is one with a zone": {members(`"client":{"ipAddress":"fe80::1%eth0"}`), says{"src_endpoint": "", "unmapped.client.ipAddress": `"fe80::1%eth0"`}},
		"a domain is enough":     {members(`"securityContext":{"domain":"example.net"}`), says{"src_endpoint": `{"domain":"example.net"}`}},
		"hops": {members(client(`"zone":"z"`), chain(one+","+two)), says{
			"src_endpoint.intermediate_ips": `["2001:db8::2"]`, "http_request.x_forwarded_for": `["198.51.100.1","2001:db8::2"]`}},
		"hops that are none": {members(client(`"zone":"z"`), chain(`"odd",`+one+`,{"ip":"x"}`)), says{
			"src_endpoint.intermediate_ips": `["198.51.100.1"]`, "http_request.x_forwarded_for": `["198.51.100.1"]`}},
		"one hop is the client": {members(client(`"zone":"z"`), chain(one)), says{"src_endpoint.intermediate_ips": "", "http_request": ""}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, typeEntity, row.members, row.want) })
	}
}

func TestNetworkOfTheClient(t *testing.T) {
	expect(
		t,
		typeEntity,
		members(
			client(`"zone":null`),
			`"securityContext":{"asNumber":64496,"asOrg":"example ltd","isp":"example","domain":"example.net","isProxy":false}`,
		),
		says{
			"src_endpoint": `{"ip":"192.0.2.1","domain":"example.net","autonomous_system":{"number":64496,"name":"example ltd"},"isp":"example","isp_org":"example ltd"}`,
			"unmapped":     `{"securityContext":{"isProxy":false}}`,
		},
	)
	expect(t, typeEntity, members(client(`"zone":null`), `"securityContext":{"asNumber":6.4e4}`),
		says{"src_endpoint.autonomous_system": "", "unmapped": `{"securityContext":{"asNumber":6.4e4}}`})
}

func TestAnonymisers(t *testing.T) {
	const vpn, tor = `{"type":"VPN","operator":"NordVPN","isAnonymous":true}`, `{"type":"Tor","operator":"TOR","isAnonymous":true}`
	categories := func(list string) string {
		return `"securityContext":{"ipDetails":{"ipServiceCategories":[` + list + `]}}`
	}
	tunnels := debug("tunnels", quote(`[`+tor+`,`+vpn+`]`))
	const isVPN, isTor = `{"name":"NordVPN","type_id":99,"type":"VPN"}`, `{"name":"TOR","type_id":99,"type":"Tor"}`
	for name, row := range map[string]struct {
		members []string
		proxy   string
	}{
		"categories":                {members(client(`"zone":null`), categories(vpn+","+tor)), isVPN},
		"tunnels":                   {members(client(`"zone":null`), tunnels), isTor},
		"categories before tunnels": {members(client(`"zone":null`), categories(vpn), tunnels), isVPN},
		"no categories but tunnels": {members(client(`"zone":null`), categories(""), tunnels), isTor},
		"no operator":               {members(client(`"zone":null`), categories(`{"type":"VPN"}`)), ""},
		"an odd operator":           {members(client(`"zone":null`), categories(`{"type":"VPN","operator":7}`)), ""},
		"an empty type":             {members(client(`"zone":null`), categories(`{"type":"null","operator":"NordVPN"}`)), ""},
		"none":                      {members(client(`"zone":null`), categories("")), ""},
	} {
		t.Run(name, func(t *testing.T) { expect(t, typeSignIn, row.members, says{"src_endpoint.proxy_endpoint": row.proxy}) })
	}
	expect(t, typeSignIn, members(client(`"zone":null`), categories(vpn), tunnels), says{
		"unmapped": `{"securityContext":{"ipDetails":{"ipServiceCategories":[` + vpn + `]}},"debugContext":{"debugData":{"tunnels":[` + tor + `,` + vpn + `]}}}`,
	})
}

func TestRequest(t *testing.T) {
	for name, row := range map[string]struct{ data, url, rest string }{
		"path alone":           {`"requestUri":"/api/v1/authn"`, `{"path":"/api/v1/authn"}`, ""},
		"query":                {`"requestUri":"/a","url":"/a?b=c&d"`, `{"path":"/a","query_string":"b=c&d"}`, ""},
		"no query":             {`"requestUri":"/a","url":"/a?"`, `{"path":"/a"}`, `{"url":"/a?"}`},
		"another path":         {`"requestUri":"/a","url":"/ab?c"`, `{"path":"/a"}`, `{"url":"/ab?c"}`},
		"url alone":            {`"url":"/a?b"`, "", `{"url":"/a?b"}`},
		"origin":               {`"requestUri":"/a","origin":"https://example.okta.com"`, `{"path":"/a","hostname":"example.okta.com"}`, ""},
		"origin with a port":   {`"requestUri":"/a","origin":"https://example.okta.com:8443"`, `{"path":"/a"}`, `{"origin":"https://example.okta.com:8443"}`},
		"origin without https": {`"requestUri":"/a","origin":"http://example.okta.com"`, `{"path":"/a"}`, `{"origin":"http://example.okta.com"}`},
		"origin alone":         {`"origin":"https://example.okta.com"`, "", `{"origin":"https://example.okta.com"}`},
	} {
		t.Run(name, func(t *testing.T) {
			want := says{"http_request.url": row.url, "unmapped": ""}
			if row.rest != "" {
				want["unmapped"] = `{"debugContext":{"debugData":` + row.rest + `}}`
			}
			expect(t, typeEntity, members(`"debugContext":{"debugData":{`+row.data+`}}`), want)
		})
	}
}
