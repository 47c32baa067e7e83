package contracttest_test

import (
	"regexp"
	"strings"
	"testing"

	"entgo.io/ent/schema/field"

	"citygraph/ent/db/migrate"
)

// What a column that could hold anything holds, and a form its values must have where they can be told by it.
var kinds = map[string]*regexp.Regexp{
	"masked":    regexp.MustCompile(`^([^*]?\**|.*\*\*\*\*.*)$`),          // what is left of a personal value
	"hashed":    regexp.MustCompile(`^([0-9a-f]{64}|[A-Za-z0-9_-]{43})$`), // a digest, keyed where the value could be guessed
	"sealed":    nil,                                                      // a ciphertext
	"address":   nil,                                                      // of an account or a phone at a provider: see mayStand
	"words":     nil,                                                      // written to be read by others: see mayStand
	"program":   regexp.MustCompile(`^[[:print:]]*$`),                     // made by the program, out of words and ids of its own
	"sentence":  nil,                                                      // made by the program, safe for a lock screen
	"reference": nil,                                                      // published facts about places
}

// holds says of every column of text, bytes or JSON what it holds. Ids and enums say it themselves.
var holds = map[string]string{
	"alerts.description":                   "words",
	"alerts.effective":                     "program",
	"alerts.event":                         "words",
	"alerts.expires":                       "program",
	"alerts.headline":                      "words",
	"alerts.identifier":                    "program",
	"alerts.instruction":                   "words",
	"alerts.sender":                        "program",
	"alerts.sent":                          "program",
	"appointments.held_until":              "program",
	"appointments.patient_name":            "masked",
	"appointments.queue_day":               "program",
	"announcements.audience":               "program",
	"announcements.author_name":            "masked",
	"announcements.body":                   "words",
	"announcements.title":                  "words",
	"attachments.blur_hash":                "program",
	"attachments.data_key":                 "sealed",
	"attachments.file":                     "program",
	"attachments.name":                     "words",
	"bureau_notices.body":                  "words",
	"bureau_notices.district_ids":          "program",
	"bureau_notices.title":                 "words",
	"audit_events.action":                  "program",
	"audit_events.reason":                  "words",
	"bills.receipt_key":                    "program",
	"bills.reservation":                    "program",
	"bills.sealed":                         "sealed",
	"broadcasts.body":                      "sentence",
	"broadcasts.district_ids":              "program",
	"broadcasts.event_key":                 "program",
	"broadcasts.params":                    "sentence",
	"broadcasts.target":                    "program",
	"broadcasts.template":                  "program",
	"broadcasts.title":                     "sentence",
	"care_contracts.patient_name":          "masked",
	"care_contracts.valid_from":            "program",
	"care_contracts.valid_to":              "program",
	"care_visits.patient_name":             "masked",
	"care_visits.preferred_from":           "program",
	"care_visits.preferred_to":             "program",
	"case_categories.code":                 "reference",
	"case_categories.form":                 "reference",
	"case_categories.group_name":           "reference",
	"case_categories.name":                 "reference",
	"case_events.note":                     "words",
	"case_photos.blur_hash":                "program",
	"case_photos.data_key":                 "sealed",
	"case_photos.file":                     "program",
	"citizen_cards.masked_number":          "masked",
	"city_cases.address":                   "words",
	"city_cases.attributes":                "words",
	"city_cases.description":               "words",
	"city_cases.number":                    "program",
	"city_cases.source":                    "program",
	"city_facilities.address":              "reference",
	"city_facilities.code":                 "reference",
	"clinics.address":                      "reference",
	"clinics.grade":                        "reference",
	"clinics.name":                         "reference",
	"clinics.search_keys":                  "reference",
	"clinics.source_ref":                   "reference",
	"clinics.source_system":                "reference",
	"clinics.source_value":                 "reference",
	"consents.version":                     "program",
	"data_exports.data_key":                "sealed",
	"delegations.accept_by":                "program",
	"delegations.consents":                 "program",
	"delegations.delegate_name":            "masked",
	"delegations.delegator_name":           "masked",
	"delegations.valid_to":                 "program",
	"delivery_attempts.batch":              "program",
	"delivery_attempts.provider_code":      "program",
	"departments.code":                     "reference",
	"departments.name":                     "reference",
	"devices.app_version":                  "program",
	"devices.push_after":                   "program",
	"devices.push_token":                   "address",
	"devices.push_token_hash":              "hashed",
	"districts.code":                       "reference",
	"districts.name":                       "reference",
	"entitlement_grants.valid_from":        "program",
	"entitlement_grants.valid_to":          "program",
	"health_records.sealed":                "sealed",
	"help_calls.acknowledged_by_name":      "masked",
	"help_calls.patient_name":              "masked",
	"holds.event_key":                      "program",
	"holds.merchant":                       "reference",
	"idempotency_records.input_hash":       "hashed",
	"idempotency_records.key":              "program",
	"idempotency_records.operation":        "program",
	"identities.subject":                   "address",
	"ledger_transactions.event_key":        "program",
	"ledger_transactions.merchant":         "reference",
	"ledger_transactions.place":            "program",
	"messages.author_name":                 "masked",
	"messages.body":                        "words",
	"messages.language":                    "program",
	"notification_preferences.channels":    "program",
	"notification_preferences.digest_at":   "program",
	"notification_preferences.quiet_hours": "program",
	"notification_preferences.zone":        "program",
	"notifications.body":                   "sentence",
	"notifications.event_key":              "program",
	"notifications.params":                 "sentence",
	"notifications.snoozed_until":          "program",
	"notifications.target":                 "program",
	"notifications.template":               "program",
	"notifications.title":                  "sentence",
	"people.language":                      "program",
	"people.masked_id_number":              "masked",
	"people.masked_phone":                  "masked",
	"people.name":                          "masked",
	"personal_data.data_key":               "sealed",
	"personal_data.id_number_index":        "hashed",
	"personal_data.phone_index":            "hashed",
	"personal_data.sealed":                 "sealed",
	"practitioner_roles.source_ref":        "reference",
	"practitioner_roles.source_system":     "reference",
	"practitioner_roles.source_value":      "reference",
	"practitioners.name":                   "reference",
	"practitioners.source_ref":             "reference",
	"practitioners.source_system":          "reference",
	"practitioners.source_value":           "reference",
	"practitioners.title":                  "reference",
	"record_accesses.accessor_name":        "masked",
	"record_accesses.on_behalf_of":         "program",
	"record_accesses.organisation":         "reference",
	"scenic_spots.description":             "reference",
	"scenic_spots.name":                    "reference",
	"scenic_spots.search_keys":             "reference",
	"schedules.source_ref":                 "reference",
	"schedules.source_system":              "reference",
	"schedules.source_value":               "reference",
	"academic_sessions.first_day":          "program",
	"academic_sessions.last_day":           "program",
	"academic_sessions.title":              "reference",
	"academic_sessions.source_system":      "reference",
	"academic_sessions.source_value":       "reference",
	"enrollments.source_system":            "reference",
	"enrollments.source_value":             "reference",
	"roster_users.agents":                  "reference",
	"roster_users.data_key":                "sealed",
	"roster_users.fingerprint":             "hashed",
	"roster_users.id_number_index":         "hashed",
	"roster_users.phone_index":             "hashed",
	"roster_users.sealed":                  "sealed",
	"roster_users.source_system":           "reference",
	"roster_users.source_value":            "reference",
	"school_classes.grade":                 "reference",
	"school_classes.timetable":             "reference",
	"attendance_events.day":                "program",
	"leave_requests.sealed":                "sealed",
	"school_classes.title":                 "reference",
	"school_classes.source_system":         "reference",
	"school_classes.source_value":          "reference",
	"schools.source_system":                "reference",
	"schools.source_value":                 "reference",
	"schools.name":                         "reference",
	"schools.search_keys":                  "reference",
	"sensor_alarms.alarm_key":              "program",
	"sensor_alarms.note":                   "words",
	"sessions.end_reason":                  "program",
	"slots.reason":                         "reference",
	"slots.source_system":                  "reference",
	"slots.source_value":                   "reference",
	"staff_roles.on_duty_until":            "program",
	"streets.code":                         "reference",
	"streets.name":                         "reference",
	"transit_rides.content_hash":           "hashed",
	"transit_rides.gate":                   "reference",
	"wechat_grants.template":               "program",
}

// A column that could hold what identifies somebody says what it holds, and holds that.
func TestEveryColumnSaysWhatItHolds(t *testing.T) {
	r := start(t)
	r.settle(t)
	kept, known := r.Columns(t), map[string]bool{}
	for _, table := range migrate.Tables {
		for _, c := range table.Columns {
			name := table.Name + "." + c.Name
			if !couldHoldAnything(c.Name, c.Type) {
				continue
			}
			known[name] = true
			kind, said := holds[name]
			form, exists := kinds[kind]
			if !said || !exists {
				t.Errorf("%s: say in holds what it holds", name)
				continue
			}
			for value := range strings.Lines(string(kept[name])) {
				if form != nil && !form.MatchString(strings.TrimSuffix(value, "\n")) {
					t.Errorf("%s is to be %s and holds %q", name, kind, value)
				}
			}
		}
	}
	for name := range holds {
		if !known[name] {
			t.Errorf("%s is in holds and in no table", name)
		}
	}
}

// couldHoldAnything reports whether neither the type nor the name of a column says what it holds.
func couldHoldAnything(name string, is field.Type) bool {
	switch is {
	case field.TypeString, field.TypeBytes, field.TypeJSON, field.TypeOther:
		return name != "id" && !strings.HasSuffix(name, "_id")
	case field.TypeTime:
		return !strings.HasSuffix(name, "_at") // a day of birth is no instant of a row
	default:
		return false
	}
}
