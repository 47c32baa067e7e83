package roster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"citygraph/internal/oneroster"
)

// maxID is the length of an identifier, in bytes, as its column holds it.
const maxID = 200

// kept are the columns that are imported, for each file whose rows are staged as they are.
var kept = map[oneroster.File][]string{
	oneroster.Orgs:     {"name", "type", "parentSourcedId", "metadata.citygraph.lat", "metadata.citygraph.lng"},
	oneroster.Sessions: {"title", "type", "startDate", "endDate"},
	oneroster.Courses:  {"title", "grades"},
	oneroster.Classes:  {"title", "grades", "courseSourcedId", "classType", "schoolSourcedId", "termSourcedIds"},
	oneroster.Users: {
		"enabledUser", "orgSourcedIds", "role", "userIds", "identifier", "givenName", "middleName", "familyName", "sms", "phone", "agentSourcedIds",
	},
	oneroster.Enrollments: {"classSourcedId", "userSourcedId", "role", "primary", "endDate"},
}

// identifier is what a row is known by within its source. An enrolment of School Data Sync is known by what it joins.
func identifier(file oneroster.File, row oneroster.Row) string {
	id := row.Get("sourcedId")
	if id != "" || file != oneroster.Enrollments || row.Get("classSourcedId") == "" || row.Get("userSourcedId") == "" {
		return id
	}
	id = row.Get("classSourcedId") + "/" + row.Get("userSourcedId") + "/" + strings.ToLower(row.Get("role"))
	if len(id) > maxID {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	return id
}

// take puts a row that could be read on the stage.
func (r *run) take(ctx context.Context, row oneroster.Row) error {
	switch row.File {
	case oneroster.Roles:
		_, err := r.stage.exec(ctx, "INSERT OR IGNORE INTO roles VALUES (?, ?, ?, ?)",
			row.Get("userSourcedId"), strings.ToLower(row.Get("role")), row.Get("orgSourcedId"), !row.Deleted())
		return err
	case oneroster.Demographics:
		n, err := r.stage.exec(ctx, "INSERT OR IGNORE INTO born VALUES (?, ?, ?)",
			row.Get("sourcedId"), row.Get("birthDate"), strings.ToLower(row.Get("sex")))
		if err == nil && n == 0 {
			r.refuse(row.Problem("its sourcedId is that of a row before it"))
		}
		return err
	case oneroster.Relationships:
		_, err := r.stage.exec(ctx, "INSERT OR IGNORE INTO ties VALUES (?, ?)", row.Get("userSourcedId"), row.Get("relationshipUserSourcedId"))
		return err
	}
	one := staged{file: row.File, id: identifier(row.File, row), line: row.Line, what: map[string]string{}}
	if row.Deleted() {
		one.state = deleted
	}
	for _, column := range kept[row.File] {
		if value := row.Get(column); value != "" {
			one.what[column] = value
		}
	}
	if one.id == "" || len(one.id) > maxID {
		r.stage.loose[row.File] = true
		r.refuse(row.Problem("its sourcedId is blank, or longer than %d bytes", maxID))
		return nil
	}
	if row.File == oneroster.Users {
		if err := r.ties(ctx, row, one); err != nil {
			return err
		}
	}
	line, err := r.stage.put(ctx, one)
	if err == nil && line > 0 {
		r.refuse(row.Problem("its sourcedId is that of row %d", line))
	}
	return err
}

// ties keeps whom a row of users names as answering for its person.
func (r *run) ties(ctx context.Context, row oneroster.Row, one staged) error {
	r.tied = r.tied || row.Has("agentSourcedIds")
	r.cast = r.cast || row.Has("role")
	for _, agent := range values(one.what["agentSourcedIds"]) {
		if _, err := r.stage.exec(ctx, "INSERT OR IGNORE INTO ties VALUES (?, ?)", one.id, agent); err != nil {
			return err
		}
	}
	return nil
}

// values are a value that lists identifiers, each once.
func values(text string) []string {
	var all []string
	seen := map[string]bool{}
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" && !seen[one] {
			seen[one] = true
			all = append(all, one)
		}
	}
	return all
}
