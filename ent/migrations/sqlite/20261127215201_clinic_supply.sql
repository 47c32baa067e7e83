-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_clinics" table
CREATE TABLE `new_clinics` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `search_keys` text NOT NULL DEFAULT (''), `source_system` text NULL, `source_value` text NULL, `source_ref` text NULL, `name` json NOT NULL, `grade` json NOT NULL, `kind` text NOT NULL, `address` text NOT NULL DEFAULT (''), `district_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `clinics_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "clinics" to new temporary table "new_clinics"
INSERT INTO `new_clinics` (`id`, `created_at`, `lat`, `lng`, `search_keys`, `name`, `grade`, `kind`, `address`, `district_id`) SELECT `id`, `created_at`, `lat`, `lng`, `search_keys`, `name`, `grade`, `kind`, `address`, `district_id` FROM `clinics`;
-- Drop "clinics" table after copying rows
DROP TABLE `clinics`;
-- Rename temporary table "new_clinics" to "clinics"
ALTER TABLE `new_clinics` RENAME TO `clinics`;
-- Create index "clinics_source_ref_key" to table: "clinics"
CREATE UNIQUE INDEX `clinics_source_ref_key` ON `clinics` (`source_ref`);
-- Create index "clinic_source_system_source_value" to table: "clinics"
CREATE UNIQUE INDEX `clinic_source_system_source_value` ON `clinics` (`source_system`, `source_value`);
-- Create index "clinic_district_id" to table: "clinics"
CREATE INDEX `clinic_district_id` ON `clinics` (`district_id`);
-- Create "practitioners" table
CREATE TABLE `practitioners` (`id` text NOT NULL, `created_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `source_ref` text NULL, `name` json NOT NULL, `title` json NOT NULL, PRIMARY KEY (`id`));
-- Create index "practitioners_source_ref_key" to table: "practitioners"
CREATE UNIQUE INDEX `practitioners_source_ref_key` ON `practitioners` (`source_ref`);
-- Create index "practitioner_source_system_source_value" to table: "practitioners"
CREATE UNIQUE INDEX `practitioner_source_system_source_value` ON `practitioners` (`source_system`, `source_value`);
-- Create "practitioner_roles" table
CREATE TABLE `practitioner_roles` (`id` text NOT NULL, `created_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `source_ref` text NULL, `practitioner_id` text NOT NULL, `clinic_id` text NOT NULL, `department_id` text NULL, PRIMARY KEY (`id`));
-- Create index "practitioner_roles_source_ref_key" to table: "practitioner_roles"
CREATE UNIQUE INDEX `practitioner_roles_source_ref_key` ON `practitioner_roles` (`source_ref`);
-- Create index "practitionerrole_source_system_source_value" to table: "practitioner_roles"
CREATE UNIQUE INDEX `practitionerrole_source_system_source_value` ON `practitioner_roles` (`source_system`, `source_value`);
-- Create index "practitionerrole_practitioner_id" to table: "practitioner_roles"
CREATE INDEX `practitionerrole_practitioner_id` ON `practitioner_roles` (`practitioner_id`);
-- Create "schedules" table
CREATE TABLE `schedules` (`id` text NOT NULL, `created_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `source_ref` text NULL, `department_id` text NULL, `clinic_id` text NOT NULL, `practitioner_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `schedules_departments_schedules` FOREIGN KEY (`department_id`) REFERENCES `departments` (`id`) ON DELETE SET NULL, CONSTRAINT `schedules_clinics_clinic` FOREIGN KEY (`clinic_id`) REFERENCES `clinics` (`id`) ON DELETE NO ACTION, CONSTRAINT `schedules_practitioners_practitioner` FOREIGN KEY (`practitioner_id`) REFERENCES `practitioners` (`id`) ON DELETE SET NULL);
-- Create index "schedules_source_ref_key" to table: "schedules"
CREATE UNIQUE INDEX `schedules_source_ref_key` ON `schedules` (`source_ref`);
-- Create index "schedule_source_system_source_value" to table: "schedules"
CREATE UNIQUE INDEX `schedule_source_system_source_value` ON `schedules` (`source_system`, `source_value`);
-- Create index "schedule_clinic_id" to table: "schedules"
CREATE INDEX `schedule_clinic_id` ON `schedules` (`clinic_id`);
-- Create index "schedule_department_id_id" to table: "schedules"
CREATE INDEX `schedule_department_id_id` ON `schedules` (`department_id`, `id`);
-- Create index "schedule_practitioner_id" to table: "schedules"
CREATE INDEX `schedule_practitioner_id` ON `schedules` (`practitioner_id`);
-- Create "slots" table
CREATE TABLE `slots` (`id` text NOT NULL, `created_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `starts_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `capacity` integer NOT NULL, `remaining` integer NOT NULL, `fee` integer NOT NULL, `status` text NOT NULL, `reason` text NOT NULL DEFAULT (''), `schedule_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `slots_schedules_slots` FOREIGN KEY (`schedule_id`) REFERENCES `schedules` (`id`) ON DELETE NO ACTION, CONSTRAINT `slots_fee` CHECK (fee >= 0), CONSTRAINT `slots_remaining` CHECK (remaining >= 0 AND remaining <= capacity), CONSTRAINT `slots_time` CHECK (ends_at > starts_at));
-- Create index "slot_source_system_source_value" to table: "slots"
CREATE UNIQUE INDEX `slot_source_system_source_value` ON `slots` (`source_system`, `source_value`);
-- Create index "slot_schedule_id_starts_at" to table: "slots"
CREATE UNIQUE INDEX `slot_schedule_id_starts_at` ON `slots` (`schedule_id`, `starts_at`) WHERE status <> 'ENTERED_IN_ERROR';
-- Create index "slot_status_starts_at_id" to table: "slots"
CREATE INDEX `slot_status_starts_at_id` ON `slots` (`status`, `starts_at`, `id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
