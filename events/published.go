package events

// ParsePublished reads the time at which Okta published an event and returns it
// in milliseconds since 1970-01-01T00:00:00Z; digits beyond are cut off.
//
// Okta writes RFC 3339 in UTC with milliseconds. What comes back from archives
// and warehouses also has a blank for the T, no zone (it is UTC then), an
// offset, or any number of decimals: all of these are read. Anything else is
// refused; there is no guessing.
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
		month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 60 { // 60: a leap second, RFC 3339 §5.6
		return 0, false
	}
	fraction, rest, ok := decimals(s[19:])
	if !ok {
		return 0, false
	}
	offset, ok := zone(rest)
	if !ok {
		return 0, false
	}
	seconds := days(year, month, day)*86400 + int64(hour)*3600 + int64(minute)*60 + int64(second) - int64(offset)*60
	if seconds < firstSecond || seconds > lastSecond {
		return 0, false // an offset has taken it out of the years that have four digits
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

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// days counts the days from 1970-01-01 in the Gregorian calendar. The year is
// taken to begin in March, so that a leap day is the last one.
func days(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	era := floor(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int64(era)*146097 + int64(dayOfEra) - 719468
}

func floor(n, d int) int {
	if n < 0 {
		return (n - d + 1) / d
	}
	return n / d
}
