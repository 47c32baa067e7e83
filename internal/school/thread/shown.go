package thread

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	"citygraph/ent/db/person"
	row "citygraph/ent/db/thread"
	"citygraph/ent/db/threadread"
	"citygraph/ent/rule"
	"citygraph/internal/mask"
	"citygraph/internal/memo"
	"citygraph/internal/school/part"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// What the graph shows of threads is asked once in a response, for all threads of the viewer: the nodes of a connection come one by one.
// The persons are named, masked, to who may see the thread, though no row rule shows them the persons.

func each[R, F any](rows []R, one func(R) F) []F {
	all := make([]F, len(rows))
	for i, r := range rows {
		all[i] = one(r)
	}
	return all
}

func idOf(th *db.Thread) string { return th.ID }

// about names what is known of the viewer's threads in a response.
type about struct{ viewerID, what string }

// known is what find knows of threads, by id, asked for all of the viewer's at once; what was opened since then is asked for by itself.
func known[T any](ctx context.Context, t *Talk, what string, ids []string, find func(context.Context, []*db.Thread) (map[string]T, error)) (map[string]T, error) {
	me := viewer.From(ctx).PersonID
	mine, err := memo.Once(ctx, about{me, "threads"}, func() ([]*db.Thread, error) { return t.DB.Thread.Query().All(ctx) })
	if err != nil {
		return nil, fmt.Errorf("load threads: %w", err)
	}
	all, err := memo.Once(ctx, about{me, what}, func() (map[string]T, error) { return find(ctx, mine) })
	if err != nil || !slices.ContainsFunc(ids, func(one string) bool { _, there := all[one]; return !there }) {
		return all, err
	}
	some, err := t.DB.Thread.Query().Where(row.IDIn(ids...)).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load threads: %w", err)
	}
	return find(ctx, some)
}

// Children are the pupils the threads are about.
func (t *Talk) Children(ctx context.Context, threads []*db.Thread) ([]*Child, error) {
	found, err := known(ctx, t, "child", each(threads, idOf), func(ctx context.Context, of []*db.Thread) (map[string]*Child, error) {
		named, err := part.Names(ctx, t.DB, t.Store, each(of, func(th *db.Thread) string { return th.StudentID }))
		children := make(map[string]*Child, len(of))
		for _, th := range of {
			if err == nil {
				children[th.ID] = &Child{th.StudentID, named[th.StudentID].Name}
			}
		}
		return children, err
	})
	return each(threads, func(th *db.Thread) *Child { return found[th.ID] }), err
}

// Teachers are the masked names of the threads' teachers.
func (t *Talk) Teachers(ctx context.Context, threads []*db.Thread) ([]string, error) {
	found, err := known(ctx, t, "teacher", each(threads, idOf), func(ctx context.Context, of []*db.Thread) (map[string]string, error) {
		named, err := part.Names(ctx, t.DB, t.Store, each(of, func(th *db.Thread) string { return th.TeacherID }))
		names := make(map[string]string, len(of))
		for _, th := range of {
			if err == nil {
				names[th.ID] = named[th.TeacherID].Name.String()
			}
		}
		return names, err
	})
	return each(threads, func(th *db.Thread) string { return found[th.ID] }), err
}

// Unread counts what the viewer has not read in each of the threads.
func (t *Talk) Unread(ctx context.Context, threads []*db.Thread) ([]int, error) {
	found, err := known(ctx, t, "unread", each(threads, idOf), func(ctx context.Context, of []*db.Thread) (map[string]int, error) {
		upTo := make(map[string]int, len(of))
		for _, th := range of {
			upTo[th.ID] = 0
		}
		mine, err := t.DB.ThreadRead.Query().Where(t.in(threadread.FieldThreadID, of), threadread.PersonID(viewer.From(ctx).PersonID)).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("load what was read: %w", err)
		}
		for _, r := range mine {
			upTo[r.ThreadID] = r.Seq
		}
		return upTo, nil
	})
	return each(threads, func(th *db.Thread) int { return max(th.LastSeq-found[th.ID], 0) }), err
}

// in holds for the rows of the threads.
func (t *Talk) in(column string, threads []*db.Thread) func(*sql.Selector) {
	return t.Store.OneOf(column, each(threads, idOf))
}

// Reads is how far the members of each of the threads have read, who still may see it.
func (t *Talk) Reads(ctx context.Context, threads []*db.Thread) ([][]*Member, error) {
	found, err := known(ctx, t, "reads", each(threads, idOf), t.members)
	return each(threads, func(th *db.Thread) []*Member { return found[th.ID] }), err
}

func (t *Talk) members(ctx context.Context, threads []*db.Thread) (map[string][]*Member, error) {
	build := sql.Dialect(t.Store.Dialect())
	of, reads, who := build.Table(row.Table), build.Table(threadread.Table).As("reads"), build.Table(person.Table).As("who")
	s := build.Select(of.C(row.FieldID), of.C(row.FieldTeacherID), reads.C(threadread.FieldPersonID), reads.C(threadread.FieldSeq), who.C(person.FieldName)).
		From(of).Join(reads).On(reads.C(threadread.FieldThreadID), of.C(row.FieldID)).Join(who).On(who.C(person.FieldID), reads.C(threadread.FieldPersonID))
	acting := build.Select().From(of)
	rule.ActingFor(row.FieldStudentID, reads.C(threadread.FieldPersonID), scope.Of(scope.School))(acting)
	t.in(row.FieldID, threads)(s)
	s.Where(sql.Or(sql.ColumnsEQ(of.C(row.FieldTeacherID), reads.C(threadread.FieldPersonID)), acting.P())).OrderBy(reads.C(threadread.FieldID))
	query, args := s.Query()
	rows, err := t.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("load what was read: %w", err)
	}
	defer rows.Close()
	members := make(map[string][]*Member, len(threads))
	for _, th := range threads {
		members[th.ID] = []*Member{}
	}
	for rows.Next() {
		var threadID, teacherID, personID, name string
		m := &Member{Role: message.AuthorRoleGuardian}
		if err := rows.Scan(&threadID, &teacherID, &personID, &m.ReadSeq, &name); err != nil {
			return nil, fmt.Errorf("load what was read: %w", err)
		}
		if m.MaskedName, m.IsMe = mask.Name(name), personID == viewer.From(ctx).PersonID; personID == teacherID {
			m.Role = message.AuthorRoleTeacher
		}
		members[threadID] = append(members[threadID], m)
	}
	return members, rows.Err()
}

// writable tells of threads whether they are open for writing.
func (t *Talk) writable(ctx context.Context, ids []string) (map[string]bool, error) {
	return known(ctx, t, "open", ids, func(ctx context.Context, of []*db.Thread) (map[string]bool, error) {
		open, err := t.open(ctx, each(of, idOf)...)
		if err != nil {
			return nil, err
		}
		for _, th := range of {
			if !open[th.ID] {
				open[th.ID] = false // a no is an answer
			}
		}
		return open, nil
	})
}

// Actions is what the viewer may do in each of the threads now.
func (t *Talk) Actions(ctx context.Context, threads []*db.Thread) ([][]Action, error) {
	open, err := t.writable(ctx, each(threads, idOf))
	if err != nil {
		return nil, err
	}
	return each(threads, func(th *db.Thread) []Action {
		if open[th.ID] {
			return []Action{Send}
		}
		return []Action{}
	}), nil
}

// MessageActions is what the viewer may do with each of the messages now.
func (t *Talk) MessageActions(ctx context.Context, messages []*db.Message) ([][]MessageAction, error) {
	open, err := t.writable(ctx, each(messages, func(m *db.Message) string { return m.ThreadID }))
	if err != nil {
		return nil, err
	}
	now, me := t.Clock.Now(), viewer.From(ctx).PersonID
	return each(messages, func(m *db.Message) []MessageAction {
		may := []MessageAction{}
		young := m.AuthorID == me && m.RetractedAt == nil && now.Before(m.CreatedAt.Add(EditFor))
		if young && open[m.ThreadID] {
			may = append(may, Edit)
		}
		if young {
			may = append(may, Retract)
		}
		if m.AuthorID != me {
			may = append(may, Report)
		}
		if open[m.ThreadID] && m.RetractedAt == nil {
			may = append(may, Reply)
		}
		return may
	}), nil
}
