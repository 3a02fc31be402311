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
	name := string(tree.AppendString(nil, i))
	code := ""
	// Of "Korea (Democratic People's Republic of)" the library looks at what
	// stands before the bracket only.
	if before, after, ok := strings.Cut(name, "("); ok {
		name = strings.TrimSuffix(strings.TrimSpace(after), ")") + " " + strings.TrimSpace(before)
	}
	// The library also has entries that are no countries, such as "None" and
	// "International"; a code has two letters.
	if country := iso.ByName(name); country.IsValid() && len(country.Alpha2()) == 2 {
		code = country.Alpha2()
	}
	if len(c) < maxCountries {
		c[string(tree.Inner(i))] = code
	}
	return code
}
