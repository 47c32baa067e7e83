package contracttest_test

import (
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"citygraph/ent/db/casephoto"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// picture is an upload of a small photo.
func picture(purpose string) citytest.Vars {
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "purpose": purpose, "photo": citytest.File(phototest.Phone(32, 24, 1))}
}

// photo is a photo that a member has uploaded.
func (r *rig) photo(t testing.TB, name, purpose string) string {
	t.Helper()
	var answer struct {
		UploadCasePhoto struct{ CasePhoto struct{ ID string } }
	}
	r.member[name].Do("UploadCasePhoto", citytest.Vars{"input": picture(purpose)}).Decode(t, &answer)
	if answer.UploadCasePhoto.CasePhoto.ID == "" {
		t.Fatalf("%s has uploaded nothing", name)
	}
	return answer.UploadCasePhoto.CasePhoto.ID
}

// laidPhoto is the row of a photo that waits, beside the others of its person however many they are.
func (r *rig) laidPhoto(t testing.TB, name string, purpose casephoto.Purpose) string {
	t.Helper()
	made, err := r.DB.CasePhoto.Create().SetUploaderID(castID(name)).SetPurpose(purpose).SetWidth(4).SetHeight(3).SetBlurHash("L").
		SetSizeBytes(1).SetFile(uuid.NewString()).SetDataKey([]byte("key")).Save(viewer.AsSystem(t.Context(), "lay out a photo"))
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// show gives a case of chenjing's a photo that all who see it see, and one for officers; a third of hers waits.
func (r *rig) show(t testing.TB, caseID string) {
	t.Helper()
	for name, audience := range map[string]string{"chenjing": "PUBLIC", "zhaoqiang": "OFFICERS"} {
		r.member[name].Do("AddCaseUpdate", citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "caseId": caseID, "note": "看照片", "audience": audience,
			"photoIds": []string{r.photo(t, name, "REPORT")},
		}}).Decode(t, new(any))
	}
	r.photo(t, "chenjing", "REPORT")
}

// photoSamples are the photos of show.
func photoSamples() []sampling {
	by := func(name string, waits bool) condition {
		attached := sql.FieldNotNull("city_case_id")
		if waits {
			attached = sql.FieldIsNull("city_case_id")
		}
		return sql.AndPredicates(sql.FieldEQ("uploader_id", castID(name)), attached)
	}
	return []sampling{
		{"of chenjing's case in Xihu District", by("chenjing", false)},
		{"of the same, for officers only", by("zhaoqiang", false)},
		{"chenjing's, in no case yet", by("chenjing", true)},
	}
}

// unhurried makes room for another photo of a member's.
func (r *rig) unhurried(t testing.TB, name string) {
	t.Helper()
	_, err := r.DB.CasePhoto.Delete().Where(casephoto.UploaderID(castID(name)), casephoto.CityCaseIDIsNil()).
		Exec(viewer.AsSystem(t.Context(), "let photos wait no longer"))
	if err != nil {
		t.Fatal(err)
	}
}

// photoScenes are how the operations of photos are run for their figures.
func photoScenes() map[string]scene {
	return map[string]scene{
		"UploadCasePhoto": func(t testing.TB, r *rig) asked {
			r.unhurried(t, "maming")
			return input(r.member["maming"], picture("REPORT"))
		},
		"CreatePhotoUpload": func(_ testing.TB, r *rig) asked {
			return input(r.member["maming"], citytest.Vars{"purpose": "REPORT"})
		},
	}
}

// photoProbes are the rows of the matrix for uploads.
func photoProbes() []probe {
	const upload = `mutation($input: UploadCasePhotoInput!) { uploadCasePhoto(input: $input) { userErrors { code } } }`
	const address = `mutation($input: CreatePhotoUploadInput!) { createPhotoUpload(input: $input) { userErrors { code } } }`
	var rows []probe
	for _, purpose := range []string{"REPORT", "PROOF"} {
		rows = append(rows,
			probe{"Mutation.uploadCasePhoto", "of purpose " + purpose, act(func(testing.TB, *rig, string) citytest.Vars { return picture(purpose) }), upload},
			probe{"Mutation.createPhotoUpload", "of purpose " + purpose, act(func(testing.TB, *rig, string) citytest.Vars { return citytest.Vars{"purpose": purpose} }), address})
	}
	return rows
}
