package awsfake

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// What speaks AWS's older protocol, awsQuery: a form comes in, XML goes out.

// accountService holds what belongs to the account: stacks and roles.
type accountService struct {
	mu     sync.Mutex
	stacks map[string]map[string]string // outputs by name
	roles  []string
	keys   map[string]string // roles by the access key they have been assumed with
}

// AddStack declares a CloudFormation stack with these outputs.
func (c *Cloud) AddStack(name string, outputs map[string]string) {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	if c.account.stacks[name] != nil {
		panic("awsfake: stack " + name + " is there already")
	}
	c.account.stacks[name] = outputs
}

// AddRole declares a role that every caller may assume. [Call] has the role of a
// call.
func (c *Cloud) AddRole(arn string) {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	c.account.roles = append(c.account.roles, arn)
}

// role is the role whose credentials sign a request, "" for those of Config.
func (c *Cloud) role(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	return c.account.keys[key]
}

// queryTarget finds the operation of a request that names it in a form, and the
// form. The names of the services' operations do not overlap.
func queryTarget(r *http.Request, body []byte) (target string, form url.Values) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return "", nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil
	}
	return queryPrefix + form.Get("Action"), form
}

const queryPrefix = "query:"

// writeQuery writes what a service of this protocol would.
func (c *Cloud) writeQuery(w http.ResponseWriter, operation string, out any, err error) {
	w.Header().Set("Content-Type", "text/xml")
	type errorBody struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Type    string   `xml:"Error>Type"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
		Request string   `xml:"RequestId"`
	}
	status, body := http.StatusOK, any(nil)
	switch e, failed := err.(*apiError); {
	case failed:
		status, body = e.status, errorBody{Type: "Sender", Code: e.code, Message: e.message, Request: c.newID()}
	case err != nil:
		status, body = 500, errorBody{Type: "Receiver", Code: "InternalFailure", Message: err.Error(), Request: c.newID()}
	default:
		type result struct {
			XMLName xml.Name
			Members any
		}
		body = struct {
			XMLName xml.Name
			Result  result
			Request string `xml:"ResponseMetadata>RequestId"`
		}{xml.Name{Local: operation + "Response"}, result{xml.Name{Local: operation + "Result"}, out}, c.newID()}
	}
	text, err := xml.Marshal(body)
	if err != nil {
		panic(err) // a fault of this package
	}
	w.WriteHeader(status)
	w.Write(text)
}

// describeStacks: API reference of AWS CloudFormation, DescribeStacks. That a
// stack which does not exist is a ValidationError with this text is what AWS
// answers; the reference does not say.
func (c *Cloud) describeStacks(r *request) (any, error) {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	name := r.form.Get("StackName")
	outputs, ok := c.account.stacks[name]
	if !ok {
		return nil, &apiError{
			status:  400,
			code:    "ValidationError",
			message: fmt.Sprintf("Stack with id %s does not exist", name),
		}
	}
	type output struct{ OutputKey, OutputValue string }
	type stack struct {
		StackName, StackStatus, CreationTime string
		Outputs                              []output `xml:"Outputs>member"`
	}
	s := stack{StackName: name, StackStatus: "CREATE_COMPLETE", CreationTime: "2026-11-01T00:00:00Z"}
	for key, value := range outputs {
		s.Outputs = append(s.Outputs, output{key, value})
	}
	slices.SortFunc(s.Outputs, func(a, b output) int { return strings.Compare(a.OutputKey, b.OutputKey) })
	type stacks struct {
		XMLName xml.Name `xml:"Stacks"`
		Member  []stack  `xml:"member"`
	}
	return stacks{Member: []stack{s}}, nil
}

// assumeRole: API reference of AWS STS, AssumeRole.
func (c *Cloud) assumeRole(r *request) (any, error) {
	arn, session := r.form.Get("RoleArn"), r.form.Get("RoleSessionName")
	if session == "" {
		return nil, &apiError{
			status:  400,
			code:    "ValidationError",
			message: "1 validation error detected: Value at 'roleSessionName' must not be null",
		}
	}
	key := "ASIA" + strings.ToUpper(strings.ReplaceAll(c.newID(), "-", ""))[:16]
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	if !slices.Contains(c.account.roles, arn) {
		return nil, &apiError{
			status:  403,
			code:    "AccessDenied",
			message: "User is not authorized to perform: sts:AssumeRole on resource: " + arn,
		}
	}
	c.account.keys[key] = arn
	type credentials struct {
		XMLName                       xml.Name `xml:"Credentials"`
		AccessKeyID                   string   `xml:"AccessKeyId"`
		SecretAccessKey, SessionToken string
		Expiration                    string
	}
	return credentials{
		AccessKeyID: key, SecretAccessKey: "secret", SessionToken: "token",
		Expiration: r.now.Add(time.Hour).UTC().Format(time.RFC3339),
	}, nil
}

// getCallerIdentity: API reference of AWS STS, GetCallerIdentity. It needs no permission.
func (c *Cloud) getCallerIdentity(r *request) (any, error) {
	type member struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	user := "arn:aws:iam::" + c.opt.Account + ":user/operator"
	return []member{
		{xml.Name{Local: "Arn"}, user}, {xml.Name{Local: "UserId"}, "AIDAFAKE"}, {xml.Name{Local: "Account"}, c.opt.Account},
	}, nil
}
