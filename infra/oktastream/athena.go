package oktastream

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/settings"
)

// firstDay is the first day of the table. No event is older: Okta's System Log keeps 90 days.
const firstDay = "2020-01-01"

// newAthena makes a table over the archive. Athena computes the table's partitions from the query
// (Athena user guide, "Use partition projection with Amazon Athena", read 2026-11): no crawler runs
// and no partition is added. The table has one column, the whole line of JSON, so that no field can
// be lost in a schema. The column separator is a character that JSON never contains.
//
// The resources are written without the CDK's modules of Glue and Athena, which would take longer
// to compile than the rest of this package.
func (b *builder) newAthena(scope constructs.Construct, a *Archive, set *settings.Pipeline) {
	a.WorkGroup, a.Table = b.name+"-okta", "events"
	a.Database = strings.ToLower(strings.ReplaceAll(b.name, "-", "_")) + "_okta"
	database := cfn(scope, "Database", "AWS::Glue::Database", map[string]any{
		"CatalogId": awscdk.Aws_ACCOUNT_ID(),
		"DatabaseInput": map[string]any{"Name": a.Database,
			"Description": "Okta System Log events of " + b.name + " in S3"},
	})
	table := cfn(scope, "Table", "AWS::Glue::Table", map[string]any{
		"CatalogId": awscdk.Aws_ACCOUNT_ID(), "DatabaseName": a.Database, "TableInput": b.tableOf(a),
	})
	table.AddResourceDependency(database, nil)
	results := b.newBucket(scope, "AthenaResults", &awss3.CfnBucketProps{
		LifecycleConfiguration: &awss3.CfnBucket_LifecycleConfigurationProperty{Rules: []any{
			abortUploads(), &awss3.CfnBucket_RuleProperty{
				Id: jsii.String("expire"), Status: jsii.String("Enabled"), ExpirationInDays: jsii.Number(resultDays)},
		}},
	}, nil)
	a.workGroup = cfn(scope, "WorkGroup", "AWS::Athena::WorkGroup", map[string]any{
		"Name": a.WorkGroup, "Description": "Queries of the archive of " + b.name, "State": "ENABLED",
		// Lets CloudFormation delete the workgroup while its history has queries.
		"RecursiveDeleteOption": true,
		"WorkGroupConfiguration": map[string]any{
			"BytesScannedCutoffPerQuery":    set.AthenaScanGB << 30,
			"EnforceWorkGroupConfiguration": true,
			"EngineVersion":                 map[string]any{"SelectedEngineVersion": "Athena engine version 3"},
			"ResultConfiguration": map[string]any{
				"OutputLocation":          join("s3://", results.Ref(), "/"),
				"ExpectedBucketOwner":     awscdk.Aws_ACCOUNT_ID(),
				"EncryptionConfiguration": b.resultEncryption(),
			},
		},
	})
}

func (b *builder) resultEncryption() map[string]any {
	if b.key == nil {
		return map[string]any{"EncryptionOption": "SSE_S3"}
	}
	return map[string]any{"EncryptionOption": "SSE_KMS", "KmsKey": b.key.ARN}
}

// tableOf returns the table's definition.
func (b *builder) tableOf(a *Archive) map[string]any {
	org, _, _ := events.ParseSource(b.s.Source)
	location := join("s3://", a.BucketName, "/"+eventsPrefix)
	column := func(name string) map[string]any { return map[string]any{"Name": name, "Type": "string"} }
	return map[string]any{
		"Name": a.Table, "TableType": "EXTERNAL_TABLE", "Description": "One event a row, as JSON in the column event",
		"Parameters": map[string]any{
			"EXTERNAL": "TRUE", "classification": "json", "projection.enabled": "true",
			"projection.org.type": "enum", "projection.org.values": org,
			// One day after today, for events from a clock that is ahead.
			"projection.dt.type": "date", "projection.dt.format": "yyyy-MM-dd",
			"projection.dt.range":  firstDay + ",NOW+1DAYS",
			"projection.hour.type": "integer", "projection.hour.range": "0,23", "projection.hour.digits": "2",
			"storage.location.template": join(location, "org=${org}/dt=${dt}/hour=${hour}/"),
		},
		"PartitionKeys": []any{column("org"), column("dt"), column("hour")},
		"StorageDescriptor": map[string]any{
			"Columns": []any{column("event")}, "Compressed": true, "Location": location,
			"InputFormat":  "org.apache.hadoop.mapred.TextInputFormat",
			"OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
			"SerdeInfo": map[string]any{
				"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
				"Parameters":           map[string]any{"field.delim": "\u0001"},
			},
		},
	}
}

// cfn makes a resource of a type for which no module of the CDK is used.
func cfn(scope constructs.Construct, id, kind string, properties map[string]any) awscdk.CfnResource {
	return awscdk.NewCfnResource(scope, &id, &awscdk.CfnResourceProps{Type: &kind, Properties: &properties})
}
