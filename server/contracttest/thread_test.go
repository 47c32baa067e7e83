package contracttest_test

import (
	"testing"

	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/messagereport"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

const (
	openThread          = `mutation($input: OpenThreadInput!) { openThread(input: $input) { thread { id } userErrors { code } } }`
	sendMessage         = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } userErrors { code } } }`
	editMessage         = `mutation($input: EditMessageInput!) { editMessage(input: $input) { userErrors { code } } }`
	retractMessage      = `mutation($input: RetractMessageInput!) { retractMessage(input: $input) { userErrors { code } } }`
	markThreadRead      = `mutation($input: MarkThreadReadInput!) { markThreadRead(input: $input) { userErrors { code } } }`
	reportMessage       = `mutation($input: ReportMessageInput!) { reportMessage(input: $input) { messageReport { id } userErrors { code } } }`
	decideMessageReport = `mutation($input: DecideMessageReportInput!) { decideMessageReport(input: $input) { userErrors { code } } }`
)

// pupilOfLina is a pupil of lina's class whom wutao guards.
func (r *rig) pupilOfLina(t testing.TB) string {
	t.Helper()
	class := r.linasClass(t)
	return r.DB.Enrollment.Query().Where(enrollment.SchoolClassID(class), enrollment.RoleEQ(enrollment.RoleStudent)).
		Order(enrollment.ByID()).FirstX(seedtest.System(t)).PersonID
}

// talking is the thread of lina and wutao.
func (r *rig) talking(t testing.TB) string {
	t.Helper()
	var answer struct {
		OpenThread struct{ Thread struct{ ID string } }
	}
	r.member["lina"].Do("OpenThread", citytest.Vars{"input": citytest.Vars{"studentId": r.pupilOfLina(t)}}).Decode(t, &answer)
	if answer.OpenThread.Thread.ID == "" {
		t.Fatal("lina could not open a thread")
	}
	return answer.OpenThread.Thread.ID
}

// saying is the input of a message in it.
func (r *rig) saying(t testing.TB) citytest.Vars {
	t.Helper()
	in := keyed()
	in["threadId"], in["body"] = r.talking(t), "明天带画笔。"
	return in
}

// message is one of lina's in it.
func (r *rig) message(t testing.TB) string {
	t.Helper()
	var answer struct {
		SendMessage struct{ Message struct{ ID string } }
	}
	r.member["lina"].Do("SendMessage", citytest.Vars{"input": r.saying(t)}).Decode(t, &answer)
	if answer.SendMessage.Message.ID == "" {
		t.Fatal("lina could not write")
	}
	return answer.SendMessage.Message.ID
}

// accused is wutao's report of a message of lina's.
func (r *rig) accused(t testing.TB) string {
	t.Helper()
	var answer struct {
		ReportMessage struct{ MessageReport struct{ ID string } }
	}
	r.member["wutao"].Do("ReportMessage", citytest.Vars{"input": citytest.Vars{"messageId": r.message(t), "reason": "OTHER"}}).Decode(t, &answer)
	if answer.ReportMessage.MessageReport.ID == "" {
		t.Fatal("wutao could not report")
	}
	return answer.ReportMessage.MessageReport.ID
}

func threadScenes() map[string]scene {
	return map[string]scene{
		"Threads": func(t testing.TB, r *rig) asked {
			r.message(t)
			return asked{r.member["wutao"], citytest.Vars{"first": 20}}
		},
		"Thread": func(t testing.TB, r *rig) asked { return asked{r.member["wutao"], citytest.Vars{"id": r.talking(t)}} },
		"Messages": func(t testing.TB, r *rig) asked {
			r.message(t)
			return asked{r.member["wutao"], citytest.Vars{"thread": r.talking(t), "first": 20}}
		},
		"SearchMessages": func(t testing.TB, r *rig) asked {
			r.message(t)
			return asked{r.member["wutao"], citytest.Vars{"query": "画笔", "first": 20}}
		},
		"ThreadContacts": func(t testing.TB, r *rig) asked {
			return asked{r.member["wutao"], citytest.Vars{"child": r.pupilOfLina(t)}}
		},
		"ThreadMessage": func(t testing.TB, r *rig) asked {
			r.message(t)
			return asked{r.member["wutao"], citytest.Vars{"thread": r.talking(t), "afterSeq": 0}}
		},
		"MessageReports": func(t testing.TB, r *rig) asked {
			r.accused(t)
			return asked{r.member["fanglei"], citytest.Vars{"status": "OPEN", "first": 20}}
		},
		"OpenThread": func(t testing.TB, r *rig) asked {
			return input(r.member["lina"], citytest.Vars{"studentId": r.pupilOfLina(t)})
		},
		"SendMessage": func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.saying(t)) },
		"EditMessage": func(t testing.TB, r *rig) asked {
			return input(r.member["lina"], citytest.Vars{"messageId": r.message(t), "body": "后天带画笔。"})
		},
		"RetractMessage": func(t testing.TB, r *rig) asked {
			return input(r.member["lina"], citytest.Vars{"messageId": r.message(t)})
		},
		"MarkThreadRead": func(t testing.TB, r *rig) asked {
			r.message(t)
			return input(r.member["wutao"], citytest.Vars{"threadId": r.talking(t), "seq": 1})
		},
		"ReportMessage": func(t testing.TB, r *rig) asked {
			return input(r.member["wutao"], citytest.Vars{"messageId": r.message(t), "reason": "SPAM"})
		},
		"DecideMessageReport": func(t testing.TB, r *rig) asked {
			return input(r.member["fanglei"], citytest.Vars{"reportId": r.accused(t), "decision": "DISMISSED"})
		},
	}
}

func threadProbes() []probe {
	inIt := func(name string) ask {
		return with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			r.message(t)
			return citytest.Vars{name: r.talking(t)}
		})
	}
	of := func(more citytest.Vars) ask {
		return act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			in := citytest.Vars{"messageId": r.message(t)}
			for name, value := range more {
				in[name] = value
			}
			return in
		})
	}
	return []probe{
		{"Query.threads", "one's own", everybody(nil), `{ threads { edges { node { id } } } }`},
		{"Query.thread", "of lina and wutao", inIt("id"), `query($id: ID!) { thread(id: $id) { id } }`},
		{"Query.messages", "of lina and wutao", inIt("id"), `query($id: ID!) { messages(thread: $id) { edges { node { id } } } }`},
		{"Query.searchMessages", "one's own", everybody(nil), `{ searchMessages(query: "画笔") { edges { node { id } } } }`},
		{"Query.threadContacts", "of wutao's child", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"id": r.pupilOfLina(t)}
		}), `query($id: ID!) { threadContacts(child: $id) { teacherId } }`},
		{"Query.messageReports", "all", everybody(nil), `{ messageReports { edges { node { id } } } }`},
		{"Subscription.threadMessage", "of lina and wutao", inIt("id"), `subscription($id: ID!) { threadMessage(threadId: $id, afterSeq: 0) { seq } }`},
		{"Mutation.openThread", "about wutao's child", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"studentId": r.pupilOfLina(t), "teacherId": castID("lina")}
		}), openThread},
		{"Mutation.sendMessage", "to lina and wutao", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.saying(t) }), sendMessage},
		{"Mutation.editMessage", "lina's", of(citytest.Vars{"body": "后天"}), editMessage},
		{"Mutation.retractMessage", "lina's", of(nil), retractMessage},
		{"Mutation.reportMessage", "lina's to wutao", of(citytest.Vars{"reason": "OTHER"}), reportMessage},
		{"Mutation.markThreadRead", "of lina and wutao", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			r.message(t)
			return citytest.Vars{"threadId": r.talking(t), "seq": 1}
		}), markThreadRead},
		{"Mutation.decideMessageReport", "wutao's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"reportId": r.accused(t), "decision": "DISMISSED"}
		}), decideMessageReport},
	}
}

// foreignThreads has somebody try the thread, a message and the report of others.
func foreignThreads(t *testing.T, name string, client *citytest.Client, r *rig) {
	t.Helper()
	th, m := r.talking(t), r.message(t)
	for verb, vars := range map[string]citytest.Vars{
		"SendMessage": {"body": "x"}, "MarkThreadRead": {"seq": 0},
	} {
		same(t, name+": "+verb, th, id.Thread, func(id string) citytest.Answer {
			in := citytest.Vars{"threadId": id}
			if verb == "SendMessage" {
				in = keyed()
				in["threadId"] = id
			}
			for n, v := range vars {
				in[n] = v
			}
			return client.Do(verb, citytest.Vars{"input": in})
		})
	}
	for verb, vars := range map[string]citytest.Vars{
		"EditMessage": {"body": "x"}, "RetractMessage": {}, "ReportMessage": {"reason": "OTHER"},
	} {
		same(t, name+": "+verb, m, id.Message, func(id string) citytest.Answer {
			in := citytest.Vars{"messageId": id}
			for n, v := range vars {
				in[n] = v
			}
			return client.Do(verb, citytest.Vars{"input": in})
		})
	}
	same(t, name+": thread", th, id.Thread, func(id string) citytest.Answer { return client.Do("Thread", citytest.Vars{"id": id}) })
	same(t, name+": messages", th, id.Thread, func(id string) citytest.Answer { return client.Do("Messages", citytest.Vars{"thread": id}) })
	same(t, name+": searchMessages", th, id.Thread, func(id string) citytest.Answer {
		return client.Do("SearchMessages", citytest.Vars{"query": "画笔", "thread": id})
	})
	same(t, name+": threadContacts", castID("zhouzihan"), id.Person, func(id string) citytest.Answer {
		return client.Do("ThreadContacts", citytest.Vars{"child": id})
	})
}

// namedInThreads reports whether an operation names somebody by design: families a teacher to whom they can write, and administrators
// a message that was reported.
func (r *registry) namedInThreads(t *testing.T, what, name, found string) bool {
	t.Helper()
	switch what {
	case "ThreadContacts":
		return r.DB.StaffRole.Query().Where(staffrole.PersonID(found), staffrole.KindEQ(staffrole.KindTeacher)).ExistX(seedtest.System(t))
	case "MessageReports":
		return r.viewers[name].Has(viewer.Admin) && r.DB.MessageReport.Query().Where(messagereport.MessageID(found)).ExistX(seedtest.System(t))
	}
	return false
}
