module github.com/oktastream/oktastream

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/biter777/countries v1.7.5
	github.com/fatih/color v1.19.0
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3
	github.com/rogpeppe/go-internal v1.16.0
	github.com/schollz/progressbar/v3 v3.19.1
	github.com/tidwall/gjson v1.20.0
	golang.org/x/term v0.47.0
	pgregory.net/rapid v1.3.0
)
