package stream

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// event returns an object of about 3 kB in the style of a log event.
func event(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b,
		`{"uuid":"%08x-0000-11ee-8c99-0242ac120002","published":"2025-01-02T03:04:05.678Z","eventType":"user.session.start","version":"0","severity":"INFO","legacyEventType":null,"displayMessage":"User login to Okta","actor":{"id":"00u%07d","type":"User","alternateId":"someone@example.com","displayName":"Some \"One\" Else","detailEntry":null},`, i, i)
	b.WriteString(`"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36","os":"Mac OS X","browser":"CHROME"},"zone":"null","device":"Computer","id":null,"ipAddress":"203.0.113.7","geographicalContext":{"city":"Zürich","state":null,"country":"Switzerland","postalCode":"8001","geolocation":{"lat":47.3769,"lon":8.5417}}},"target":[`)
	for n := range 8 {
		if n > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b,
			`{"id":"0oa%07d","type":"AppInstance","alternateId":"app number %d","displayName":"Application \\ %d","detailEntry":{"signOnModeType":"SAML_2_0","signOnModeEvaluationResult":"AUTHENTICATED"}}`, n, n, n)
	}
	b.WriteString(`],"debugContext":{"debugData":{"requestId":"Zq1x0000","requestUri":"/idp/idx/identify","behaviors":"{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE, New State=NEGATIVE}","url":"/idp/idx/identify?"}},"transaction":{"type":"WEB","id":"Zq1x0000","detail":{}},"outcome":{"result":"SUCCESS","reason":null}}`)
	return b.String()
}

func pretty(b []byte) []byte {
	v := jsontext.Value(bytes.Clone(b))
	if err := v.Indent(); err != nil {
		panic(err)
	}
	return v
}

func BenchmarkNext(b *testing.B) {
	var lines, array, tall bytes.Buffer
	array.WriteByte('[')
	for i := range 1000 {
		e := event(i)
		lines.WriteString(e + "\n")
		if i > 0 {
			array.WriteByte(',')
		}
		array.WriteString(e)
		tall.Write(append(pretty([]byte(e)), '\n'))
	}
	array.WriteByte(']')
	for name, in := range map[string][]byte{
		"lines":  lines.Bytes(),
		"array":  array.Bytes(),
		"pretty": tall.Bytes(),
		"ready":  lines.Bytes(),
	} {
		b.Run(name, func(b *testing.B) {
			r := NewReader(&endless{text: in}, Options{})
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			items := 0
			for b.Loop() {
				for range 1000 {
					if it, err := r.Next(); err != nil && err != io.EOF || it.Fault != nil && name != "array" {
						b.Fatal(err, it.Fault)
					}
					if name == "ready" {
						r.Ready()
					}
					items++
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(items), "ns/item")
		})
	}
}
