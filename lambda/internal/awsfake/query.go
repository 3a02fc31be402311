package awsfake

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The services with AWS's older protocol, awsQuery (requests are forms, responses XML), and
// Secrets Manager.

type (
	stack   map[string]string // outputs by name
	role    struct{}          // by ARN
	session struct{ role string }
)

// AddStack declares a CloudFormation stack with these outputs.
func (c *Cloud) AddStack(name string, outputs map[string]string) {
	if declared[stack](c, name) != nil {
		panic("awsfake: stack " + name + " exists already")
	}
	declare(c, name, (*stack)(&outputs))
}

// AddRole declares a role that every caller may assume. [Call] has the role of a
// call.
func (c *Cloud) AddRole(arn string) { declare(c, arn, &role{}) }

// role returns the role of the credentials that sign a request, "" for those of Config.
func (c *Cloud) role(r *http.Request) string {
	key, _, _ := strings.Cut(credential(r), "/")
	return orDefault(declared[session](c, key), session{}).role
}

const queryPrefix = "query:"

// writeQuery writes a response of the protocol awsQuery.
func (c *Cloud) writeQuery(w http.ResponseWriter, operation string, out any, failed *apiError) {
	w.Header().Set("Content-Type", "text/xml")
	element := func(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }
	root, result, status := element(operation+"Response"), element(operation+"Result"), http.StatusOK
	id := any(struct{ RequestId string }{c.newID()})
	if failed != nil {
		root, result, status = element("ErrorResponse"), element("Error"), failed.status
		out, id = struct{ Type, Code, Message string }{"Sender", failed.code, failed.message}, nil
	}
	w.WriteHeader(status)
	e := xml.NewEncoder(w)
	_ = e.EncodeToken(root)
	if err := e.EncodeElement(out, result); err != nil {
		panic(err) // a fault of this package, or the client went away
	}
	_ = e.EncodeElement(id, element("ResponseMetadata"))
	_ = e.EncodeToken(root.End())
	_ = e.Flush()
}

// describeStacks: API reference of AWS CloudFormation, DescribeStacks. AWS answers with a
// ValidationError with this text if a stack does not exist; the reference does not say so.
func (c *Cloud) describeStacks(r *request) any {
	name := r.form.Get("StackName")
	outputs := declared[stack](c, name)
	if outputs == nil {
		fail(400, "ValidationError", "Stack with id %s does not exist", name)
	}
	type output struct{ OutputKey, OutputValue string }
	type member struct {
		StackName, StackStatus, CreationTime string
		Outputs                              []output `xml:"Outputs>member"`
	}
	s := member{StackName: name, StackStatus: "CREATE_COMPLETE", CreationTime: "2026-11-01T00:00:00Z"}
	for _, key := range slices.Sorted(maps.Keys(*outputs)) {
		s.Outputs = append(s.Outputs, output{key, (*outputs)[key]})
	}
	return struct {
		Stacks []member `xml:"Stacks>member"`
	}{[]member{s}}
}

// assumeRole: API reference of AWS STS, AssumeRole.
func (c *Cloud) assumeRole(r *request) any {
	arn := r.form.Get("RoleArn")
	switch {
	case r.form.Get("RoleSessionName") == "":
		fail(400, "ValidationError", "1 validation error detected: Value at 'roleSessionName' must not be null")
	case declared[role](c, arn) == nil:
		fail(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole on resource: %s", arn)
	}
	key := "ASIA" + strings.ToUpper(strings.ReplaceAll(c.newID(), "-", ""))[:16]
	declare(c, key, &session{arn})
	type credentials struct {
		AccessKeyID                   string `xml:"AccessKeyId"`
		SecretAccessKey, SessionToken string
		Expiration                    string
	}
	return struct{ Credentials credentials }{credentials{
		AccessKeyID: key, SecretAccessKey: "secret", SessionToken: "token",
		Expiration: r.now.Add(time.Hour).UTC().Format(time.RFC3339),
	}}
}

type secret string

// SetSecret makes value the current version of the secret name, and makes the secret if
// there is none.
func (c *Cloud) SetSecret(name, value string) { declare(c, name, (*secret)(&value)) }

// getSecretValue accepts the name of a secret; the fake does not know ARNs of secrets.
func (c *Cloud) getSecretValue(_ *request, in struct {
	SecretID string `json:"SecretId"`
}) any {
	name := in.SecretID
	value := declared[secret](c, name)
	if value == nil {
		fail(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return map[string]string{
		"ARN": c.arn("secretsmanager", "secret:"+name+"-abcdef"), "Name": name, "SecretString": string(*value),
		"VersionId": c.newID(),
	}
}

// getCallerIdentity: API reference of AWS STS, GetCallerIdentity. It needs no permission.
func (c *Cloud) getCallerIdentity(*request) any {
	return struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}{"arn:aws:iam::" + c.opt.Account + ":user/operator", "AIDAFAKE", c.opt.Account}
}
