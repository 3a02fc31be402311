package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/doctor"
)

type doctorCommand struct {
	oktaFlags
	stackFlags

	JSON  bool `help:"Print one JSON object."`
	Watch bool `help:"help_doctor_watch"`

	SinceNow bool `help:"help_doctor_since_now"`
	For      span `default:"30m" placeholder:"DURATION" help:"With --watch: how long to look again (default 30m)."`
}

// watchEvery is the pause of --watch. Metrics and states change once a minute or less often,
// and a look is some ten calls a pipeline.
const watchEvery = 20 * time.Second

// AfterApply sets the default stack.
func (k *doctorCommand) AfterApply() error { return k.useDefault(true) }

// fault returns all that is wrong with the flags. Without any flag of Okta's, the org is not
// looked at.
func (k *doctorCommand) fault() error {
	var okta error
	if k.hasOkta() {
		okta = k.oktaFlags.fault()
	}
	return errors.Join(okta, k.stackFlags.fault(), k.followFault())
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
	if k.SinceNow {
		return interruption(ctx, k.follow(ctx, c, d))
	}
	report, err := k.look(ctx, c, d)
	if err != nil {
		return interruption(ctx, err)
	}
	quietness.end()
	if k.JSON {
		err = printJSON(c, report)
	} else {
		err = report.Write(c.out)
	}
	if err != nil {
		return err
	}
	if code := report.ExitCode(); code != doctor.ExitOK {
		return quiet(code)
	}
	return nil
}

// look makes the checks, with --watch again and again until another look would find the
// same.
func (k *doctorCommand) look(ctx context.Context, c console, d *doctor.Doctor) (doctor.Report, error) {
	once := func() (doctor.Report, error) { return doctor.Run(ctx, k.Stack, d.Checks(), now) }
	if !k.Watch {
		return once()
	}
	return k.watch(ctx, once, watchEvery, func(line string) { say(c.err, line) })
}

func (k *doctorCommand) watch(
	ctx context.Context, once func() (doctor.Report, error), every time.Duration, say func(string),
) (doctor.Report, error) {
	for deadline := now().Add(time.Duration(k.For)); ; {
		report, err := once()
		if err != nil || report.Settled() {
			return report, err
		}
		if !now().Add(every).Before(deadline) {
			say(fmt.Sprintf("note: not all is ok after %s (--for)", time.Duration(k.For)))
			return report, nil
		}
		say(fmt.Sprintf("%s %s; looking again in %s", report.At.Format(time.TimeOnly), report.Summary(), every))
		if err := sleep(ctx, every); err != nil {
			return report, err
		}
	}
}
