package handler

import (
	"encoding/json"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// typedFunction reads an SQS batch with the types of aws-lambda-go, and writes
// each event in it again.
func typedFunction(payload []byte) error {
	var batch awsevents.SQSEvent
	if err := json.Unmarshal(payload, &batch); err != nil {
		return err
	}
	for i := range batch.Records {
		var envelope awsevents.EventBridgeEvent
		if err := json.Unmarshal([]byte(batch.Records[i].Body), &envelope); err != nil {
			return err
		}
		var e typedEvent
		if err := json.Unmarshal(envelope.Detail, &e); err != nil {
			return err
		}
		if _, err := json.Marshal(&e); err != nil {
			return err
		}
	}
	return nil
}

// typedEvent is a System Log event as a Go program commonly declares it, after
// Okta's Management OpenAPI (LogEvent, 2026.06.3): what the benchmark compares
// the function with.
type typedEvent struct {
	UUID                  string              `json:"uuid"`
	Published             string              `json:"published"`
	EventType             string              `json:"eventType"`
	Version               string              `json:"version"`
	Severity              string              `json:"severity"`
	LegacyEventType       *string             `json:"legacyEventType"`
	DisplayMessage        *string             `json:"displayMessage"`
	Actor                 *typedActor         `json:"actor"`
	Client                *typedClient        `json:"client"`
	Device                *typedDevice        `json:"device"`
	AuthenticationContext *typedAuthenticated `json:"authenticationContext"`
	SecurityContext       *typedSecurity      `json:"securityContext"`
	Outcome               *typedOutcome       `json:"outcome"`
	Target                []typedTarget       `json:"target"`
	Transaction           *typedTransaction   `json:"transaction"`
	DebugContext          *typedDebug         `json:"debugContext"`
	Request               *typedRequest       `json:"request"`
}

type typedActor struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	AlternateID string         `json:"alternateId"`
	DisplayName string         `json:"displayName"`
	DetailEntry map[string]any `json:"detailEntry"`
}

type typedTarget struct {
	ID            string         `json:"id"`
	Type          string         `json:"type"`
	AlternateID   string         `json:"alternateId"`
	DisplayName   string         `json:"displayName"`
	DetailEntry   map[string]any `json:"detailEntry"`
	ChangeDetails map[string]any `json:"changeDetails,omitempty"`
}

type typedClient struct {
	ID                  *string     `json:"id"`
	IPAddress           *string     `json:"ipAddress"`
	Device              *string     `json:"device"`
	Zone                *string     `json:"zone"`
	UserAgent           *typedAgent `json:"userAgent"`
	GeographicalContext *typedPlace `json:"geographicalContext"`
}

type typedAgent struct {
	RawUserAgent string `json:"rawUserAgent"`
	OS           string `json:"os"`
	Browser      string `json:"browser"`
}

type typedPlace struct {
	City        *string          `json:"city"`
	State       *string          `json:"state"`
	Country     *string          `json:"country"`
	PostalCode  *string          `json:"postalCode"`
	Geolocation *typedCoordinate `json:"geolocation"`
}

type typedCoordinate struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

type typedDevice struct {
	ID                 string         `json:"id"`
	Name               string         `json:"name"`
	OSPlatform         string         `json:"os_platform"`
	OSVersion          string         `json:"os_version"`
	Managed            *bool          `json:"managed"`
	Registered         *bool          `json:"registered"`
	DeviceIntegrator   map[string]any `json:"device_integrator"`
	DiskEncryptionType *string        `json:"disk_encryption_type"`
	ScreenLockType     *string        `json:"screen_lock_type"`
	Jailbreak          *bool          `json:"jailbreak"`
	SecureHardware     *bool          `json:"secure_hardware_present"`
}

type typedAuthenticated struct {
	AuthenticationProvider *string      `json:"authenticationProvider"`
	AuthenticationStep     int          `json:"authenticationStep"`
	CredentialProvider     *string      `json:"credentialProvider"`
	CredentialType         *string      `json:"credentialType"`
	Issuer                 *typedIssuer `json:"issuer"`
	Interface              *string      `json:"interface"`
	ExternalSessionID      *string      `json:"externalSessionId"`
	RootSessionID          *string      `json:"rootSessionId"`
}

type typedIssuer struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type typedSecurity struct {
	ASNumber *int    `json:"asNumber"`
	ASOrg    *string `json:"asOrg"`
	ISP      *string `json:"isp"`
	Domain   *string `json:"domain"`
	IsProxy  *bool   `json:"isProxy"`
}

type typedOutcome struct {
	Result string  `json:"result"`
	Reason *string `json:"reason"`
}

type typedTransaction struct {
	ID     string         `json:"id"`
	Type   string         `json:"type"`
	Detail map[string]any `json:"detail"`
}

type typedDebug struct {
	DebugData map[string]any `json:"debugData"`
}

type typedRequest struct {
	IPChain []typedHop `json:"ipChain"`
}

type typedHop struct {
	IP                  string      `json:"ip"`
	Version             string      `json:"version"`
	Source              *string     `json:"source"`
	GeographicalContext *typedPlace `json:"geographicalContext"`
}
