package personal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/personal"
	"citygraph/internal/resident"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

func records(t testing.TB, c *seedtest.City) *personal.Records {
	t.Helper()
	return &personal.Records{DB: c.DB, Store: c.Store, Vault: seedtest.Vault(t)}
}

func TestOneReadsOnesOwnDataAlone(t *testing.T) {
	c := seedtest.Open(t)
	r, chenjing := records(t, c), seedtest.Person(t, "chenjing")
	got, err := r.Mine(c.As(t, "chenjing"), chenjing)
	if err != nil || got == nil {
		t.Fatalf("%v, %v", got, err)
	}
	if got.Name != "陈静" || got.BirthDate != "1986-04-12" || got.Phone == "" || len(got.IDNumber) != 18 || got.Sex != resident.Female {
		t.Errorf("chenjing is %q %q %q %q %q", got.Name, got.IDNumber, got.BirthDate, got.Sex, got.Phone)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", got, *got, *got, got); strings.Contains(printed, "陈静") || strings.Contains(printed, got.IDNumber) {
		t.Errorf("printed as %s", printed)
	}
	for _, other := range []string{"", "wangguiying", "qianjun", "fanglei"} {
		if got, err := r.Mine(c.As(t, other), chenjing); got != nil || err != nil {
			t.Errorf("%q reads %v, %v", other, got, err)
		}
	}
	tried := map[string]recordaccess.Outcome{}
	for _, r := range c.DB.RecordAccess.Query().Where(recordaccess.PersonID(chenjing)).AllX(seedtest.System(t)) {
		tried[r.AccessorID] = r.Outcome
		if r.Category != recordaccess.CategoryIdentity || (r.Purpose == recordaccess.PurposeSelf) != (r.AccessorID == chenjing) {
			t.Errorf("the access log says %+v", r)
		}
	}
	if diff := cmp.Diff(map[string]recordaccess.Outcome{
		chenjing: recordaccess.OutcomeAllowed, seedtest.Person(t, "wangguiying"): recordaccess.OutcomeRefused,
		seedtest.Person(t, "qianjun"): recordaccess.OutcomeRefused, seedtest.Person(t, "fanglei"): recordaccess.OutcomeRefused,
	}, tried); diff != "" {
		t.Errorf("the access log differs: %s", diff)
	}
}

// A rule may ask how old somebody is; it learns a number, and the access log nothing.
func TestAgeTellsNoDate(t *testing.T) {
	c := seedtest.Open(t)
	r := records(t, c)
	years, known, err := r.Age(t.Context(), seedtest.Person(t, "wangguiying"), time.Date(2026, 1, 25, 16, 0, 0, 0, time.UTC))
	if years != 74 || !known || err != nil { // it is her birthday in Hangzhou already
		t.Errorf("%d, %t, %v", years, known, err)
	}
	if years, known, err := r.Age(t.Context(), "person_1", time.Now()); years != 0 || known || err != nil {
		t.Errorf("nobody is %d, %t, %v", years, known, err)
	}
	if n := c.DB.RecordAccess.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d readings are noted", n)
	}
}

// Rows exchanged in the database do not open as somebody else's.
func TestDataDoNotMoveBetweenPeople(t *testing.T) {
	c := seedtest.Open(t)
	r, system := records(t, c), seedtest.System(t)
	rows := c.DB.PersonalData.Query().Limit(2).AllX(system)
	for _, change := range []func(*db.PersonalDataUpdateOne) *db.PersonalDataUpdateOne{
		func(u *db.PersonalDataUpdateOne) *db.PersonalDataUpdateOne { return u.SetSealed(rows[1].Sealed) },
		func(u *db.PersonalDataUpdateOne) *db.PersonalDataUpdateOne {
			return u.SetSealed(rows[1].Sealed).SetDataKey(rows[1].DataKey)
		},
	} {
		change(c.DB.PersonalData.UpdateOneID(rows[0].ID)).ExecX(system)
		if got, err := r.Mine(as(t, rows[0].PersonID), rows[0].PersonID); got != nil || err == nil {
			t.Errorf("opened as %v", *got)
		}
	}
}

// Keys change under load and no reader fails; afterwards the old key is of no more use.
func TestRotateWhileServing(t *testing.T) {
	c := seedtest.Open(t)
	before := records(t, c)
	want, err := before.Mine(c.As(t, "maming"), seedtest.Person(t, "maming"))
	if err != nil {
		t.Fatal(err)
	}
	after := *before
	after.Vault = rotatedVault(t, vault.SM4GCM, "next", "test")
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for _, r := range []*personal.Records{&after, &after} {
		ctx := c.As(t, "maming")
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got, err := r.Mine(ctx, seedtest.Person(t, "maming")); err != nil || got == nil || *got != *want {
					t.Errorf("a reader sees %v: %v", got, err)
					return
				}
			}
		})
	}
	total, last := c.DB.PersonalData.Query().CountX(seedtest.System(t)), 0
	n, err := after.Rotate(t.Context(), func(done, _ int) { last = done })
	close(stop)
	readers.Wait()
	if err != nil || n != total || last != total {
		t.Fatalf("%d of %d rows rotated, %d told of: %v", n, total, last, err)
	}
	if again, err := after.Rotate(t.Context(), nil); again != 0 || err != nil {
		t.Errorf("%d rows rotated twice: %v", again, err)
	}
	if got, err := before.Mine(c.As(t, "maming"), seedtest.Person(t, "maming")); err == nil {
		t.Errorf("the old key opens %v", got)
	}
	alone := after
	alone.Vault = rotatedVault(t, vault.SM4GCM, "next")
	if got, err := alone.Mine(c.As(t, "maming"), seedtest.Person(t, "maming")); err != nil || *got != *want {
		t.Errorf("without the old key: %v, %v", got, err)
	}
}

// rotatedVault holds the named keys, the first current; "test" is the key of the seed.
func rotatedVault(t testing.TB, s vault.Suite, names ...string) *vault.Vault {
	t.Helper()
	fill := map[string]string{"test": "v", "next": "n"}
	var ring []string
	for _, name := range names {
		ring = append(ring, name+":"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(fill[name]), 32)))
	}
	keys, err := vault.ParseRing(strings.Join(ring, ","))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(keys, s, bytes.Repeat([]byte("v"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func as(t testing.TB, personID string) context.Context {
	t.Helper()
	return viewer.With(t.Context(), &viewer.Viewer{PersonID: personID})
}
