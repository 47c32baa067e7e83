package graph

import (
	"context"

	"citygraph/graph/model"
	"citygraph/internal/alert"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/lang"
	"citygraph/internal/notice/preference"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/audience"
	"citygraph/internal/school/leave"
	"citygraph/internal/school/thread"
)

// bilingual reads a text in both languages; nil where there is none.
func bilingual(in *model.BilingualInput) *lang.Text {
	if in == nil {
		return nil
	}
	return &lang.Text{ZH: in.Zh, EN: deref(in.En)}
}

// warning reads the input of issueAlert.
func warning(in model.IssueAlertInput) alert.Warning {
	return alert.Warning{
		Key: in.IdempotencyKey, Category: in.Category, Urgency: in.Urgency, Severity: in.Severity, Certainty: in.Certainty,
		Event: deref(bilingual(in.Event)), Headline: deref(bilingual(in.Headline)),
		Description: deref(bilingual(in.Description)), Instruction: deref(bilingual(in.Instruction)),
		Districts: in.Districts, Effective: in.Effective, Expires: in.Expires,
	}
}

// revision reads the input of updateAlert.
func revision(in model.UpdateAlertInput) alert.Revision {
	return alert.Revision{
		Key: in.IdempotencyKey, AlertID: in.AlertID, Urgency: in.Urgency, Severity: in.Severity, Certainty: in.Certainty,
		Headline: bilingual(in.Headline), Description: bilingual(in.Description), Instruction: bilingual(in.Instruction),
		Districts: in.Districts, Expires: in.Expires,
	}
}

// opening reads the input of openSchedule.
func opening(in model.OpenScheduleInput) booking.Opening {
	return booking.Opening{
		Key: in.IdempotencyKey, ClinicID: in.ClinicID, DepartmentID: in.DepartmentID, PractitionerID: in.PractitionerID, Weekdays: in.Weekdays,
		From: in.From, To: in.To, Sessions: values(in.Sessions), Capacity: in.Capacity, Fee: in.Fee, SkipHolidays: in.SkipHolidays,
	}
}

// wanted reads the input of setNotificationPreference; what is left out is the topic's default.
func wanted(in model.SetNotificationPreferenceInput) preference.Preference {
	p := preference.Default(preference.Topic(in.Topic))
	p.Channels, p.QuietHours = in.Channels, in.QuietHours
	if in.Pace != nil {
		p.Pace = *in.Pace
	}
	if in.DigestAt != nil {
		p.DigestAt = *in.DigestAt
	}
	if in.Zone != nil {
		p.Zone = *in.Zone
	}
	return p
}

// announcing reads the input of publishAnnouncement.
func announcing(in model.PublishAnnouncementInput) announcement.Announcing {
	return announcement.Announcing{Key: in.IdempotencyKey, SchoolID: in.SchoolID, Kind: in.Kind, Text: announcement.Text{
		Audience: reach(in.Audience), Title: in.Title, Body: in.Body, Urgency: in.Urgency, Acknowledgement: in.Acknowledgement,
		DueAt: in.DueAt, PublishAt: in.PublishAt, Draft: in.Draft, AttachmentIDs: in.AttachmentIds,
	}}
}

// announcingInstead reads the input of updateAnnouncement.
func announcingInstead(in model.UpdateAnnouncementInput) announcement.Change {
	return announcement.Change{Key: in.IdempotencyKey, AnnouncementID: in.AnnouncementID, Text: announcement.Text{
		Audience: reach(in.Audience), Title: in.Title, Body: in.Body, Urgency: in.Urgency, Acknowledgement: in.Acknowledgement,
		DueAt: in.DueAt, PublishAt: in.PublishAt, Draft: in.Draft, AttachmentIDs: in.AttachmentIds,
	}}
}

// saying reads the input of sendMessage.
func saying(in model.SendMessageInput) thread.Saying {
	return thread.Saying{
		Key: in.IdempotencyKey, ThreadID: in.ThreadID, Body: in.Body, Language: in.Language, ReplyTo: in.ReplyToID, Urgency: in.Urgency,
		AttachmentIDs: in.AttachmentIds,
	}
}

func reach(in *model.AnnouncementAudienceInput) audience.Audience {
	return audience.Audience{School: deref(in.School), Grades: in.Grades, Classes: in.Classes, Students: in.Students}
}

// badge counts the viewer's unread after a change of the inbox, unless that failed.
func (r *Resolver) badge(ctx context.Context, err error) (*int, error) {
	if err != nil {
		return nil, err
	}
	unread, err := r.Desk.UnreadCount(ctx)
	return &unread, err
}

// with is the value where the other is there.
func with[T, O any](other *O, value T) *T {
	if other == nil {
		return nil
	}
	return &value
}

// asking reads the input of requestLeave.
func asking(in model.RequestLeaveInput) leave.Asking {
	return leave.Asking{Key: in.IdempotencyKey, PupilID: in.StudentID, Kind: in.Kind, From: in.StartsAt, To: in.EndsAt, Reason: in.Reason}
}
