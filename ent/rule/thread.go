package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/viewer"
)

// Tables and columns the rules of threads speak of.
const (
	threadTable         = "threads"
	threadTeacher       = "teacher_id"
	messageTable        = "messages"
	messageThread       = "thread_id"
	reportReporter      = "reporter_id"
	attachmentUploader  = "uploader_id"
	attachmentMessage   = "message_id"
	attachmentAnnounced = "announcement_id"
)

// Thread is seen by its teacher while they teach at the school, and by who acts within SCHOOL for the pupil: not by the pupil, about whom it is.
var Thread = Policy{Read: orTeachers(func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return sql.And(sql.NEQ(s.C(studentColumn), v.PersonID), ofStudent(s, v))
}, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return sql.And(sql.EQ(s.C(threadTeacher), v.PersonID), atOrganisation(s, schoolColumn, v, viewer.Teacher))
})}

// Message is seen with its thread.
var Message = Policy{Read: inThread}

// ThreadRead is seen with its thread.
var ThreadRead = Policy{Read: inThread}

func inThread(v *viewer.Viewer) Rows {
	threads := Thread.Read(v)
	if threads == nil {
		return nil
	}
	return func(s *sql.Selector) { s.Where(sql.In(s.C(messageThread), chosen(s, threadTable, threads))) }
}

// MessageReport is seen by who reported, and by administrators, who decide.
var MessageReport = Policy{Read: orAll(own(reportReporter), viewer.Admin)}

// Attachment is seen by who uploaded it while it goes with nothing, and with the announcement or message it goes with: by families no
// longer once the announcement is retracted, by nobody once the message is.
var Attachment = Policy{Read: func(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) {
		announced := chosen(s, announcementTable, Announcement.Read(v))
		says := sql.NEQ(announced.C("status"), "RETRACTED")
		if v.Has(viewer.Teacher) {
			says = sql.Or(says, atOrganisation(announced, schoolColumn, v, viewer.Teacher))
		}
		announced.Where(says)
		said := chosen(s, messageTable, Message.Read(v))
		said.Where(sql.IsNull(said.C("retracted_at")))
		s.Where(sql.Or(
			sql.And(sql.EQ(s.C(attachmentUploader), v.PersonID), sql.IsNull(s.C(attachmentAnnounced)), sql.IsNull(s.C(attachmentMessage))),
			sql.In(s.C(attachmentAnnounced), announced),
			sql.In(s.C(attachmentMessage), said),
		))
	}
}}

// BureauNotice is seen by administrators, who speak for the bureau, and by teachers, whose schools pass it on.
var BureauNotice = Policy{Read: func(v *viewer.Viewer) Rows {
	if v.Has(viewer.Admin) || v.Has(viewer.Teacher) {
		return everybody
	}
	return nil
}}

// chosen are the ids of the rows of a table.
func chosen(s *sql.Selector, table string, rows Rows) *sql.Selector {
	q := sql.Dialect(s.Dialect()).Select("id").From(sql.Table(table))
	rows(q)
	return q
}
