package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const source = "aws.partner/okta.com/example/oktastream"

// context is what the CDK hands over: cdk.json is decoded with float64, and -c
// gives strings.
func context(t *testing.T, text string) map[string]any {
	t.Helper()
	var c map[string]any
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		context string
		holds   func(Settings) bool
	}{
		"two values": {`{"source":"` + source + `","destination":"cloudwatch"}`, func(s Settings) bool {
			return s.Source == source && slices.Equal(s.Destinations, []Destination{CloudWatch}) && s.Stack == "oktastream" && s.CloudWatch.RetentionDays == 400
		}},
		"the group": {`{"oktastream":{"source":"` + source + `","destination":["cloudwatch","datadog"],"retention":30,"secret":"dd","tags":["a:b","c:d"]}}`, func(s Settings) bool {
			return len(s.Destinations) == 2 && s.CloudWatch.RetentionDays == 30 && s.Datadog.Secret == "dd" && slices.Equal(s.Datadog.Tags, []string{"a:b", "c:d"})
		}},
		"a flat key beats the group": {`{"oktastream":{"destination":"cloudwatch","batch":5},"source":"` + source + `","batch":"7"}`, func(s Settings) bool { return s.CloudWatch.Batch == 7 }},
		"a plain key is for both":    {`{"destination":"cloudwatch,datadog","batch":"7"}`, func(s Settings) bool { return s.CloudWatch.Batch == 7 && s.Datadog.Batch == 7 }},
		"a dotted key beats the plain": {`{"destination":"cloudwatch,datadog","format":"ocsf","datadog.format":"raw"}`, func(s Settings) bool {
			return s.CloudWatch.Format == "ocsf" && s.Datadog.Format == "raw"
		}},
		"an object is dots": {`{"oktastream":{"source":"` + source + `","destination":"cloudwatch,datadog","datadog":{"format":"raw","rate":9,"secret":"dd"}}}`, func(s Settings) bool {
			return s.CloudWatch.Format == "" && s.Datadog.Format == "raw" && s.Datadog.Rate == 9
		}},
		"the CDK's own keys are passed over": {`{"destination":"cloudwatch","aws:cdk:enable-path-metadata":true,"@aws-cdk/core:x":true}`, func(s Settings) bool { return s.Has(CloudWatch) }},
		"twice is once":                      {`{"destination":"cloudwatch, cloudwatch","include":" user.* ,user.*"}`, func(s Settings) bool { return len(s.Destinations) == 1 && len(s.CloudWatch.Include) == 1 }},
		"each destination's own": {`{"destination":"splunk,elastic","secret":"all","secretField":"hec","elastic.secretField":"key",` +
			`"splunk.endpoint":"https://a:8088","elastic.endpoint":"https://b","splunk.source":"x","index":"okta"}`, func(s Settings) bool {
			return s.Source == source && s.Splunk.HECSource == "x" && s.Splunk.Index == "okta" && s.Splunk.SecretField == "hec" &&
				s.Elastic.SecretField == "key" && s.Splunk.Endpoint == "https://a:8088" && s.Elastic.Endpoint == "https://b" &&
				s.Splunk.Sourcetype == "OktaIM2:log" && s.Auth(Elastic) == AuthAPIKey && s.Secret(Splunk) == "all"
		}},
		"a secret that the function does not read": {`{"destination":"datadog,opensearch","secret":"dd","opensearch.endpoint":"https://a"}`, func(s Settings) bool {
			return s.Auth(OpenSearch) == AuthES && s.Secret(OpenSearch) == "" && s.Secret(Datadog) == "" && s.ByEventBridge()
		}},
		"Datadog over HTTPS": {`{"destination":"datadog","transport":"https","vpc":["subnet-0a1b2c3d","sg-0a1b2c3d4e5f60718"]}`, func(s Settings) bool {
			subnets, groups := s.Datadog.VPCParts()
			return s.HTTPS(Datadog) && !s.ByEventBridge() && s.Secret(Datadog) == "dd" && len(subnets) == 1 && len(groups) == 1
		}},
		"an archive": {`{"destination":"cloudwatch,archive","lock":"compliance","lockYears":7,` +
			`"lockConfirm":"cannot be deleted for 7 years","digestKey":"own","coldDays":0}`, func(s Settings) bool {
			a := s.Archive
			return a.Window == 60 && a.Batch == 2000 && s.CloudWatch.Window == 5 && s.CloudWatch.Batch == 100 &&
				a.Lock == LockCompliance && a.LockYears == 7 && a.ColdDays == 0 && a.DigestKey == DigestKeyOwn &&
				!s.HTTPS(Archive) && s.Secret(Archive) == ""
		}},
		"the auditor": {`{"oktastream":{"source":"` + source + `","destination":"cloudwatch,archive","okta":{"secret":"okta/api",` +
			`"orgUrl":"https://example.okta.com","every":30}}}`, func(s Settings) bool {
			d, ok := s.Audited()
			return ok && d == Archive && s.OktaSecret == "okta/api" && s.RequestsOfRun() == 1800
		}},
		"for ever": {`{"destination":"cloudwatch","retention":"0"}`, func(s Settings) bool { return s.CloudWatch.RetentionDays == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			c := context(t, test.context)
			for name, value := range map[string]any{"source": source, "secret": "dd"} {
				if _, group := c["oktastream"]; !group && c[name] == nil && (name == "source" || strings.Contains(fmt.Sprint(c["destination"]), "datadog")) {
					c[name] = value
				}
			}
			s, err := Read(c, "")
			if err != nil {
				t.Fatal(err)
			}
			if !test.holds(s) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// wrongSettings are the wrong settings and the words that their fix must have.
func wrongSettings() map[string][]string {
	const ok = `"source":"` + source + `","destination":"cloudwatch"`
	const dd = `"source":"` + source + `","destination":"datadog","secret":"s"`
	const base = `"source":"` + source + `",`
	const archive = base + `"destination":"archive"`
	const splunk = base + `"destination":"splunk","splunk.endpoint":"https://x:8088","splunk.secret":"s"`
	const elastic = base + `"destination":"elastic","endpoint":"https://x","secret":"s"`
	const theirGroup, version = "arn:aws:logs:us-east-1:111122223333:log-group:/their/group",
		"0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"
	return map[string][]string{
		`{"destination":"cloudwatch"}`:                                                                  {"source", "Partner event sources"},
		`{"source":"` + source + `"}`:                                                                   {"destination", "cloudwatch"},
		`{"source":"okta.com/example/x","destination":"cloudwatch"}`:                                    {"source", "aws.partner/okta.com/ORG/STREAM"},
		`{"source":"aws.partner/okta.com/example","destination":"datadog"}`:                             {"source", "aws.partner/okta.com/ORG/STREAM"},
		`{"source":"aws.partner/okta.com/a/b/c","destination":"datadog"}`:                               {"source", "aws.partner/okta.com/ORG/STREAM"},
		`{` + ok + `,"destinaton":"datadog"}`:                                                           {"destinaton", "did you mean destination?"},
		`{` + ok + `,"zebra":"1"}`:                                                                      {"zebra", "README"},
		`{` + ok + `,"retention":"400d"}`:                                                               {"retention", "whole number"},
		`{` + ok + `,"retention":"100"}`:                                                                {"retention", "120"},
		`{` + ok + `,"bus":"mine"}`:                                                                     {"bus", "existing"},
		`{` + ok + `,"ingest":"pipe"}`:                                                                  {"ingest", "queue, lambda, rule"},
		`{` + ok + `,"format":"ecs"}`:                                                                   {"format", "ocsf"},
		`{` + ok + `,"window":"0"}`:                                                                     {"window 0", "batch=10"},
		`{` + ok + `,"include":"user.session.start","exclude":"user.*"}`:                                {"nothing", "include or exclude"},
		`{` + ok + `,"exclude":"*"}`:                                                                    {"nothing", "exclude"},
		`{` + ok + `,"include":"user session"}`:                                                         {"user session", "letters"},
		`{` + ok + `,"ingest":"rule","include":"user.*","exclude":"user.session.*"}`:                    {"include and exclude", "ingest=queue"},
		`{` + ok + `,"ingest":"rule","include":"` + long(200) + `"}`:                                    {"2048 characters", "ingest=queue"},
		`{` + ok + `,"ingest":"rule","include":"*.a.*,*.b.*,*.c.*,*.d.*"}`:                              {"complex", "ingest=queue"},
		`{` + ok + `,"include":"` + long(120) + `"}`:                                                    {"environment", "4096", "shorten"},
		`{` + ok + `,"ingest":"rule","observables":"true"}`:                                             {"observables", "format=ocsf"},
		`{` + ok + `,"format":"raw","observables":"true"}`:                                              {"observables", "format=ocsf"},
		`{` + ok + `,"ingest":"rule","format":"raw"}`:                                                   {"format raw", "ingest=queue"},
		`{` + ok + `,"kms":"alias/mine"}`:                                                               {"kms", "alias"},
		`{` + ok + `,"kms":"arn:aws:kms:eu-west-1:111122223333:key/1234"}`:                              {"kms", "eu-west-1"},
		`{` + ok + `,"secret":"x"}`:                                                                     {"secret", "datadog", "not among the destinations"},
		`{` + ok + `,"datadog.format":"raw"}`:                                                           {"datadog.format", "not among the destinations"},
		`{` + ok + `,"datadog.retention":"30"}`:                                                         {"datadog.retention", "setting of cloudwatch"},
		`{` + ok + `,"datadog.bus":"existing"}`:                                                         {"datadog.bus", "write bus"},
		`{` + ok + `,"batch":"0"}`:                                                                      {"batch", "1 to 10000"},
		`{` + ok + `,"batch":true}`:                                                                     {"batch", "whole number"},
		`{` + ok + `,"detections":true,"logClass":"infrequent"}`:                                        {"detections", "metric filters"},
		`{` + ok + `,"live":"yes"}`:                                                                     {"live", "true or false"},
		`{` + ok + `,"silenceMinutes":"7"}`:                                                             {"silenceMinutes", "10"},
		`{` + ok + `,"alarmEmail":"oncall"}`:                                                            {"alarmEmail", "e-mail"},
		`{` + ok + `,"alarmTopic":"alarms"}`:                                                            {"alarmTopic", "ARN"},
		`{` + ok + `,"alarmEmail":"a@example.com","alarmTopic":"arn:aws:sns:us-east-1:111122223333:x"}`: {"alarmEmail and alarmTopic", "one of them"},
		`{` + ok + `,"batch":{}}`:                                                                       {"batch", "value"},
		`{` + ok + `,"timeout":"1000"}`:                                                                 {"timeout", "10 to 900"},
		`{` + ok + `,"concurrency":"1"}`:                                                                {"concurrency", "2 to 1000"},
		`{` + ok + `,"stack":"1st"}`:                                                                    {"stack", "letter"},
		`{` + ok + `,"removal":"never"}`:                                                                {"removal", "retain"},
		`{` + ok + `,"archiveDays":"-1"}`:                                                               {"archiveDays", "0 to 3650"},
		`{` + ok + `,"replayPrincipals":"arn:aws:sts::111122223333:assumed-role/x/y"}`:                  {"replayPrincipals", "IAM role"},
		`{"source":"` + source + `","destination":"datadog"}`:                                           {"secret", "create-secret"},
		`{` + dd + `,"site":"us9"}`:                                                                     {"site", "uk1"},
		`{` + dd + `,"tags":"prod"}`:                                                                    {"tags", "key:value"},
		`{` + dd + `,"lockQueues":"me"}`:                                                                {"lockQueues", "ARN"},
		`{` + dd + `,"packBytes":"1048576"}`:                                                            {"packBytes", "786432"},
		`{` + dd + `,"secretVersion":"AWSCURRENT"}`:                                                     {"secretVersion", "version id"},
		`{` + archive + `,"ingest":"lambda"}`:                                                           {"archive: ingest=lambda", "buffer queue"},
		`{` + archive + `,"ingest":"rule","format":"raw"}`:                                              {"archive: ingest=rule", "buffer queue"},
		`{` + archive + `,"format":"datadog"}`:                                                          {"archive: format", "raw or ocsf"},
		`{` + archive + `,"bucket":"s3://x"}`:                                                           {"bucket", "lower-case", "without s3://"},
		`{` + archive + `,"bucket":"10.0.0.1"}`:                                                         {"bucket", "the name of a bucket"},
		`{` + archive + `,"bucket":"logs","lock":"governance","lockYears":"7"}`: {"lock=governance with an existing bucket",
			"leave lock out"},
		`{` + archive + `,"bucket":"logs","coldDays":"0"}`:      {"coldDays 0 with an existing bucket", "lifecycle rule"},
		`{` + archive + `,"lockYears":"7"}`:                     {"lockYears 7 without lock", "leave lockYears out"},
		`{` + archive + `,"lock":"governance"}`:                 {"lockYears", "1 to 100"},
		`{` + archive + `,"lock":"worm"}`:                       {"lock", "off, governance, compliance"},
		`{` + archive + `,"lock":"compliance","lockYears":"7"}`: {"lockConfirm='cannot be deleted for 7 years'", "root"},
		`{` + archive + `,"lock":"compliance","lockYears":"7","lockConfirm":"cannot be deleted for 6 years"}`: {
			"lockConfirm='cannot be deleted for 7 years'"},
		`{` + archive + `,"lock":"governance","lockYears":"1","lockConfirm":"cannot be deleted for 1 years"}`: {
			"lockConfirm", "leave it out"},
		`{` + archive + `,"digestKey":"alias/x"}`:                                                          {"digestKey", "not an alias"},
		`{` + archive + `,"digestKey":"arn:aws:kms:eu-west-1:111122223333:key/1"}`:                         {"digestKey", "eu-west-1"},
		`{` + archive + `,"athenaScanGB":"0"}`:                                                             {"athenaScanGB", "1 to 100000"},
		`{` + ok + `,"bucket":"logs"}`:                                                                     {"bucket", "archive", "not among the destinations"},
		`{` + ok + `,"okta.orgUrl":"https://x.okta.com"}`:                                                  {"okta.secret", "there is no auditor"},
		`{` + ok + `,"okta.secret":"okta/api"}`:                                                            {"okta.orgUrl", "https://ORG.okta.com"},
		`{` + ok + `,"okta":{"secret":"okta/api","orgUrl":"https://x.okta.com/admin"}}`:                    {"okta"},
		`{` + ok + `,"okta.secret":"okta/api","okta.orgUrl":"http://x.okta.com"}`:                          {"okta.orgUrl", "https"},
		`{` + ok + `,"okta.secret":"okta/api","okta.orgUrl":"https://x.okta.com","okta.every":"7"}`:        {"okta.every", "5, 10, 15"},
		`{` + ok + `,"okta.secret":"okta/api","okta.orgUrl":"https://x.okta.com","okta.since":"may"}`:      {"okta.since", "2026-11-01"},
		`{` + ok + `,"okta.secret":"okta/api","okta.orgUrl":"https://x.okta.com","ingest":"rule"}`:         {"ingest=rule", "cloudwatch.ingest"},
		`{` + ok + `,"okta.secret":"okta/api","okta.orgUrl":"https://x.okta.com","retention":"1"}`:         {"24 hours", "retention"},
		`{` + ok + `,"okta.secret":"okta/api","okta.orgUrl":"https://x.okta.com","logClass":"infrequent"}`: {"FilterLogEvents", "archive"},
		`{` + splunk + `,"okta.secret":"okta/api","okta.orgUrl":"https://x.okta.com"}`:                     {"archive or cloudwatch"},
		`{` + ok + `,"splunk.source":"x"}`:                                                                 {"splunk.source", "not among the destinations"},
		`{` + ok + `,"datadog.source":"x"}`:                                                                {"datadog.source", "write source"},
		`{` + ok + `,"endpoint":"https://x"}`:                                                              {"endpoint", "splunk and elastic", "destinations"},
		`{` + ok + `,"logGroup":"my group"}`:                                                               {"logGroup", "name", "ARN"},
		`{` + ok + `,"logGroup":"aws/x"}`:                                                                  {"logGroup", "name"},
		`{` + ok + `,"logClass":"cheap"}`:                                                                  {"logClass", "standard, infrequent"},
		`{` + ok + `,"logGroup":"` + theirGroup + `","logClass":"infrequent"}`:                             {"existing", "leave logClass out"},
		`{` + ok + `,"logGroup":"arn:aws:logs:eu-west-1:111122223333:log-group:x"}`:                        {"logGroup", "eu-west-1"},
		`{` + dd + `,"vpc":"subnet-0a1b2c3d,sg-0a1b2c3d"}`:                                                 {"vpc", "transport=https"},
		`{` + dd + `,"transport":"udp"}`:                                                                   {"transport", "eventbridge, https"},
		`{` + dd + `,"transport":"https","ingest":"rule"}`:                                                 {"ingest=rule", "ingest=queue"},
		`{` + dd + `,"transport":"https","secretVersion":"` + version + `"}`:                               {"secretVersion", "current version"},
		`{` + base + `"destination":"splunk","secret":"s"}`:                                                {"endpoint", "HTTP Event Collector", "8088"},
		`{` + base + `"destination":"splunk","endpoint":"https://x"}`:                                      {"secret", "HEC token", "create-secret"},
		`{` + splunk + `,"ingest":"rule"}`:                                                                 {"ingest=rule", "which records were refused", "ingest=lambda"},
		`{` + splunk + `,"splunk.endpoint":"http://x"}`:                                                    {"splunk.endpoint", "https URL"},
		`{` + splunk + `,"splunk.endpoint":"https://u:p@x"}`:                                               {"splunk.endpoint", "without user"},
		`{` + splunk + `,"splunk.endpoint":"https://x?token=t"}`:                                           {"splunk.endpoint", "query"},
		`{` + splunk + `,"index":"Main"}`:                                                                  {"index", "lower-case"},
		`{` + splunk + `,"ack":"yes"}`:                                                                     {"ack", "true or false"},
		`{` + splunk + `,"splunk.source":""}`:                                                              {"splunk.source", "letters"},
		`{` + splunk + `,"vpc":"vpc-0a1b2c3d"}`:                                                            {"vpc", "subnet-"},
		`{` + splunk + `,"vpc":"subnet-0a1b2c3d"}`:                                                         {"0 security groups", "sg-"},
		`{` + splunk + `,"vpc":"sg-0a1b2c3d"}`:                                                             {"0 subnets", "subnet-"},
		`{` + splunk + `,"caCertificate":"testdata/nowhere.pem"}`:                                          {"caCertificate", "nowhere.pem"},
		`{` + splunk + `,"caCertificate":"testdata"}`:                                                      {"caCertificate", "is not a file"},
		`{` + splunk + `,"caCertificate":"settings.go"}`:                                                   {"caCertificate", "BEGIN CERTIFICATE"},
		`{` + splunk + `,"auth":"basic"}`:                                                                  {"auth", "setting of elastic and opensearch"},
		`{` + elastic + `,"auth":"es"}`:                                                                    {"auth", "apiKey, basic"},
		`{` + elastic + `,"format":"ocsf"}`:                                                                {"format", "raw"},
		`{` + elastic + `,"dataStream":"-x"}`:                                                              {"dataStream", "lower-case"},
		`{` + base + `"destination":"elastic","endpoint":"https://x","auth":"basic"}`:                      {"secret", "USER:PASSWORD"},
		`{` + base + `"destination":"opensearch","auth":"basic","endpoint":"https://x"}`:                   {"secret", "USER:PASSWORD"},
		`{` + base + `"destination":"opensearch","auth":"apiKey","endpoint":"https://x","secret":"s"}`:     {"auth", "es, aoss, basic"},
		`{` + base + `"destination":"opensearch","endpoint":"https://x","index":"a","dataStream":"b"}`:     {"index and dataStream"},
		`{` + splunk + `,"splunk.secret":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf"}`: {"secret", "replica"},
		`{` + base + `"destination":"splunk,elastic","secret":"s","endpoint":"https://x"}`:                 {"splunk and elastic cannot both be", "elastic.endpoint"},
		`{"oktastream":"x",` + ok + `}`:                                                                    {"oktastream", "object"},
	}
}

func long(n int) string {
	var types []string
	for i := range n {
		types = append(types, fmt.Sprintf("user.lifecycle.long_name_%03d", i))
	}
	return strings.Join(types, ",")
}

func TestEachFaultComesWithItsFix(t *testing.T) {
	for text, words := range wrongSettings() {
		_, err := Read(context(t, text), "us-east-1")
		if err == nil {
			t.Errorf("%s is taken", text)
			continue
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s\n  lacks %q: %v", text, word, err)
			}
		}
	}
	if _, err := Read(context(t, `{"source":"`+source+`","destination":"cloudwatch"}`), "af-south-1"); err == nil || !strings.Contains(err.Error(), "us-east-1") {
		t.Errorf("a region that Okta does not have is taken: %v", err)
	}
}

// TestAllFaultsAreToldAtOnce: whoever made three slips is not sent round three
// times.
func TestAllFaultsAreToldAtOnce(t *testing.T) {
	_, err := Read(context(t, `{"source":"x","destination":"cloudwatch,kafka","batch":"no","colour":"red","window":"0","datadog.site":"mars"}`), "")
	if err == nil {
		t.Fatal("six faults are taken")
	}
	for _, word := range []string{"source", "destination", "batch", "colour", "datadog.site", "window 0"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no word of %s:\n%v", word, err)
		}
	}
	if lines := strings.Split(err.Error(), "\n"); !slices.IsSorted(lines) || len(lines) != 6 {
		t.Errorf("%d lines, want 6 in order:\n%v", len(lines), err)
	}
	s := Default()
	s.Destinations = []Destination{CloudWatch, Datadog}
	s.CloudWatch.Window, s.Datadog.Site, s.Bus = 0, "mars", ""
	err = s.Check("xx-east-1")
	if err == nil {
		t.Fatal("six faults are taken")
	}
	for _, word := range []string{"source", "xx-east-1", "window 0", "datadog.site", "bus", "secret"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no word of %s:\n%v", word, err)
		}
	}
}

func TestNotes(t *testing.T) {
	s, err := Read(context(t, `{"source":"`+source+`","destination":"cloudwatch","include":"User.Session.*,user.session.*","exclude":"user.session.end","kms":"arn:aws:kms:us-east-1:111122223333:key/1"}`), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(s.Notes(), "\n")
	for _, word := range []string{"User.Session.* matches none", "did you mean user.session.*?", "exclude", "THE KEY'S POLICY"} {
		if !strings.Contains(notes, word) {
			t.Errorf("no note speaks of %q:\n%s", word, notes)
		}
	}
	if strings.Contains(notes, " user.session.* matches none") {
		t.Errorf("a note doubts what Okta has:\n%s", notes)
	}
	s = Default()
	s.Source, s.Destinations = source, []Destination{CloudWatch}
	if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, "NO ALARM NOTIFIES ANYBODY") || !strings.Contains(notes, "silence") {
		t.Errorf("nobody says that nobody is told:\n%s", notes)
	}
	s.AlarmEmail, s.Live = "oncall@example.com", true
	if notes := s.Notes(); len(notes) > 0 {
		t.Errorf("the default has notes: %v", notes)
	}
}

func TestEverySiteHasAnIntake(t *testing.T) {
	hosts := map[string]bool{}
	for _, name := range []string{"us1", "us3", "us5", "eu1", "ap1", "ap2", "uk1", "us1-fed", "us2-fed", "EU1", "datadoghq.eu"} {
		url, err := IntakeURL(name)
		if err != nil || !regexp.MustCompile(`^https://http-intake\.logs\.[a-z0-9.-]+/api/v2/logs$`).MatchString(url) {
			t.Errorf("%s: %q, %v", name, url, err)
		}
		hosts[url] = true
	}
	if len(hosts) != 9 {
		t.Errorf("%d sites, want 9", len(hosts))
	}
}

// rowsOf are the rows of a page's table of settings: their cells, by the setting's name.
func rowsOf(t *testing.T, page string) (order []string, rows map[string][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)<!-- settings -->\n(.*?)<!-- /settings -->`).FindSubmatch(text)
	if block == nil {
		t.Fatalf("%s has no table of settings", page)
	}
	rows = map[string][]string{}
	for line := range strings.Lines(string(block[1])) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		name, _, _ := strings.Cut(cells[0], " ")
		if name = strings.Trim(name, "`"); name != "setting" && !strings.HasPrefix(name, "---") {
			order, rows[name] = append(order, name), cells
		}
	}
	return order, rows
}

// fullName is a setting's name as a page has it.
func fullName(row setting) string {
	if row.dotted {
		return string(row.of[0]) + "." + row.name
	}
	return row.name
}

// TestPagesShowTheSettings holds the table of infra/README.md to the code's: every setting, in its order, with the
// destinations that have it, its default, and its allowed values. README.md's table repeats some of its rows.
func TestPagesShowTheSettings(t *testing.T) {
	order, page := rowsOf(t, "../README.md")
	var want []string
	for _, row := range table() {
		name := fullName(row)
		want = append(want, name)
		cells := page[name]
		if len(cells) != 4 {
			t.Errorf("the page's row of %s has %d cells, want 4", name, len(cells))
			continue
		}
		first := "`" + name + "`"
		if len(row.of) > 0 && !row.dotted {
			first += " (" + strings.Join(names(row.of), ", ") + ")"
		}
		value := "none"
		if row.fallback != "" {
			value = "`" + row.fallback + "`"
		}
		if row.archive != "" {
			value += "; archive `" + row.archive + "`"
		}
		if cells[0] != first || cells[2] != value || cells[1] == "" {
			t.Errorf("%s: the page says %q, default %q; the code %q, %q", name, cells[0], cells[2], first, value)
		}
		for _, allowed := range allowedIn(row) {
			if !strings.Contains(cells[3], allowed) {
				t.Errorf("%s: the page allows %q, without %q", name, cells[3], allowed)
			}
		}
	}
	if !slices.Equal(order, want) {
		t.Errorf("the page has the settings %v, want %v", order, want)
	}
	common, few := rowsOf(t, "../../README.md")
	for _, name := range common {
		if cells := page[name]; len(cells) < 3 || !slices.Equal(few[name], cells[:3]) {
			t.Errorf("README.md says of %s %q, and infra/README.md %q", name, few[name], cells)
		}
	}
	if len(common) != 10 {
		t.Errorf("README.md shows %d settings, want the ten most used", len(common))
	}
}

// allowedIn is what the page must say about the values that a setting allows.
func allowedIn(row setting) []string {
	var list []string
	for _, value := range row.oneOf {
		if value != "" {
			list = append(list, "`"+value+"`")
		}
	}
	for _, n := range row.numbers {
		if n > 0 {
			list = append(list, fmt.Sprint(n))
		}
	}
	switch row.bind(new(Settings), CloudWatch).(type) {
	case *bool:
		list = append(list, "`true`", "`false`")
	case *int:
		if row.numbers == nil {
			list = append(list, " to "+fmt.Sprint(row.high))
		}
		if row.low > 0 {
			list = append(list, fmt.Sprintf("%d to %d", row.low, row.high))
		}
	}
	if row.name == "site" {
		list = append(list, "`us1`, `us3`, `us5`, `eu1`, `ap1`, `ap2`, `uk1`, `us1-fed`, `us2-fed`")
	}
	return list
}

// TestThePageShowsTheSettingsOfEachDestination holds the page's table of destinations
// against the settings that not all destinations have.
func TestThePageShowsTheSettingsOfEachDestination(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range Destinations() {
		want, all := map[string]bool{}, map[string]bool{}
		for _, row := range table() {
			name := fullName(row)
			all[name] = true
			if slices.Contains(row.of, d) {
				want[name] = true
			}
		}
		line := regexp.MustCompile("(?m)^\\| `" + string(d) + "` \\|.*$").Find(page)
		shown := map[string]bool{}
		for _, name := range regexp.MustCompile("`([a-zA-Z.]+)`").FindAllSubmatch(line, -1) {
			if all[string(name[1])] {
				shown[string(name[1])] = true
			}
		}
		if !maps.Equal(shown, want) {
			t.Errorf("the page's row of %s shows the settings %v, want %v", d, slices.Sorted(maps.Keys(shown)),
				slices.Sorted(maps.Keys(want)))
		}
	}
}
