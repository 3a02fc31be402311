package oktastream

import (
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	ours := func(version string) debug.Module { return debug.Module{Path: modulePath, Version: version} }
	replaced := ours("v1.2.3")
	replaced.Replace = &debug.Module{Path: "../oktastream"}
	released := ours("v1.2.3")
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"no build info": {nil, "devel"},
		"a clone":       {&debug.BuildInfo{Main: ours("(devel)")}, "devel"},
		"a version":     {&debug.BuildInfo{Main: ours("v1.2.3")}, "v1.2.3"},
		"another app": {&debug.BuildInfo{Main: debug.Module{Path: "a.b/c", Version: "v9.0.0"},
			Deps: []*debug.Module{&released}}, "v1.2.3"},
		"an app with replace": {&debug.BuildInfo{Main: debug.Module{Path: "a.b/c"}, Deps: []*debug.Module{&replaced}},
			"devel"},
	} {
		if got := versionOf(test.info); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if self := reflect.TypeFor[Oktastream]().PkgPath(); !strings.HasPrefix(self, modulePath+"/") {
		t.Errorf("modulePath is not that of %s", self)
	}
}
