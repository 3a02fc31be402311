package ocsf

import (
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/record"
)

// Version is the OCSF version of the records. For another version, change it, classify.Table and
// the descriptions of the records.
const Version = "1.8.0"

// The classes with special attributes. All other facts of a class are in classify's table.
const (
	baseEvent            = 0
	detectionFinding     = 2004
	accountChange        = 3001
	authentication       = 3002
	entityManagement     = 3004
	userAccess           = 3005
	groupManagement      = 3006
	applicationLifecycle = 6002
	apiActivity          = 6003
	applicationError     = 6008
)

// The activities that records depend on: Logon of class 3002, Create of class 2004, Read and Update of class 3004.
const (
	activityLogon = 1
	findingCreate = 1
	entityRead    = 2
	entityUpdate  = 3
)

// schema is one version of OCSF: the class of each event type, and the attributes of each class.
type schema struct {
	version string
	table   *classify.Table
	records map[int][]record.Part
}

// schemaV1_8 is OCSF 1.8.0 (2026-03-16).
func schemaV1_8() *schema {
	return &schema{version: Version, table: classify.V1_8(), records: recordsV1_8()}
}

// recordsV1_8 has the attributes of each class, after the head and before raw_data_hash and
// unmapped, which all records have.
//
// Attributes of any size come last: CloudWatch Logs Insights discovers the first 200 fields of a
// log, and fields that queries name must be among them.
//
// In classes 0, 2004, 6002 and 6008 OCSF has no src_endpoint and no http_request, and has actor and
// device only with profile host. A finding has them in its evidences; in the other three classes
// the client stays in unmapped.
func recordsV1_8() map[int][]record.Part {
	return map[int][]record.Part{
		baseEvent:        {actor(), device()},
		detectionFinding: {findingInfo(), evidences()},
		accountChange:    {actor(), user(), accountFactors(), sourceEndpoint(), httpRequest(), device()},
		authentication: {
			actor(),
			user(),
			session(),
			service(),
			signInPolicy(),
			authProtocol(),
			authFactors(),
			logonKind(),
			sourceEndpoint(),
			httpRequest(),
			device(),
		},
		entityManagement: {actor(), sourceEndpoint(), httpRequest(), device(), entity()},
		userAccess:       {actor(), user(), sourceEndpoint(), httpRequest(), device(), privileges(), resources()},
		groupManagement: {
			actor(),
			group(),
			targetUser(),
			sourceEndpoint(),
			httpRequest(),
			device(),
			groupPrivileges(),
			groupResource(),
		},
		applicationLifecycle: {actor(), application(), device()},
		apiActivity:          {actorOrOkta(), api(), sourceEndpointOrOkta(), httpRequest(), device(), resources()},
		applicationError:     {actor(), device()},
	}
}
