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

// countryKey makes all spellings of a country's name equal: its words in lower case, sorted,
// without articles. If form is false, words for the form of government are removed as well:
// "Republic of Lithuania", "Lithuania (the Republic of)".
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
	if len(kept) > 0 { // "AND" is the alpha-3 code of Andorra
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

// countryCode returns the ISO 3166-1 alpha-2 code for a country's name or code, or "". If the whole
// name is not known, the text before a bracket is looked up, unless the bracket says which of two
// countries is meant.
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

// countries caches the codes of names. Okta writes names as its location database has them; OCSF's
// location.country is an ISO 3166-1 alpha-2 code.
type countries map[string]string

// There are about 250 countries, and no name in countryList is longer than 60 bytes. Longer names
// are not looked up, which bounds the cache.
const (
	maxCountries   = 1024
	maxCountryName = 128
)

// code returns the code of the country in string node i, or "" if it is not known.
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
