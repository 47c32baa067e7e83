-- Create "case_categories" table
CREATE TABLE "case_categories" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "code" character varying NOT NULL, "name" jsonb NOT NULL, "group_name" jsonb NOT NULL, "kind" character varying NOT NULL, "sla_hours" bigint NOT NULL, PRIMARY KEY ("id"));
-- Create index "casecategory_kind_code" to table: "case_categories"
CREATE UNIQUE INDEX "casecategory_kind_code" ON "case_categories" ("kind", "code");
-- Create "sessions" table
CREATE TABLE "sessions" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "client" character varying NOT NULL, "generation" bigint NOT NULL DEFAULT 1, "expires_at" timestamptz NOT NULL, "ended_at" timestamptz NULL, "end_reason" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX "session_expires_at" ON "sessions" ("expires_at");
-- Create index "session_person_id" to table: "sessions"
CREATE INDEX "session_person_id" ON "sessions" ("person_id");
-- Create "audit_events" table
CREATE TABLE "audit_events" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "actor_id" character varying NOT NULL, "subject_id" character varying NOT NULL, "action" character varying NOT NULL, "target_id" character varying NOT NULL DEFAULT '', "request_id" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- Create index "auditevent_actor_id_id" to table: "audit_events"
CREATE INDEX "auditevent_actor_id_id" ON "audit_events" ("actor_id", "id");
-- Create index "auditevent_subject_id_id" to table: "audit_events"
CREATE INDEX "auditevent_subject_id_id" ON "audit_events" ("subject_id", "id");
-- Create "delivery_attempts" table
CREATE TABLE "delivery_attempts" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "notification_id" character varying NOT NULL, "person_id" character varying NOT NULL, "device_id" character varying NOT NULL, "channel" character varying NOT NULL, "outcome" character varying NOT NULL, "provider_message_id" character varying NOT NULL DEFAULT '', "provider_code" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- Create index "deliveryattempt_notification_id_device_id" to table: "delivery_attempts"
CREATE INDEX "deliveryattempt_notification_id_device_id" ON "delivery_attempts" ("notification_id", "device_id");
-- Create index "deliveryattempt_person_id" to table: "delivery_attempts"
CREATE INDEX "deliveryattempt_person_id" ON "delivery_attempts" ("person_id");
-- Create "idempotency_records" table
CREATE TABLE "idempotency_records" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "actor_id" character varying NOT NULL, "key" character varying NOT NULL, "operation" character varying NOT NULL, "input_hash" character varying NOT NULL, "result_id" character varying NOT NULL DEFAULT '', "expires_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "idempotencyrecord_actor_id_key" to table: "idempotency_records"
CREATE UNIQUE INDEX "idempotencyrecord_actor_id_key" ON "idempotency_records" ("actor_id", "key");
-- Create index "idempotencyrecord_expires_at" to table: "idempotency_records"
CREATE INDEX "idempotencyrecord_expires_at" ON "idempotency_records" ("expires_at");
-- Create "devices" table
CREATE TABLE "devices" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "platform" character varying NOT NULL, "push_token" character varying NOT NULL, "push_token_hash" character varying NOT NULL, "app_version" character varying NOT NULL DEFAULT '', "last_seen_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "device_person_id" to table: "devices"
CREATE INDEX "device_person_id" ON "devices" ("person_id");
-- Create index "devices_push_token_hash_key" to table: "devices"
CREATE UNIQUE INDEX "devices_push_token_hash_key" ON "devices" ("push_token_hash");
-- Create "districts" table
CREATE TABLE "districts" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "code" character varying NOT NULL, "name" jsonb NOT NULL, "kind" character varying NOT NULL, PRIMARY KEY ("id"));
-- Create index "districts_code_key" to table: "districts"
CREATE UNIQUE INDEX "districts_code_key" ON "districts" ("code");
-- Create "people" table
CREATE TABLE "people" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "name" character varying NOT NULL DEFAULT '', "masked_id_number" character varying NOT NULL DEFAULT '', "masked_phone" character varying NOT NULL DEFAULT '', "birth_date" character varying NOT NULL DEFAULT '', "language" character varying NOT NULL DEFAULT 'zh-CN', "inbox_seq" bigint NOT NULL DEFAULT 0, "district_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "people_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- Create "streets" table
CREATE TABLE "streets" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "code" character varying NOT NULL, "name" jsonb NOT NULL, "kind" character varying NOT NULL, "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "streets_districts_streets" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "street_district_id" to table: "streets"
CREATE INDEX "street_district_id" ON "streets" ("district_id");
-- Create index "streets_code_key" to table: "streets"
CREATE UNIQUE INDEX "streets_code_key" ON "streets" ("code");
-- Create "city_cases" table
CREATE TABLE "city_cases" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "number" character varying NOT NULL, "description" character varying NOT NULL, "address" character varying NOT NULL DEFAULT '', "status" character varying NOT NULL, "last_seq" bigint NOT NULL DEFAULT 1, "due_at" timestamptz NOT NULL, "category_id" character varying NOT NULL, "district_id" character varying NOT NULL, "street_id" character varying NOT NULL, "reporter_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "city_cases_case_categories_category" FOREIGN KEY ("category_id") REFERENCES "case_categories" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "city_cases_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "city_cases_people_reporter" FOREIGN KEY ("reporter_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "city_cases_streets_street" FOREIGN KEY ("street_id") REFERENCES "streets" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "city_cases_number_key" to table: "city_cases"
CREATE UNIQUE INDEX "city_cases_number_key" ON "city_cases" ("number");
-- Create index "citycase_district_id_status_id" to table: "city_cases"
CREATE INDEX "citycase_district_id_status_id" ON "city_cases" ("district_id", "status", "id");
-- Create index "citycase_reporter_id_id" to table: "city_cases"
CREATE INDEX "citycase_reporter_id_id" ON "city_cases" ("reporter_id", "id");
-- Create "case_events" table
CREATE TABLE "case_events" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "seq" bigint NOT NULL, "from_status" character varying NULL, "to_status" character varying NOT NULL, "actor_kind" character varying NOT NULL, "note" character varying NOT NULL DEFAULT '', "public" boolean NOT NULL DEFAULT true, "actor_id" character varying NOT NULL, "city_case_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "case_events_city_cases_events" FOREIGN KEY ("city_case_id") REFERENCES "city_cases" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "caseevent_city_case_id_id" to table: "case_events"
CREATE INDEX "caseevent_city_case_id_id" ON "case_events" ("city_case_id", "id");
-- Create index "caseevent_city_case_id_seq" to table: "case_events"
CREATE UNIQUE INDEX "caseevent_city_case_id_seq" ON "case_events" ("city_case_id", "seq");
-- Create "citizen_cards" table
CREATE TABLE "citizen_cards" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "masked_number" character varying NOT NULL, "kind" character varying NOT NULL, "status" character varying NOT NULL, "balance" bigint NOT NULL, "available" bigint NOT NULL, "cap" bigint NOT NULL, "person_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "citizen_cards_people_card" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "citizen_cards_person_id_key" to table: "citizen_cards"
CREATE UNIQUE INDEX "citizen_cards_person_id_key" ON "citizen_cards" ("person_id");
-- Create "clinics" table
CREATE TABLE "clinics" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "search_keys" text NOT NULL DEFAULT '', "name" jsonb NOT NULL, "grade" jsonb NOT NULL, "kind" character varying NOT NULL, "address" character varying NOT NULL DEFAULT '', "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "clinics_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "clinic_district_id" to table: "clinics"
CREATE INDEX "clinic_district_id" ON "clinics" ("district_id");
-- Create "departments" table
CREATE TABLE "departments" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "code" character varying NOT NULL, "name" jsonb NOT NULL, "clinic_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "departments_clinics_departments" FOREIGN KEY ("clinic_id") REFERENCES "clinics" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "department_clinic_id_code" to table: "departments"
CREATE UNIQUE INDEX "department_clinic_id_code" ON "departments" ("clinic_id", "code");
-- Create index "department_clinic_id_id" to table: "departments"
CREATE INDEX "department_clinic_id_id" ON "departments" ("clinic_id", "id");
-- Create index "department_code" to table: "departments"
CREATE INDEX "department_code" ON "departments" ("code");
-- Create "identities" table
CREATE TABLE "identities" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "provider" character varying NOT NULL, "subject" character varying NOT NULL, "person_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "identities_people_identities" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "identity_person_id" to table: "identities"
CREATE INDEX "identity_person_id" ON "identities" ("person_id");
-- Create index "identity_provider_subject" to table: "identities"
CREATE UNIQUE INDEX "identity_provider_subject" ON "identities" ("provider", "subject");
-- Create "notifications" table
CREATE TABLE "notifications" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "event_key" character varying NOT NULL, "seq" bigint NOT NULL, "topic" character varying NOT NULL, "title" jsonb NOT NULL, "body" jsonb NOT NULL, "target" character varying NOT NULL, "read_at" timestamptz NULL, "subject_person_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "notifications_people_subject_person" FOREIGN KEY ("subject_person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "notification_person_id_event_key" to table: "notifications"
CREATE UNIQUE INDEX "notification_person_id_event_key" ON "notifications" ("person_id", "event_key");
-- Create index "notification_person_id_read_at" to table: "notifications"
CREATE INDEX "notification_person_id_read_at" ON "notifications" ("person_id", "read_at");
-- Create index "notification_person_id_seq" to table: "notifications"
CREATE UNIQUE INDEX "notification_person_id_seq" ON "notifications" ("person_id", "seq");
-- Create "scenic_spots" table
CREATE TABLE "scenic_spots" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "search_keys" text NOT NULL DEFAULT '', "name" jsonb NOT NULL, "description" jsonb NOT NULL, "grade" character varying NOT NULL, "daily_capacity" bigint NOT NULL, "instant_capacity" bigint NOT NULL, "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "scenic_spots_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "scenicspot_district_id" to table: "scenic_spots"
CREATE INDEX "scenicspot_district_id" ON "scenic_spots" ("district_id");
-- Create index "scenicspot_grade" to table: "scenic_spots"
CREATE INDEX "scenicspot_grade" ON "scenic_spots" ("grade");
-- Create "schools" table
CREATE TABLE "schools" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "search_keys" text NOT NULL DEFAULT '', "name" jsonb NOT NULL, "stage" character varying NOT NULL, "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "schools_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "school_district_id" to table: "schools"
CREATE INDEX "school_district_id" ON "schools" ("district_id");
-- Create "staff_roles" table
CREATE TABLE "staff_roles" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "organisation_id" character varying NOT NULL DEFAULT '', "person_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "staff_roles_people_roles" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "staffrole_kind_organisation_id" to table: "staff_roles"
CREATE INDEX "staffrole_kind_organisation_id" ON "staff_roles" ("kind", "organisation_id");
-- Create index "staffrole_person_id_kind_organisation_id" to table: "staff_roles"
CREATE UNIQUE INDEX "staffrole_person_id_kind_organisation_id" ON "staff_roles" ("person_id", "kind", "organisation_id");
