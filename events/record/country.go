package record

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/oktastream/oktastream/events/jsontree"
)

// countryList has one country a line: its alpha-2 code, its alpha-3 code, and its
// names. The codes and the first names are those of ISO 3166-1, and XK for Kosovo;
// the others are the spellings of CLDR 48, GeoNames, MaxMind and Natural Earth
// (all of 2026-11) that are not the same to countryKey.
//
//go:embed countries.txt
var countryList string

// countryCodes maps the keys of all names and codes to alpha-2 codes.
var countryCodes = sync.OnceValue(func() map[string]string {
	codes := make(map[string]string, 1024)
	for line := range strings.Lines(countryList) {
		code, _, _ := strings.Cut(line, "|")
		for name := range strings.SplitSeq(strings.TrimSpace(line), "|") {
			codes[countryKey(name, false)] = code
		}
	}
	return codes
})

// countryKey is what all spellings of a name have in common: its words in lower
// case, sorted, without articles. Without form, words for the form of government
// are left out as well: "Republic of Lithuania", "Lithuania (the Republic of)".
func countryKey(name string, withoutForm bool) string {
	name = strings.NewReplacer(".", "", "'", "", "’", "").Replace(strings.ToLower(name))
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	kept := slices.DeleteFunc(slices.Clone(words), func(word string) bool {
		switch word {
		case "the", "of", "and":
			return true
		case "republic", "kingdom", "state":
			return withoutForm
		}
		return false
	})
	if len(kept) > 0 { // AND is Andorra's alpha-3 code
		words = kept
	}
	for i, word := range words {
		if word == "st" {
			words[i] = "saint"
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// countryCode is the ISO 3166-1 alpha-2 code of a country's name or code, or "".
// Where the whole name is not known, what stands before a bracket is looked up,
// unless the bracket says which of two countries is meant.
func countryCode(name string) string {
	codes := countryCodes()
	for _, withoutForm := range []bool{false, true} {
		if code, ok := codes[countryKey(name, withoutForm)]; ok {
			return code
		}
	}
	i := strings.IndexAny(name, "([")
	if i < 0 {
		return ""
	}
	key := countryKey(name[:i], true)
	if key == "congo" || key == "korea" {
		return ""
	}
	return codes[key]
}

// countries remembers the codes of names, which Okta writes as its location
// database has them (OCSF's location.country is an ISO 3166-1 alpha-2 code).
type countries map[string]string

// There are some 250 countries, and no name in countryList has more than 60
// bytes. What is longer is not looked up, so the memory has a bound.
const (
	maxCountries   = 1024
	maxCountryName = 128
)

// code is the code of the country that string node i names, or "" where it is not
// known.
func (c countries) code(tree *jsontree.Tree, i uint32) string {
	inner := tree.Inner(i)
	if code, ok := c[string(inner)]; ok || len(inner) > maxCountryName {
		return code
	}
	code := countryCode(string(tree.String(i)))
	if len(c) < maxCountries {
		c[string(inner)] = code
	}
	return code
}
