package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/oktastream/oktastream/events/catalogue"
)

// shells has for each shell the script that calls `oktastream complete`. If that prints nothing,
// the shell completes file names.
var shells = map[string]string{
	"bash": `# oktastream completion for bash: source <(oktastream completion bash)
_oktastream() {
	local IFS=$'\n'
	COMPREPLY=($(oktastream complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _oktastream oktastream
`,
	"zsh": `#compdef oktastream
# oktastream completion for zsh: source <(oktastream completion zsh)
_oktastream() {
	local -a found
	found=(${(f)"$(oktastream complete -- "${(@)words[2,CURRENT]}" 2>/dev/null | cut -f1)"})
	if (( $#found )); then
		compadd -- $found
	else
		_files
	fi
}
compdef _oktastream oktastream
`,
	"fish": `# oktastream completion for fish: oktastream completion fish | source
function __oktastream_complete
	set -l words (commandline -opc)
	set -l found (oktastream complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
	if test (count $found) -gt 0
		printf '%s\n' $found
	else
		__fish_complete_path (commandline -ct)
	end
end
complete -c oktastream -f -a '(__oktastream_complete)'
`,
}

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish."`
}

func (x *completionCommand) Run(c console) error {
	script, ok := shells[x.Shell]
	if !ok {
		text := fmt.Sprintf("unknown shell %q: it must be bash, zsh or fish", x.Shell)
		if meant := catalogue.Nearest(x.Shell, []string{"bash", "zsh", "fish"}); meant != "" {
			text = fmt.Sprintf("unknown shell %q: did you mean %s?", x.Shell, meant)
		}
		return usage(errors.New(text))
	}
	return write(c.out, []byte(script))
}

// completeCommand is called by the scripts. It prints the possible completions of the last word,
// one per line, with the meaning after a tab.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

func (x *completeCommand) Run(k *kong.Context, c console) error {
	words := x.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	var b bytes.Buffer
	for _, found := range complete(k.Model.Node, words) {
		b.WriteString(strings.TrimRight(found.word+"\t"+found.meaning, "\t"))
		b.WriteByte('\n')
	}
	return write(c.out, b.Bytes())
}

// completion is a word and its meaning.
type completion struct{ word, meaning string }

// complete returns the completions of the last of words; none if that is a file name or free text.
func complete(root *kong.Node, words []string) []completion {
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	node, option := root, (*kong.Flag)(nil) // option is the one that the next word is the value of
	for _, word := range words[:len(words)-1] {
		switch flag, child := flagOf(node, word), childOf(node, word); {
		case word == "=": // bash splits --format=ocsf into three words
		case option != nil:
			option = nil
		case flag != nil && !flag.IsBool():
			option = flag
		case child != nil && child.Name == "help":
			node = root
		case child != nil:
			node = child
		}
	}
	name, value, assigned := strings.Cut(last, "=")
	switch {
	case option != nil:
		return values(option.FormatPlaceHolder(), "", strings.TrimPrefix(last, "="))
	case assigned && flagOf(node, name) != nil:
		return values(flagOf(node, name).FormatPlaceHolder(), name+"=", value)
	case strings.HasPrefix(last, "-"):
		return flags(node, last)
	case node.Name == "explain" && last != "":
		return values("TYPE", "", last)
	case node.Name == "completion":
		return values("SHELL", "", last)
	}
	var found []completion
	for _, child := range node.Children {
		if !child.Hidden && strings.HasPrefix(child.Name, last) {
			found = append(found, completion{child.Name, child.Help})
		}
	}
	return found
}

// values returns the values of an option with this placeholder, each after before.
func values(placeholder, before, prefix string) []completion {
	var all []string
	switch placeholder {
	case "FORMAT":
		all = []string{"ocsf", "datadog", "raw"}
	case "QUEUE":
		all = []string{"redrive", "dead"}
	case "TO":
		all = destinations
	case "SHELL":
		all = []string{"bash", "zsh", "fish"}
	case "TYPE":
		all = catalogue.All()
	}
	var found []completion
	for _, value := range all {
		if strings.HasPrefix(value, prefix) {
			found = append(found, completion{word: before + value})
		}
	}
	return found
}

func flags(node *kong.Node, prefix string) []completion {
	var found []completion
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			if name := "--" + flag.Name; strings.HasPrefix(name, prefix) {
				found = append(found, completion{name, flag.Help})
			}
		}
	}
	return found
}

func flagOf(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			if "--"+flag.Name == word {
				return flag
			}
		}
	}
	return nil
}

func childOf(node *kong.Node, word string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == word {
			return child
		}
	}
	return nil
}
