//go:build !race

package oktastream

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/infra/internal/access"
	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// bucket is the name of the bucket that holds events.
func (s *synthesised) bucket(t *testing.T) string {
	t.Helper()
	if given := s.settings.Archive.Bucket; given != "" {
		return given
	}
	id, _ := s.only(t, "AWS::S3::Bucket", "OktaS3ArchiveBucket")
	return s.resolve(t, map[string]any{"Ref": id}).(string)
}

// ofArchive returns the calls of a function that writes objects.
func (p *drawn) ofArchive(role string) []arrow {
	const put = "s3:PutObject"
	bucket := "arn:aws:s3:::" + p.s.bucket(p.t)
	object := bucket + "/okta/org=example/dt=2026-11-28/hour=10/0a1b.jsonl.gz"
	digest := bucket + "/digest/org=example/0000000001.json"
	on := func(call access.Request) access.Request { return in(call, "aws:ResourceAccount", account) }
	// new is a PutObject with If-None-Match, other is one without.
	other := func(call access.Request) access.Request { return in(on(call), "s3:ObjectCreationOperation", "true") }
	fresh := func(call access.Request) access.Request { return in(other(call), "s3:if-none-match", "*") }
	a := arrow{
		name:  "function → archive",
		calls: []access.Request{fresh(byRole(role, put, object))},
		neighbours: []access.Request{
			on(byRole(role, "s3:GetObject", object)), on(byRole(role, "s3:ListBucket", bucket)),
			on(byRole(role, "s3:DeleteObject", object)), on(byRole(role, "s3:DeleteObjectVersion", object)),
			fresh(byRole(role, put, digest)), fresh(byRole(role, put, bucket+"/other")),
			fresh(byRole(role, put, strings.Replace(object, ":::", ":::x", 1))),
			on(byRole(role, "s3:PutObjectRetention", object)), on(byRole(role, "s3:BypassGovernanceRetention", object)),
			on(byRole(role, "s3:PutBucketPolicy", bucket)), on(byRole(role, "s3:PutLifecycleConfiguration", bucket)),
			fresh(byOtherAccount(put, object)), on(byOtherAccount("s3:GetObject", object)),
		},
	}
	list := []arrow{a}
	if p.set.Bucket == "" {
		// The bucket's own policy denies this even to a role that may do everything.
		guard := arrow{name: "administrator → archive", calls: []access.Request{
			fresh(byAdmin(put, object)), fresh(byAdmin(put, digest)), on(byAdmin("s3:GetObject", object)),
			on(byAdmin(put, object)), // a part of a multipart upload
			other(byAdmin(put, bucket+"/auditor/org=example/state.json")),
		}}
		for _, key := range []string{object, digest} {
			guard.neighbours = append(guard.neighbours, on(byAdmin("s3:DeleteObject", key)),
				on(byAdmin("s3:DeleteObjectVersion", key)), other(byAdmin(put, key)),
				plainHTTP(fresh(byAdmin(put, key))), plainHTTP(on(byAdmin("s3:GetObject", key))))
		}
		guard.neighbours = append(guard.neighbours, plainHTTP(on(byAdmin("s3:ListBucket", bucket))),
			plainHTTP(fresh(byRole(role, put, object))))
		list = append(list, guard)
	}
	id, _ := p.s.only(p.t, "AWS::S3::Bucket", "OktaS3ArchiveAthenaResults")
	results := p.s.account.ARN(id)
	list = append(list, arrow{name: "Athena's results", calls: []access.Request{byAdmin(put, results+"/x.csv")},
		neighbours: []access.Request{byOtherAccount("s3:GetObject", results+"/x.csv"), plainHTTP(byAdmin("s3:GetObject",
			results+"/x.csv")), byRole(role, "s3:GetObject", results+"/x.csv"), byRole(role, put, results+"/x.csv")}})
	return append(list, p.ofArchiveKey(role, bucket, object)...)
}

// ofArchiveKey returns the calls of the function that use the archive's key; none uses the key that
// signs digests.
func (p *drawn) ofArchiveKey(role, bucket, object string) []arrow {
	const generate = "kms:GenerateDataKey"
	var list []arrow
	if p.key != "" {
		via := func(action, key, service, context string) access.Request {
			return in(in(byRole(role, action, key), "kms:ViaService", service+"."+here+".amazonaws.com"),
				"kms:EncryptionContext:aws:s3:arn", context)
		}
		list = append(list, arrow{
			name:  "function → key of the archive",
			calls: []access.Request{via(generate, p.key, "s3", bucket), via(generate, p.key, "s3", object)},
			neighbours: []access.Request{
				via(generate, p.key, "s3", bucket+"2"), via(generate, p.key, "s3", bucket+"/digest/x"),
				via(generate, otherKey, "s3", bucket), via(generate, p.key, "ec2", bucket),
				via("kms:Decrypt", p.key, "s3", bucket), byRole(role, generate, p.key),
			},
		})
	}
	key := p.set.DigestKey
	if key == settings.DigestKeyOwn {
		key = p.arn("AWS::KMS::Key", "DigestKey")
	}
	if key != "" {
		list = append(list, arrow{name: "digest key", calls: []access.Request{byAdmin("kms:Sign", key)},
			neighbours: []access.Request{byRole(role, "kms:Sign", key), byRole(p.replay, "kms:Sign", key),
				byOtherAccount("kms:Sign", key)}})
	}
	return list
}

// TestTheBucketOfTheArchive compares the bucket with the settings.
func TestTheBucketOfTheArchive(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		set := s.settings.Archive
		own := s.settings.Has(settings.Archive) && set.Bucket == ""
		seen := 0
		for id, r := range s.of("AWS::S3::Bucket") {
			p := r["Properties"].(map[string]any)
			text, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{`"BlockPublicAcls":true`, `"BlockPublicPolicy":true`, `"IgnorePublicAcls":true`,
				`"RestrictPublicBuckets":true`, `"ObjectOwnership":"BucketOwnerEnforced"`, `"DaysAfterInitiation":1`} {
				if !strings.Contains(string(text), word) {
					t.Errorf("%s has no %s: %s", id, word, text)
				}
			}
			if strings.HasPrefix(id, "OktaS3ArchiveAthenaResults") {
				if !strings.Contains(string(text), `"ExpirationInDays":7`) {
					t.Errorf("results are kept: %s", text)
				}
				continue
			}
			if strings.HasPrefix(id, "OktaAuditorState") {
				if !strings.Contains(string(text), `{"NoncurrentDays":7},"Prefix":"auditor/"`) {
					t.Errorf("old versions of the state are kept: %s", text)
				}
				continue
			}
			seen++
			if strings.Contains(string(text), "Expiration") {
				t.Errorf("a rule deletes events: %s", text)
			}
			if p["VersioningConfiguration"].(map[string]any)["Status"] != "Enabled" || p["ObjectLockEnabled"] != true {
				t.Errorf("neither versions nor locks: %s", text)
			}
			retention := ""
			switch set.Lock {
			case settings.LockCompliance:
				retention = `"DefaultRetention":{"Mode":"COMPLIANCE","Years":7}`
			case settings.LockGovernance:
				retention = `"DefaultRetention":{"Mode":"GOVERNANCE","Years":7}`
			}
			if has := strings.Contains(string(text), "DefaultRetention"); has != (retention != "") ||
				!strings.Contains(string(text), retention) {
				t.Errorf("lock=%s makes %s", set.Lock, text)
			}
			if cold := strings.Count(string(text), "StorageClass"); cold != min(set.ColdDays, 1) ||
				cold == 1 && !strings.Contains(string(text), `{"StorageClass":"GLACIER_IR","TransitionInDays":90}`) {
				t.Errorf("coldDays=%d makes %s", set.ColdDays, text)
			}
		}
		if own != (seen == 1) || seen > 1 {
			t.Errorf("%d buckets hold events", seen)
		}
	})
}

// TestAthenaReadsWhatTheFunctionWrites: the table's partitions are the prefixes of the
// objects, and the workgroup keeps to the limit.
func TestAthenaReadsWhatTheFunctionWrites(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		if !s.settings.Has(settings.Archive) {
			if n := len(s.of("AWS::Glue::Table")) + len(s.of("AWS::Athena::WorkGroup")); n > 0 {
				t.Errorf("%d resources of Athena without an archive", n)
			}
			return
		}
		_, database := s.only(t, "AWS::Glue::Database", "OktaS3ArchiveDatabase")
		_, table := s.only(t, "AWS::Glue::Table", "OktaS3ArchiveTable")
		if name := database["DatabaseInput"].(map[string]any)["Name"]; name != "oktastream_okta" || name != table["DatabaseName"] {
			t.Errorf("the database is %v, the table's %v", name, table["DatabaseName"])
		}
		input := s.resolve(t, table["TableInput"]).(map[string]any)
		parameters := input["Parameters"].(map[string]any)
		prefix := parameters["storage.location.template"].(string)
		for name, value := range map[string]string{"org": "example", "dt": "2026-11-28", "hour": "07"} {
			prefix = strings.ReplaceAll(prefix, "${"+name+"}", value)
		}
		start := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
		if want := "s3://" + s.bucket(t) + "/" + (archive.Hour{Org: "example", Start: start}).Prefix(); prefix != want {
			t.Errorf("the table reads %s, the function writes to %s", prefix, want)
		}
		if parameters["projection.org.values"] != "example" || parameters["projection.enabled"] != "true" ||
			parameters["projection.hour.range"] != "0,23" || parameters["projection.hour.digits"] != "2" {
			t.Errorf("the partitions are %v", parameters)
		}
		var names []string
		for _, key := range input["PartitionKeys"].([]any) {
			names = append(names, key.(map[string]any)["Name"].(string))
		}
		storage := input["StorageDescriptor"].(map[string]any)
		columns := storage["Columns"].([]any)
		serde := storage["SerdeInfo"].(map[string]any)["Parameters"].(map[string]any)
		if !slices.Equal(names, []string{"org", "dt", "hour"}) || len(columns) != 1 ||
			columns[0].(map[string]any)["Name"] != "event" || !maps.Equal(serde, map[string]any{"field.delim": "\x01"}) {
			t.Errorf("the table is %v", input)
		}
		_, group := s.only(t, "AWS::Athena::WorkGroup", "OktaS3ArchiveWorkGroup")
		set := s.resolve(t, group["WorkGroupConfiguration"]).(map[string]any)
		result := set["ResultConfiguration"].(map[string]any)
		encryption := result["EncryptionConfiguration"].(map[string]any)
		key, _ := encryption["KmsKey"].(string)
		id, _ := s.only(t, "AWS::S3::Bucket", "OktaS3ArchiveAthenaResults")
		if set["BytesScannedCutoffPerQuery"] != float64(s.settings.Archive.AthenaScanGB)*(1<<30) ||
			set["EnforceWorkGroupConfiguration"] != true || key != s.keyARN(t) || result["ExpectedBucketOwner"] != account ||
			result["OutputLocation"] != "s3://"+strings.TrimPrefix(s.account.ARN(id), "arn:aws:s3:::")+"/" {
			t.Errorf("the workgroup is %v", set)
		}
	})
}

// TestTheOutputDescribesTheArchive checks that the pipeline's output has what the command needs to
// read and sign.
func TestTheOutputDescribesTheArchive(t *testing.T) {
	for _, name := range []string{"archive", "archive-own", "archive-given"} {
		s := synthesise(t, name)
		d := s.described(t)[settings.Archive]
		key := any(nil)
		switch name {
		case "archive-own":
			id, _ := s.only(t, "AWS::KMS::Key", "OktaS3ArchiveDigestKey")
			key = s.account.ARN(id)
		case "archive-given":
			key = otherKey
		}
		if d["bucket"] != s.bucket(t) || d["bucket_owner"] != account || d["lock"] != s.settings.Archive.Lock ||
			d["digest_key"] != key {
			t.Errorf("%s is described as %v", name, d)
		}
	}
}

// TestEveryQuestionIsSavedForAthena: each saved query is in the stack's workgroup and reads
// the stack's table.
func TestEveryQuestionIsSavedForAthena(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		want := 0
		if s.settings.Has(settings.Archive) {
			want = len(queries.All())
		}
		names := map[string]bool{}
		for id, r := range s.of("AWS::Athena::NamedQuery") {
			p := s.resolve(t, r["Properties"]).(map[string]any)
			names[p["Name"].(string)] = true
			if p["WorkGroup"] != "oktastream-okta" || p["Database"] != "oktastream_okta" ||
				!strings.Contains(p["QueryString"].(string), `"oktastream_okta"."events"`) {
				t.Errorf("%s is %v", id, p)
			}
			raw := strings.Contains(p["QueryString"].(string), "$.detail.eventType")
			if s.settings.Archive.Format == "ocsf" && raw {
				t.Errorf("%s reads Okta's events from OCSF records", id)
			}
		}
		if len(names) != want {
			t.Errorf("%d queries, want %d", len(names), want)
		}
	})
}

// TestTheTemplateFits: CloudFormation takes 500 resources and 1 MB (quotas, read 2026-11).
func TestTheTemplateFits(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		text, err := json.Marshal(s.template)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.template["Resources"].(map[string]any)); n > 450 || len(text) > 900_000 {
			t.Errorf("%d resources, %d bytes", n, len(text))
		}
	})
}
