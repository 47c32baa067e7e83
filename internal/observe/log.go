// Package observe is what operators see of the process: logs without secrets, metrics, traces, and
// whether it is alive and ready. It knows nothing of the domain.
package observe

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
)

// LogOptions says how to write the log.
type LogOptions struct {
	Level   string // debug, info, warn or error
	Console bool   // for a person at a terminal; JSON lines otherwise
	Service string
	Version string
}

// NewLogger returns a logger whose every line passes a Redactor on its way to out.
func NewLogger(out io.Writer, o LogOptions) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(o.Level)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("log level: %w", err)
	}
	if o.Console {
		pretty := zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly}
		return zerolog.New(NewRedactor(pretty)).Level(level).With().Timestamp().Logger(), nil
	}
	return zerolog.New(NewRedactor(out)).Level(level).With().Timestamp().
		Str("service", o.Service).Str("version", o.Version).Logger(), nil
}
