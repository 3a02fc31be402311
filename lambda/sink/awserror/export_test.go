package awserror

// Kinds and Normalise let the test of the calls look at the whole table.
var (
	Kinds     = kinds
	Normalise = normalise
)
