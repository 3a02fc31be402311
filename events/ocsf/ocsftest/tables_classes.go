package ocsftest

// classTables holds the event classes. base_event comes first: every other class has all of
// its attributes, and lists only what it adds or says otherwise.
const classTables = `
enum risk_level: 0 Info | 1 Low | 2 Medium | 3 High | 4 Critical | 99 Other

enum impact: 0 Unknown | 1 Low | 2 Medium | 3 High | 4 Critical | 99 Other

enum verdict: 0 Unknown | 1 False Positive | 2 True Positive | 3 Disregard | 4 Suspicious | 5 Benign | 6 Test
		| 7 Insufficient Data | 8 Security Risk | 9 Managed Externally | 10 Duplicate | 99 Other

class 0 base_event: Base Event
category 0: Uncategorized
	action            string_t          optional @security_control
	action_id         integer_t         recommended @security_control -> action: 0 Unknown | 1 Allowed | 2 Denied | 3 Observed
		| 4 Modified | 99 Other
	activity_id       integer_t         required -> activity_name: 0 Unknown | 99 Other
	activity_name     string_t          optional
	actor             actor             optional @host
	api               api               optional @cloud
	attacks           attack[]          optional @security_control outside
	authorizations    authorization[]   optional @security_control outside
	category_name     string_t          optional
	category_uid      integer_t         required -> category_name: *category
	class_name        string_t          optional
	class_uid         integer_t         required -> class_name: *class
	cloud             cloud             required @cloud
	confidence        string_t          optional @security_control
	confidence_id     integer_t         recommended @security_control -> confidence: 0 Unknown | 1 Low | 2 Medium | 3 High | 99 Other
	confidence_score  integer_t         optional @security_control
	count             integer_t         optional
	device            device            recommended @host
	disposition       string_t          optional @security_control
	disposition_id    integer_t         recommended @security_control -> disposition: 0 Unknown | 1 Allowed | 2 Blocked
		| 3 Quarantined | 4 Isolated | 5 Deleted | 6 Dropped | 7 Custom Action | 8 Approved | 9 Restored | 10 Exonerated | 11 Corrected
		| 12 Partially Corrected | 13 Uncorrected | 14 Delayed | 15 Detected | 16 No Action | 17 Logged | 18 Tagged | 19 Alert
		| 20 Count | 21 Reset | 22 Captcha | 23 Challenge | 24 Access Revoked | 25 Rejected | 26 Unauthorized | 27 Error | 99 Other
	duration          long_t            optional
	end_time          timestamp_t       optional
	end_time_dt       datetime_t        optional @datetime
	enrichments       enrichment[]      optional
	firewall_rule     firewall_rule     optional @security_control outside
	is_alert          boolean_t         recommended @security_control
	malware           malware[]         optional @security_control outside
	malware_scan_info malware_scan_info optional @security_control outside
	message           string_t          recommended
	metadata          metadata          required
	observables       observable[]      recommended
	osint             osint[]           required @osint outside
	policy            policy            optional @security_control
	raw_data          string_t          optional
	raw_data_hash     fingerprint       optional
	raw_data_size     long_t            optional
	risk_details      string_t          optional @security_control
	risk_level        string_t          optional @security_control
	risk_level_id     integer_t         optional @security_control -> risk_level: *risk_level
	risk_score        integer_t         optional @security_control
	severity          string_t          optional
	severity_id       integer_t         required -> severity: 0 Unknown | 1 Informational | 2 Low | 3 Medium | 4 High | 5 Critical
		| 6 Fatal | 99 Other
	start_time        timestamp_t       optional
	start_time_dt     datetime_t        optional @datetime
	status            string_t          recommended
	status_code       string_t          recommended
	status_detail     string_t          recommended
	status_id         integer_t         recommended -> status: 0 Unknown | 1 Success | 2 Failure | 99 Other
	time              timestamp_t       required
	time_dt           datetime_t        optional @datetime
	timezone_offset   integer_t         recommended
	type_name         string_t          optional
	type_uid          long_t            required -> type_name: *type
	unmapped          object            optional

class 2004 detection_finding: Detection Finding
category 2: Findings
	activity_id         integer_t          required -> activity_name: 0 Unknown | 1 Create | 2 Update | 3 Close | 99 Other
	anomaly_analyses    anomaly_analysis[] optional outside
	assignee            user               optional @incident
	assignee_group      group              optional @incident
	comment             string_t           optional
	confidence          string_t           optional
	confidence_id       integer_t          recommended -> confidence: 0 Unknown | 1 Low | 2 Medium | 3 High | 99 Other
	confidence_score    integer_t          optional
	device              device             optional
	evidences           evidences[]        recommended
	finding_info        finding_info       required
	impact              string_t           optional
	impact_id           integer_t          optional -> impact: *impact
	impact_score        integer_t          optional
	is_alert            boolean_t          recommended
	is_suspected_breach boolean_t          optional @incident
	malware             malware[]          optional outside
	malware_scan_info   malware_scan_info  optional outside
	priority            string_t           optional @incident
	priority_id         integer_t          recommended @incident -> priority: *impact
	remediation         remediation        optional outside
	resources           resource_details[] recommended
	risk_details        string_t           optional
	risk_level          string_t           optional
	risk_level_id       integer_t          optional -> risk_level: *risk_level
	risk_score          integer_t          optional
	src_url             url_t              recommended @incident
	status              string_t           optional
	status_id           integer_t          recommended -> status: 0 Unknown | 1 New | 2 In Progress | 3 Suppressed | 4 Resolved
		| 5 Archived | 6 Deleted | 99 Other
	ticket              ticket             optional @incident deprecated outside
	tickets             ticket[]           optional @incident outside
	vendor_attributes   vendor_attributes  optional outside
	verdict             string_t           recommended @incident
	verdict_id          integer_t          recommended @incident -> verdict: *verdict
	vulnerabilities     vulnerability[]    optional outside

class 3001 account_change: Account Change
category 3: Identity & Access Management
	activity_id   integer_t        required -> activity_name: 0 Unknown | 1 Create | 2 Enable | 3 Password Change | 4 Password Reset
		| 5 Disable | 6 Delete | 7 Attach Policy | 8 Detach Policy | 9 Lock | 10 MFA Factor Enable | 11 MFA Factor Disable | 12 Unlock
		| 99 Other
	actor         actor            recommended
	auth_factors  auth_factor[]    optional
	http_request  http_request     optional
	http_response http_response    optional outside
	policies      policy[]         optional
	policy        policy           optional deprecated
	src_endpoint  network_endpoint recommended
	user          user             required
	user_result   user             recommended

class 3002 authentication: Authentication
category 3: Identity & Access Management
at_least_one service dst_endpoint
	account_switch_type    string_t             recommended
	account_switch_type_id integer_t            recommended -> account_switch_type: 0 Unknown | 1 Substitute User | 2 Impersonate
		| 99 Other
	activity_id            integer_t            required -> activity_name: 0 Unknown | 1 Logon | 2 Logoff | 3 Authentication Ticket
		| 4 Service Ticket Request | 5 Service Ticket Renew | 6 Preauth | 7 Account Switch | 99 Other
	actor                  actor                recommended
	auth_factors           auth_factor[]        optional
	auth_protocol          string_t             recommended
	auth_protocol_id       integer_t            recommended -> auth_protocol: 0 Unknown | 1 NTLM | 2 Kerberos | 3 Digest | 4 OpenID
		| 5 SAML | 6 OAUTH 2.0 | 7 PAP | 8 CHAP | 9 EAP | 10 RADIUS | 11 Basic Authentication | 12 LDAP | 99 Other
	authentication_token   authentication_token optional
	certificate            certificate          recommended outside
	dst_endpoint           network_endpoint     recommended
	http_request           http_request         optional
	http_response          http_response        optional outside
	is_cleartext           boolean_t            optional
	is_mfa                 boolean_t            recommended
	is_new_logon           boolean_t            optional
	is_remote              boolean_t            recommended
	logon_process          process              optional outside
	logon_type             string_t             recommended
	logon_type_id          integer_t            recommended -> logon_type: 0 Unknown | 1 System | 2 Interactive | 3 Network | 4 Batch
		| 5 OS Service | 7 Unlock | 8 Network Cleartext | 9 New Credentials | 10 Remote Interactive | 11 Cached Interactive
		| 12 Cached Remote Interactive | 13 Cached Unlock | 99 Other
	service                service              recommended
	session                session              recommended
	src_endpoint           network_endpoint     recommended
	user                   user                 required

class 3004 entity_management: Entity Management
category 3: Identity & Access Management
	access_list   string_t[]       optional
	access_mask   integer_t        optional
	activity_id   integer_t        required -> activity_name: 0 Unknown | 1 Create | 2 Read | 3 Update | 4 Delete | 5 Move | 6 Enroll
		| 7 Unenroll | 8 Enable | 9 Disable | 10 Activate | 11 Deactivate | 12 Suspend | 13 Resume | 99 Other
	actor         actor            recommended
	comment       string_t         recommended
	entity        managed_entity   required
	entity_result managed_entity   recommended
	http_request  http_request     optional
	http_response http_response    optional outside
	src_endpoint  network_endpoint recommended

class 3005 user_access: User Access Management
category 3: Identity & Access Management
	activity_id   integer_t          required -> activity_name: 0 Unknown | 1 Assign Privileges | 2 Revoke Privileges | 99 Other
	actor         actor              recommended
	http_request  http_request       optional
	http_response http_response      optional outside
	privileges    string_t[]         required
	resource      resource_details   recommended deprecated
	resources     resource_details[] recommended
	src_endpoint  network_endpoint   recommended
	user          user               required

class 3006 group_management: Group Management
category 3: Identity & Access Management
	activity_id   integer_t        required -> activity_name: 0 Unknown | 1 Assign Privileges | 2 Revoke Privileges | 3 Add User
		| 4 Remove User | 5 Delete | 6 Create | 7 Add Subgroup | 8 Remove Subgroup | 99 Other
	actor         actor            recommended
	group         group            required
	http_request  http_request     optional
	http_response http_response    optional outside
	privileges    string_t[]       recommended
	resource      resource_details recommended
	src_endpoint  network_endpoint recommended
	subgroup      group            recommended
	user          user             recommended

class 6002 application_lifecycle: Application Lifecycle
category 6: Application Activity
	activity_id integer_t required -> activity_name: 0 Unknown | 1 Install | 2 Remove | 3 Start | 4 Stop | 5 Restart | 6 Enable
		| 7 Disable | 8 Update | 99 Other
	app         product   required

class 6003 api_activity: API Activity
category 6: Application Activity
	activity_id     integer_t          required -> activity_name: 0 Unknown | 1 Create | 2 Read | 3 Update | 4 Delete | 99 Other
	actor           actor              required
	ai_model        ai_model           recommended @ai_operation outside
	api             api                required
	dst_endpoint    network_endpoint   recommended
	http_request    http_request       recommended
	http_response   http_response      recommended outside
	message_context message_context    optional @ai_operation outside
	resources       resource_details[] recommended
	src_endpoint    network_endpoint   required
	trace           trace              recommended @trace outside

class 6008 application_error: Application Error
category 6: Application Activity
	activity_id integer_t required -> activity_name: 0 Unknown | 1 General Error | 2 Translation Error | 99 Other
`
