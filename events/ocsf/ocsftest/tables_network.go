package ocsftest

// networkTables holds the objects of endpoints, devices and what travels between them.
const networkTables = `
enum endpoint_type: 0 Unknown | 1 Server | 2 Desktop | 3 Laptop | 4 Tablet | 5 Mobile | 6 Virtual | 7 IOT | 8 Browser | 9 Firewall
		| 10 Switch | 11 Hub | 12 Router | 13 IDS | 14 IPS | 15 Load Balancer | 99 Other

enum network_scope: 0 Unknown | 1 Internal | 2 External | 99 Other

enum url_category: 0 Unknown | 1 Adult/Mature Content | 3 Pornography | 4 Sex Education | 5 Intimate Apparel/Swimsuit | 6 Nudity
		| 7 Extreme | 9 Scam/Questionable/Illegal | 11 Gambling | 14 Violence/Hate/Racism | 15 Weapons | 16 Abortion | 17 Hacking
		| 18 Phishing | 20 Entertainment | 21 Business/Economy | 22 Alternative Spirituality/Belief | 23 Alcohol | 24 Tobacco
		| 25 Controlled Substances | 26 Child Pornography | 27 Education | 29 Charitable Organizations | 30 Art/Culture
		| 31 Financial Services | 32 Brokerage/Trading | 33 Games | 34 Government/Legal | 35 Military | 36 Political/Social Advocacy
		| 37 Health | 38 Technology/Internet | 40 Search Engines/Portals | 43 Malicious Sources/Malnets
		| 44 Malicious Outbound Data/Botnets | 45 Job Search/Careers | 46 News/Media | 47 Personals/Dating | 49 Reference
		| 50 Mixed Content/Potentially Adult | 51 Chat (IM)/SMS | 52 Email | 53 Newsgroups/Forums | 54 Religion | 55 Social Networking
		| 56 File Storage/Sharing | 57 Remote Access Tools | 58 Shopping | 59 Auctions | 60 Real Estate | 61 Society/Daily Living
		| 63 Personal Sites | 64 Restaurants/Dining/Food | 65 Sports/Recreation | 66 Travel | 67 Vehicles | 68 Humor/Jokes
		| 71 Software Downloads | 83 Peer-to-Peer (P2P) | 84 Audio/Video Clips | 85 Office/Business Applications | 86 Proxy Avoidance
		| 87 For Kids | 88 Web Ads/Analytics | 89 Web Hosting | 90 Uncategorized | 92 Suspicious | 93 Sexual Expression | 95 Translation
		| 96 Non-Viewable/Infrastructure | 97 Content Servers | 98 Placeholders | 99 Other | 101 Spam
		| 102 Potentially Unwanted Software | 103 Dynamic DNS Host | 106 E-Card/Invitations | 107 Informational
		| 108 Computer/Information Security | 109 Internet Connected Devices | 110 Internet Telephony | 111 Online Meetings
		| 112 Media Sharing | 113 Radio/Audio Streams | 114 TV/Video Streams | 118 Piracy/Copyright Concerns | 121 Marijuana

object network_endpoint
at_least_one ip uid name hostname svc_name instance_uid interface_uid interface_name domain
	agent_list        agent[]           optional outside
	autonomous_system autonomous_system optional
	container         container         recommended @container outside
	domain            string_t          optional
	fingerprints      fingerprint[]     optional
	hostname          hostname_t        recommended
	hw_info           device_hw_info    optional outside
	instance_uid      string_t          recommended
	interface_name    string_t          recommended
	interface_uid     string_t          recommended
	intermediate_ips  ip_t[]            optional
	ip                ip_t              recommended
	isp               string_t          optional
	isp_org           string_t          optional
	location          location          optional
	mac               mac_t             optional
	mac_vendor        string_t          optional
	name              string_t          recommended
	namespace_pid     integer_t         recommended @container
	network_scope     string_t          optional
	network_scope_id  integer_t         optional -> network_scope: *network_scope
	os                os                optional
	owner             user              recommended
	pool              group             optional
	port              port_t            recommended
	proxy_endpoint    network_proxy     optional
	subnet_uid        string_t          optional
	svc_name          string_t          recommended
	type              string_t          optional
	type_id           integer_t         recommended -> type: *endpoint_type
	uid               string_t          recommended
	vlan_uid          string_t          optional
	vpc_uid           string_t          optional
	zone              string_t          optional

object network_proxy = network_endpoint

object autonomous_system
at_least_one number name
	name   string_t  recommended
	number integer_t recommended

object device
at_least_one ip uid name hostname instance_uid interface_uid interface_name
	agent_list               agent[]             optional outside
	autoscale_uid            string_t            optional
	boot_time                timestamp_t         optional
	boot_time_dt             datetime_t          optional @datetime
	boot_uid                 string_t            optional
	container                container           recommended @container outside
	created_time             timestamp_t         optional
	created_time_dt          datetime_t          optional @datetime
	desc                     string_t            optional
	domain                   string_t            optional
	eid                      string_t            optional
	first_seen_time          timestamp_t         optional
	first_seen_time_dt       datetime_t          optional @datetime
	groups                   group[]             optional
	hostname                 hostname_t          recommended
	hw_info                  device_hw_info      optional outside
	hypervisor               string_t            optional
	iccid                    string_t            optional
	image                    image               optional outside
	imei                     string_t            optional deprecated
	imei_list                string_t[]          optional
	instance_uid             string_t            recommended
	interface_name           string_t            recommended
	interface_uid            string_t            recommended
	ip                       ip_t                optional
	is_backed_up             boolean_t           optional
	is_compliant             boolean_t           optional
	is_managed               boolean_t           optional
	is_mobile_account_active boolean_t           optional
	is_personal              boolean_t           optional
	is_shared                boolean_t           optional
	is_supervised            boolean_t           optional
	is_trusted               boolean_t           optional
	last_seen_time           timestamp_t         optional
	last_seen_time_dt        datetime_t          optional @datetime
	location                 location            optional
	mac                      mac_t               optional
	mac_vendor               string_t            optional
	meid                     string_t            optional
	model                    string_t            optional
	modified_time            timestamp_t         optional
	modified_time_dt         datetime_t          optional @datetime
	name                     string_t            optional
	namespace_pid            integer_t           recommended @container
	network_interfaces       network_interface[] optional outside
	org                      organization        optional
	os                       os                  optional
	os_machine_uuid          uuid_t              optional
	owner                    user                recommended
	pool                     group               optional
	region                   string_t            recommended
	risk_level               string_t            optional
	risk_level_id            integer_t           optional -> risk_level: *risk_level
	risk_score               integer_t           optional
	subnet                   subnet_t            optional
	subnet_uid               string_t            optional
	type                     string_t            recommended
	type_id                  integer_t           required -> type: *endpoint_type
	udid                     string_t            optional
	uid                      string_t            recommended
	uid_alt                  string_t            optional
	vendor_name              string_t            recommended
	vlan_uid                 string_t            optional
	vpc_uid                  string_t            optional
	zone                     string_t            optional

object os
	build          string_t  optional
	country        string_t  optional
	cpe_name       string_t  optional
	cpu_bits       integer_t optional
	edition        string_t  optional
	kernel_release string_t  optional
	lang           string_t  optional
	name           string_t  required
	sp_name        string_t  optional
	sp_ver         integer_t optional
	type           string_t  optional
	type_id        integer_t required -> type: 0 Unknown | 99 Other | 100 Windows | 101 Windows Mobile | 200 Linux | 201 Android
		| 300 macOS | 301 iOS | 302 iPadOS | 400 Solaris | 401 AIX | 402 HP-UX
	version        string_t  optional

object location
at_least_one city country postal_code region
	aerial_height              string_t  optional
	city                       string_t  recommended
	continent                  string_t  recommended
	coordinates                float_t[] optional deprecated
	country                    string_t  recommended
	desc                       string_t  optional
	geodetic_altitude          string_t  optional
	geodetic_vertical_accuracy string_t  optional
	geohash                    string_t  optional
	horizontal_accuracy        string_t  optional
	is_on_premises             boolean_t optional
	isp                        string_t  optional deprecated
	lat                        float_t   optional
	long                       float_t   optional
	postal_code                string_t  optional
	pressure_altitude          string_t  optional
	provider                   string_t  optional
	region                     string_t  optional

object http_request
	args            string_t      optional
	body_length     integer_t     optional
	http_headers    http_header[] recommended outside
	http_method     string_t      recommended: CONNECT Connect | DELETE Delete | GET Get | HEAD Head | OPTIONS Options | PATCH Patch
		| POST Post | PUT Put | TRACE Trace
	length          integer_t     optional
	referrer        string_t      optional
	uid             string_t      optional
	url             url           recommended
	user_agent      string_t      recommended
	version         string_t      recommended
	x_forwarded_for ip_t[]        optional

object url
at_least_one url_string path
	categories    string_t[]  optional
	category_ids  integer_t[] recommended -> categories: *url_category
	domain        string_t    optional
	hostname      hostname_t  recommended
	path          string_t    recommended
	port          port_t      recommended
	query_string  string_t    recommended
	resource_type string_t    optional
	scheme        string_t    recommended
	subdomain     string_t    optional
	url_string    url_t       recommended

object tls
	alert              integer_t       optional
	certificate        certificate     recommended outside
	certificate_chain  string_t[]      recommended
	cipher             string_t        recommended
	client_ciphers     string_t[]      recommended
	extension_list     tls_extension[] optional deprecated outside
	handshake_dur      integer_t       optional
	ja3_hash           fingerprint     recommended
	ja3s_hash          fingerprint     recommended
	key_length         integer_t       optional
	sans               san[]           optional deprecated outside
	server_ciphers     string_t[]      optional
	sni                string_t        recommended
	tls_extension_list tls_extension[] optional outside
	version            string_t        required

object ja4_fingerprint
	section_a string_t  optional
	section_b string_t  optional
	section_c string_t  optional
	section_d string_t  optional
	type      string_t  optional
	type_id   integer_t required -> type: 0 Unknown | 1 JA4 | 2 JA4Server | 3 JA4HTTP | 4 JA4Latency | 5 JA4X509 | 6 JA4SSH
		| 7 JA4TCP | 8 JA4TCPServer | 9 JA4TCPScan | 99 Other
	value     string_t  required
`
