package record

import (
	"fmt"
	"strings"
	"testing"

	iso "github.com/biter777/countries"

	"github.com/oktastream/oktastream/events/jsontree"
)

// TestCountriesAgreeWithALibrary checks that every country of the library is known by its name and
// codes, and that each of our names is the same country in the library, or unknown there.
func TestCountriesAgreeWithALibrary(t *testing.T) {
	withdrawn := map[string]bool{"AN": true, "YU": true} // from ISO 3166-1, in 2010 and 2003
	for _, country := range iso.All() {
		for _, name := range []string{country.String(), country.Alpha2(), country.Alpha3()} {
			want := country.Alpha2()
			if withdrawn[want] {
				want = ""
			}
			if got := countryCode(name); got != want {
				t.Errorf("%q is %q, want %q", name, got, want)
			}
		}
	}
	except := map[string]bool{"Congo (DRC)": true} // the library does not read brackets
	for line := range strings.Lines(countryList) {
		code, names, _ := strings.Cut(strings.TrimSpace(line), "|")
		for name := range strings.SplitSeq(names, "|") {
			if got := iso.ByName(name); got.IsValid() && got.Alpha2() != code && !except[name] {
				t.Errorf("%q is %s, and %s to the library", name, code, got.Alpha2())
			}
		}
	}
}

// TestNoCountryNameIsAmbiguous checks that no two countries have the same key, also without the
// words for the form of government.
func TestNoCountryNameIsAmbiguous(t *testing.T) {
	codes := map[string]string{}
	for line := range strings.Lines(countryList) {
		code, _, _ := strings.Cut(line, "|")
		if len(code) != 2 || len(line) > maxCountryName*3 {
			t.Errorf("bad line %q", line)
		}
		for name := range strings.SplitSeq(strings.TrimSpace(line), "|") {
			key := countryKey(name, false)
			if was, ok := codes[key]; ok {
				t.Errorf("%q of %s is also a name of %s", name, code, was)
			}
			codes[key] = code
			if len(name) > maxCountryName {
				t.Errorf("%q is too long to be looked up", name)
			}
		}
	}
	for key, code := range codes {
		short := countryKey(key, true)
		if other, ok := codes[short]; ok && other != code && key != "china republic" {
			t.Errorf("without its form of government %q (%s) is %q (%s)", key, code, short, other)
		}
	}
}

func TestCountrySpellings(t *testing.T) {
	for want, names := range map[string]string{
		"NL": "The Netherlands|Netherlands (Kingdom of the)|HOLLAND|nl|NLD",
		"GM": "The Gambia|Gambia, The|Republic of The Gambia",
		"BS": "The Bahamas|Bahamas",
		"CG": "Congo|Republic of the Congo|Congo Republic|Congo, Republic of the|Congo (Brazzaville)|Congo-Brazzaville",
		"CD": "DR Congo|Democratic Republic of the Congo|Congo, the Democratic Republic of|Congo (Kinshasa)|" +
			"Congo (Democratic Republic of the)|Congo [DRC]|Dem. Rep. Congo",
		"KP": "North Korea|Korea (Democratic People's Republic of)|Korea, Democratic People’s Republic of|DPRK",
		"KR": "South Korea|Republic of Korea|Korea, Republic of|Korea (Republic of)|Korea (the Republic of)|Korea",
		"JO": "Hashemite Kingdom of Jordan|Jordan",
		"LT": "Republic of Lithuania|Lithuania",
		"MM": "Myanmar [Burma]|Myanmar (Burma)|Burma|Myanmar",
		"PS": "Palestinian Territory, Occupied|Palestine, State of|State of Palestine|Palestinian Territories",
		"TR": "Türkiye|Turkey|Republic of Türkiye|Turkiye",
		"CZ": "Czechia|Czech Republic|The Czech Republic",
		"SZ": "Eswatini|Swaziland|Kingdom of Eswatini",
		"MK": "North Macedonia|Republic of North Macedonia|Macedonia|Macedonia (FYROM)",
		"CV": "Cabo Verde|Cape Verde|Republic of Cabo Verde",
		"CI": "Côte d'Ivoire|Cote d’Ivoire|Ivory Coast|Republic of Côte d'Ivoire",
		"VA": "Vatican|Vatican City|Holy See|Holy See (Vatican City State)|Vatican City State",
		"TW": "Taiwan|Taiwan, Province of China|Taiwan (Province of China)|Republic of China|Taiwan (R.O.C.)",
		"CN": "China|People's Republic of China",
		"HK": "Hong Kong|Hong Kong SAR China|Hong Kong (SAR)|HKG",
		"MO": "Macao|Macau|Macao SAR China",
		"RU": "Russia|Russian Federation",
		"BO": "Bolivia|Plurinational State of Bolivia|Bolivia (Plurinational State of)",
		"VE": "Venezuela|Bolivarian Republic of Venezuela|Venezuela (Bolivarian Republic of)",
		"TZ": "Tanzania|United Republic of Tanzania|Tanzania, the United Republic of",
		"MD": "Moldova|Republic of Moldova|Moldova, Republic of|Moldova (the Republic of)",
		"IR": "Iran|Iran (Islamic Republic of)|Islamic Republic of Iran",
		"XK": "Kosovo|Republic of Kosovo|XK",
		"KN": "St Kitts and Nevis|Saint Kitts & Nevis|St. Kitts and Nevis",
		"AX": "Åland|Aland Islands",
		"GB": "UK|U.K.|United Kingdom|UNITED KINGDOM|Great Britain|Scotland",
		"US": "USA|U.S.A.|U.S.|US|United States|United States of America|The United States",
		"VI": "U.S. Virgin Islands|Virgin Islands, U.S.|Virgin Islands (U.S.)",
		"MF": "Saint Martin|St. Martin|Saint Martin (French part)",
		"SX": "Sint Maarten|Sint Maarten (Dutch part)",
		"":   "|Atlantis|Europe|Asia/Pacific Region|Anonymous Proxy|Satellite Provider|None|Republic|Korea (which?)|Virgin Islands",
	} {
		for name := range strings.SplitSeq(names, "|") {
			if got := countryCode(name); got != want {
				t.Errorf("%q is %q, want %q", name, got, want)
			}
		}
	}
}

func TestCountryMemoryIsBounded(t *testing.T) {
	var tree jsontree.Tree
	c := countries{}
	for n := range 2 * maxCountries {
		if err := tree.Parse(fmt.Appendf(nil, `"%s%d"`, strings.Repeat("x", n%(2*maxCountryName)), n)); err != nil {
			t.Fatal(err)
		}
		if code := c.code(&tree, 0); code != "" {
			t.Fatalf("%s is %s", tree.Raw(0), code)
		}
	}
	size := 0
	for name := range c {
		size += len(name)
	}
	if len(c) > maxCountries || size > maxCountries*maxCountryName {
		t.Errorf("%d names of %d bytes are kept", len(c), size)
	}
}
