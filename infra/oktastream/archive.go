package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/settings"
)

// Archive is the bucket that stores events as objects.
type Archive struct {
	// BucketName and BucketARN are those of the bucket. Objects are below okta/, digests
	// below digest/.
	BucketName, BucketARN *string
	// DigestKeyARN is the key that signs digests; nil if they are not signed.
	DigestKeyARN *string
	// WorkGroup is the workgroup of Athena; Database and Table are what it queries.
	WorkGroup, Database, Table string
	workGroup                  awscdk.CfnResource
}

const (
	eventsPrefix, digestsPrefix = "okta/", "digest/"
	// resultDays is how long results of Athena are kept: a query costs cents.
	resultDays = 7
)

func (b *builder) newS3Archive(scope constructs.Construct, p *Pipeline, set *settings.Pipeline) *Archive {
	a := &Archive{BucketName: jsii.String(set.Bucket)}
	if set.Bucket == "" {
		bucket := b.newBucket(scope, "Bucket", b.archiveBucket(set), archivePolicy)
		a.BucketName, a.BucketARN = bucket.Ref(), bucket.AttrArn()
	} else {
		a.BucketARN = join("arn:", awscdk.Aws_PARTITION(), ":s3:::"+set.Bucket)
	}
	a.DigestKeyARN = b.digestKey(scope, p, set)
	b.newAthena(scope, a, set)
	return a
}

// archiveBucket makes a bucket that keeps every version of its objects without an end. No rule
// moves objects to a storage class from which they must be restored before they can be read.
//
// Object Lock is always on. Without a default retention it protects nothing, but CloudFormation's
// pages do not say whether turning it on later would replace the bucket (AWS::S3::Bucket, read
// 2026-11).
func (b *builder) archiveBucket(set *settings.Pipeline) *awss3.CfnBucketProps {
	props := &awss3.CfnBucketProps{
		VersioningConfiguration: &awss3.CfnBucket_VersioningConfigurationProperty{Status: jsii.String("Enabled")},
		ObjectLockEnabled:       jsii.Bool(true),
	}
	if set.Lock != settings.LockOff {
		mode := map[string]string{settings.LockGovernance: "GOVERNANCE", settings.LockCompliance: "COMPLIANCE"}[set.Lock]
		props.ObjectLockConfiguration = &awss3.CfnBucket_ObjectLockConfigurationProperty{
			ObjectLockEnabled: jsii.String("Enabled"),
			Rule: &awss3.CfnBucket_ObjectLockRuleProperty{
				DefaultRetention: &awss3.CfnBucket_DefaultRetentionProperty{Mode: &mode, Years: jsii.Number(set.LockYears)},
			},
		}
	}
	rules := []any{abortUploads()}
	if set.ColdDays > 0 {
		rules = append(rules, &awss3.CfnBucket_RuleProperty{
			Id: jsii.String("cold"), Status: jsii.String("Enabled"), Prefix: jsii.String(eventsPrefix),
			Transitions: []any{&awss3.CfnBucket_TransitionProperty{
				StorageClass: jsii.String("GLACIER_IR"), TransitionInDays: jsii.Number(set.ColdDays),
			}},
		})
	}
	props.LifecycleConfiguration = &awss3.CfnBucket_LifecycleConfigurationProperty{
		Rules: rules,
		// Glacier Instant Retrieval charges for at least 128 KB per object, so smaller ones stay.
		// That is S3's own default since 2024-09 (S3 user guide, "Constraints and considerations
		// for transitions", read 2026-11).
		TransitionDefaultMinimumObjectSize: jsii.String("all_storage_classes_128K"),
	}
	return props
}

func abortUploads() *awss3.CfnBucket_RuleProperty {
	return &awss3.CfnBucket_RuleProperty{
		Id: jsii.String("incomplete-uploads"), Status: jsii.String("Enabled"),
		AbortIncompleteMultipartUpload: &awss3.CfnBucket_AbortIncompleteMultipartUploadProperty{
			DaysAfterInitiation: jsii.Number(1),
		},
	}
}

// archivePolicy denies all principals to delete or overwrite an object, even if their own policies
// allow it. A principal that may change this policy can still do it, unless the objects are locked.
func archivePolicy(bucket *string) []statement {
	objects := []*string{below(bucket, eventsPrefix), below(bucket, digestsPrefix)}
	return []statement{
		{"Sid": "NobodyDeletes", "Effect": "Deny", "Principal": "*",
			"Action": []string{"s3:DeleteObject", "s3:DeleteObjectVersion"}, "Resource": objects},
		// S3 user guide, "Enforce conditional writes on Amazon S3 buckets", read 2026-11. The
		// parts of a multipart upload do not have this header; the request that completes it does.
		deny("OnlyNewObjects", []string{"s3:PutObject"}, objects, condition{
			"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"},
		}),
	}
}

// below returns the ARN of all objects of a bucket with keys that begin with a prefix.
func below(bucketARN *string, prefix string) *string {
	return join(bucketARN, "/"+prefix+"*")
}

// newBucket makes a bucket that is private and encrypted and accepts only TLS. The bucket and its
// policy are never deleted with the stack: CloudFormation cannot delete a bucket that has objects,
// and without its policy the bucket would accept plain HTTP.
func (b *builder) newBucket(scope constructs.Construct, id string, props *awss3.CfnBucketProps,
	policy func(bucketARN *string) []statement) awss3.CfnBucket {
	props.PublicAccessBlockConfiguration = &awss3.CfnBucket_PublicAccessBlockConfigurationProperty{
		BlockPublicAcls: jsii.Bool(true), BlockPublicPolicy: jsii.Bool(true), IgnorePublicAcls: jsii.Bool(true),
		RestrictPublicBuckets: jsii.Bool(true),
	}
	props.OwnershipControls = &awss3.CfnBucket_OwnershipControlsProperty{Rules: []any{
		&awss3.CfnBucket_OwnershipControlsRuleProperty{ObjectOwnership: jsii.String("BucketOwnerEnforced")},
	}}
	encryption := &awss3.CfnBucket_ServerSideEncryptionRuleProperty{
		ServerSideEncryptionByDefault: &awss3.CfnBucket_ServerSideEncryptionByDefaultProperty{
			SseAlgorithm: jsii.String("AES256"),
		},
	}
	if b.key != nil {
		encryption.ServerSideEncryptionByDefault = &awss3.CfnBucket_ServerSideEncryptionByDefaultProperty{
			SseAlgorithm: jsii.String("aws:kms"), KmsMasterKeyId: b.key.ARN,
		}
		encryption.BucketKeyEnabled = jsii.Bool(true) // one request to KMS for many objects
	}
	props.BucketEncryption = &awss3.CfnBucket_BucketEncryptionProperty{
		ServerSideEncryptionConfiguration: []any{encryption},
	}
	bucket := awss3.NewCfnBucket(scope, &id, props)
	statements := []statement{deny("OnlyTLS", []string{"s3:*"},
		[]*string{bucket.AttrArn(), below(bucket.AttrArn(), "")}, condition{"Bool": {"aws:SecureTransport": "false"}})}
	if policy != nil {
		statements = append(statements, policy(bucket.AttrArn())...)
	}
	stays(bucket, awss3.NewCfnBucketPolicy(scope, jsii.String(id+"Policy"), &awss3.CfnBucketPolicyProps{
		Bucket: bucket.Ref(), PolicyDocument: document(statements...),
	}))
	return bucket
}

// stays retains resources whatever the setting removal says, also after a first deployment that was
// rolled back.
func stays(resources ...awscdk.CfnResource) {
	for _, r := range resources {
		r.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, &awscdk.RemovalPolicyOptions{
			ApplyToUpdateReplacePolicy: jsii.Bool(true)})
	}
}

// mayArchive lets the role write new objects of events, and nothing else: it may not read, list or
// delete. S3 calls KMS for an object's data key as the role (S3 user guide, "Using server-side
// encryption with AWS KMS keys" and "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys", read
// 2026-11). The encryption context is the bucket, or the object if the bucket has no bucket key.
func (r *Role) mayArchive(b *builder, a *Archive) {
	objects := below(a.BucketARN, eventsPrefix)
	r.may("WritesTheArchive", []string{"s3:PutObject"}, objects)
	if b.key != nil {
		r.policy = append(r.policy, allow("KeyOfTheArchive", nil, []string{"kms:GenerateDataKey"}, b.key.ARN, condition{
			"StringEquals": {"kms:ViaService": via("s3")},
			"StringLike":   {"kms:EncryptionContext:aws:s3:arn": []*string{a.BucketARN, objects}},
		}))
	}
}

// digestKey returns the key that signs digests: a new one, or the one in the setting; nil is none.
// The policies of the account's roles determine who may sign with it.
func (b *builder) digestKey(scope constructs.Construct, p *Pipeline, set *settings.Pipeline) *string {
	switch set.DigestKey {
	case "":
		return nil
	case settings.DigestKeyOwn:
		key := awskms.NewCfnKey(scope, jsii.String("DigestKey"), &awskms.CfnKeyProps{
			Description: jsii.String("Signs digests of the archive of " + p.Name),
			KeySpec:     jsii.String("ECC_NIST_P256"), KeyUsage: jsii.String("SIGN_VERIFY"),
			KeyPolicy: document(keyOfAccount()),
		})
		stays(key)
		return key.AttrArn()
	}
	return jsii.String(set.DigestKey)
}
