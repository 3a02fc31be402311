package oktastream

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/settings"
)

// auditorSeconds is the timeout of the auditor's function, the longest that Lambda has
// (Lambda quotas, read 2026-11).
const auditorSeconds = 900

// statePrefix is the prefix of the auditor's state, one object for each hour. Every run writes a
// new version; old versions are deleted after stateDays.
const (
	statePrefix = "auditor/"
	stateDays   = 7
)

// AuditorFunction compares every hour of one pipeline with Okta's System Log.
type AuditorFunction struct {
	Function
	Pipeline *Pipeline
	// StateBucket has its state, and its digests if the pipeline has no archive.
	StateBucket *string
	// DigestBucket holds the digests.
	DigestBucket *string
	// Failed receives the runs that failed, Unstarted those that the schedule could not start.
	Failed, Unstarted *Queue
	Schedule          *string
}

// newAuditorRole makes the auditor's role. It comes before the pipeline, because the pipeline's
// policies name it.
func (b *builder) newAuditorRole() {
	if _, audited := b.s.Audited(); audited {
		scope := constructs.NewConstruct(b.scope, jsii.String("Auditor"))
		b.auditor = b.newRole(scope, "FunctionRole", "The auditor of "+b.name, trust("lambda.amazonaws.com"))
	}
}

// auditorOf returns the auditor's role if it audits this pipeline.
func (b *builder) auditorOf(p *Pipeline) []*string {
	if d, audited := b.s.Audited(); audited && d == p.Destination {
		return []*string{b.auditor.ARN}
	}
	return nil
}

// newAuditor makes the auditor of the pipeline that Audited names: a function that a
// schedule starts, one at a time.
func (b *builder) newAuditor(o *Oktastream) error {
	d, audited := b.s.Audited()
	if !audited {
		return nil
	}
	scope, role := b.auditor.scope, b.auditor
	a := &AuditorFunction{
		Function: Function{Role: role, LogGroup: b.newLogGroup(scope, "FunctionLog", functionLogDays)},
		Failed:   b.newQueue(scope, "Failed", queueProps{}), Unstarted: b.newQueue(scope, "Unstarted", queueProps{}),
	}
	for _, p := range o.Pipelines {
		if p.Destination == d {
			a.Pipeline = p
		}
	}
	state := b.stateBucket(scope)
	a.StateBucket, a.DigestBucket = state.Ref(), state.Ref()
	if a.Pipeline.Archive != nil {
		a.DigestBucket = a.Pipeline.Archive.BucketName
	}
	b.allowAuditor(role, a, state.AttrArn())
	policy := role.attach(b)
	a.build(scope, b.auditorCode, policy, b.auditorEnvironment(a), &awslambda.CfnFunctionProps{
		Description: jsii.String("Compares " + a.Pipeline.Name + " with Okta's System Log"),
		Timeout:     jsii.Number(auditorSeconds), MemorySize: jsii.Number(512),
		ReservedConcurrentExecutions: jsii.Number(1), // two runs would do the same work
	})
	a.async(scope, policy, 0, auditorSeconds, a.Failed) // the next run continues where this one stopped
	b.scheduleAuditor(scope, a)
	o.Auditor = a
	return nil
}

// stateBucket makes the bucket of the state: about 200 KB, written about a hundred times a day.
func (b *builder) stateBucket(scope constructs.Construct) awss3.CfnBucket {
	return b.newBucket(scope, "State", &awss3.CfnBucketProps{
		VersioningConfiguration: &awss3.CfnBucket_VersioningConfigurationProperty{Status: jsii.String("Enabled")},
		LifecycleConfiguration: &awss3.CfnBucket_LifecycleConfigurationProperty{Rules: []any{
			abortUploads(), &awss3.CfnBucket_RuleProperty{
				Id: jsii.String("old-state"), Status: jsii.String("Enabled"), Prefix: jsii.String(statePrefix),
				NoncurrentVersionExpiration: &awss3.CfnBucket_NoncurrentVersionExpirationProperty{
					NoncurrentDays: jsii.Number(stateDays)},
			},
		}},
	}, archivePolicy)
}

// auditorEnvironment returns the variables that lambda/cmd/auditor reads: the environment of the
// pipeline's function, and the auditor's own.
func (b *builder) auditorEnvironment(a *AuditorFunction) map[string]*string {
	set := b.s.Of(a.Pipeline.Destination)
	variables := maps.Clone(b.environment(a.Pipeline, set))
	own := map[string]*string{
		"ORG_URL": jsii.String(b.s.OktaURL), "SECRET": jsii.String(b.s.OktaSecret), "REQUESTS": number(b.s.RequestsOfRun()),
		"BUCKET": a.StateBucket, "SINCE": jsii.String(b.s.OktaSince),
		"DEAD_URLS": join(a.Pipeline.Redrive.URL, ",", a.Pipeline.Dead.URL),
	}
	if archive := a.Pipeline.Archive; archive != nil && archive.DigestKeyARN != nil {
		own["DIGEST_KEY"] = archive.DigestKeyARN
	}
	for name, value := range own {
		if *value != "" {
			variables["OKTASTREAM_AUDIT_"+name] = value
		}
	}
	return variables
}

// allowAuditor lets the auditor read the pipeline's events and Okta's credentials, send missing
// events to the buffer queue, and write state and digests. It may not write events to the
// destination, nor delete anything.
func (b *builder) allowAuditor(r *Role, a *AuditorFunction, stateARN *string) {
	p := a.Pipeline
	org, _, _ := events.ParseSource(b.s.Source)
	r.may("OwnLog", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, a.LogGroup.ARN)
	r.mayRead(settings.SecretARN(b.s.OktaSecret, *awscdk.Aws_PARTITION(), *awscdk.Aws_REGION(), *awscdk.Aws_ACCOUNT_ID()))
	r.may("SendsWhatIsMissing", []string{"sqs:SendMessage", "sqs:GetQueueAttributes"}, p.Buffer.ARN)
	r.may("LooksIntoDeadLetters", []string{"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"},
		[]*string{p.Redrive.ARN, p.Dead.ARN})
	r.may("ReportsFailures", []string{"sqs:SendMessage"}, a.Failed.ARN)
	r.mayUseQueues(b)
	digests, buckets := stateARN, []*string{stateARN}
	read := []*string{below(stateARN, statePrefix), below(stateARN, digestsPrefix)}
	lists := []string{digestsPrefix + "org=" + org + "/*", statePrefix + "org=" + org + "/*"}
	if archive := p.Archive; archive != nil {
		digests, buckets = archive.BucketARN, append(buckets, archive.BucketARN)
		read = append(read, below(archive.BucketARN, eventsPrefix), below(archive.BucketARN, digestsPrefix))
		lists = append(lists, eventsPrefix+"org="+org+"/*")
		if archive.DigestKeyARN != nil {
			r.may("SignsDigests", []string{"kms:Sign"}, archive.DigestKeyARN)
		}
	} else {
		r.may("ReadsTheLogGroup", []string{"logs:FilterLogEvents"}, p.LogGroup.ARN)
	}
	// Without this permission S3 answers 403 for a missing object, not 404 (S3 API reference,
	// GetObject, "Permissions", read 2026-11).
	r.policy = append(r.policy, allow("ListsObjects", nil, []string{"s3:ListBucket"}, buckets,
		condition{"StringLike": {"s3:prefix": lists}}))
	r.may("ReadsObjects", []string{"s3:GetObject"}, read)
	r.may("WritesStateAndDigests", []string{"s3:PutObject"}, []*string{below(stateARN, statePrefix),
		below(digests, digestsPrefix)})
	if b.key != nil {
		contexts := []*string{}
		for _, bucket := range buckets {
			contexts = append(contexts, bucket, below(bucket, ""))
		}
		r.policy = append(r.policy, allow("KeyOfBuckets", nil, []string{"kms:Decrypt", "kms:GenerateDataKey"}, b.key.ARN,
			condition{
				"StringEquals": {"kms:ViaService": via("s3")},
				"StringLike":   {"kms:EncryptionContext:aws:s3:arn": contexts},
			}))
	}
}

// scheduleAuditor starts the auditor. It does not use the CDK's module of the scheduler, which takes long to compile,
// see newAthena.
func (b *builder) scheduleAuditor(scope constructs.Construct, a *AuditorFunction) {
	assume := trust("scheduler.amazonaws.com")
	assume["Condition"] = ofAccount()
	role := b.newRole(scope, "ScheduleRole", "Starts the auditor of "+b.name, assume)
	role.may("Starts", []string{"lambda:InvokeFunction"}, a.ARN)
	role.may("ReportsFailures", []string{"sqs:SendMessage"}, a.Unstarted.ARN)
	role.mayUseQueues(b)
	policy := role.attach(b)
	schedule := cfn(scope, "Schedule", "AWS::Scheduler::Schedule", map[string]any{
		"Description":        "Starts the auditor of " + b.name,
		"ScheduleExpression": "rate(" + *number(b.s.OktaEvery) + " minutes)", "State": "ENABLED",
		"FlexibleTimeWindow": map[string]any{"Mode": "OFF"},
		"Target": map[string]any{
			"Arn": a.ARN, "RoleArn": role.ARN,
			"DeadLetterConfig": map[string]any{"Arn": a.Unstarted.ARN},
			"RetryPolicy":      map[string]any{"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": auditorSeconds},
		},
	})
	schedule.AddResourceDependency(policy, nil)
	a.Schedule = schedule.Ref()
	b.onlySender(scope, "FailedPolicy", a.Failed, b.auditor, a.Pipeline)
	b.onlySender(scope, "UnstartedPolicy", a.Unstarted, role, a.Pipeline)
	schedule.AddResourceDependency(a.Failed.policy, nil)
	schedule.AddResourceDependency(a.Unstarted.policy, nil)
}

// onlySender returns the policy of a queue to which only one role sends.
func (b *builder) onlySender(scope constructs.Construct, id string, q *Queue, sender *Role, p *Pipeline) {
	b.newQueuePolicy(scope, id, p, q,
		deny("NobodyElseSends", []string{"sqs:SendMessage"}, q.ARN, noneOf([]*string{sender.ARN}, nil)))
}
