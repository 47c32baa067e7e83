package oneroster

import (
	"fmt"
	"slices"
	"strings"
)

// form is what a file must have and may have, by the names of OneRoster 1.2.
type form struct {
	needs  []string
	may    []string
	lists  []string          // columns that list identifiers
	others map[string]string // names that other versions and dialects have for a column, in lower case
}

// common are columns that every file of OneRoster has, and School Data Sync leaves out.
var common = []string{"status", "dateLastModified"}

var forms = map[File]form{
	Orgs: {
		needs:  []string{"sourcedId", "name", "type"},
		may:    []string{"identifier", "parentSourcedId"},
		others: map[string]string{"sis id": "sourcedId", "organizationtype": "type"},
	},
	Sessions: {
		needs:  []string{"sourcedId", "title", "type", "startDate", "endDate"},
		may:    []string{"parentSourcedId", "schoolYear"},
		others: map[string]string{"sis id": "sourcedId", "begindate": "startDate"},
	},
	Courses: {
		needs:  []string{"sourcedId", "title"},
		may:    []string{"schoolYearSourcedId", "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes"},
		lists:  []string{"grades", "subjects", "subjectCodes"},
		others: map[string]string{"code": "courseCode", "grade": "grades", "subject": "subjects"},
	},
	Classes: {
		needs: []string{"sourcedId", "title", "schoolSourcedId"},
		may:   []string{"grades", "courseSourcedId", "classCode", "classType", "location", "termSourcedIds", "subjects", "subjectCodes", "periods"},
		lists: []string{"grades", "termSourcedIds", "subjects", "subjectCodes", "periods"},
		others: map[string]string{
			"orgsourcedid": "schoolSourcedId", "sessionsourcedids": "termSourcedIds", "termsourcedid": "termSourcedIds",
			"code": "classCode", "grade": "grades", "type": "classType",
		},
	},
	Users: {
		needs: []string{"sourcedId", "givenName", "familyName"},
		may: []string{
			"enabledUser", "orgSourcedIds", "role", "username", "userIds", "middleName", "identifier", "email", "sms", "phone",
			"agentSourcedIds", "grades", "password", "userMasterIdentifier", "preferredGivenName", "preferredMiddleName",
			"preferredFamilyName", "primaryOrgSourcedId", "pronouns", "resourceSourcedIds", "activeDirectoryMatchId",
		},
		lists:  []string{"orgSourcedIds", "userIds", "agentSourcedIds", "grades", "resourceSourcedIds"},
		others: map[string]string{"firstname": "givenName", "lastname": "familyName", "orgsourcedid": "orgSourcedIds", "mobile": "sms"},
	},
	Roles: {
		needs:  []string{"userSourcedId", "role", "orgSourcedId"},
		may:    []string{"sourcedId", "roleType", "beginDate", "endDate", "userProfileSourcedId", "sessionSourcedId", "grade", "isPrimary"},
		others: map[string]string{"rolestartdate": "beginDate", "roleenddate": "endDate"},
	},
	Demographics: {
		needs:  []string{"sourcedId"},
		may:    demographics,
		others: map[string]string{"usersourcedid": "sourcedId", "birthdate": "birthDate", "dateofbirth": "birthDate"},
	},
	Relationships: {
		needs:  []string{"userSourcedId", "relationshipUserSourcedId"},
		may:    []string{"relationshipRole"},
		others: map[string]string{"contactsourcedid": "relationshipUserSourcedId", "role": "relationshipRole"},
	},
	Enrollments: {
		needs:  []string{"classSourcedId", "userSourcedId", "role"},
		may:    []string{"sourcedId", "schoolSourcedId", "primary", "beginDate", "endDate"},
		others: map[string]string{"isprimary": "primary", "startdate": "beginDate"},
	},
	Manifest: {needs: []string{"propertyName", "value"}},
}

// demographics are read for the birth date and the sex; the rest is nobody's business here.
var demographics = []string{
	"birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander",
	"white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation",
	"cityOfBirth", "publicSchoolResidenceStatus", "birthCity", "birthState", "birthCountry", "ethnicityCodes", "raceCodes",
}

// metadata is how the names of extensions begin; they are neither known nor told of.
const metadata = "metadata."

// understand finds the columns by their names. A column that is missing is told, and what else is odd is a warning.
func (f form) understand(names []string) (columns map[string]int, missing string, warnings []string) {
	known := map[string]string{}
	for _, name := range slices.Concat(f.needs, f.may, common) {
		known[strings.ToLower(name)] = name
	}
	columns = map[string]int{}
	var unknown, renamed []string
	for at, name := range names {
		name = strings.TrimSpace(name)
		lower := strings.ToLower(name)
		column, exact := known[lower]
		other, alias := f.others[lower]
		switch {
		case exact:
		case alias:
			column = other
			renamed = append(renamed, name+" for "+other)
		case strings.HasPrefix(lower, metadata):
			column = lower
		default:
			unknown = append(unknown, shown(name))
			continue
		}
		if _, twice := columns[column]; !twice {
			columns[column] = at
		}
	}
	var lacks []string
	for _, name := range f.needs {
		if _, has := columns[name]; !has {
			lacks = append(lacks, name)
		}
	}
	if len(renamed) > 0 {
		warnings = append(warnings, "columns of another dialect: "+strings.Join(renamed, ", "))
	}
	if len(unknown) > 0 {
		warnings = append(warnings, "unknown columns are passed over: "+strings.Join(unknown, ", "))
	}
	if len(lacks) > 0 {
		missing = "it has no column " + strings.Join(lacks, ", ")
		if by := delimiter(names); by != "" {
			missing = fmt.Sprintf("its columns are set apart by %s, not by commas", by)
		}
	}
	return columns, missing, warnings
}

// delimiter is what seems to stand between the names where it is no comma.
func delimiter(names []string) string {
	if len(names) != 1 {
		return ""
	}
	for mark, name := range map[string]string{";": "semicolons", "\t": "tabs", "|": "bars"} {
		if strings.Contains(names[0], mark) {
			return name
		}
	}
	return ""
}

// shown is a text of a file as it can be told of.
func shown(text string) string {
	const longest = 40
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
