package scalar

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/fault"
)

// Cursor is a keyset position as ent keeps it.
type Cursor = entgql.Cursor[string]

const tagSize = 9 // 72 bits, a multiple of three bytes so that base64 needs no padding

type cursorKey struct{}

// WithCursorKey returns a context in which cursors are signed with the key. Cursors are signed because
// they hold values that go into SQL: one made by hand is refused before any statement.
func WithCursorKey(ctx context.Context, key []byte) context.Context {
	return context.WithValue(ctx, cursorKey{}, key)
}

// MarshalCursor writes the position and its signature.
func MarshalCursor(c Cursor) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(ctx context.Context, w io.Writer) error {
		var position bytes.Buffer
		c.MarshalGQL(&position)
		raw := bytes.Trim(position.Bytes(), `"`)
		_, err := io.WriteString(w, `"`+base64.RawURLEncoding.EncodeToString(sign(ctx, raw))+string(raw)+`"`)
		return err
	})
}

// UnmarshalCursor reads a position this server signed; anything else is BAD_USER_INPUT.
func UnmarshalCursor(ctx context.Context, v any) (Cursor, error) {
	const encodedTag = tagSize * 4 / 3
	var c Cursor
	s, ok := v.(string)
	if !ok || len(s) <= encodedTag || len(s) > 512 {
		return c, badCursor()
	}
	tag, err := base64.RawURLEncoding.DecodeString(s[:encodedTag])
	if err != nil || !hmac.Equal(tag, sign(ctx, []byte(s[encodedTag:]))) {
		return c, badCursor()
	}
	if err := c.UnmarshalGQL(s[encodedTag:]); err != nil {
		return c, badCursor()
	}
	return c, nil
}

func badCursor() error {
	return fault.New(fault.BadUserInput).Say("分页游标无效。", "The cursor is not valid.")
}

func sign(ctx context.Context, position []byte) []byte {
	key, _ := ctx.Value(cursorKey{}).([]byte)
	mac := hmac.New(sha256.New, key)
	mac.Write(position)
	return mac.Sum(nil)[:tagSize]
}
