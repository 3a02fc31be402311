package access

import "fmt"

// failure is the panic that ends the evaluation of a part of the template. It never leaves
// the package: see attempt.
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

// within, deferred, says in which place a failure was.
func within(format string, args ...any) {
	switch r := recover().(type) {
	case nil:
	case failure:
		fail(format+": %w", append(args, r.error)...)
	default:
		panic(r)
	}
}
