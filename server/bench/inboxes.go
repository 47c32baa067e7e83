package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"citygraph/ent/db"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/person"
	"citygraph/internal/viewer"
	"citygraph/server/wiring"
)

// buildInboxes makes a city with a notice in each of many inboxes, and returns an access token of the
// person whose inbox it is, a session for each.
func buildInboxes(ctx context.Context, o wiring.Options, citizens, inboxes int) ([]string, error) {
	tokens := make([]string, inboxes)
	err := withCity(ctx, o, citizens, func(city *wiring.City) error {
		people, err := city.DB.Person.Query().Where(person.Not(person.HasIdentities())).Limit(inboxes).
			IDs(viewer.AsSystem(ctx, "a benchmark picks its subscribers"))
		if err != nil {
			return err
		}
		if len(people) < inboxes {
			return fmt.Errorf("%d citizens are too few for %d subscribers", citizens, inboxes)
		}
		for some := range slices.Chunk(people, 1000) {
			if err := tellOnce(ctx, city.DB, some, time.Now()); err != nil {
				return err
			}
		}
		var signingIn errgroup.Group
		signingIn.SetLimit(connections())
		for i, p := range people {
			signingIn.Go(func() error {
				opened, err := city.Accounts.SignInForDevelopment(ctx, p)
				if err != nil {
					return err
				}
				tokens[i] = opened.AccessToken
				return nil
			})
		}
		return signingIn.Wait()
	})
	return tokens, err
}

// tellOnce puts one notice into the inbox of each of the people, and lets them sign in by their ids.
func tellOnce(ctx context.Context, client *db.Client, people []string, now time.Time) error {
	ctx = viewer.AsSystem(ctx, "a benchmark makes its subscribers")
	accounts, rows := make([]*db.IdentityCreate, len(people)), make([]*db.NotificationCreate, len(people))
	for i, p := range people {
		accounts[i] = client.Identity.Create().SetProvider(identity.ProviderDevelopment).SetSubject(p).SetPersonID(p)
		rows[i] = notices(client, p, now, 1)[0]
	}
	if err := client.Identity.CreateBulk(accounts...).Exec(ctx); err != nil {
		return err
	}
	return client.Notification.CreateBulk(rows...).Exec(ctx)
}
