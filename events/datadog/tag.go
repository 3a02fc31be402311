package datadog

import (
	"errors"
	"regexp"
)

var (
	tagForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*:[A-Za-z0-9_:./-]+$`)
	serviceForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]{0,99}$`)
)

// CheckTag returns an error unless tag is a key:value that Datadog keeps unchanged: it replaces
// other characters with underscores (Datadog documentation, "Getting Started with Tags", read
// 2026-11).
func CheckTag(tag string) error {
	if !tagForm.MatchString(tag) {
		return errors.New("it must be key:value of letters, digits, _ - . /")
	}
	return nil
}

// CheckService returns an error unless name has the form of a service name: a letter, then up to 99
// letters, digits, underscores, hyphens, dots and slashes.
func CheckService(name string) error {
	if !serviceForm.MatchString(name) {
		return errors.New("it must be a letter, then up to 99 letters, digits, _ - . /")
	}
	return nil
}
