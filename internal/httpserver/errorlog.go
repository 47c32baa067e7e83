package httpserver

import (
	"log"
	"strings"

	"github.com/rs/zerolog"
)

// errorLog carries what net/http reports into the structured log.
type errorLog struct{ log zerolog.Logger }

func newErrorLog(l zerolog.Logger) *log.Logger { return log.New(errorLog{l}, "", 0) }

// Write logs one report. Broken TLS handshakes and clients that hang up are noise, not warnings.
func (e errorLog) Write(p []byte) (int, error) {
	text := strings.TrimSpace(string(p))
	level := zerolog.WarnLevel
	if strings.Contains(text, "TLS handshake error") || strings.Contains(text, "broken pipe") {
		level = zerolog.DebugLevel
	}
	e.log.WithLevel(level).Str("source", "net/http").Msg(text)
	return len(p), nil
}
