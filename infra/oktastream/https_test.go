//go:build !race

package oktastream

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/access"
	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/lambda/config"
)

// overHTTPS are the arrows of a function that calls its destination itself.
func (p *drawn) overHTTPS(role string) []arrow {
	var list []arrow
	if secret := p.s.settings.Secret(p.d); secret != "" {
		list = append(list, p.reads(role, secret))
	} else {
		list = append(list, arrow{name: "no secret", neighbours: []access.Request{
			byRole(role, "secretsmanager:GetSecretValue", secretARN("not/read")+"-AbCdEf"),
		}})
	}
	if to, signs := p.s.settings.SignedTo(p.d); signs {
		list = append(list, p.signs(role, to))
	}
	const make, describe = "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces"
	lambda := byRole(role, make, "arn:aws:ec2:"+here+":"+account+":network-interface/*")
	network := []access.Request{lambda, byRole(role, describe, "*")}
	code := in(lambda, "lambda:SourceFunctionArn", "arn:aws:lambda:"+here+":"+account+":function:x")
	if len(p.set.VPC) == 0 {
		return append(list, arrow{name: "no VPC", neighbours: append(network, code)})
	}
	return append(list, arrow{name: "Lambda → VPC", calls: network, neighbours: []access.Request{
		code, in(network[1], "lambda:SourceFunctionArn", "arn:aws:lambda:"+here+":"+account+":function:x"),
		byRole(role, "ec2:RunInstances", "*"), byRole(role, "ec2:ModifyNetworkInterfaceAttribute", "*"),
	}})
}

func secretARN(name string) string {
	return "arn:aws:secretsmanager:" + here + ":" + account + ":secret:" + name
}

// reads is the arrow to the secret and to the key that it is encrypted with.
func (p *drawn) reads(role, secret string) arrow {
	const get, decrypt = "secretsmanager:GetSecretValue", "kms:Decrypt"
	arn := secret
	if !strings.HasPrefix(secret, "arn:") {
		arn = secretARN(secret) + "-AbCdEf"
	}
	other := strings.Replace(arn, ":secret:", ":secret:x", 1)
	key := func(context, via string) access.Request {
		return in(in(byRole(role, decrypt, otherKey), "kms:EncryptionContext:SecretARN", context), "kms:ViaService",
			via+"."+here+".amazonaws.com")
	}
	return arrow{
		name:  "function → secret",
		calls: []access.Request{byRole(role, get, arn), key(arn, "secretsmanager")},
		neighbours: []access.Request{
			byRole(role, get, other), byRole(role, get, arn[:len(arn)-1]), byRole(role, get, arn+"x"),
			byRole(role, "secretsmanager:PutSecretValue", arn), byRole(role, "secretsmanager:DescribeSecret", arn),
			byRole(role, "secretsmanager:ListSecrets", "*"), byOtherAccount(get, arn),
			key(other, "secretsmanager"), key(arn, "s3"), byRole(role, decrypt, otherKey),
		},
	}
}

// signs is the arrow to what the function calls as its role.
func (p *drawn) signs(role string, to settings.Signed) arrow {
	base := "arn:aws:" + to.Service + ":" + cmp.Or(to.Region, here) + ":" + account + ":"
	call := func(action, resource string) access.Request { return byRole(role, action, base+resource) }
	if to.Service == "aoss" {
		const all = "aoss:APIAccessAll"
		return arrow{name: "function → collection", calls: []access.Request{call(all, to.Resource)},
			neighbours: []access.Request{
				call(all, "collection/other"), call("aoss:DeleteCollection", to.Resource), call("aoss:UpdateAccessPolicy",
					to.Resource), byRole(role, all, strings.Replace(base, ":eu-west-1:", ":"+here+":", 1)+to.Resource), byRole(role, all, strings.Replace(base, account, otherAccount, 1)+to.Resource),
			}}
	}
	const post = "es:ESHttpPost"
	domain := strings.TrimSuffix(to.Resource, "*_bulk")
	a := arrow{name: "function → domain"}
	if !to.Known {
		domain = "domain/any/"
	} else {
		a.neighbours = append(a.neighbours, call(post, "domain/other/_bulk"), call(post, "domain/x"+domain[7:]+"_bulk"))
	}
	a.calls = []access.Request{call(post, domain+"_bulk"), call(post, domain+"okta/_bulk")}
	a.neighbours = append(a.neighbours, call(post, domain+"okta/_delete_by_query"), call(post, domain+"okta/_search"),
		call("es:ESHttpPut", domain+"_bulk"), call("es:ESHttpGet", domain+"okta/_doc"), call("es:ESHttpDelete", domain+"okta"),
		call("es:DeleteDomain", strings.TrimSuffix(domain, "/")),
		byRole(role, post, strings.Replace(base, account, otherAccount, 1)+domain+"_bulk"))
	return a
}

// variables is the environment of the function of a destination, without the prefix.
func (s *synthesised) variables(t *testing.T, d settings.Destination) map[string]string {
	t.Helper()
	_, function := s.only(t, "AWS::Lambda::Function", "Okta"+title(d)+"Function")
	list := map[string]string{}
	for name, value := range s.resolve(t, function["Environment"]).(map[string]any)["Variables"].(map[string]any) {
		list[strings.TrimPrefix(name, "OKTASTREAM_")] = value.(string)
	}
	return list
}

// TestTheEnvironmentOfHTTPSDestinations compares the environment, word for word, with the one that
// lambda/config documents.
func TestTheEnvironmentOfHTTPSDestinations(t *testing.T) {
	certificates, err := settings.Certificates(privateCA)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		d    settings.Destination
		want map[string]string
	}{
		{"splunk", settings.Splunk, map[string]string{"ENDPOINT": "https://http-inputs-example.splunkcloud.com",
			"SECRET": "splunk/hec-token", "INDEX": "okta", "SOURCETYPE": "OktaIM2:log", "HEC_SOURCE": "okta:stream",
			"ACK": "true", "OKTA_DOMAIN": "okta.com"}},
		{"elastic", settings.Elastic, map[string]string{"ENDPOINT": "https://es.internal.example:9200/_bulk",
			"SECRET": "arn:aws:secretsmanager:us-east-1:111122223333:secret:elastic/key-AbCdEf", "AUTH": "apiKey",
			"CA_CERTIFICATE": certificates}},
		{"opensearch", settings.OpenSearch, map[string]string{"AUTH": "es", "FORMAT": "ocsf",
			"ENDPOINT": "https://search-okta-logs-0a1b2c3d4e5f6g7h8i9j0k1l2m.us-east-1.es.amazonaws.com"}},
		{"own-domain", settings.OpenSearch, map[string]string{"AUTH": "es", "ENDPOINT": "https://logs.example.com",
			"DATA_STREAM": "okta"}},
		{"datadog-https", settings.Datadog, map[string]string{"TRANSPORT": "https", "SITE": "datadoghq.eu",
			"SECRET": "datadog/api-key", "SERVICE": "okta", "OKTA_DOMAIN": "okta.com"}},
		{"all", settings.Datadog, map[string]string{"TRANSPORT": "https", "SITE": "datadoghq.com",
			"SECRET": "datadog/api-key", "SECRET_FIELD": "key", "SERVICE": "okta", "OKTA_DOMAIN": "okta.com"}},
		{"all", settings.Splunk, map[string]string{"ENDPOINT": "https://splunk.example.com:8088", "SECRET": "logs/keys",
			"SECRET_FIELD": "hec", "SOURCETYPE": "OktaIM2:log", "HEC_SOURCE": "okta:im2", "OKTA_DOMAIN": "okta.com"}},
		{"all", settings.Elastic, map[string]string{"ENDPOINT": "https://example.es.us-east-1.aws.elastic.cloud",
			"SECRET": "logs/keys", "SECRET_FIELD": "elastic", "AUTH": "basic"}},
		{"all", settings.OpenSearch, map[string]string{"AUTH": "aoss",
			"ENDPOINT": "https://0a1b2c3d4e5f6g7h8i9j.eu-west-1.aoss.amazonaws.com"}},
	} {
		t.Run(test.name+" "+string(test.d), func(t *testing.T) {
			have := synthesise(t, test.name).variables(t, test.d)
			test.want["DESTINATION"] = string(test.d)
			of := []string{"PIPELINE", "SOURCE", "ACCOUNT", "BUFFER_URL", "DEAD_URL", "MAX_RECEIVE_COUNT"}
			for name, value := range have {
				if !slices.Contains(of, name) && value != test.want[name] {
					t.Errorf("%s is %q, want %q", name, value, test.want[name])
				}
			}
			for name := range test.want {
				if have[name] == "" {
					t.Errorf("%s is not there", name)
				}
			}
		})
	}
}

// readsHTTPS compares what the function reads of its environment with the settings of a
// destination over HTTPS.
func (s *synthesised) readsHTTPS(t *testing.T, d settings.Destination, c config.Config) {
	t.Helper()
	set, h := s.settings.Of(d), c.HTTPS
	if c.Transport != config.HTTPS && c.Route().Transport != config.HTTPS || h.Preset != string(d) {
		t.Errorf("the function takes the transport %q and the preset %s", c.Transport, h.Preset)
	}
	field := set.SecretField
	if s.settings.Secret(d) == "" {
		field = ""
	}
	if c.Secret != s.settings.Secret(d) || c.SecretField != field {
		t.Errorf("the function reads the field %q of the secret %q", c.SecretField, c.Secret)
	}
	endpoint, index, dataStream := set.Endpoint, set.Index, set.DataStream
	switch d {
	case settings.Datadog:
		url, _ := settings.IntakeURL(set.Site)
		endpoint = strings.TrimSuffix(url, "/api/v2/logs")
	case settings.Elastic:
		dataStream = cmp.Or(dataStream, "logs-okta.system-default")
	case settings.OpenSearch:
		if dataStream == "" {
			index = cmp.Or(index, "okta")
		}
	case settings.Splunk:
		if h.Sourcetype != set.Sourcetype || h.Source != set.HECSource || h.Host != "example."+set.OktaDomain {
			t.Errorf("the function sends sourcetype %s, source %s, host %s", h.Sourcetype, h.Source, h.Host)
		}
	}
	if h.Endpoint != endpoint || h.Index != index || h.DataStream != dataStream || h.Auth != s.settings.Auth(d) ||
		h.Ack != set.Ack {
		t.Errorf("the function reads %+v, the settings are %+v", h, set)
	}
	if certificates := len(h.CACertificates); certificates > 0 != (set.CACertificate != "") {
		t.Errorf("the function reads %d certificates", certificates)
	}
}

// TestTheVPC: only a function with the setting vpc is in a VPC.
func TestTheVPC(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		for id, r := range s.of("AWS::Lambda::Function") {
			config, in := r["Properties"].(map[string]any)["VpcConfig"].(map[string]any)
			if in != (s.name == "elastic") {
				t.Errorf("%s is in a VPC: %t", id, in)
			}
			if in && (len(config["SubnetIds"].([]any)) != 2 || config["SecurityGroupIds"].([]any)[0] != "sg-0a1b2c3d4e5f60718") {
				t.Errorf("%s is in %v", id, config)
			}
		}
	})
}

// TestOnlyEventBridgeHasAnAPIDestination: if a function calls Datadog itself, the stack has no
// delivery bus, connection or rule.
func TestOnlyEventBridgeHasAnAPIDestination(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		for _, kind := range []string{"AWS::Events::Connection", "AWS::Events::ApiDestination", "AWS::Events::EventBusPolicy"} {
			if has := len(s.of(kind)) > 0; has != s.settings.ByEventBridge() {
				t.Errorf("there is a %s: %t", kind, has)
			}
		}
	})
}

// TestLogGroups: the log group of events has the name and the class in the settings, and indexes if
// its class can have them; no other group changes.
func TestLogGroups(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		name, exists := settings.ParseLogGroup(s.settings.CloudWatch.LogGroup)
		for id, r := range s.of("AWS::Logs::LogGroup") {
			properties := r["Properties"].(map[string]any)
			events := strings.HasPrefix(id, "OktaCloudWatch") && strings.HasSuffix(id[:len(id)-8], "Events")
			infrequent := events && s.settings.CloudWatch.LogClass == settings.LogClassInfrequent
			if (properties["LogGroupClass"] == "INFREQUENT_ACCESS") != infrequent {
				t.Errorf("%s has the class %v", id, properties["LogGroupClass"])
			}
			if indexed := properties["FieldIndexPolicies"] != nil; indexed != (events && !infrequent) {
				t.Errorf("%s is indexed: %t", id, indexed)
			}
			if has, _ := properties["LogGroupName"].(string); events && has != name || !events && has != "" {
				t.Errorf("%s is called %q", id, has)
			}
			if events && exists {
				t.Errorf("%s is made although the group exists", id)
			}
		}
		if exists && s.settings.CloudWatch.Ingest != settings.IngestRule {
			if v := s.variables(t, settings.CloudWatch); v["LOG_GROUP"] != name || v["RETENTION_DAYS"] != "0" {
				t.Errorf("the function writes to %s with a retention of %s", v["LOG_GROUP"], v["RETENTION_DAYS"])
			}
		}
	})
}

// TestTheOutputSaysWhereToSearch: the pipeline's output has what oktastream reconcile needs to read
// a destination, and no name of a secret.
func TestTheOutputSaysWhereToSearch(t *testing.T) {
	for _, name := range []string{"elastic", "opensearch", "own-domain"} {
		t.Run(name, func(t *testing.T) {
			needNode(t)
			s := synthesise(t, name)
			d := s.settings.Destinations[0]
			set, found := s.settings.Of(d), 0
			for id, output := range s.template["Outputs"].(map[string]any) {
				if !strings.HasSuffix(id, "Pipeline") {
					continue
				}
				text, err := s.account.Resolve(output.(map[string]any)["Value"])
				if err != nil {
					t.Fatal(err)
				}
				var got map[string]any
				if err := json.Unmarshal([]byte(text.(string)), &got); err != nil {
					t.Fatal(err)
				}
				found++
				if got["endpoint"] != set.Endpoint || got["auth"] != s.settings.Auth(d) || got["index"] != set.Index ||
					got["data_stream"] != set.DataStream || set.Secret != "" && strings.Contains(text.(string), set.Secret) {
					t.Errorf("%s says %s", id, text)
				}
			}
			if found != 1 {
				t.Errorf("%d outputs describe a pipeline", found)
			}
		})
	}
}
