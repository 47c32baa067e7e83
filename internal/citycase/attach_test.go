package citycase_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// uploaded are photos that the viewer has uploaded, as far as the row goes.
func (o *office) uploaded(ctx context.Context, purpose casephoto.Purpose, n int) (ids []string) {
	for range n {
		ids = append(ids, o.city.DB.CasePhoto.Create().SetUploaderID(viewer.From(ctx).PersonID).SetPurpose(purpose).
			SetWidth(4).SetHeight(3).SetBlurHash("L").SetSizeBytes(1).SetFile(uuid.NewString()).SetDataKey([]byte("key")).
			SaveX(ctx).ID)
	}
	return ids
}

// What a photo list may not be: whose it is, how long, what for. Nothing is stored of the report then.
func TestPhotosOfAReportAreOnesOwn(t *testing.T) {
	o := open(t)
	mine, theirs := o.city.As(t, "chenjing"), o.city.As(t, "maming")
	foreign := o.uploaded(theirs, casephoto.PurposeReport, 1)
	ten := o.uploaded(mine, casephoto.PurposeReport, 10)
	proof := o.uploaded(mine, casephoto.PurposeProof, 1)
	before := o.cases(t)
	for name, c := range map[string]struct {
		ids  []string
		want fault.Code
	}{
		"somebody else's": {append(slices.Clone(foreign), ten[0]), fault.NotFound},
		"nobody's":        {[]string{id.New(id.CasePhoto)}, fault.NotFound},
		"no photo's":      {[]string{"x"}, fault.NotFound},
		"ten":             {ten, fault.BadUserInput},
		"twice the same":  {[]string{ten[0], ten[0]}, fault.BadUserInput},
		"a proof":         {proof, fault.BadUserInput},
	} {
		r := o.report(t)
		r.PhotoIDs = c.ids
		_, err := o.Submit(mine, r)
		if f := fault.From(err); fault.CodeOf(err) != c.want || len(f.Field) != 1 || f.Field[0] != "photoIds" {
			t.Errorf("%s: %v at %v, want %s", name, err, f.Field, c.want)
		}
	}
	if n := o.cases(t); n != before {
		t.Errorf("%d cases were opened", n-before)
	}
	r := o.report(t)
	r.PhotoIDs = ten[:9]
	made, err := o.Submit(mine, r)
	if err != nil {
		t.Fatal(err)
	}
	if n := made.QueryPhotos().CountX(mine); n != 9 {
		t.Errorf("the case has %d photos", n)
	}
	r = o.report(t)
	r.PhotoIDs = ten[:1]
	if _, err := o.Submit(mine, r); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a photo is given twice: %v", err)
	}
}

// Of two reports that name the same photos at once one has them, and of the other nothing is left.
func TestTwoReportsNameTheSamePhotosAtOnce(t *testing.T) {
	o := open(t)
	mine := o.city.As(t, "chenjing")
	for round := range 20 {
		ids, before := o.uploaded(mine, casephoto.PurposeReport, 3), o.cases(t)
		var errs [2]error
		var both sync.WaitGroup
		for i := range errs {
			r := o.report(t)
			r.Key, r.PhotoIDs = uuid.New(), slices.Clone(ids)
			if i == 1 {
				slices.Reverse(r.PhotoIDs)
			}
			both.Go(func() { _, errs[i] = o.Submit(mine, r) })
		}
		both.Wait()
		loser := cmp.Or(errs[0], errs[1])
		if (errs[0] == nil) == (errs[1] == nil) || fault.CodeOf(loser) != fault.NotFound {
			t.Fatalf("round %d: %v and %v", round, errs[0], errs[1])
		}
		if n := o.cases(t); n != before+1 {
			t.Fatalf("round %d: %d cases were opened", round, n-before)
		}
		together := o.city.DB.CasePhoto.Query().Where(casephoto.IDIn(ids...)).GroupBy(casephoto.FieldCityCaseID).StringsX(mine)
		if len(together) != 1 || together[0] == "" {
			t.Fatalf("round %d: the photos went to %q", round, together)
		}
	}
}

// A photo is seen with its step: with the report by all who see the case, with an internal note by officers.
func TestAPhotoIsSeenWithItsStep(t *testing.T) {
	o := open(t)
	reporter, officer, stranger := o.city.As(t, "chenjing"), o.city.As(t, "zhaoqiang"), o.city.As(t, "maming")
	r := o.report(t)
	r.PhotoIDs = o.uploaded(reporter, casephoto.PurposeReport, 1)
	sees := func(ctx context.Context, photoID string) bool {
		return o.city.DB.CasePhoto.Query().Where(casephoto.ID(photoID)).ExistX(ctx)
	}
	if !sees(reporter, r.PhotoIDs[0]) || sees(officer, r.PhotoIDs[0]) || sees(stranger, r.PhotoIDs[0]) {
		t.Error("a waiting photo is not its uploader's alone")
	}
	c, err := o.Submit(reporter, r)
	if err != nil {
		t.Fatal(err)
	}
	if !sees(reporter, r.PhotoIDs[0]) || !sees(officer, r.PhotoIDs[0]) || sees(stranger, r.PhotoIDs[0]) {
		t.Error("a photo is not seen by who sees the case")
	}
	if _, err := o.Accept(officer, c.ID, ""); err != nil {
		t.Fatal(err)
	}
	if !sees(stranger, r.PhotoIDs[0]) {
		t.Error("a photo of a published case is hidden")
	}
	internal := o.uploaded(officer, casephoto.PurposeReport, 1)
	if _, err := o.AddUpdate(officer, citycase.Note{Key: uuid.New(), CaseID: c.ID, Text: "内部", Internal: true, PhotoIDs: internal}); err != nil {
		t.Fatal(err)
	}
	if sees(reporter, internal[0]) || !sees(officer, internal[0]) || sees(stranger, internal[0]) {
		t.Error("a photo of an internal note is not the officers' alone")
	}
}

func TestAResolvedCaseHasProof(t *testing.T) {
	o := open(t)
	c := o.at(t, machine.InProgress)
	officer := o.city.As(t, "zhaoqiang")
	for name, ids := range map[string][]string{"nothing": nil, "a report's": o.uploaded(officer, casephoto.PurposeReport, 1)} {
		if _, err := o.Resolve(officer, c.ID, "", ids); fault.CodeOf(err) != fault.ProofRequired {
			t.Errorf("with %s: %v", name, err)
		}
	}
	other := o.uploaded(o.city.As(t, "chenjing"), casephoto.PurposeProof, 1)
	if _, err := o.Resolve(officer, c.ID, "", other); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("with somebody else's: %v", err)
	}
	ids := o.uploaded(officer, casephoto.PurposeProof, 2)
	if _, err := o.Resolve(officer, c.ID, "", ids); err != nil {
		t.Fatal(err)
	}
	step := o.city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(c.ID), caseevent.ToStatusEQ(machine.Resolved)).OnlyX(seedtest.System(t))
	if n := step.QueryPhotos().CountX(officer); n != 2 {
		t.Errorf("the step has %d photos", n)
	}
}
