package ocsftest

// identityTables holds the objects of people, programs and the things they are allowed.
const identityTables = `
enum token_type: 0 Unknown | 1 Ticket Granting Ticket | 2 Service Ticket | 3 Identity Token | 4 Refresh Token | 5 SAML Assertion
		| 6 Client Token | 7 API Token | 99 Other

object actor
at_least_one process user invoked_by session app_name app_uid
	app_name       string_t        optional
	app_uid        string_t        optional
	authorizations authorization[] optional outside
	idp            idp             optional
	invoked_by     string_t        optional deprecated
	process        process         recommended outside
	session        session         optional
	user           user            recommended

object user
at_least_one account name uid
	account                  account                   optional
	credential_uid           string_t                  optional deprecated
	display_name             string_t                  optional
	domain                   string_t                  optional
	email_addr               email_t                   optional
	forward_addr             email_t                   optional
	full_name                string_t                  optional
	groups                   group[]                   optional
	has_mfa                  boolean_t                 recommended
	ldap_person              ldap_person               optional outside
	name                     username_t                recommended
	org                      organization              optional
	phone_number             string_t                  optional
	programmatic_credentials programmatic_credential[] optional
	risk_level               string_t                  optional
	risk_level_id            integer_t                 optional -> risk_level: *risk_level
	risk_score               integer_t                 optional
	type                     string_t                  optional
	type_id                  integer_t                 recommended -> type: 0 Unknown | 1 User | 2 Admin | 3 System | 4 Service
		| 99 Other
	uid                      string_t                  recommended
	uid_alt                  string_t                  optional

object account
at_least_one name uid
	is_disabled                 boolean_t          optional
	is_locked                   boolean_t          optional
	is_on_premises_sync_enabled boolean_t          optional
	labels                      string_t[]         optional
	name                        string_t           recommended
	tags                        key_value_object[] optional
	type                        string_t           optional
	type_id                     integer_t          recommended -> type: 0 Unknown | 1 LDAP Account | 2 Windows Account
		| 3 AWS IAM User (deprecated) | 4 AWS IAM Role (deprecated) | 5 GCP Account | 6 Azure AD Account | 7 Mac OS Account
		| 8 Apple Account | 9 Linux Account | 10 AWS Account | 11 GCP Project | 12 OCI Compartment | 13 Azure Subscription
		| 14 Salesforce Account | 15 Google Workspace | 16 Servicenow Instance | 17 M365 Tenant | 18 Email Account
		| 19 ActiveDirectory Account | 99 Other
	uid                         string_t           recommended

object group
at_least_one name uid
	desc       string_t   optional
	domain     string_t   optional
	name       string_t   recommended
	privileges string_t[] optional
	type       string_t   optional
	uid        string_t   recommended
	uid_alt    string_t   optional

object organization
at_least_one name uid
	name    string_t recommended
	ou_name string_t recommended
	ou_uid  string_t optional
	uid     string_t recommended

object session
	count              integer_t   optional
	created_time       timestamp_t recommended
	created_time_dt    datetime_t  optional @datetime
	credential_uid     string_t    optional
	expiration_reason  string_t    optional
	expiration_time    timestamp_t optional
	expiration_time_dt datetime_t  optional @datetime
	is_mfa             boolean_t   optional
	is_remote          boolean_t   recommended
	is_vpn             boolean_t   optional
	issuer             string_t    recommended
	terminal           string_t    optional
	uid                string_t    recommended
	uid_alt            string_t    optional
	uuid               uuid_t      optional

object idp
at_least_one name uid
	auth_factors  auth_factor[] optional
	domain        string_t      optional
	fingerprint   fingerprint   optional
	has_mfa       boolean_t     optional
	issuer        string_t      optional
	name          string_t      recommended
	protocol_name string_t      optional
	scim          scim          optional outside
	sso           sso           optional outside
	state         string_t      optional
	state_id      integer_t     optional -> state: 0 Unknown | 1 Active | 2 Suspended | 3 Deprecated | 4 Deleted | 99 Other
	tenant_uid    string_t      optional
	uid           string_t      recommended
	url_string    url_t         optional

object auth_factor
	device             device     recommended
	email_addr         email_t    optional
	factor_type        string_t   recommended
	factor_type_id     integer_t  required -> factor_type: 0 Unknown | 1 SMS | 2 Security Question | 3 Phone Call | 4 Biometric
		| 5 Push Notification | 6 Hardware Token | 7 OTP | 8 Email | 9 U2F | 10 WebAuthn | 11 Password | 99 Other
	is_hotp            boolean_t  recommended
	is_totp            boolean_t  recommended
	phone_number       string_t   optional
	provider           string_t   recommended
	security_questions string_t[] optional

object authentication_token
	created_time       timestamp_t        recommended
	created_time_dt    datetime_t         optional @datetime
	encryption_details encryption_details recommended outside
	expiration_time    timestamp_t        optional
	expiration_time_dt datetime_t         optional @datetime
	is_renewable       boolean_t          optional
	kerberos_flags     string_t           recommended
	modified_time      timestamp_t        optional
	modified_time_dt   datetime_t         optional @datetime
	name               string_t           optional
	tenant_uid         string_t           optional
	type               string_t           recommended
	type_id            integer_t          recommended -> type: *token_type
	uid                string_t           optional
	zone               string_t           optional

object token
	created_time       timestamp_t recommended
	created_time_dt    datetime_t  optional @datetime
	expiration_time    timestamp_t optional
	expiration_time_dt datetime_t  optional @datetime
	is_renewable       boolean_t   optional
	modified_time      timestamp_t optional
	modified_time_dt   datetime_t  optional @datetime
	name               string_t    optional
	tenant_uid         string_t    optional
	type               string_t    recommended
	type_id            integer_t   recommended -> type: *token_type
	uid                string_t    optional
	zone               string_t    optional

object programmatic_credential
	last_used_time    timestamp_t optional
	last_used_time_dt datetime_t  optional @datetime
	type              string_t    recommended
	uid               string_t    required

object application
at_least_one uid name
	criticality           string_t           optional
	data                  json_t             optional
	desc                  string_t           optional
	group                 group              optional
	hostname              hostname_t         optional
	labels                string_t[]         optional
	name                  string_t           recommended
	owner                 user               recommended
	region                string_t           optional @cloud
	resource_relationship graph              optional outside
	risk_level            string_t           optional
	risk_level_id         integer_t          optional -> risk_level: *risk_level
	risk_score            integer_t          optional
	sbom                  sbom               optional outside
	tags                  key_value_object[] optional
	type                  string_t           optional
	uid                   string_t           recommended
	uid_alt               string_t           optional
	url                   url                optional
	version               string_t           optional

object service
at_least_one name uid
	labels  string_t[]         optional
	name    string_t           recommended
	tags    key_value_object[] optional
	uid     string_t           recommended
	version string_t           recommended

object managed_entity
at_least_one name uid device group org policy user
	data     json_t       optional
	device   device       recommended
	email    email        recommended outside
	group    group        recommended
	location location     optional
	name     string_t     recommended
	org      organization recommended
	policy   policy       recommended
	type     string_t     recommended
	type_id  integer_t    recommended -> type: 0 Unknown | 1 Device | 2 User | 3 Group | 4 Organization | 5 Policy | 6 Email
		| 7 Network Zone | 99 Other
	uid      string_t     recommended
	user     user         recommended
	version  string_t     recommended

object policy
at_least_one name type uid
	data       json_t    optional
	desc       string_t  optional
	group      group     optional
	is_applied boolean_t recommended
	name       string_t  recommended
	type       string_t  optional
	uid        string_t  recommended
	version    string_t  recommended
`
