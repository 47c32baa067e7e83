package preference

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalGQL writes the enum value.
func (t Topic) MarshalGQL(w io.Writer) { graphql.MarshalString(string(t)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (t *Topic) UnmarshalGQL(v any) error { return read(t, v) }

// MarshalGQL writes the enum value.
func (p Priority) MarshalGQL(w io.Writer) { graphql.MarshalString(string(p)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (p *Priority) UnmarshalGQL(v any) error { return read(p, v) }

// MarshalGQL writes the enum value.
func (c Channel) MarshalGQL(w io.Writer) { graphql.MarshalString(string(c)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (c *Channel) UnmarshalGQL(v any) error { return read(c, v) }

// MarshalGQL writes the enum value.
func (o Obligation) MarshalGQL(w io.Writer) { graphql.MarshalString(string(o)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (o *Obligation) UnmarshalGQL(v any) error { return read(o, v) }

// MarshalGQL writes the enum value.
func (p Pace) MarshalGQL(w io.Writer) { graphql.MarshalString(string(p)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (p *Pace) UnmarshalGQL(v any) error { return read(p, v) }
