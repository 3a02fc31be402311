package events

import "time"

// ParsePublished parses the time at which Okta published an event and returns it in milliseconds
// since 1970-01-01T00:00:00Z; further digits are cut off.
//
// Okta writes RFC 3339 in UTC with milliseconds. Archives and data warehouses also write a space in
// place of the T, no zone (which means UTC), an offset, or any number of decimals: all of these are
// accepted, and nothing else is.
func ParsePublished(s []byte) (milliseconds int64, ok bool) {
	const shape = "2006-01-02T15:04:05"
	if len(s) < len(shape) {
		return 0, false
	}
	text := append(make([]byte, 0, 64), s[:len(shape)]...)
	switch text[10] {
	case 't', ' ':
		text[10] = 'T'
	}
	leap := time.Duration(0)
	if string(text[17:]) == "60" { // a leap second (RFC 3339 §5.6), which package time does not know
		copy(text[17:], "59")
		leap = time.Second
	}
	rest := s[len(shape):]
	fraction := 0
	for fraction < len(rest) && (rest[fraction] == '.' || '0' <= rest[fraction] && rest[fraction] <= '9') {
		fraction++
	}
	text = append(text, rest[:fraction]...)
	switch zone := rest[fraction:]; {
	case len(zone) == 0, string(zone) == "z":
		text = append(text, 'Z')
	case len(zone) == len("+0200"):
		text = append(append(append(text, zone[:3]...), ':'), zone[3:]...)
	default:
		text = append(text, zone...)
	}
	var at time.Time
	if at.UnmarshalText(text) != nil {
		return 0, false
	}
	if text[len(text)-1] != 'Z' { // package time accepts any two digits for the hours and minutes of an offset
		offset := text[len(text)-len("02:00"):]
		if string(offset) > "23:59" || offset[3] > '5' {
			return 0, false
		}
	}
	at = at.Add(leap)
	if at.Unix() < firstSecond || at.Unix() > lastSecond {
		return 0, false // the offset or the leap second moves it out of the years that have four digits
	}
	return at.UnixMilli(), true
}

// The first and the last second that RFC 3339 can express, 0000-01-01T00:00:00Z and
// 9999-12-31T23:59:59Z.
const (
	firstSecond = -62167219200
	lastSecond  = 253402300799
)
