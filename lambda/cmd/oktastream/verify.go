package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oktastream/oktastream/lambda/sink/archive"
)

type verifyCommand struct {
	archiveCommand
	Since     moment `placeholder:"TIME" help:"help_verify_since"`
	Until     moment `placeholder:"TIME" help:"help_verify_until"`
	PublicKey string `name:"public-key" type:"path" placeholder:"FILE" help:"help_public_key"`
	Head      string `placeholder:"HASH" help:"help_head"`
	JSON      bool   `help:"Print one JSON object."`
}

// The verdicts of verify.
const (
	verified   = "verified"
	broken     = "broken"
	incomplete = "incomplete" // nothing is broken, and not everything could be read
)

// verification is what the command prints. Its JSON keys are an interface: scripts read them.
type verification struct {
	Verdict string `json:"verdict"`
	archive.Summary
	Findings []archive.Finding `json:"findings"`
	More     int               `json:"more_findings"` // beyond maxFindings
	Notes    []string          `json:"notes"`

	broken, unread bool
}

// Bounds of what is kept and printed.
const (
	maxFindings = 10_000
	maxOfAKind  = 20
)

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (v *verifyCommand) fault() error {
	var all faults
	v.Head = strings.ToLower(v.Head)
	all.add(v.Head != "" && !hashForm.MatchString(v.Head), "--head is not a SHA-256: 64 characters of 0-9 and a-f")
	all.hours(v.Since, v.Until)
	if v.Dir != "" && v.PublicKey != "" {
		within, err := filepath.Rel(v.Dir, v.PublicKey)
		all.add(err == nil && filepath.IsLocal(within), "--public-key is in the archive, where it can be changed "+
			"with the archive: take the key from elsewhere")
	}
	return all.join(v.archiveFlags.fault())
}

// check returns what to verify, and notes on its window.
func (v *verifyCommand) check() (check archive.Check, notes []string, err error) {
	check = archive.Check{Head: v.Head, Since: v.Since.UTC().Truncate(time.Hour), Until: v.Until.UTC().Truncate(time.Hour)}
	if v.Since.IsZero() {
		check.Since = time.Time{}
	}
	if v.Until.IsZero() {
		check.Until = time.Time{}
	}
	if settled := settledHour(); check.Until.After(settled) {
		check.Until = settled
		notes = append(notes, "hours from "+stamp(settled)+" on are not settled: they need no digest yet")
	}
	if v.PublicKey == "" {
		return check, notes, nil
	}
	check.PublicKey, err = readPublicKey(v.PublicKey)
	return check, notes, err
}

func readPublicKey(path string) (crypto.PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usage(fmt.Errorf("--public-key %s: %w", path, plain(err)))
	}
	key, err := archive.ParsePublicKey(text)
	if err != nil {
		return nil, withHint(usage(fmt.Errorf("--public-key %s: %w", path, err)),
			"aws kms get-public-key --key-id ARN --query PublicKey --output text | base64 -d | openssl pkey -pubin -inform DER")
	}
	return key, nil
}

func (v *verifyCommand) Run(ctx context.Context, c console) error {
	if err := v.fault(); err != nil {
		return usage(err)
	}
	check, notes, err := v.check()
	if err != nil {
		return err
	}
	shown := newSilence(c)
	defer shown.end()
	bar := newSteps(c, shown)
	defer bar.end()
	result := &verification{Notes: notes, Findings: []archive.Finding{}}
	store, _, err := v.store(ctx, shown)
	if err == nil {
		check.Org, check.Progress = v.Org, bar.step
		result.Summary, err = archive.Verify(ctx, store, check, result.add)
	}
	bar.end()
	switch {
	case ctx.Err() != nil:
		return interruption(ctx, err)
	case errors.As(err, new(usageError)):
		return err
	case err != nil:
		report(c.err, v.explain(err))
		return quiet(exitUnproven)
	}
	result.judge(v, check)
	if err := result.print(c, v.JSON); err != nil {
		return err
	}
	return result.exit()
}

// add takes a finding.
func (r *verification) add(f archive.Finding) {
	r.broken = r.broken || f.Kind.Broken()
	r.unread = r.unread || f.Kind == archive.NotRead
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, f)
	} else {
		r.More++
	}
}

// judge sets the verdict, and notes what it does not say.
func (r *verification) judge(v *verifyCommand, check archive.Check) {
	r.Verdict = verified
	switch {
	case r.broken:
		r.Verdict = broken
	case r.unread:
		r.Verdict = incomplete
	}
	note := func(when bool, text string) {
		if when {
			r.Notes = append(r.Notes, text)
		}
	}
	note(r.Digests == 0, "the archive has "+orgsText(v.orgs))
	note(r.Digests > 0 && r.Signed == 0,
		"the chain is not signed: anyone who may write to the "+v.String()+" can rewrite all of it")
	note(r.Digests > 0 && check.Head == "" && check.Until.IsZero(), fmt.Sprintf("nothing in the archive says that "+
		"digest %d is the last: --head HASH, noted elsewhere, or --until TIME says what there must be",
		r.Summary.Head.Number))
	note(r.Outside > 0, fmt.Sprintf("the events of %s are not in this archive: only the chain was checked of them",
		count(int(r.Outside), "digest")))
	// Their order depends on what was read first.
	slices.SortStableFunc(r.Findings, func(a, b archive.Finding) int {
		return strings.Compare(rank(a)+a.Hour.Format(time.RFC3339)+a.Key, rank(b)+b.Hour.Format(time.RFC3339)+b.Key)
	})
}

// rank orders findings: what is broken, what was not read, the others.
func rank(f archive.Finding) string {
	switch {
	case f.Kind.Broken():
		return "0"
	case f.Kind == archive.NotRead:
		return "1"
	}
	return "2"
}

func (r *verification) exit() error {
	switch r.Verdict {
	case broken:
		return quiet(exitFailed)
	case incomplete:
		return quiet(exitUnproven)
	}
	return nil
}

func (r *verification) print(c console, asJSON bool) error {
	if asJSON {
		return printJSON(c, r)
	}
	var b bytes.Buffer
	verdict := map[string]string{
		verified:   "verified: the digests agree with each other, and with the objects that they name",
		broken:     "broken: " + count(r.countBroken(), "place"),
		incomplete: "incomplete: nothing is broken in what could be read, and not everything could be read",
	}[r.Verdict]
	fmt.Fprintln(&b, verdict)
	r.findings(&b)
	fmt.Fprintf(&b, "org %s: %s\n", r.Org, count(int(r.Digests), "digest"))
	if !r.Since.IsZero() {
		fmt.Fprintf(&b, "hours from %s until %s: %d with a digest, %s, %s\n", r.Since.Format(hourForm),
			r.Until.Format(hourForm), r.Hours, count(int(r.Objects), "object"), count(int(r.Events), "event"))
	}
	if len(r.Verdicts) > 0 {
		fmt.Fprintf(&b, "okta: %s\n", verdictCounts(r.Verdicts, r.Hours))
	}
	if r.Digests > 0 {
		fmt.Fprintf(&b, "head: digest %d, %s\n", r.Summary.Head.Number, r.Summary.Head.Hash)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(&b, "note: "+printable(note))
	}
	return write(c.out, b.Bytes())
}

// verdictCounts says how many hours have which verdict of a comparison with Okta's System Log.
func verdictCounts(states map[string]int64, hours int64) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%s %s", count(int(states[state]), "hour"), printable(state)))
		hours -= states[state]
	}
	if hours > 0 {
		parts = append(parts, thousands(int(hours))+" not compared")
	}
	return strings.Join(parts, ", ")
}

func (r *verification) countBroken() (n int) {
	for _, f := range r.Findings {
		if f.Kind.Broken() {
			n++
		}
	}
	return n
}

// findings prints the findings, at most maxOfAKind of a kind.
func (r *verification) findings(b *bytes.Buffer) {
	printed := map[archive.Kind]int{}
	for _, f := range r.Findings {
		if printed[f.Kind]++; printed[f.Kind] <= maxOfAKind {
			fmt.Fprintf(b, "%s: %s\n", f.Kind, printable(f.Text))
		}
	}
	hidden := r.More
	for _, n := range printed {
		hidden += max(0, n-maxOfAKind)
	}
	if hidden > 0 {
		fmt.Fprintf(b, "%s not shown; --json shows them\n", count(hidden, "finding"))
	}
}
