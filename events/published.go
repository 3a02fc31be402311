package events

import "time"

// ParsePublished reads the time at which Okta published an event and returns it
// in milliseconds since 1970-01-01T00:00:00Z; digits beyond are cut off.
//
// Okta writes RFC 3339 in UTC with milliseconds. Archives and data warehouses also
// write a space for the T, no zone (it is UTC then), an offset, or any number of
// decimals: all of these are accepted, and nothing else is.
func ParsePublished(s []byte) (milliseconds int64, ok bool) {
	if len(s) < len("2006-01-02T15:04:05") || s[4] != '-' || s[7] != '-' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	if c := s[10]; c != 'T' && c != 't' && c != ' ' {
		return 0, false
	}
	year, okYear := digits(s[0:4])
	month, okMonth := digits(s[5:7])
	day, okDay := digits(s[8:10])
	hour, okHour := digits(s[11:13])
	minute, okMinute := digits(s[14:16])
	second, okSecond := digits(s[17:19])
	if !okYear || !okMonth || !okDay || !okHour || !okMinute || !okSecond ||
		hour > 23 || minute > 59 || second > 60 { // 60: a leap second, RFC 3339 §5.6
		return 0, false
	}
	midnight := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != day || midnight.Month() != time.Month(month) {
		return 0, false // time.Date takes February 30 for March 2
	}
	fraction, rest, ok := decimals(s[19:])
	if !ok {
		return 0, false
	}
	offset, ok := zone(rest)
	if !ok {
		return 0, false
	}
	seconds := midnight.Unix() + int64(hour)*3600 + int64(minute-offset)*60 + int64(second)
	if seconds < firstSecond || seconds > lastSecond {
		return 0, false // the offset moves it out of the years that have four digits
	}
	return seconds*1000 + int64(fraction), true
}

// The first and the last second that RFC 3339 can write, 0000-01-01T00:00:00Z and
// 9999-12-31T23:59:59Z.
const (
	firstSecond = -62167219200
	lastSecond  = 253402300799
)

func digits(s []byte) (n int, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// decimals reads ".123456" and returns 123, the milliseconds of it.
func decimals(s []byte) (milliseconds int, rest []byte, ok bool) {
	if len(s) == 0 || s[0] != '.' {
		return 0, s, true
	}
	n := 1
	for unit := 100; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
		milliseconds += unit * int(s[n]-'0')
		unit /= 10
	}
	return milliseconds, s[n:], n > 1
}

// zone reads "", "Z", "+02:00" or "+0200" and returns minutes east of UTC.
func zone(s []byte) (minutes int, ok bool) {
	if len(s) == 0 || len(s) == 1 && (s[0] == 'Z' || s[0] == 'z') {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	clock := s[1:]
	if len(clock) == 5 && clock[2] == ':' {
		clock = []byte{clock[0], clock[1], clock[3], clock[4]}
	}
	if len(clock) != 4 {
		return 0, false
	}
	n, ok := digits(clock)
	if !ok || n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	minutes = n/100*60 + n%100
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}
