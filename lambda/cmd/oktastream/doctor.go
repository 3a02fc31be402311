package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/oktastream/oktastream/lambda/doctor"
)

type doctorCommand struct {
	oktaFlags
	stackFlags

	JSON  bool `help:"Print one JSON object."`
	Watch bool `help:"${help_doctor_watch}"`
	For   span `default:"30m" placeholder:"DURATION" help:"With --watch: how long to look again (default 30m)."`
}

// watchEvery is the pause of --watch. Metrics and states change once a minute or less often,
// and a look is some ten calls a pipeline.
const watchEvery = 20 * time.Second

// AfterApply sets the default stack.
func (k *doctorCommand) AfterApply() error {
	if k.Stack == "" {
		k.Stack = defaultStack
	}
	return nil
}

// fault returns all that is wrong with the flags. Without any flag of Okta's, the org is not
// looked at.
func (k *doctorCommand) fault() error {
	var okta error
	if k.hasOkta() {
		okta = k.oktaFlags.fault()
	}
	return errors.Join(okta, k.stackFlags.fault())
}

// hasOkta reports whether the org is to be looked at.
func (k *doctorCommand) hasOkta() bool {
	return k.OrgURL != "" || k.TokenFile != "" || k.KeyFile != "" || k.ClientID != "" || k.Secret != ""
}

func (k *doctorCommand) Run(ctx context.Context, c console) error {
	if err := k.fault(); err != nil {
		return usage(err)
	}
	quietness := newSilence(c)
	defer quietness.end()
	d, err := k.doctor(ctx, quietness)
	if err != nil {
		return interruption(ctx, err)
	}
	report, err := k.look(ctx, c, d)
	if err != nil {
		return interruption(ctx, err)
	}
	quietness.end()
	if err := writeReport(c.out, report, k.JSON); err != nil {
		return err
	}
	if code := report.ExitCode(); code != doctor.ExitOK {
		return quiet(code)
	}
	return nil
}

// look makes the checks, with --watch again and again until they find nothing more to wait
// for.
func (k *doctorCommand) look(ctx context.Context, c console, d *doctor.Doctor) (doctor.Report, error) {
	deadline := now().Add(time.Duration(k.For))
	for {
		report, err := doctor.Run(ctx, k.Stack, d.Checks(), now)
		if err != nil || !k.Watch || report.Settled() {
			return report, err
		}
		if !now().Add(watchEvery).Before(deadline) {
			say(c.err, fmt.Sprintf("note: not all is ok after %s (--for)", time.Duration(k.For)))
			return report, nil
		}
		say(c.err, fmt.Sprintf("%s %s; looking again in %s", report.At.Format(time.TimeOnly), report.Summary(), watchEvery))
		if _, err := sleepFor(ctx, watchEvery); err != nil {
			return report, err
		}
	}
}

func writeReport(w io.Writer, r doctor.Report, asJSON bool) error {
	if !asJSON {
		return r.Write(w)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
