package record

import (
	"strings"

	iso "github.com/biter777/countries"

	"github.com/oktastream/oktastream/events/jsontree"
)

// countries turns the country names that Okta writes into the codes that OCSF
// wants (location.country: ISO 3166-1 alpha-2). It remembers what the library
// said, because asking it takes longer than writing the rest of a location.
type countries map[string]string

// maxCountries bounds the memory: there are some 250 countries, and a name that
// is none of them is remembered, too.
const maxCountries = 1024

// code is the code of the country that string node i names, or "" where the
// library knows none.
func (c countries) code(tree *jsontree.Tree, i uint32) string {
	if code, ok := c[string(tree.Inner(i))]; ok {
		return code
	}
	code := lookUp(string(tree.AppendString(nil, i)))
	if len(c) < maxCountries {
		c[string(tree.Inner(i))] = code
	}
	return code
}

// lookUp asks the library. It looks at what stands before a bracket only, which
// is enough for "Iran (Islamic Republic of)" and wrong for "Korea (Democratic
// People's Republic of)", so the words are put in their spoken order first, and
// where two countries share the name before the bracket that has to do.
func lookUp(name string) string {
	before, after, bracket := strings.Cut(name, "(")
	if !bracket {
		return ask(name)
	}
	before = strings.TrimSpace(before)
	if code := ask(strings.TrimSuffix(strings.TrimSpace(after), ")") + " " + before); code != "" {
		return code
	}
	if before == "Congo" || before == "Korea" {
		return ""
	}
	return ask(name)
}

// ask is the code of a name, or "". The library also has entries that are no
// countries, such as "None" and "International"; a code has two letters.
func ask(name string) string {
	if country := iso.ByName(name); country.IsValid() && len(country.Alpha2()) == 2 {
		return country.Alpha2()
	}
	return ""
}
