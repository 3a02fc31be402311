package oktastream

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/settings"
)

// shape describes how a pipeline's log group stores events, for package queries.
func shape(set *settings.Pipeline) queries.Shape {
	switch {
	case set.Ingest == settings.IngestRule:
		return queries.Envelope
	case set.Format == "":
		return queries.OCSF
	}
	return queries.Shape(set.Format)
}

// index makes the log group index the fields that its queries filter by.
func (g *LogGroup) index(set *settings.Pipeline) {
	g.resource.SetFieldIndexPolicies(&[]any{map[string]any{"Fields": queries.Indexes(shape(set))}})
}

// saveQueries saves the queries in CloudWatch Logs Insights, in a folder with the stack's name; detections are in a
// folder below it.
func (b *builder) saveQueries(scope constructs.Construct, g *LogGroup, set *settings.Pipeline) {
	for _, q := range queries.All() {
		awslogs.NewCfnQueryDefinition(scope, jsii.String("Query-"+q.Name), &awslogs.CfnQueryDefinitionProps{
			Name: jsii.String(b.name + "/" + q.Path()), QueryString: jsii.String(q.Text(shape(set))),
			LogGroupNames: &[]any{g.Name},
		})
	}
}

// saveAthenaQueries saves the same queries for the archive, in the stack's workgroup.
func (b *builder) saveAthenaQueries(scope constructs.Construct, a *Archive, set *settings.Pipeline) error {
	held := queries.Envelope
	if set.Format == "ocsf" {
		held = queries.OCSF
	}
	all, err := queries.Athena(held, fmt.Sprintf("%q.%q", a.Database, a.Table))
	if err != nil {
		return fmt.Errorf("write the saved queries for Athena: %w", err)
	}
	for _, q := range all {
		cfn(scope, "AthenaQuery-"+q.Name, "AWS::Athena::NamedQuery", map[string]any{
			"Name": q.Name, "Description": q.Description, "Database": a.Database, "WorkGroup": a.WorkGroup,
			"QueryString": q.SQL,
		}).AddResourceDependency(a.workGroup, nil)
	}
	return nil
}
