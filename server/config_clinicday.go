package main

import (
	"time"

	"citygraph/internal/clinic/day"
)

// ClinicDayConfig is what holds for the day at a clinic.
type ClinicDayConfig struct {
	CheckInNear    int           `env:"CHECK_IN_METRES" default:"500" doc:"how far from the clinic a patient may check in without its code, in metres"`
	CheckInEarly   time.Duration `env:"CHECK_IN_EARLY" default:"2h" doc:"how long before the start a patient may check in"`
	SeniorAge      int           `env:"QUEUE_SENIOR_AGE" default:"70" doc:"age from which a patient is called before others, in years"`
	NoShowGrace    time.Duration `env:"NO_SHOW_GRACE" default:"15m" doc:"from the start of an appointment until the clinic may mark it missed"`
	NoShowLimit    int           `env:"NO_SHOW_LIMIT" default:"3" doc:"how many missed appointments suspend booking"`
	NoShowWindow   int           `env:"NO_SHOW_WINDOW_DAYS" default:"90" doc:"days within which they are counted"`
	SuspensionDays int           `env:"BOOKING_SUSPENSION_DAYS" default:"30" doc:"days for which booking is suspended"`
}

func (c ClinicDayConfig) rules() day.Rules {
	return day.Rules{
		Near: c.CheckInNear, Early: c.CheckInEarly, Grace: c.NoShowGrace, Senior: c.SeniorAge, Missed: c.NoShowLimit, Within: c.NoShowWindow, Length: c.SuspensionDays,
	}
}

func (c ClinicDayConfig) check(k *checker) {
	k.require(c.CheckInNear > 0, "CHECK_IN_METRES", "must be a metre or more")
	k.require(c.CheckInEarly >= 0 && c.CheckInEarly < 24*time.Hour, "CHECK_IN_EARLY", "must be less than a day")
	k.require(c.SeniorAge > 0, "QUEUE_SENIOR_AGE", "must be a year or more")
	k.require(c.NoShowGrace >= 0, "NO_SHOW_GRACE", "must not be negative")
	k.require(c.NoShowLimit > 0, "NO_SHOW_LIMIT", "must be one or more")
	k.require(c.NoShowWindow > 0, "NO_SHOW_WINDOW_DAYS", "must be a day or more")
	k.require(c.SuspensionDays > 0, "BOOKING_SUSPENSION_DAYS", "must be a day or more")
}
