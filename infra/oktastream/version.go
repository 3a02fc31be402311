package oktastream

import "runtime/debug"

// modulePath is the path of this module.
const modulePath = "github.com/oktastream/oktastream"

// version returns the version of oktastream with which the stack is made, which is also that of the
// function: "devel" in a clone of the repository.
func version() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

// versionOf returns the version of the module in a build. info may be nil.
func versionOf(info *debug.BuildInfo) string {
	if info == nil {
		return "devel"
	}
	modules := append([]*debug.Module{&info.Main}, info.Deps...)
	for _, m := range modules {
		if m.Path == modulePath && m.Replace == nil && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
}
