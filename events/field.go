package events

import "strings"

// Field is a field of an Okta System Log event that a mapping reads by name.
// Mappings write all other fields under their own paths.
type Field uint8

// The fields, named after Okta's own (Okta Management OpenAPI 2026.06.3,
// LogEvent; debugData after Okta's event-types.json, release 2026.08.1).
const (
	UUID Field = iota + 1
	EventType
	Published
	Version
	Severity
	DisplayMessage

	ActorID
	ActorType
	ActorAlternateID
	ActorDisplayName

	OutcomeResult
	OutcomeReason

	ClientIPAddress
	ClientID
	ClientDevice
	ClientZone
	ClientUserAgent
	ClientOS
	ClientCity
	ClientState
	ClientCountry
	ClientPostalCode
	ClientLat
	ClientLon

	DeviceID
	DeviceName
	DeviceOSPlatform
	DeviceOSVersion
	DeviceManaged
	DeviceIntegrator

	ExternalSessionID
	RootSessionID
	IssuerID
	AuthenticationProvider
	CredentialProvider
	CredentialType

	ASNumber
	ASOrg
	ISP
	Domain
	IPServiceCategories
	RiskLevel
	RiskReasons
	UserBehaviors

	TransactionID
	RequestAPITokenID
	IPChain
	Target

	DebugRequestID
	DebugRequestURI
	DebugURL
	DebugOrigin
	DebugFactor
	DebugSignOnMode
	DebugPrivilegeGranted
	DebugPrivilegeRevoked
	DebugJA4
	DebugRisk
	DebugBehaviors
	DebugLogOnlySecurityData
	DebugThreatSuspected
	DebugThreatDetections
	DebugTunnels

	// FieldCount is the number of fields plus one.
	FieldCount
)

// paths are the paths of the fields. If Okta spells a key in two ways (device in snake_case and in
// camelCase, both seen in real events), the first one that an event has is the field; a second one
// is written under its own path.
var paths = [FieldCount]string{
	UUID:           "uuid",
	EventType:      "eventType",
	Published:      "published",
	Version:        "version",
	Severity:       "severity",
	DisplayMessage: "displayMessage",

	ActorID:          "actor.id",
	ActorType:        "actor.type",
	ActorAlternateID: "actor.alternateId",
	ActorDisplayName: "actor.displayName",

	OutcomeResult: "outcome.result",
	OutcomeReason: "outcome.reason",

	ClientIPAddress:  "client.ipAddress",
	ClientID:         "client.id",
	ClientDevice:     "client.device",
	ClientZone:       "client.zone",
	ClientUserAgent:  "client.userAgent.rawUserAgent",
	ClientOS:         "client.userAgent.os",
	ClientCity:       "client.geographicalContext.city",
	ClientState:      "client.geographicalContext.state",
	ClientCountry:    "client.geographicalContext.country",
	ClientPostalCode: "client.geographicalContext.postalCode",
	ClientLat:        "client.geographicalContext.geolocation.lat",
	ClientLon:        "client.geographicalContext.geolocation.lon",

	DeviceID:         "device.id",
	DeviceName:       "device.name",
	DeviceOSPlatform: "device.os_platform|device.osPlatform|device.platform",
	DeviceOSVersion:  "device.os_version|device.osVersion",
	DeviceManaged:    "device.managed",
	DeviceIntegrator: "device.device_integrator|device.deviceIntegrator",

	ExternalSessionID:      "authenticationContext.externalSessionId",
	RootSessionID:          "authenticationContext.rootSessionId",
	IssuerID:               "authenticationContext.issuer.id",
	AuthenticationProvider: "authenticationContext.authenticationProvider",
	CredentialProvider:     "authenticationContext.credentialProvider",
	CredentialType:         "authenticationContext.credentialType",

	ASNumber:            "securityContext.asNumber",
	ASOrg:               "securityContext.asOrg",
	ISP:                 "securityContext.isp",
	Domain:              "securityContext.domain",
	IPServiceCategories: "securityContext.ipDetails.ipServiceCategories",
	RiskLevel:           "securityContext.risk.level",
	RiskReasons:         "securityContext.risk.reasons",
	UserBehaviors:       "securityContext.userBehaviors",

	TransactionID:     "transaction.id",
	RequestAPITokenID: "transaction.detail.requestApiTokenId",
	IPChain:           "request.ipChain",
	Target:            "target",

	DebugRequestID:           "debugContext.debugData.requestId",
	DebugRequestURI:          "debugContext.debugData.requestUri",
	DebugURL:                 "debugContext.debugData.url",
	DebugOrigin:              "debugContext.debugData.origin",
	DebugFactor:              "debugContext.debugData.factor",
	DebugSignOnMode:          "debugContext.debugData.signOnMode",
	DebugPrivilegeGranted:    "debugContext.debugData.privilegeGranted",
	DebugPrivilegeRevoked:    "debugContext.debugData.privilegeRevoked",
	DebugJA4:                 "debugContext.debugData.ja4",
	DebugRisk:                "debugContext.debugData.risk",
	DebugBehaviors:           "debugContext.debugData.behaviors",
	DebugLogOnlySecurityData: "debugContext.debugData.logOnlySecurityData",
	DebugThreatSuspected:     "debugContext.debugData.threatSuspected",
	DebugThreatDetections:    "debugContext.debugData.threatDetections",
	DebugTunnels:             "debugContext.debugData.tunnels",
}

// Path returns the field's path in the event, names joined by dots; of two spellings, the one that
// Okta documents.
func (f Field) Path() string {
	first, _, _ := strings.Cut(paths[f], "|")
	return first
}

// branch is a node of the tree of all paths: the children of one key. They are grouped by the
// length of their names, which is enough to skip most keys that are not fields.
type branch struct {
	field  Field
	byName [][]child
}

type child struct {
	name  string
	below *branch
}

var root = growBranches()

func growBranches() *branch {
	root := &branch{}
	for f := Field(1); f < FieldCount; f++ {
		for path := range strings.SplitSeq(paths[f], "|") {
			b := root
			for name := range strings.SplitSeq(path, ".") {
				b = b.grow(name)
			}
			b.field = f
		}
	}
	return root
}

func (b *branch) grow(name string) *branch {
	if below := b.find([]byte(name)); below != nil {
		return below
	}
	for len(b.byName) <= len(name) {
		b.byName = append(b.byName, nil)
	}
	below := &branch{}
	b.byName[len(name)] = append(b.byName[len(name)], child{name, below})
	return below
}

func (b *branch) find(name []byte) *branch {
	if len(name) >= len(b.byName) {
		return nil
	}
	for _, c := range b.byName[len(name)] {
		if c.name == string(name) {
			return c.below
		}
	}
	return nil
}
