// Package reaction says what an event of one domain sets off in another. Domains do not know each
// other; this is the one place that knows several.
package reaction

import (
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// CityCases has reporters, and who is told with them, told of every public step of their cases, officers of
// what is given to them or due, and, by a job of its own, followers of what the reporter is told.
func CityCases(
	bus *event.Bus, c *db.Client, desk *notice.Desk, register *household.Register, tellFollowers func(context.Context, Follow) error,
) {
	event.On(bus, func(ctx context.Context, e citycase.Moved) error {
		names, err := categoryName(ctx, c, e.CategoryID)
		if err != nil {
			return err
		}
		if e.To == machine.Dispatched && e.AssigneeID != "" && e.AssigneeID != e.ActorID {
			if err := desk.Tell(ctx, given(e, names)); err != nil {
				return err
			}
		}
		template, ok := tidings[occasion{e.Action, e.Outcome}]
		if e.Internal || !ok {
			return nil
		}
		if e.Supporters > 0 {
			if err := tellFollowers(ctx, Follow{CaseID: e.CaseID, Seq: e.Seq, ActorID: e.ActorID}); err != nil {
				return err
			}
		}
		if e.ReporterID == "" || e.By == machine.Reporter {
			return nil
		}
		people, err := register.Told(ctx, e.ReporterID)
		if err != nil {
			return err
		}
		notices := make([]notice.Notice, len(people))
		for i, personID := range people {
			notices[i] = told(template, e.Subject, e.Seq, personID, names)
			notices[i].Subject = e.ReporterID
		}
		return desk.Tell(ctx, notices...)
	})
	event.On(bus, func(ctx context.Context, e citycase.Due) error {
		names, err := categoryName(ctx, c, e.CategoryID)
		if err != nil {
			return err
		}
		recipients, err := responsible(ctx, c, e)
		if err != nil {
			return err
		}
		notices := make([]notice.Notice, len(recipients))
		for i, personID := range recipients {
			notices[i] = due(e, personID, names)
		}
		return desk.Tell(ctx, notices...)
	})
}

func categoryName(ctx context.Context, c *db.Client, categoryID string) (lang.Text, error) {
	category, err := c.CaseCategory.Get(viewer.AsSystem(ctx, "name the category in a notice"), categoryID)
	if err != nil {
		return lang.Text{}, fmt.Errorf("load category: %w", err)
	}
	return category.Name, nil
}

// responsible are whom a due time concerns: the officer the case was given to, or every one of its
// district while it is nobody's; once it is overdue every one of them, and its reporter.
func responsible(ctx context.Context, c *db.Client, e citycase.Due) ([]string, error) {
	if e.AssigneeID != "" && !e.Overdue {
		return []string{e.AssigneeID}, nil
	}
	people, err := c.StaffRole.Query().
		Where(staffrole.KindEQ(staffrole.KindCaseOfficer), staffrole.OrganisationID(e.DistrictID)).
		Select(staffrole.FieldPersonID).Strings(viewer.AsSystem(ctx, "officers are told of what is due"))
	if err != nil {
		return nil, fmt.Errorf("look for officers: %w", err)
	}
	if e.Overdue && e.ReporterID != "" {
		people = append(people, e.ReporterID)
	}
	slices.Sort(people)
	return slices.Compact(people), nil
}

// occasion is a step that people are told of.
type occasion struct {
	action  machine.Action
	outcome machine.Outcome
}

// tidings are the texts of the steps that people are told of.
var tidings = map[occasion]string{
	{machine.Accept, machine.None}:   "city_case/accepted",
	{machine.Reject, machine.None}:   "city_case/rejected",
	{machine.File, machine.None}:     "city_case/filed",
	{machine.Dispatch, machine.None}: "city_case/dispatched",
	{machine.Start, machine.None}:    "city_case/started",
	{machine.Suspend, machine.None}:  "city_case/suspended",
	{machine.Resume, machine.None}:   "city_case/resumed",
	{machine.Resolve, machine.None}:  "city_case/resolved",
	{machine.Verify, machine.Passed}: "city_case/passed",
	{machine.Verify, machine.Failed}: "city_case/failed",
	{machine.Close, machine.None}:    "city_case/closed",
	{machine.Merge, machine.None}:    "city_case/merged",
	{machine.Update, machine.None}:   "city_case/updated",
	{machine.Withdraw, machine.None}: "city_case/withdrawn",
	{machine.Reopen, machine.None}:   "city_case/reopened",
}

// letter is the text of a template about a case.
func letter(template string, of citycase.Subject, category lang.Text) notice.Letter {
	return notice.Letter{
		Template: template, TargetID: of.CaseID,
		Params: wording.Params{"category": wording.ALabel(category), "number": wording.ACode(of.Number)},
	}
}

// told is the notice of a step of a case to one person.
func told(template string, of citycase.Subject, seq int, personID string, category lang.Text) notice.Notice {
	return notice.Notice{
		Recipient: personID, Subject: personID, EventKey: fmt.Sprintf("%s/%d", of.CaseID, seq),
		Letter: letter(template, of, category),
	}
}

// given tells an officer of a case that is theirs now, or theirs again.
func given(e citycase.Moved, category lang.Text) notice.Notice {
	n := told("city_case/given", e.Subject, e.Seq, e.AssigneeID, category)
	n.EventKey += "/given" // the officer may be its reporter
	return n
}

// due tells of a promise that runs out, or has run out.
func due(e citycase.Due, personID string, category lang.Text) notice.Notice {
	template, when := "city_case/due_soon", "soon"
	switch {
	case e.Overdue && personID == e.ReporterID:
		template, when = "city_case/overdue_for_reporter", "over"
	case e.Overdue:
		template, when = "city_case/overdue", "over"
	}
	return notice.Notice{
		Recipient: personID, Subject: personID, EventKey: fmt.Sprintf("%s/due/%d/%s", e.CaseID, e.At.Unix(), when),
		Letter: letter(template, e.Subject, category),
	}
}
