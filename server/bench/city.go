package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/clock"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/seed"
	"citygraph/internal/target"
	"citygraph/internal/viewer"
	"citygraph/server/wiring"
)

// member of the cast whose screens are read: a citizen with a long history.
const member = "chenjing"

// The history of that citizen.
const (
	histories  = 150 // cases besides those of the seed
	steps      = 6   // events of each, the fourth for officers only
	inboxPages = 200 // notifications
)

// withDatabase calls fn with the URL of a fresh database on the server, and drops it afterwards.
func withDatabase(ctx context.Context, server string, fn func(url string) error) (err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	name := strings.ToLower(id.New("citygraph_bench"))
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	defer func() {
		_, dropped := conn.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		err = errors.Join(err, dropped)
	}()
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	u.Path = "/" + name
	return fn(u.String())
}

// build makes the city both sides serve, and returns an access token of its citizen.
func build(ctx context.Context, o wiring.Options, citizens int) (token string, err error) {
	err = withCity(ctx, o, citizens, func(city *wiring.City) error {
		if err := history(ctx, city.DB, time.Now()); err != nil {
			return err
		}
		if err := shiftedPoints(ctx, city); err != nil {
			return err
		}
		tokens, err := city.Accounts.SignInForDevelopment(ctx, member)
		if err == nil {
			token = tokens.AccessToken
		}
		return err
	})
	return token, err
}

// withCity seeds a city, has fill add to it, and leaves its tables analyzed.
func withCity(ctx context.Context, o wiring.Options, citizens int, fill func(*wiring.City) error) (err error) {
	city, err := wiring.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, city.Close()) }()
	if err := city.Migrate(ctx); err != nil {
		return err
	}
	if err := seed.City(ctx, city.Store, city.DB, seed.Options{Citizens: citizens, Seed: 1, Clock: clock.System{}, Vault: city.Records.Vault}); err != nil {
		return err
	}
	if err := fill(city); err != nil {
		return err
	}
	if _, err := city.Store.Writer().ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}

// history gives the citizen a long past: cases of several steps, and notices of them.
func history(ctx context.Context, client *db.Client, now time.Time) error {
	ctx = viewer.AsSystem(ctx, "a benchmark invents a history")
	person := memberID()
	category, err := client.CaseCategory.Query().First(ctx)
	if err != nil {
		return err
	}
	street, err := client.Street.Query().First(ctx)
	if err != nil {
		return err
	}
	var cases []*db.CityCaseCreate
	var events []*db.CaseEventCreate
	for i := range histories {
		at := now.Add(-time.Duration(histories-i) * time.Hour).Truncate(time.Millisecond)
		caseID := id.At(id.CityCase, at, fmt.Sprint("bench/", i))
		cases = append(cases, client.CityCase.Create().SetID(caseID).SetNumber(machine.Number(at, caseID)).
			SetCreatedAt(at).SetUpdatedAt(at).SetDueAt(at.Add(48*time.Hour)).SetStatus(machine.Accepted).SetPublished(true).
			SetKind(citycase.Kind(category.Kind)).SetCell(geo.CellOf(geo.Point{Lat: street.Lat, Lng: street.Lng})).
			SetDescription("路灯晚上不亮，已经三天了。").SetLat(street.Lat).SetLng(street.Lng).SetLastSeq(steps).
			SetCategoryID(category.ID).SetStreetID(street.ID).SetDistrictID(street.DistrictID).SetReporterID(person))
		events = append(events, past(client, caseID, person, at)...)
	}
	if err := client.CityCase.CreateBulk(cases...).Exec(ctx); err != nil {
		return err
	}
	if err := client.CaseEvent.CreateBulk(events...).Exec(ctx); err != nil {
		return err
	}
	return client.Notification.CreateBulk(notices(client, person, now, inboxPages)...).Exec(ctx)
}

// past is what happened to one case.
func past(client *db.Client, caseID, person string, at time.Time) []*db.CaseEventCreate {
	var events []*db.CaseEventCreate
	for seq := 1; seq <= steps; seq++ {
		then := at.Add(time.Duration(seq) * time.Minute)
		event := client.CaseEvent.Create().SetID(id.At(id.CaseEvent, then, fmt.Sprint(caseID, seq))).SetCreatedAt(then).
			SetCityCaseID(caseID).SetSeq(seq).SetActorID(person).SetToStatus(machine.Accepted).
			SetActorKind(caseevent.ActorKindOfficer).SetNote("已安排维修人员。").SetPublic(seq != 4)
		switch seq {
		case 1:
			event.SetToStatus(machine.Submitted).SetActorKind(caseevent.ActorKindCitizen).SetNote("")
		case 2:
			event.SetFromStatus(machine.Submitted)
		default:
			event.SetFromStatus(machine.Accepted)
		}
		events = append(events, event)
	}
	return events
}

// notices are the n of one inbox, the last ten unread.
func notices(client *db.Client, person string, now time.Time, n int) []*db.NotificationCreate {
	var rows []*db.NotificationCreate
	for i := range n {
		at := now.Add(-time.Duration(n-i) * time.Hour).Truncate(time.Millisecond)
		row := client.Notification.Create().SetID(id.At(id.Notification, at, fmt.Sprint(person, "/", i))).SetCreatedAt(at).
			SetPersonID(person).SetSubjectPersonID(person).SetEventKey(fmt.Sprint("bench/", i)).SetSeq(int64(i + 1)).
			SetTopic(notification.TopicCityCase).SetTitle(lang.Text{ZH: "案件已受理", EN: "Case accepted"}).
			SetBody(lang.Text{ZH: "您上报的案件已受理。", EN: "The case you reported was accepted."}).
			SetTarget(target.Target(id.At(id.CityCase, at, fmt.Sprint("bench/", i))))
		if i < n-10 {
			row.SetReadAt(at.Add(time.Minute))
		}
		rows = append(rows, row)
	}
	return rows
}

func memberID() string {
	for _, m := range seed.Cast {
		if m.Key == member {
			return m.PersonID()
		}
	}
	return ""
}

// shiftedPoints stores what the hand-written side would otherwise have to compute: positions in
// GCJ-02. That spares it work the graph does at every request, and so errs in its favour.
func shiftedPoints(ctx context.Context, city *wiring.City) error {
	spots, err := city.DB.ScenicSpot.Query().All(ctx)
	if err != nil {
		return err
	}
	clinics, err := city.DB.Clinic.Query().All(ctx)
	if err != nil {
		return err
	}
	w := city.Store.Writer()
	_, err = w.ExecContext(ctx, "CREATE TABLE bench_gcj02 (id varchar PRIMARY KEY, lat float8 NOT NULL, lng float8 NOT NULL)")
	if err != nil {
		return err
	}
	points := map[string]geo.Located{}
	for _, s := range spots {
		points[s.ID] = s.Location(geo.GCJ02)
	}
	for _, c := range clinics {
		points[c.ID] = c.Location(geo.GCJ02)
	}
	for key, p := range points {
		if _, err := w.ExecContext(ctx, "INSERT INTO bench_gcj02 VALUES ($1, $2, $3)", key, p.Lat, p.Lng); err != nil {
			return err
		}
	}
	return nil
}
