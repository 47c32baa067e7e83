-- Modify "people" table
ALTER TABLE "people" ADD COLUMN "delivery_students" character varying NULL;
-- Modify "schools" table
ALTER TABLE "schools" ADD COLUMN "source_system" character varying NULL, ADD COLUMN "source_value" character varying NULL;
-- Create index "school_source_value_source_system" to table: "schools"
CREATE UNIQUE INDEX "school_source_value_source_system" ON "schools" ("source_value", "source_system");
-- Create "academic_sessions" table
CREATE TABLE "academic_sessions" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "title" character varying NOT NULL, "kind" character varying NOT NULL, "first_day" character varying NOT NULL, "last_day" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', PRIMARY KEY ("id"), CONSTRAINT "academic_sessions_days" CHECK ((last_day)::text >= (first_day)::text));
-- Create index "academicsession_source_value_source_system" to table: "academic_sessions"
CREATE UNIQUE INDEX "academicsession_source_value_source_system" ON "academic_sessions" ("source_value", "source_system");
-- Create "announcements" table
CREATE TABLE "announcements" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "author_id" character varying NOT NULL, "author_name" character varying NOT NULL DEFAULT '', "kind" character varying NOT NULL, "audience" jsonb NOT NULL, "title" character varying NOT NULL, "body" character varying NOT NULL, "urgency" character varying NOT NULL DEFAULT 'NORMAL', "acknowledgement" character varying NOT NULL DEFAULT 'NONE', "due_at" timestamptz NULL, "status" character varying NOT NULL DEFAULT 'DRAFT', "publish_at" timestamptz NULL, "published_at" timestamptz NULL, "retracted_at" timestamptz NULL, "delivered" bigint NOT NULL DEFAULT 0, "read" bigint NOT NULL DEFAULT 0, "acknowledged" bigint NOT NULL DEFAULT 0, "school_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "announcements_counts" CHECK ((read <= delivered) AND (acknowledged <= delivered)), CONSTRAINT "announcements_published" CHECK (((status)::text <> 'PUBLISHED'::text) OR (published_at IS NOT NULL)), CONSTRAINT "announcements_scheduled" CHECK (((status)::text <> 'SCHEDULED'::text) OR (publish_at IS NOT NULL)));
-- Create index "announcement_author_id_id" to table: "announcements"
CREATE INDEX "announcement_author_id_id" ON "announcements" ("author_id", "id");
-- Create index "announcement_school_id_id" to table: "announcements"
CREATE INDEX "announcement_school_id_id" ON "announcements" ("school_id", "id");
-- Create index "announcement_status_publish_at" to table: "announcements"
CREATE INDEX "announcement_status_publish_at" ON "announcements" ("status", "publish_at");
-- Create "deliveries" table
CREATE TABLE "deliveries" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "read_at" timestamptz NULL, "acknowledged_at" timestamptz NULL, "chased_at" timestamptz NULL, "announcement_id" character varying NOT NULL, "guardian_id" character varying NOT NULL, PRIMARY KEY ("id"));
-- Create index "delivery_announcement_id_guardian_id" to table: "deliveries"
CREATE UNIQUE INDEX "delivery_announcement_id_guardian_id" ON "deliveries" ("announcement_id", "guardian_id");
-- Create index "delivery_guardian_id_id" to table: "deliveries"
CREATE INDEX "delivery_guardian_id_id" ON "deliveries" ("guardian_id", "id");
-- Create "enrollments" table
CREATE TABLE "enrollments" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "role" character varying NOT NULL, "duty" character varying NOT NULL DEFAULT 'NONE', "status" character varying NOT NULL DEFAULT 'ACTIVE', "person_id" character varying NOT NULL, "school_class_id" character varying NOT NULL, PRIMARY KEY ("id"));
-- Create index "enrollment_person_id_status" to table: "enrollments"
CREATE INDEX "enrollment_person_id_status" ON "enrollments" ("person_id", "status");
-- Create index "enrollment_school_class_id_person_id_role" to table: "enrollments"
CREATE UNIQUE INDEX "enrollment_school_class_id_person_id_role" ON "enrollments" ("school_class_id", "person_id", "role");
-- Create index "enrollment_source_value_source_system" to table: "enrollments"
CREATE UNIQUE INDEX "enrollment_source_value_source_system" ON "enrollments" ("source_value", "source_system");
-- Create "roster_users" table
CREATE TABLE "roster_users" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "person_id" character varying NULL, "data_key" bytea NOT NULL, "sealed" bytea NOT NULL, "id_number_index" character varying NOT NULL DEFAULT '', "phone_index" character varying NOT NULL DEFAULT '', "agents" jsonb NULL, "fingerprint" character varying NOT NULL DEFAULT '', "status" character varying NOT NULL DEFAULT 'ACTIVE', PRIMARY KEY ("id"));
-- Create index "rosteruser_id_number_index" to table: "roster_users"
CREATE INDEX "rosteruser_id_number_index" ON "roster_users" ("id_number_index");
-- Create index "rosteruser_person_id" to table: "roster_users"
CREATE INDEX "rosteruser_person_id" ON "roster_users" ("person_id");
-- Create index "rosteruser_phone_index" to table: "roster_users"
CREATE INDEX "rosteruser_phone_index" ON "roster_users" ("phone_index");
-- Create index "rosteruser_source_value_source_system" to table: "roster_users"
CREATE UNIQUE INDEX "rosteruser_source_value_source_system" ON "roster_users" ("source_value", "source_system");
-- Create "school_classes" table
CREATE TABLE "school_classes" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "title" character varying NOT NULL, "grade" character varying NOT NULL DEFAULT '', "kind" character varying NOT NULL DEFAULT 'HOMEROOM', "status" character varying NOT NULL DEFAULT 'ACTIVE', "school_id" character varying NOT NULL, "academic_session_id" character varying NULL, PRIMARY KEY ("id"));
-- Create index "schoolclass_school_id_grade_id" to table: "school_classes"
CREATE INDEX "schoolclass_school_id_grade_id" ON "school_classes" ("school_id", "grade", "id");
-- Create index "schoolclass_source_value_source_system" to table: "school_classes"
CREATE UNIQUE INDEX "schoolclass_source_value_source_system" ON "school_classes" ("source_value", "source_system");
-- Modify "people" table
ALTER TABLE "people" ADD CONSTRAINT "people_deliveries_students" FOREIGN KEY ("delivery_students") REFERENCES "deliveries" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- Modify "announcements" table
ALTER TABLE "announcements" ADD CONSTRAINT "announcements_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- Modify "deliveries" table
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_announcements_deliveries" FOREIGN KEY ("announcement_id") REFERENCES "announcements" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "deliveries_people_guardian" FOREIGN KEY ("guardian_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- Modify "enrollments" table
ALTER TABLE "enrollments" ADD CONSTRAINT "enrollments_people_person" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "enrollments_school_classes_enrollments" FOREIGN KEY ("school_class_id") REFERENCES "school_classes" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- Modify "school_classes" table
ALTER TABLE "school_classes" ADD CONSTRAINT "school_classes_academic_sessions_academic_session" FOREIGN KEY ("academic_session_id") REFERENCES "academic_sessions" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, ADD CONSTRAINT "school_classes_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
