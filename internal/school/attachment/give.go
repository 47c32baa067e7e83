package attachment

import (
	"context"
	"fmt"
	"slices"

	row "citygraph/ent/db/attachment"
	"citygraph/ent/db/predicate"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Most is how many go with one announcement or message.
const Most = 9

// To is what attachments go with: one of the two.
type To struct{ AnnouncementID, MessageID string }

// Give has attachments go with something, in the transaction of ctx: those of the viewer that wait, and those that go with it already. What
// went with it and is not named waits again, for the sweep. Where two give one at once, one has it. Returns NOT_FOUND and BAD_USER_INPUT at
// attachmentIds.
func (r *Room) Give(ctx context.Context, ids []string, to To) error {
	if err := checkIDs(ids); err != nil {
		return err
	}
	me := viewer.From(ctx).PersonID
	theirs := row.MessageID(to.MessageID)
	if to.AnnouncementID != "" {
		theirs = row.AnnouncementID(to.AnnouncementID)
	}
	if err := r.Store.Lock(ctx, waiting(me)); err != nil {
		return err
	}
	out := []predicate.Attachment{theirs}
	if len(ids) > 0 {
		out = append(out, row.IDNotIn(ids...))
	}
	if err := r.DB.Attachment.Update().Where(out...).ClearAnnouncementID().ClearMessageID().Exec(system(ctx)); err != nil {
		return fmt.Errorf("let attachments go: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	give := r.DB.Attachment.Update().Where(row.IDIn(ids...),
		row.Or(theirs, row.And(row.UploaderID(me), row.AnnouncementIDIsNil(), row.MessageIDIsNil())))
	if to.AnnouncementID != "" {
		give.SetAnnouncementID(to.AnnouncementID)
	} else {
		give.SetMessageID(to.MessageID)
	}
	n, err := give.Save(system(ctx))
	if err != nil {
		return fmt.Errorf("give attachments: %w", err)
	}
	if n < len(ids) {
		return fault.New(fault.NotFound).At("attachmentIds")
	}
	return nil
}

// GiveAnnouncement is Give to an announcement.
func (r *Room) GiveAnnouncement(ctx context.Context, ids []string, announcementID string) error {
	return r.Give(ctx, ids, To{AnnouncementID: announcementID})
}

// GiveMessage is Give to a message.
func (r *Room) GiveMessage(ctx context.Context, ids []string, messageID string) error {
	return r.Give(ctx, ids, To{MessageID: messageID})
}

// checkIDs holds a list of attachments to its length and its form; a forged id costs no statement.
func checkIDs(ids []string) error {
	if len(ids) > Most {
		return fault.BadInput("attachmentIds", "一次最多9个附件。", "At most 9 attachments at once.")
	}
	for i, one := range ids {
		switch {
		case !id.Is(one, id.Attachment):
			return fault.New(fault.NotFound).At("attachmentIds")
		case slices.Contains(ids[:i], one):
			return fault.BadInput("attachmentIds", "附件重复。", "An attachment is named twice.")
		}
	}
	return nil
}
