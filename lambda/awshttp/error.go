package awshttp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func responseError(response *http.Response, err error) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: err}
}

// apiError is what an error response says, in the protocols of AWS (Smithy 2.0, "AWS
// Protocols", 2026-11): REST-JSON has the code in a header, JSON in the member __type,
// Query and REST-XML in the element Code, which in Amazon S3 has no ErrorResponse
// around it.
func apiError(header http.Header, body []byte) error {
	var parsed struct {
		Type    string `json:"__type" xml:"-"`
		Code    string `json:"code" xml:"Error>Code"`
		Message string `json:"message" xml:"Error>Message"` // or Message: case is ignored
	}
	e := &smithy.GenericAPIError{Code: header.Get("X-Amzn-Errortype")}
	if json.Unmarshal(body, &parsed) == nil {
		e.Code = cmp.Or(e.Code, parsed.Type, parsed.Code)
		e.Message = parsed.Message
		return e
	}
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		return errors.New("the error response is cut off")
	}
	var root struct {
		XMLName xml.Name
		Code    string
		Message string
	}
	if xml.Unmarshal(body, &root) != nil {
		return e
	}
	switch root.XMLName.Local {
	case "Error":
		e.Code, e.Message = cmp.Or(e.Code, root.Code), root.Message
	case "ErrorResponse":
		if xml.Unmarshal(body, &parsed) == nil {
			e.Code, e.Message = cmp.Or(e.Code, parsed.Code), parsed.Message
		}
	}
	return e
}
