package https_test

import (
	"testing"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
)

func TestConformance(t *testing.T) {
	for name, open := range targets() {
		t.Run(name, func(t *testing.T) {
			sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
				d := open()
				s, _ := d.start(t, nil)
				return sinktest.Fixture{Sink: s, Arrived: d.arrived}
			})
		})
		t.Run(name+", answers compressed", func(t *testing.T) {
			sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
				d := open()
				s, _ := d.start(t, always(httpsfake.Fault{Gzip: true}))
				return sinktest.Fixture{Sink: s, Arrived: d.arrived}
			})
		})
	}
}
