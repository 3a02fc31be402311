package insights

import "fmt"

// failure is the panic that ends the reading, running or writing of a query at its first error.
// catch converts it to an error, so it never leaves the package.
type failure struct{ error }

func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// catch, deferred, returns a failure as the error of the function that defers it.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case failure:
		*err = r.error
	default:
		panic(r)
	}
}
