package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// searched are the values of --against for the destinations that are read by _search. A file of such a
// name is written ./elastic.
var searched = []string{string(config.Elastic), string(config.OpenSearch)}

// isSearch reports whether --against is a destination that is read by _search.
func (r *reconcileCommand) isSearch() bool { return slices.Contains(searched, r.Against[0]) }

// searchFault returns what is wrong with the flags of a search. With --stack the rest is
// checked by openSearch: the stack may say what the flags do not.
func (r *reconcileCommand) searchFault() error {
	if !r.isSearch() {
		var all faults
		for _, flag := range [][2]string{
			{"--endpoint", r.Endpoint}, {"--secret-file", r.SecretFile}, {"--auth", r.Auth}, {"--index", r.Index},
			{"--data-stream", r.DataStream}, {"--ca-certificate", r.CA},
		} {
			all.add(flag[1] != "", "%s is for --against elastic, opensearch", flag[0])
		}
		return all.join()
	}
	if r.Index != "" && r.Against[0] != string(config.OpenSearch) {
		return errors.New("--index is for --against opensearch")
	}
	if r.Stack != "" {
		return nil
	}
	return r.httpsFault(r.searchConfig(&pipelineOutput{}))
}

// searchConfig is the destination by the flags and, for what they do not say, by the stack.
func (r *reconcileCommand) searchConfig(o *pipelineOutput) *https.Config {
	c := &https.Config{
		Preset: r.Against[0], Endpoint: cmp.Or(r.Endpoint, o.Endpoint), Auth: cmp.Or(r.Auth, o.Auth),
		Index: r.Index, DataStream: r.DataStream,
	}
	if c.Index == "" && c.DataStream == "" {
		c.Index, c.DataStream = o.Index, o.DataStream
	}
	return c
}

// openSearch makes side read a destination by _search. It reads nothing of it.
func (r *reconcileCommand) openSearch(ctx context.Context, side *heldSide) error {
	o := side.pipeline
	if o == nil {
		o = &pipelineOutput{}
	} else if o.Destination != r.Against[0] {
		return usage(fmt.Errorf("pipeline %s delivers to %s: --against %s is for a pipeline that delivers there",
			o.Name, o.Destination, r.Against[0]))
	}
	c := r.searchConfig(o)
	if err := r.httpsFault(c); err != nil {
		return usage(err)
	}
	if r.SecretFile != "" {
		if _, err := r.httpsFlags.secret(ctx); err != nil {
			return err
		}
		c.Secret = r.httpsFlags.secret
	} else {
		sdk, err := r.identified(ctx, "_search")
		if err != nil {
			return err
		}
		// The stack's role is for its queues, and may not read the destination.
		sdk, side.who = r.assume(ctx, sdk, r.Role)
		c.Credentials, c.Region = sdk.Credentials, sdk.Region
	}
	var err error
	if c.CACertificates, err = r.certificates(); err != nil {
		return err
	}
	index, err := https.NewIndex(*c)
	if err != nil {
		return usage(err)
	}
	side.name = fmt.Sprintf("%s %s (%s)", r.Against[0], index.Name(), c.Endpoint)
	side.held = &reconcile.Search{API: index, OpenSearch: r.Against[0] == string(config.OpenSearch), Sleep: sleep}
	return nil
}

// explainSearch adds the next step to an error of reading a destination by _search.
func (s *heldSide) explainSearch(err error) error {
	hint := "check that the destination is up and can be reached from here"
	_, refused := errors.AsType[*sink.Error](err)
	switch {
	case errors.Is(err, reconcile.ErrIncomplete):
		hint = "nothing was compared; run it again"
	case !refused: // of this machine
		return err
	case sink.KindOf(err) == sink.Blocked:
		hint = settingHint(err)
	}
	if s.who != (identity{}) {
		err = fmt.Errorf("%w (%s)", err, s.who)
	}
	return withHint(err, hint)
}
