package graph

import (
	"context"

	"citygraph/graph/model"
	"citygraph/internal/fault"
	"citygraph/internal/identity"
	"citygraph/internal/lang"
)

// topLevel are the faults that are errors of the whole request rather than of its input.
var topLevel = map[fault.Code]bool{
	fault.Unauthenticated: true, fault.Forbidden: true, fault.RateLimited: true, fault.InternalError: true,
}

// userErrors parts what a user can put right, for the payload, from what is an error of the request.
func userErrors(ctx context.Context, err error) ([]*model.UserError, error) {
	if err == nil {
		return []*model.UserError{}, nil
	}
	f := fault.From(err)
	if topLevel[f.Code] {
		return nil, err
	}
	e := &model.UserError{Code: f.Code, Message: f.Sentence(lang.From(ctx))}
	if len(f.Field) > 0 {
		e.Field = append([]string{"input"}, f.Field...)
	}
	return []*model.UserError{e}, nil
}

// sessionPayload is the answer to every way of signing in.
func sessionPayload(ctx context.Context, tokens *identity.Tokens, err error) (*model.SessionPayload, error) {
	problems, err := userErrors(ctx, err)
	if err != nil {
		return nil, err
	}
	return &model.SessionPayload{Tokens: tokens, UserErrors: problems}, nil
}

// bindIdentityPayload tells whom an account was bound to.
func bindIdentityPayload(bound *identity.Binding, problems []*model.UserError) *model.BindIdentityPayload {
	if bound == nil {
		return &model.BindIdentityPayload{UserErrors: problems}
	}
	return &model.BindIdentityPayload{PersonID: &bound.PersonID, Tokens: bound.Tokens, UserErrors: problems}
}

// deref reads an optional input as its zero value when it is absent.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// ifDone is the value unless there was a fault.
func ifDone[T any](value T, err error) *T {
	if err != nil {
		return nil
	}
	return &value
}

// values are what a list of the input points to.
func values[T any](list []*T) []T {
	var out []T
	for _, p := range list {
		out = append(out, deref(p))
	}
	return out
}
