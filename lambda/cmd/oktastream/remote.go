package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// destinations are the values of --to that name a destination. A directory of such a name
// is written ./NAME.
var destinations = []string{
	string(config.CloudWatch), string(config.Splunk), string(config.Elastic), string(config.OpenSearch),
	string(config.Datadog), string(config.Archive),
}

// httpsFlags say how a destination is reached by HTTPS.
type httpsFlags struct {
	Endpoint   string `placeholder:"URL" help:"help_endpoint"`
	SecretFile string `type:"path" placeholder:"FILE" help:"help_secret_file"`
	Auth       string `placeholder:"WAY" help:"help_auth"`
	DataStream string `placeholder:"NAME" help:"Elastic: default logs-okta.system-default. OpenSearch: none."`
	CA         string `name:"ca-certificate" type:"path" placeholder:"FILE" help:"help_ca"`
}

// remoteFlags say how a destination is reached.
type remoteFlags struct {
	httpsFlags
	Index       string `placeholder:"NAME" help:"Splunk: default the token's own. OpenSearch: default okta."`
	Sourcetype  string `placeholder:"NAME" help:"Splunk: default OktaIM2:log."`
	Ack         bool   `help:"Splunk: wait until the indexers have the events (the token must have acknowledgement)."`
	LogGroup    string `placeholder:"NAME" help:"CloudWatch: the log group. It must exist."`
	Bucket      string `placeholder:"NAME" help:"Archive: the S3 bucket. It must exist."`
	Dir         string `type:"path" placeholder:"DIR" help:"Archive: a directory instead of a bucket."`
	GiveUpAfter span   `default:"2m" placeholder:"DURATION" help:"help_give_up_after"`
}

// isRemote reports whether to names a destination, rather than stdout or a directory.
func isRemote(to string) bool { return slices.Contains(destinations, to) }

// transports has the way from here to a destination that has several.
var transports = map[config.Destination]config.Transport{config.Datadog: config.HTTPS}

// fault returns all that is wrong with the flags for records that go to.
func (f *remoteFlags) fault(to string) error {
	var all faults
	const splunk, elastic, opensearch, datadog, cloudwatch = "splunk", "elastic", "opensearch", "datadog", "cloudwatch"
	const archive = "archive"
	for _, flag := range []struct {
		name  string
		given bool
		of    []string
	}{
		{"--endpoint", f.Endpoint != "", []string{splunk, elastic, opensearch, datadog}},
		{"--secret-file", f.SecretFile != "", []string{splunk, elastic, opensearch, datadog}},
		{"--auth", f.Auth != "", []string{elastic, opensearch}},
		{"--index", f.Index != "", []string{splunk, opensearch}},
		{"--sourcetype", f.Sourcetype != "", []string{splunk}},
		{"--ack", f.Ack, []string{splunk}},
		{"--data-stream", f.DataStream != "", []string{elastic, opensearch}},
		{"--ca-certificate", f.CA != "", []string{splunk, elastic, opensearch, datadog}},
		{"--log-group", f.LogGroup != "", []string{cloudwatch}},
		{"--bucket", f.Bucket != "", []string{archive}},
		{"--dir", f.Dir != "", []string{archive}},
	} {
		all.add(flag.given && !slices.Contains(flag.of, to), "%s is for --to %s%s",
			flag.name, strings.Join(flag.of, ", "), meant(to))
	}
	limit := time.Duration(f.GiveUpAfter)
	all.add(limit < time.Second || limit > 24*time.Hour, "--give-up-after must be between 1s and 24h")
	switch {
	case to == cloudwatch:
		all.add(f.LogGroup == "", "--to cloudwatch needs --log-group NAME")
	case to == archive:
		all.add((f.Bucket == "") == (f.Dir == ""), "--to archive needs --bucket NAME or --dir DIR, and not both")
	case isRemote(to):
		c := f.config(to)
		return all.join(f.httpsFault(&c.HTTPS))
	}
	return all.join()
}

// httpsFault returns all that is wrong with c, which the flags have given.
func (f *httpsFlags) httpsFault(c *https.Config) error {
	var all faults
	for _, wrong := range c.Faults(f.SecretFile != "") {
		all.add(true, "%s: %s", flagOfSetting[wrong.Setting], wrong.Text)
	}
	all.add(c.Index != "" && c.DataStream != "", "--index and --data-stream exclude each other")
	all.add(c.Preset == string(config.OpenSearch) && f.SecretFile != "" && c.Auth != "basic",
		"--secret-file is for --auth basic; %s signs with the credentials of AWS", cmp.Or(c.Auth, "es"))
	return all.join()
}

// flagOfSetting has the flag of a setting that a destination or its sink names.
var flagOfSetting = map[string]string{
	https.SettingEndpoint: "--endpoint", https.SettingSecret: "--secret-file", https.SettingAuth: "--auth",
	https.SettingIndex: "--index", https.SettingAck: "--ack", https.SettingDataStream: "--data-stream",
	https.SettingCertificate: "--ca-certificate", https.SettingDestination: "--to",
}

// meant suggests the destination that was probably meant by to.
func meant(to string) string {
	if isRemote(to) {
		return ""
	}
	if nearest := catalogue.Nearest(to, destinations); nearest != "" {
		return fmt.Sprintf("; did you mean --to %s?", nearest)
	}
	return ""
}

// directoryWarning returns a warning where to is a directory and was probably meant to be a destination.
// A name with a path, such as ./NAME, is meant to be a directory.
func directoryWarning(to string) []string {
	suggestion := meant(to)
	if suggestion == "" || to == "-" || filepath.Base(to) != to {
		return nil
	}
	return []string{fmt.Sprintf("records go to the directory %s%s", to, suggestion)}
}

// remote is a destination over the network, or an archive.
type remote struct {
	config config.Config
	name   string // of the destination, with where it is
	loop   *sink.Loop
	unsent *unsent

	mu      sync.Mutex
	failing bool
}

// config returns the destination that the flags describe, without its certificates.
func (f *remoteFlags) config(to string) config.Config {
	d := config.Destination(to)
	c := config.Config{Destination: d, Transport: transports[d], LogGroup: f.LogGroup, Bucket: f.Bucket}
	c.Format = c.Route().Format
	c.HTTPS = https.Config{
		Preset: to, Endpoint: f.Endpoint, Auth: f.Auth, Index: f.Index, DataStream: f.DataStream, Ack: f.Ack,
	}
	if h := &c.HTTPS; d == config.Splunk {
		h.Sourcetype, h.Source = cmp.Or(f.Sourcetype, https.DefaultSourcetype), https.DefaultSource
	}
	return c
}

// defaultFormat is the format of records that go to, unless another is asked for.
func (f *remoteFlags) defaultFormat(to string) pipeline.Format {
	if isRemote(to) {
		return f.config(to).Format
	}
	return pipeline.OCSF
}

// formatFault says what is wrong with a format for records that go to.
func (f *remoteFlags) formatFault(to string, format pipeline.Format) error {
	if !isRemote(to) {
		return nil
	}
	return f.config(to).Route().FormatFault(format)
}

// open returns the destination to, and has the pipeline of c make the records that it
// takes. Nothing is sent yet; that there are credentials is checked. aws has the region
// and the credentials of a destination in AWS.
func (f *remoteFlags) open(ctx context.Context, to string, aws *awsFlags, c *pipeline.Config) (*remote, error) {
	r := &remote{config: f.config(to), name: to, unsent: &unsent{}}
	r.config.Format, r.config.HTTPS.Format = c.Format, string(c.Format)
	r.config.Route().Apply(c)
	var clients config.Clients
	var err error
	h := &r.config.HTTPS
	switch {
	case r.config.Destination == config.Archive:
		place := ""
		if clients.Objects, place, err = f.archive(ctx, aws); err != nil {
			return nil, err
		}
		r.name += " (" + place + ")"
	case r.config.Destination == config.CloudWatch:
		sdk, err := aws.identified(ctx, "PutLogEvents")
		if err != nil {
			return nil, err
		}
		clients.Logs = cloudwatchlogs.NewFromConfig(sdk)
		r.name += " (log group " + f.LogGroup + ", region " + sdk.Region + ")"
	case f.SecretFile == "":
		sdk, err := aws.identified(ctx, "_bulk")
		if err != nil {
			return nil, err
		}
		clients.Credentials, h.Region = sdk.Credentials, sdk.Region
		r.name += " (" + f.Endpoint + ")"
	default:
		if _, err := f.secret(ctx); err != nil {
			return nil, err
		}
		clients.Secret = f.secret
		r.name += " (" + f.Endpoint + ")"
	}
	if h.CACertificates, err = f.certificates(); err != nil {
		return nil, err
	}
	if org, domain := c.Org, cmp.Or(c.Datadog.Domain, datadog.DefaultDomain); org != "" && domain != datadog.NoDomain {
		h.Host = org + "." + domain
	}
	if r.loop, err = r.config.NewLoop(clients, now, 0); err != nil {
		return nil, usage(err)
	}
	return r, nil
}

// archive opens the bucket or the directory, which it makes. place is what it is called in messages.
func (f *remoteFlags) archive(ctx context.Context, aws *awsFlags) (objects archive.Store, place string, err error) {
	if f.Dir != "" {
		if err := os.MkdirAll(f.Dir, 0o700); err != nil {
			return nil, "", fmt.Errorf("make the directory of the archive: %w", err)
		}
		return archive.Dir(f.Dir), "directory " + f.Dir, nil
	}
	sdk, err := aws.identified(ctx, "PutObject")
	if err != nil {
		return nil, "", err
	}
	s3, err := archive.NewS3(ctx, sdk, archive.S3Options{Bucket: f.Bucket})
	if err != nil {
		return nil, "", usage(fmt.Errorf("--bucket: %w", err))
	}
	return s3, "bucket " + f.Bucket + ", region " + sdk.Region, nil
}

// secret reads the secret, again where the destination no longer takes it: a rotation
// needs no new run.
func (f *httpsFlags) secret(context.Context) (string, error) {
	text, err := readSecretFile("--secret-file", f.SecretFile)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	switch {
	case secret == "":
		return "", withHint(fmt.Errorf("--secret-file %s is empty", f.SecretFile), secretForm)
	case strings.ContainsFunc(secret, unprintable):
		return "", withHint(fmt.Errorf("--secret-file %s has more than one line", f.SecretFile), secretForm)
	}
	return secret, nil
}

const secretForm = "the file holds the bare token or key, and nothing else; with --auth basic user:password"

// certificates reads the file of --ca-certificate.
func (f *httpsFlags) certificates() ([]*x509.Certificate, error) {
	if f.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("read the file of --ca-certificate: %w", err)
	}
	var list []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("--ca-certificate %s: %w", f.CA, err)
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, withHint(fmt.Errorf("--ca-certificate %s holds no certificate", f.CA),
			"it is a PEM file: -----BEGIN CERTIFICATE-----")
	}
	return list, nil
}

// job returns the destination for a run, which reports outages.
func (r *remote) job(giveUpAfter time.Duration, repeatable bool, report *messages) *bulk.Remote {
	loop := *r.loop
	loop.Sink = &reportingSink{BatchSink: r.loop.Sink, remote: r, say: func(err error) {
		report.print(message{
			Note: fmt.Sprintf("%s accepts nothing: %v; trying again for up to %v", r.name, err, giveUpAfter),
		})
	}}
	return &bulk.Remote{
		Deliverer: &loop, GiveUpAfter: giveUpAfter, Unsent: r.unsent.keep, Repeatable: repeatable,
	}
}

// reportingSink is the sink of a destination. It reports each outage once.
type reportingSink struct {
	sink.BatchSink
	remote *remote
	say    func(err error)
}

// Deliver delivers, and reports the first failure of an outage.
func (w *reportingSink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	err := w.BatchSink.Deliver(ctx, records, answers)
	accepted := slices.ContainsFunc(answers, func(a sink.Answer) bool { return a.State != sink.Retry })
	w.remote.mu.Lock()
	begins := err != nil && !accepted && !w.remote.failing && sink.KindOf(err) == sink.Transient && ctx.Err() == nil
	if begins {
		w.remote.failing = true
	} else if accepted {
		w.remote.failing = false
	}
	w.remote.mu.Unlock()
	if begins {
		w.say(err)
	}
	return err
}

// hint is the next step where the destination refuses everything.
func (r *remote) hint(err error) string {
	switch {
	case sink.KindOf(err) != sink.Blocked:
		return "check that the destination is up and can be reached from here"
	case r.config.Destination == config.CloudWatch:
		return "check --log-group, --region and the permissions logs:PutLogEvents and logs:CreateLogStream"
	case r.config.Bucket != "":
		return "check --bucket, --region and the permission s3:PutObject, and of a key in KMS kms:GenerateDataKey"
	case r.config.Destination == config.Archive:
		return "check that there is space in the directory, and that you may write to it"
	}
	return settingHint(err)
}

// settingHint is the next step where a destination refuses us for a setting of ours.
func settingHint(err error) string {
	for setting, flag := range flagOfSetting {
		if strings.HasSuffix(err.Error(), " the setting "+setting) {
			return "the setting " + setting + " is " + flag + " here"
		}
	}
	return "check --endpoint, --secret-file and the options of the destination"
}
