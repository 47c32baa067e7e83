package main

import (
	"time"

	"citygraph/internal/school/thread"
)

// SchoolConfig is what holds for schools.
type SchoolConfig struct {
	OpensAt  time.Duration `env:"SCHOOL_OPENS_AT" default:"7h" doc:"on workdays, from how long after midnight in Shanghai teachers are pushed to for what families write"`
	ClosesAt time.Duration `env:"SCHOOL_CLOSES_AT" default:"19h" doc:"until when; what is urgent is pushed at once"`
}

func (c SchoolConfig) hours() thread.Hours {
	return thread.Hours{From: int(c.OpensAt.Minutes()), To: int(c.ClosesAt.Minutes())}
}

func (c SchoolConfig) check(k *checker) {
	k.require(c.OpensAt >= 0 && c.OpensAt < 24*time.Hour, "SCHOOL_OPENS_AT", "must be less than a day")
	k.require(c.ClosesAt > c.OpensAt && c.ClosesAt <= 24*time.Hour, "SCHOOL_CLOSES_AT", "must be later than SCHOOL_OPENS_AT, and a day at most")
}
