package access

import "fmt"

// failure is the panic that ends the evaluation of a part of the template. attempt converts it to
// an error, so it never leaves the package.
type failure struct{ error }

func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// attempt returns the failure of run as an error.
func attempt(run func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
	}()
	run()
	return nil
}

// within, deferred, adds the place to a failure.
func within(format string, args ...any) {
	switch r := recover().(type) {
	case nil:
	case failure:
		fail(format+": %w", append(args, r.error)...)
	default:
		panic(r)
	}
}
