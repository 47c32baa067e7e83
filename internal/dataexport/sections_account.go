package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/device"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/person"
	"citygraph/ent/db/session"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/lang"
	"citygraph/internal/personal"
	"citygraph/internal/viewer"
)

type personFile struct {
	ID             string         `json:"id"`
	PersonalData   *personal.Data `json:"personalData"` // null until bound by real name
	MaskedName     string         `json:"maskedName"`
	MaskedIDNumber string         `json:"maskedIdNumber"`
	MaskedPhone    string         `json:"maskedPhone"`
	Language       string         `json:"language"`
	District       *lang.Text     `json:"district"`
	CreatedAt      time.Time      `json:"createdAt"`
	DeletionDueAt  *time.Time     `json:"deletionDueAt"`
}

func (e *Exports) person(ctx context.Context) (any, error) {
	row, err := e.DB.Person.Query().Where(person.ID(viewer.From(ctx).PersonID)).WithDistrict().Only(ctx)
	if err != nil {
		return nil, err
	}
	data, err := e.Records.Mine(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	file := personFile{
		ID: row.ID, PersonalData: data, MaskedName: row.Name.String(), MaskedIDNumber: row.MaskedIDNumber, MaskedPhone: row.MaskedPhone,
		Language: row.Language, CreatedAt: row.CreatedAt, DeletionDueAt: row.DeletionDueAt,
	}
	if row.Edges.District != nil {
		file.District = &row.Edges.District.Name
	}
	return file, nil
}

type accountFile struct {
	Provider  identity.Provider `json:"provider"`
	Subject   string            `json:"subject"`
	CreatedAt time.Time         `json:"createdAt"`
}

func (e *Exports) accounts(ctx context.Context) (any, error) {
	rows, err := e.DB.Identity.Query().Where(identity.PersonID(viewer.From(ctx).PersonID)).Order(identity.ByID()).All(ctx)
	return each(rows, err, func(r *db.Identity) accountFile { return accountFile{r.Provider, r.Subject, r.CreatedAt} })
}

type sessionFile struct {
	ID        string         `json:"id"`
	Client    session.Client `json:"client"`
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"`
	ExpiresAt time.Time      `json:"expiresAt"`
	EndedAt   *time.Time     `json:"endedAt"`
	EndReason string         `json:"endReason"`
}

func (e *Exports) sessions(ctx context.Context) (any, error) {
	rows, err := e.DB.Session.Query().Where(session.PersonID(viewer.From(ctx).PersonID)).Order(session.ByID()).All(ctx)
	return each(rows, err, func(r *db.Session) sessionFile {
		return sessionFile{r.ID, r.Client, r.CreatedAt, r.UpdatedAt, r.ExpiresAt, r.EndedAt, r.EndReason}
	})
}

type deviceFile struct {
	ID         string          `json:"id"`
	Platform   device.Platform `json:"platform"`
	AppVersion string          `json:"appVersion"`
	CreatedAt  time.Time       `json:"createdAt"`
	LastSeenAt time.Time       `json:"lastSeenAt"`
}

func (e *Exports) devices(ctx context.Context) (any, error) {
	rows, err := e.DB.Device.Query().Where(device.PersonID(viewer.From(ctx).PersonID)).Order(device.ByID()).All(ctx)
	return each(rows, err, func(r *db.Device) deviceFile {
		return deviceFile{r.ID, r.Platform, r.AppVersion, r.CreatedAt, r.LastSeenAt}
	})
}

type roleFile struct {
	Kind           staffrole.Kind `json:"kind"`
	OrganisationID string         `json:"organisationId"`
	OnDutyUntil    *time.Time     `json:"onDutyUntil"` // null while you have not said so
	CreatedAt      time.Time      `json:"createdAt"`
}

func (e *Exports) roles(ctx context.Context) (any, error) {
	rows, err := e.DB.StaffRole.Query().Where(staffrole.PersonID(viewer.From(ctx).PersonID)).Order(staffrole.ByID()).All(ctx)
	return each(rows, err, func(r *db.StaffRole) roleFile { return roleFile{r.Kind, r.OrganisationID, r.OnDutyUntil, r.CreatedAt} })
}

type cardFile struct {
	ID           string             `json:"id"`
	MaskedNumber string             `json:"maskedNumber"`
	Kind         citizencard.Kind   `json:"kind"`
	Status       citizencard.Status `json:"status"`
	CreatedAt    time.Time          `json:"createdAt"`
}

func (e *Exports) cards(ctx context.Context) (any, error) {
	rows, err := e.DB.CitizenCard.Query().Where(citizencard.PersonID(viewer.From(ctx).PersonID)).Order(citizencard.ByID()).All(ctx)
	return each(rows, err, func(r *db.CitizenCard) cardFile {
		return cardFile{r.ID, r.MaskedNumber, r.Kind, r.Status, r.CreatedAt}
	})
}
