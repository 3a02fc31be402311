package catalogue

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
)

func TestSuggest(t *testing.T) {
	for pattern, want := range map[string]string{
		// spelled wrongly
		"user.sesion.start":            "user.session.start",
		"user.session.strat":           "user.session.start",
		"User.Session.Start":           "user.session.start",
		"user.session.startt":          "user.session.start",
		"user_session.start":           "user.session.start",
		"applicaton.*":                 "application.*",
		"user.mfaa.*":                  "user.mfa.*",
		"USER.*":                       "user.*",
		"*.lifecyle.*":                 "*.lifecycle.*",
		"user.*.fcator.*":              "user.*.factor.*",
		"policy.evaluate_singon":       "policy.evaluate_sign_on",
		"systemlog_stream.lifecycle.*": "system.log_stream.lifecycle.*",
		// a part of the name
		"user.mfa":                "user.mfa.*",
		"evaluate_sign_on":        "*.evaluate_sign_on",
		"log_stream":              "*.log_stream.*",
		"user.mfa.factor.reset_a": "user.mfa.factor.reset_all",
		// right
		"user.session.start": "", "user.*": "", "*": "", "*.create": "",
		// near nothing
		"telepathy.thought.read": "", "user.session.teleport": "", "": "", ".": "", "**": "", "x*": "", "zq*": "",
		strings.Repeat("user.", 1000): "",
	} {
		if got := Suggest(pattern); got != want {
			t.Errorf("Suggest(%.40q) is %q, want %q", pattern, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	formats := []string{"ocsf", "datadog", "raw"}
	for text, want := range map[string]string{
		"Datadog": "datadog", "OCSF": "ocsf", "ocfs": "ocsf", "row": "raw", "datadgo": "datadog", "data-dog": "datadog",
		"json": "", "": "", "x": "",
	} {
		if got := Nearest(text, formats); got != want {
			t.Errorf("Nearest(%q) is %q, want %q", text, got, want)
		}
	}
}

// What is suggested matches a published type, and needs no other suggestion.
func TestWhatIsSuggestedMatches(t *testing.T) {
	all := All()
	rapid.Check(t, func(t *rapid.T) {
		name := []byte(rapid.SampledFrom(all).Draw(t, "name"))
		for range rapid.IntRange(0, 3).Draw(t, "edits") {
			i := rapid.IntRange(0, len(name)-1).Draw(t, "at")
			switch letter := rapid.SampledFrom([]byte("abz._*")).Draw(t, "letter"); rapid.IntRange(0, 2).Draw(t, "edit") {
			case 0:
				name[i] = letter
			case 1:
				name = append(name[:i], append([]byte{letter}, name[i:]...)...)
			default:
				name = append(name[:i], name[i+1:]...)
			}
		}
		pattern := string(name)
		got := Suggest(pattern)
		if got == "" {
			if len(Matching(pattern)) == 0 && len(pattern) > 11 && !strings.Contains(pattern, "*") {
				t.Fatalf("no suggestion for %q", pattern)
			}
			return
		}
		if len(Matching(got)) == 0 || events.Match(pattern, got) || Suggest(got) != "" {
			t.Fatalf("Suggest(%q) is %q", pattern, got)
		}
	})
}

func BenchmarkSuggest(b *testing.B) {
	for b.Loop() {
		Suggest("applicaton.lifecycle.*.create")
	}
}
