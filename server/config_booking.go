package main

import (
	"time"

	"citygraph/internal/clinic/booking"
)

// BookingConfig is what holds for booking at clinics.
type BookingConfig struct {
	ReleaseDays int           `env:"BOOKING_RELEASE_DAYS" default:"7" doc:"days before its own on which a slot can be booked"`
	ReleaseAt   string        `env:"BOOKING_RELEASE_AT" default:"08:00" doc:"from when on that day, as HH:MM in Shanghai"`
	CutOff      time.Duration `env:"BOOKING_CUTOFF" default:"30m" doc:"before a slot begins, from when on it is neither booked, moved nor cancelled"`
	MiniProgram int           `env:"BOOKING_MINI_PROGRAM_PERCENT" default:"100" doc:"how much of a slot's capacity can be taken from mini-programs, in percent; 100 is all"`
	SlotHold    time.Duration `env:"BOOKING_HOLD_TTL" default:"5m" doc:"how long a held place is kept"`
	OfferLife   time.Duration `env:"BOOKING_OFFER_TTL" default:"15m" doc:"how long a place that came free is kept for who waits for it"`
}

// releaseAt is ReleaseAt since midnight.
func (b BookingConfig) releaseAt() (time.Duration, error) {
	at, err := time.Parse("15:04", b.ReleaseAt)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err
}

// terms are the settings in the room's words. They were checked when they were loaded.
func (b BookingConfig) terms() booking.Terms {
	at, _ := b.releaseAt()
	return booking.Terms{
		ReleaseDays: b.ReleaseDays, ReleaseAt: at, CutOff: b.CutOff, MiniProgram: b.MiniProgram, HoldLife: b.SlotHold, OfferLife: b.OfferLife,
	}
}

func (b BookingConfig) check(k *checker) {
	_, err := b.releaseAt()
	k.require(b.ReleaseDays >= 0 && b.ReleaseDays <= 365, "BOOKING_RELEASE_DAYS", "must be between 0 and 365")
	k.require(err == nil, "BOOKING_RELEASE_AT", "must be a time such as 08:00")
	k.require(b.CutOff >= 0 && b.CutOff <= 7*24*time.Hour, "BOOKING_CUTOFF", "must be between 0 and 168h")
	k.require(b.MiniProgram >= 0 && b.MiniProgram <= 100, "BOOKING_MINI_PROGRAM_PERCENT", "must be between 0 and 100")
	k.require(b.SlotHold >= time.Minute && b.SlotHold <= time.Hour, "BOOKING_HOLD_TTL", "must be between 1m and 1h")
	k.require(b.OfferLife >= time.Minute && b.OfferLife <= 24*time.Hour, "BOOKING_OFFER_TTL", "must be between 1m and 24h")
}
