-- Modify "clinics" table
ALTER TABLE "clinics" ADD COLUMN "source_system" character varying NULL, ADD COLUMN "source_value" character varying NULL, ADD COLUMN "source_ref" character varying NULL;
-- Create index "clinic_source_system_source_value" to table: "clinics"
CREATE UNIQUE INDEX "clinic_source_system_source_value" ON "clinics" ("source_system", "source_value");
-- Create index "clinics_source_ref_key" to table: "clinics"
CREATE UNIQUE INDEX "clinics_source_ref_key" ON "clinics" ("source_ref");
-- Create "practitioner_roles" table
CREATE TABLE "practitioner_roles" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "source_ref" character varying NULL, "practitioner_id" character varying NOT NULL, "clinic_id" character varying NOT NULL, "department_id" character varying NULL, PRIMARY KEY ("id"));
-- Create index "practitioner_roles_source_ref_key" to table: "practitioner_roles"
CREATE UNIQUE INDEX "practitioner_roles_source_ref_key" ON "practitioner_roles" ("source_ref");
-- Create index "practitionerrole_practitioner_id" to table: "practitioner_roles"
CREATE INDEX "practitionerrole_practitioner_id" ON "practitioner_roles" ("practitioner_id");
-- Create index "practitionerrole_source_system_source_value" to table: "practitioner_roles"
CREATE UNIQUE INDEX "practitionerrole_source_system_source_value" ON "practitioner_roles" ("source_system", "source_value");
-- Create "practitioners" table
CREATE TABLE "practitioners" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "source_ref" character varying NULL, "name" jsonb NOT NULL, "title" jsonb NOT NULL, PRIMARY KEY ("id"));
-- Create index "practitioner_source_system_source_value" to table: "practitioners"
CREATE UNIQUE INDEX "practitioner_source_system_source_value" ON "practitioners" ("source_system", "source_value");
-- Create index "practitioners_source_ref_key" to table: "practitioners"
CREATE UNIQUE INDEX "practitioners_source_ref_key" ON "practitioners" ("source_ref");
-- Create "schedules" table
CREATE TABLE "schedules" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "source_ref" character varying NULL, "department_id" character varying NULL, "clinic_id" character varying NOT NULL, "practitioner_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "schedules_clinics_clinic" FOREIGN KEY ("clinic_id") REFERENCES "clinics" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "schedules_departments_schedules" FOREIGN KEY ("department_id") REFERENCES "departments" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "schedules_practitioners_practitioner" FOREIGN KEY ("practitioner_id") REFERENCES "practitioners" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- Create index "schedule_clinic_id" to table: "schedules"
CREATE INDEX "schedule_clinic_id" ON "schedules" ("clinic_id");
-- Create index "schedule_department_id_id" to table: "schedules"
CREATE INDEX "schedule_department_id_id" ON "schedules" ("department_id", "id");
-- Create index "schedule_practitioner_id" to table: "schedules"
CREATE INDEX "schedule_practitioner_id" ON "schedules" ("practitioner_id");
-- Create index "schedule_source_system_source_value" to table: "schedules"
CREATE UNIQUE INDEX "schedule_source_system_source_value" ON "schedules" ("source_system", "source_value");
-- Create index "schedules_source_ref_key" to table: "schedules"
CREATE UNIQUE INDEX "schedules_source_ref_key" ON "schedules" ("source_ref");
-- Create "slots" table
CREATE TABLE "slots" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "source_system" character varying NULL, "source_value" character varying NULL, "starts_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "capacity" bigint NOT NULL, "remaining" bigint NOT NULL, "fee" bigint NOT NULL, "status" character varying NOT NULL, "reason" character varying NOT NULL DEFAULT '', "schedule_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "slots_schedules_slots" FOREIGN KEY ("schedule_id") REFERENCES "schedules" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "slots_fee" CHECK (fee >= 0), CONSTRAINT "slots_remaining" CHECK ((remaining >= 0) AND (remaining <= capacity)), CONSTRAINT "slots_time" CHECK (ends_at > starts_at));
-- Create index "slot_schedule_id_starts_at" to table: "slots"
CREATE UNIQUE INDEX "slot_schedule_id_starts_at" ON "slots" ("schedule_id", "starts_at") WHERE ((status)::text <> 'ENTERED_IN_ERROR'::text);
-- Create index "slot_source_system_source_value" to table: "slots"
CREATE UNIQUE INDEX "slot_source_system_source_value" ON "slots" ("source_system", "source_value");
-- Create index "slot_status_starts_at_id" to table: "slots"
CREATE INDEX "slot_status_starts_at_id" ON "slots" ("status", "starts_at", "id");
