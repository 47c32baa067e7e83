package citycase

import (
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/casephoto"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

const (
	mostPhotos     = 9  // of one step
	mostCasePhotos = 99 // of a case
)

// checkPhotoIDs holds a list of photos to its length and its form; a forged id costs no statement.
func checkPhotoIDs(photoIDs []string) error {
	if len(photoIDs) > mostPhotos {
		return fault.BadInput("photoIds",
			fmt.Sprintf("一次最多%d张照片。", mostPhotos), fmt.Sprintf("At most %d photos at once.", mostPhotos))
	}
	for i, photoID := range photoIDs {
		switch {
		case !id.Is(photoID, id.CasePhoto):
			return unknownPhoto()
		case slices.Contains(photoIDs[:i], photoID):
			return fault.BadInput("photoIds", "照片重复。", "A photo is named twice.")
		}
	}
	return nil
}

// attach gives photos that the viewer has uploaded, and no step has named, to an event of a case that nobody
// else changes meanwhile. Their ids have been checked.
func (c *Cases) attach(ctx context.Context, caseID, eventID string, photoIDs []string) error {
	if len(photoIDs) == 0 {
		return nil
	}
	there, err := c.DB.CasePhoto.Query().Where(casephoto.CityCaseID(caseID)).
		Count(viewer.AsSystem(ctx, "photos of steps for officers count too"))
	if err != nil {
		return fmt.Errorf("count photos: %w", err)
	}
	if there+len(photoIDs) > mostCasePhotos {
		return fault.BadInput("photoIds",
			fmt.Sprintf("一个案件最多%d张照片。", mostCasePhotos), fmt.Sprintf("A case has at most %d photos.", mostCasePhotos))
	}
	n, err := c.DB.CasePhoto.Update().
		Where(casephoto.IDIn(photoIDs...), casephoto.UploaderID(viewer.From(ctx).PersonID), casephoto.CityCaseIDIsNil()).
		SetCityCaseID(caseID).SetCaseEventID(eventID).Save(ctx)
	if err != nil {
		return fmt.Errorf("attach photos: %w", err)
	}
	if n < len(photoIDs) {
		return unknownPhoto()
	}
	return nil
}

// checkPurpose holds the viewer's photos to what the step wants them for.
func (c *Cases) checkPurpose(ctx context.Context, photoIDs []string, purpose casephoto.Purpose, otherwise error) error {
	if len(photoIDs) == 0 {
		return nil
	}
	other, err := c.DB.CasePhoto.Query().
		Where(casephoto.IDIn(photoIDs...), casephoto.CityCaseIDIsNil(), casephoto.PurposeNEQ(purpose)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look at photos: %w", err)
	}
	if other {
		return otherwise
	}
	return nil
}

// checkProof wants a photo that shows a case mended.
func (c *Cases) checkProof(photoIDs []string) func(context.Context, *db.CityCase) error {
	required := fault.New(fault.ProofRequired).At("photoIds")
	return func(ctx context.Context, _ *db.CityCase) error {
		if len(photoIDs) == 0 {
			return required
		}
		return c.checkPurpose(ctx, photoIDs, casephoto.PurposeProof, required)
	}
}

// checkReported wants photos of what is wrong.
func (c *Cases) checkReported(ctx context.Context, photoIDs []string) error {
	return c.checkPurpose(ctx, photoIDs, casephoto.PurposeReport,
		fault.BadInput("photoIds", "处置照片只能用于处置完成。", "A photo of purpose PROOF is for resolveCase."))
}

func unknownPhoto() error { return fault.New(fault.NotFound).At("photoIds") }
