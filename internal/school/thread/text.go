package thread

import (
	"regexp"
	"time"
)

const (
	mostBody   = 2_000
	leastQuery = 2
	mostQuery  = 50

	// EditFor is how long a message can be said otherwise, and taken back, by its author.
	EditFor = 15 * time.Minute
)

// tag is the shape of a BCP 47 tag: a language, then subtags.
var tag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)
