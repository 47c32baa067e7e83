package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/mask"
	"citygraph/internal/viewer"
)

type careContractFile struct {
	ID             string             `json:"id"`
	ClinicID       string             `json:"clinicId"`
	PractitionerID string             `json:"practitionerId"`
	State          carecontract.State `json:"state"`
	ValidFrom      time.Time          `json:"validFrom"`
	ValidTo        time.Time          `json:"validTo"`
	CreatedAt      time.Time          `json:"createdAt"`
	UpdatedAt      time.Time          `json:"updatedAt"`
}

func (e *Exports) careContracts(ctx context.Context) (any, error) {
	rows, err := e.DB.CareContract.Query().Where(carecontract.PatientID(viewer.From(ctx).PersonID)).Order(carecontract.ByID()).All(ctx)
	return each(rows, err, func(c *db.CareContract) careContractFile {
		return careContractFile{c.ID, c.ClinicID, c.PractitionerID, c.State, c.ValidFrom, c.ValidTo, c.CreatedAt, c.UpdatedAt}
	})
}

type careVisitFile struct {
	ID             string           `json:"id"`
	ClinicID       string           `json:"clinicId"`
	CareContractID string           `json:"careContractId"`
	Reason         carevisit.Reason `json:"reason"`
	Status         carevisit.Status `json:"status"`
	PreferredFrom  time.Time        `json:"preferredFrom"`
	PreferredTo    time.Time        `json:"preferredTo"`
	ScheduledAt    *time.Time       `json:"scheduledAt"`
	CreatedAt      time.Time        `json:"createdAt"`
	UpdatedAt      time.Time        `json:"updatedAt"`
}

func (e *Exports) careVisits(ctx context.Context) (any, error) {
	rows, err := e.DB.CareVisit.Query().Where(carevisit.PatientID(viewer.From(ctx).PersonID)).Order(carevisit.ByID()).All(ctx)
	return each(rows, err, func(v *db.CareVisit) careVisitFile {
		return careVisitFile{
			v.ID, v.ClinicID, v.CareContractID, v.Reason, v.Status, v.PreferredFrom, v.PreferredTo, v.ScheduledAt, v.CreatedAt, v.UpdatedAt,
		}
	})
}

// Where a call came from is in the file as long as the city knows it.
type helpCallFile struct {
	ID             string          `json:"id"`
	ClinicID       string          `json:"clinicId"` // empty without a clinic
	Status         helpcall.Status `json:"status"`
	Times          int             `json:"times"`
	Level          int             `json:"level"`
	Lat            *float64        `json:"lat"` // WGS-84, degrees
	Lng            *float64        `json:"lng"`
	LastCalledAt   time.Time       `json:"lastCalledAt"`
	AcknowledgedBy mask.Name       `json:"acknowledgedBy"`
	AcknowledgedAt *time.Time      `json:"acknowledgedAt"`
	ResolvedAt     *time.Time      `json:"resolvedAt"`
	CreatedAt      time.Time       `json:"createdAt"`
}

func (e *Exports) helpCalls(ctx context.Context) (any, error) {
	rows, err := e.DB.HelpCall.Query().Where(helpcall.PatientID(viewer.From(ctx).PersonID)).Order(helpcall.ByID()).All(ctx)
	return each(rows, err, func(c *db.HelpCall) helpCallFile {
		return helpCallFile{
			c.ID, c.ClinicID, c.Status, c.Times, c.Level, c.CallerLat, c.CallerLng, c.LastCalledAt,
			c.AcknowledgedByName, c.AcknowledgedAt, c.ResolvedAt, c.CreatedAt,
		}
	})
}
