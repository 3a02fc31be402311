package ocsftest

// eventTables holds the objects that describe the event itself: where it came from, what it
// was found to be, what was done to what.
const eventTables = `
object metadata
	correlation_uid          string_t              optional
	data_classification      data_classification   recommended @data_classification deprecated outside
	data_classifications     data_classification[] recommended @data_classification outside
	debug                    string_t[]            optional
	event_code               string_t              optional
	extension                extension             optional deprecated outside
	extensions               extension[]           optional outside
	is_truncated             boolean_t             optional
	labels                   string_t[]            optional
	log_format               string_t              optional
	log_level                string_t              optional
	log_name                 string_t              recommended
	log_provider             string_t              optional
	log_source               string_t              optional
	log_version              string_t              optional
	logged_time              timestamp_t           optional
	logged_time_dt           datetime_t            optional @datetime
	loggers                  logger[]              optional
	modified_time            timestamp_t           optional
	modified_time_dt         datetime_t            optional @datetime
	original_event_uid       string_t              optional
	original_time            string_t              recommended
	processed_time           timestamp_t           optional
	processed_time_dt        datetime_t            optional @datetime
	product                  product               required
	profiles                 string_t[]            optional
	reporter                 reporter              recommended outside
	sequence                 integer_t             optional
	source                   string_t              optional
	tags                     key_value_object[]    optional
	tenant_uid               string_t              recommended
	total_queued_duration    timespan              optional outside
	transformation_info_list transformation_info[] optional outside
	transmit_time            timestamp_t           optional
	transmit_time_dt         datetime_t            optional @datetime
	type                     string_t              optional
	uid                      string_t              optional
	untruncated_size         integer_t             optional
	version                  string_t              required

object product
at_least_one name uid
	cpe_name             string_t              optional
	data_classification  data_classification   recommended @data_classification deprecated outside
	data_classifications data_classification[] recommended @data_classification outside
	feature              feature               optional outside
	lang                 string_t              optional
	name                 string_t              recommended
	path                 string_t              optional
	uid                  string_t              recommended
	url_string           url_t                 optional
	vendor_name          string_t              recommended
	version              string_t              recommended

object logger
at_least_one name uid
	device           device      recommended
	event_uid        string_t    optional
	is_truncated     boolean_t   optional
	log_format       string_t    optional
	log_level        string_t    optional
	log_name         string_t    recommended
	log_provider     string_t    recommended
	log_version      string_t    optional
	logged_time      timestamp_t recommended
	logged_time_dt   datetime_t  optional @datetime
	name             string_t    recommended
	product          product     recommended
	transmit_time    timestamp_t recommended
	transmit_time_dt datetime_t  optional @datetime
	uid              string_t    recommended
	untruncated_size integer_t   optional
	version          string_t    optional

object cloud
	account         account      optional
	cloud_partition string_t     optional
	org             organization optional
	project_uid     string_t     optional deprecated
	provider        string_t     required
	region          string_t     recommended
	zone            string_t     optional

object observable
	event_uid  string_t   optional
	name       string_t   recommended
	reputation reputation optional
	type       string_t   optional
	type_id    integer_t  required -> type: 0 Unknown | 1 Hostname | 2 IP Address | 3 MAC Address | 4 User Name | 5 Email Address
		| 6 URL String | 7 File Name | 8 Hash | 9 Process Name | 10 Resource UID | 11 Port | 12 Subnet | 13 Command Line | 14 Country
		| 15 Process ID | 16 HTTP User-Agent | 17 CWE Object: uid | 18 CVE Object: uid | 19 User Credential ID | 20 Endpoint | 21 User
		| 22 Email | 23 Uniform Resource Locator | 24 File | 25 Process | 26 Geo Location | 27 Container | 30 Fingerprint
		| 31 User Object: uid | 32 Group Object: name | 33 Group Object: uid | 34 Account Object: name | 35 Account Object: uid
		| 36 Script Content | 37 Serial Number | 38 Resource Details Object: name | 39 Process Entity Object: uid
		| 40 Email Object: subject | 41 Email Object: uid | 42 Message UID | 44 Advisory Object: uid | 45 File Path
		| 47 Device Object: uid | 48 Network Endpoint Object: uid | 99 Other
	type_uid   long_t     optional
	value      string_t   optional

object fingerprint
	algorithm    string_t    optional
	algorithm_id integer_t   required -> algorithm: 0 Unknown | 1 MD5 | 2 SHA-1 | 3 SHA-256 | 4 SHA-512 | 5 CTPH | 6 TLSH
		| 7 quickXorHash | 8 SHA-224 | 9 SHA-384 | 10 SHA-512/224 | 11 SHA-512/256 | 12 SHA3-224 | 13 SHA3-256 | 14 SHA3-384
		| 15 SHA3-512 | 16 xxHash H3 64-bit | 17 xxHash H3 128-bit | 18 Imphash | 19 NPF | 20 HASSH | 99 Other
	value        file_hash_t required

object enrichment
	created_time    timestamp_t recommended
	created_time_dt datetime_t  optional @datetime
	data            json_t      required
	desc            string_t    optional
	name            string_t    required
	provider        string_t    recommended
	reputation      reputation  optional
	short_desc      string_t    recommended
	src_url         url_t       recommended
	type            string_t    recommended
	value           string_t    required

object reputation
	base_score float_t   required
	provider   string_t  recommended
	score      string_t  optional
	score_id   integer_t required -> score: 0 Unknown | 1 Very Safe | 2 Safe | 3 Probably Safe | 4 Leans Safe | 5 May not be Safe
		| 6 Exercise Caution | 7 Suspicious/Risky | 8 Possibly Malicious | 9 Probably Malicious | 10 Malicious | 99 Other

object key_value_object
at_least_one value values
	name   string_t   required
	value  string_t   recommended
	values string_t[] recommended

object finding_info
	analytic             analytic           recommended outside
	attack_graph         graph              optional outside
	attacks              attack[]           optional outside
	created_time         timestamp_t        optional
	created_time_dt      datetime_t         optional @datetime
	data_sources         string_t[]         optional
	desc                 string_t           optional
	first_seen_time      timestamp_t        optional
	first_seen_time_dt   datetime_t         optional @datetime
	kill_chain           kill_chain_phase[] optional outside
	last_seen_time       timestamp_t        optional
	last_seen_time_dt    datetime_t         optional @datetime
	modified_time        timestamp_t        optional
	modified_time_dt     datetime_t         optional @datetime
	product              product            optional
	product_uid          string_t           optional deprecated
	related_analytics    analytic[]         optional outside
	related_events       related_event[]    optional outside
	related_events_count integer_t          optional
	src_url              url_t              optional
	tags                 key_value_object[] optional
	title                string_t           recommended
	traits               trait[]            optional outside
	types                string_t[]         optional
	uid                  string_t           required
	uid_alt              string_t           optional

object evidences
at_least_one actor api connection_info data database databucket device dst_endpoint email file process query resources src_endpoint url user job script
	actor                actor                   recommended
	api                  api                     recommended
	connection_info      network_connection_info recommended outside
	container            container               recommended outside
	data                 json_t                  optional
	database             database                recommended outside
	databucket           databucket              recommended outside
	device               device                  recommended
	dst_endpoint         network_endpoint        recommended
	email                email                   recommended outside
	file                 file                    recommended outside
	http_request         http_request            recommended
	http_response        http_response           recommended outside
	ja4_fingerprint_list ja4_fingerprint[]       recommended
	job                  job                     recommended
	name                 string_t                optional
	process              process                 recommended outside
	query                dns_query               recommended outside
	resources            resource_details[]      recommended
	script               script                  recommended outside
	src_endpoint         network_endpoint        recommended
	tls                  tls                     recommended
	uid                  string_t                optional
	url                  url                     recommended
	user                 user                    recommended
	verdict              string_t                optional
	verdict_id           integer_t               optional -> verdict: *verdict

object resource_details
at_least_one name uid
	agent_list            agent[]               optional outside
	cloud_partition       string_t              optional @cloud
	created_time          timestamp_t           optional
	created_time_dt       datetime_t            optional @datetime
	criticality           string_t              optional
	data                  json_t                optional
	data_classification   data_classification   recommended @data_classification deprecated outside
	data_classifications  data_classification[] recommended @data_classification outside
	group                 group                 optional
	hostname              hostname_t            recommended
	ip                    ip_t                  recommended
	is_backed_up          boolean_t             optional
	labels                string_t[]            optional
	modified_time         timestamp_t           optional
	modified_time_dt      datetime_t            optional @datetime
	name                  string_t              recommended
	namespace             string_t              optional
	owner                 user                  recommended
	provider              string_t              optional @cloud
	region                string_t              optional @cloud
	resource_relationship graph                 optional outside
	role                  string_t              optional
	role_id               integer_t             recommended -> role: 0 Unknown | 1 Target | 2 Actor | 3 Affected | 4 Related
		| 99 Other
	tags                  key_value_object[]    optional
	type                  string_t              optional
	uid                   resource_uid_t        recommended
	uid_alt               resource_uid_t        optional
	version               string_t              optional
	zone                  string_t              optional @cloud

object api
	group     group    optional
	operation string_t required
	request   request  recommended
	response  response recommended
	service   service  optional
	token     token    optional
	version   string_t optional

object request
	containers container[] optional outside
	data       json_t      optional
	flags      string_t[]  optional
	uid        string_t    required

object response
	code          integer_t   recommended
	containers    container[] optional outside
	data          json_t      optional
	error         string_t    recommended
	error_message string_t    recommended
	flags         string_t[]  optional
	message       string_t    recommended

object job
	cmd_line         string_t    recommended
	created_time     timestamp_t recommended
	created_time_dt  datetime_t  optional @datetime
	desc             string_t    recommended
	file             file        optional outside
	last_run_time    timestamp_t recommended
	last_run_time_dt datetime_t  optional @datetime
	name             string_t    required
	next_run_time    timestamp_t optional
	next_run_time_dt datetime_t  optional @datetime
	run_state        string_t    optional
	run_state_id     integer_t   recommended -> run_state: 0 Unknown | 1 Ready | 2 Queued | 3 Running | 4 Stopped | 99 Other
	user             user        optional

object object
`
