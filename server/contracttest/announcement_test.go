package contracttest_test

import (
	"testing"

	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

const (
	publishAnnouncement  = `mutation($input: PublishAnnouncementInput!) { publishAnnouncement(input: $input) { announcement { id } userErrors { code } } }`
	updateAnnouncement   = `mutation($input: UpdateAnnouncementInput!) { updateAnnouncement(input: $input) { userErrors { code } } }`
	retractAnnouncement  = `mutation($input: RetractAnnouncementInput!) { retractAnnouncement(input: $input) { userErrors { code } } }`
	chaseUnread          = `mutation($input: ChaseUnreadInput!) { chaseUnread(input: $input) { userErrors { code } } }`
	markAnnouncementRead = `mutation($input: MarkAnnouncementReadInput!) { markAnnouncementRead(input: $input) { userErrors { code } } }`
	acknowledge          = `mutation($input: AcknowledgeInput!) { acknowledge(input: $input) { userErrors { code } } }`
)

// linaTeachesAt is the id of lina's school.
func (r *rig) linaTeachesAt(t testing.TB) string {
	t.Helper()
	city := &seedtest.City{Store: r.Store, DB: r.DB}
	return viewer.From(city.As(t, "lina")).Organisations(viewer.Teacher)[0]
}

// linasClass is a class that lina leads, with a pupil in it whom wutao guards: chenjing's inbox is other scenes'.
func (r *rig) linasClass(t testing.TB) string {
	t.Helper()
	const title = "合同班"
	found, err := r.DB.SchoolClass.Query().Where(schoolclass.Title(title)).IDs(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return found[0]
	}
	city := &seedtest.City{Store: r.Store, DB: r.DB}
	class := seedtest.PutClass(t, city, title, "4", enrollment.DutyClassTeacher)
	seedtest.PutPupil(t, city, class, castID("wutao"))
	return class
}

// trip is the input of an announcement to lina's class.
func (r *rig) trip(t testing.TB, draft bool) citytest.Vars {
	t.Helper()
	in := keyed()
	for name, value := range (citytest.Vars{
		"schoolId": r.linaTeachesAt(t), "kind": "NOTICE", "audience": citytest.Vars{"classes": []string{r.linasClass(t)}},
		"title": "春游通知", "body": "周五去植物园，请确认。", "acknowledgement": "REQUIRED", "draft": draft,
	}) {
		in[name] = value
	}
	return in
}

func (r *rig) written(t testing.TB, draft bool) string {
	t.Helper()
	var answer struct {
		PublishAnnouncement struct{ Announcement struct{ ID string } }
	}
	r.member["lina"].Do("PublishAnnouncement", citytest.Vars{"input": r.trip(t, draft)}).Decode(t, &answer)
	if answer.PublishAnnouncement.Announcement.ID == "" {
		t.Fatal("lina could not publish")
	}
	return answer.PublishAnnouncement.Announcement.ID
}

// announced is an announcement that wutao has neither read nor acknowledged.
func (r *rig) announced(t testing.TB) string {
	t.Helper()
	return r.written(t, false)
}

// revised is the input that publishes a draft of lina's.
func (r *rig) revised(t testing.TB) citytest.Vars {
	t.Helper()
	in := r.trip(t, false)
	delete(in, "schoolId")
	delete(in, "kind")
	in["announcementId"] = r.written(t, true)
	return in
}

// chased is the input that chases who has not answered lina.
func (r *rig) chased(t testing.TB) citytest.Vars {
	t.Helper()
	in := keyed()
	in["announcementId"] = r.announced(t)
	return in
}

// announcementProbes ask who may do what with announcements.
func announcementProbes() []probe {
	return []probe{
		{"Query.announcements", "one's own", everybody(nil), `{ announcements { edges { node { id } } } }`},
		{"Query.schoolAnnouncements", "of lina's school", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"school": r.linaTeachesAt(t)}
		}), `query($school: ID!) { schoolAnnouncements(school: $school) { edges { node { id } } } }`},
		{"Query.pendingDeliveries", "of lina's announcement", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"id": r.announced(t)}
		}), `query($id: ID!) { pendingDeliveries(announcementId: $id) { edges { node { id } } } }`},
		{"Subscription.announcementStats", "of lina's announcement", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"id": r.announced(t)}
		}), `subscription($id: ID!) { announcementStats(announcementId: $id) { read } }`},
		{"Mutation.publishAnnouncement", "to lina's class", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.trip(t, false) }), publishAnnouncement},
		{"Mutation.updateAnnouncement", "lina's draft", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.revised(t) }), updateAnnouncement},
		{"Mutation.retractAnnouncement", "lina's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"announcementId": r.announced(t)}
		}), retractAnnouncement},
		{"Mutation.chaseUnread", "lina's", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.chased(t) }), chaseUnread},
		{"Mutation.markAnnouncementRead", "lina's to her class", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"announcementId": r.announced(t)}
		}), markAnnouncementRead},
		{"Mutation.acknowledge", "lina's to her class", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"announcementId": r.announced(t)}
		}), acknowledge},
	}
}
