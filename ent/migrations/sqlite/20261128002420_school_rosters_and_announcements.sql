-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_schools" table
CREATE TABLE `new_schools` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `search_keys` text NOT NULL DEFAULT (''), `source_system` text NULL, `source_value` text NULL, `name` json NOT NULL, `stage` text NOT NULL, `district_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `schools_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "schools" to new temporary table "new_schools"
INSERT INTO `new_schools` (`id`, `created_at`, `lat`, `lng`, `search_keys`, `name`, `stage`, `district_id`) SELECT `id`, `created_at`, `lat`, `lng`, `search_keys`, `name`, `stage`, `district_id` FROM `schools`;
-- Drop "schools" table after copying rows
DROP TABLE `schools`;
-- Rename temporary table "new_schools" to "schools"
ALTER TABLE `new_schools` RENAME TO `schools`;
-- Create index "school_source_value_source_system" to table: "schools"
CREATE UNIQUE INDEX `school_source_value_source_system` ON `schools` (`source_value`, `source_system`);
-- Create index "school_district_id" to table: "schools"
CREATE INDEX `school_district_id` ON `schools` (`district_id`);
-- Create "new_people" table
CREATE TABLE `new_people` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL DEFAULT (''), `masked_id_number` text NOT NULL DEFAULT (''), `masked_phone` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT ('zh-CN'), `inbox_seq` integer NOT NULL DEFAULT (0), `deletion_due_at` datetime NULL, `deleted_at` datetime NULL, `inbox_change_seq` integer NOT NULL DEFAULT (0), `delivery_students` text NULL, `district_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `people_deliveries_students` FOREIGN KEY (`delivery_students`) REFERENCES `deliveries` (`id`) ON DELETE SET NULL, CONSTRAINT `people_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE SET NULL);
-- Copy rows from old table "people" to new temporary table "new_people"
INSERT INTO `new_people` (`id`, `created_at`, `updated_at`, `name`, `masked_id_number`, `masked_phone`, `language`, `inbox_seq`, `deletion_due_at`, `deleted_at`, `inbox_change_seq`, `district_id`) SELECT `id`, `created_at`, `updated_at`, `name`, `masked_id_number`, `masked_phone`, `language`, `inbox_seq`, `deletion_due_at`, `deleted_at`, `inbox_change_seq`, `district_id` FROM `people`;
-- Drop "people" table after copying rows
DROP TABLE `people`;
-- Rename temporary table "new_people" to "people"
ALTER TABLE `new_people` RENAME TO `people`;
-- Create index "person_deletion_due_at" to table: "people"
CREATE INDEX `person_deletion_due_at` ON `people` (`deletion_due_at`) WHERE deletion_due_at IS NOT NULL;
-- Create index "person_deleted_at" to table: "people"
CREATE INDEX `person_deleted_at` ON `people` (`deleted_at`) WHERE deleted_at IS NOT NULL;
-- Create "academic_sessions" table
CREATE TABLE `academic_sessions` (`id` text NOT NULL, `created_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `title` text NOT NULL, `kind` text NOT NULL, `first_day` text NOT NULL, `last_day` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), PRIMARY KEY (`id`), CONSTRAINT `academic_sessions_days` CHECK (last_day >= first_day));
-- Create index "academicsession_source_value_source_system" to table: "academic_sessions"
CREATE UNIQUE INDEX `academicsession_source_value_source_system` ON `academic_sessions` (`source_value`, `source_system`);
-- Create "announcements" table
CREATE TABLE `announcements` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `author_id` text NOT NULL, `author_name` text NOT NULL DEFAULT (''), `kind` text NOT NULL, `audience` json NOT NULL, `title` text NOT NULL, `body` text NOT NULL, `urgency` text NOT NULL DEFAULT ('NORMAL'), `acknowledgement` text NOT NULL DEFAULT ('NONE'), `due_at` datetime NULL, `status` text NOT NULL DEFAULT ('DRAFT'), `publish_at` datetime NULL, `published_at` datetime NULL, `retracted_at` datetime NULL, `delivered` integer NOT NULL DEFAULT (0), `read` integer NOT NULL DEFAULT (0), `acknowledged` integer NOT NULL DEFAULT (0), `school_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `announcements_schools_school` FOREIGN KEY (`school_id`) REFERENCES `schools` (`id`) ON DELETE NO ACTION, CONSTRAINT `announcements_counts` CHECK (read <= delivered AND acknowledged <= delivered), CONSTRAINT `announcements_published` CHECK (status <> 'PUBLISHED' OR published_at IS NOT NULL), CONSTRAINT `announcements_scheduled` CHECK (status <> 'SCHEDULED' OR publish_at IS NOT NULL));
-- Create index "announcement_school_id_id" to table: "announcements"
CREATE INDEX `announcement_school_id_id` ON `announcements` (`school_id`, `id`);
-- Create index "announcement_author_id_id" to table: "announcements"
CREATE INDEX `announcement_author_id_id` ON `announcements` (`author_id`, `id`);
-- Create index "announcement_status_publish_at" to table: "announcements"
CREATE INDEX `announcement_status_publish_at` ON `announcements` (`status`, `publish_at`);
-- Create "deliveries" table
CREATE TABLE `deliveries` (`id` text NOT NULL, `created_at` datetime NOT NULL, `read_at` datetime NULL, `acknowledged_at` datetime NULL, `chased_at` datetime NULL, `announcement_id` text NOT NULL, `guardian_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `deliveries_announcements_deliveries` FOREIGN KEY (`announcement_id`) REFERENCES `announcements` (`id`) ON DELETE NO ACTION, CONSTRAINT `deliveries_people_guardian` FOREIGN KEY (`guardian_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "delivery_announcement_id_guardian_id" to table: "deliveries"
CREATE UNIQUE INDEX `delivery_announcement_id_guardian_id` ON `deliveries` (`announcement_id`, `guardian_id`);
-- Create index "delivery_guardian_id_id" to table: "deliveries"
CREATE INDEX `delivery_guardian_id_id` ON `deliveries` (`guardian_id`, `id`);
-- Create "enrollments" table
CREATE TABLE `enrollments` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `role` text NOT NULL, `duty` text NOT NULL DEFAULT ('NONE'), `status` text NOT NULL DEFAULT ('ACTIVE'), `person_id` text NOT NULL, `school_class_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `enrollments_people_person` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `enrollments_school_classes_enrollments` FOREIGN KEY (`school_class_id`) REFERENCES `school_classes` (`id`) ON DELETE NO ACTION);
-- Create index "enrollment_source_value_source_system" to table: "enrollments"
CREATE UNIQUE INDEX `enrollment_source_value_source_system` ON `enrollments` (`source_value`, `source_system`);
-- Create index "enrollment_school_class_id_person_id_role" to table: "enrollments"
CREATE UNIQUE INDEX `enrollment_school_class_id_person_id_role` ON `enrollments` (`school_class_id`, `person_id`, `role`);
-- Create index "enrollment_person_id_status" to table: "enrollments"
CREATE INDEX `enrollment_person_id_status` ON `enrollments` (`person_id`, `status`);
-- Create "roster_users" table
CREATE TABLE `roster_users` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `person_id` text NULL, `data_key` blob NOT NULL, `sealed` blob NOT NULL, `id_number_index` text NOT NULL DEFAULT (''), `phone_index` text NOT NULL DEFAULT (''), `agents` json NULL, `fingerprint` text NOT NULL DEFAULT (''), `status` text NOT NULL DEFAULT ('ACTIVE'), PRIMARY KEY (`id`));
-- Create index "rosteruser_source_value_source_system" to table: "roster_users"
CREATE UNIQUE INDEX `rosteruser_source_value_source_system` ON `roster_users` (`source_value`, `source_system`);
-- Create index "rosteruser_person_id" to table: "roster_users"
CREATE INDEX `rosteruser_person_id` ON `roster_users` (`person_id`);
-- Create index "rosteruser_id_number_index" to table: "roster_users"
CREATE INDEX `rosteruser_id_number_index` ON `roster_users` (`id_number_index`);
-- Create index "rosteruser_phone_index" to table: "roster_users"
CREATE INDEX `rosteruser_phone_index` ON `roster_users` (`phone_index`);
-- Create "school_classes" table
CREATE TABLE `school_classes` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `source_system` text NULL, `source_value` text NULL, `title` text NOT NULL, `grade` text NOT NULL DEFAULT (''), `kind` text NOT NULL DEFAULT ('HOMEROOM'), `status` text NOT NULL DEFAULT ('ACTIVE'), `school_id` text NOT NULL, `academic_session_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `school_classes_schools_school` FOREIGN KEY (`school_id`) REFERENCES `schools` (`id`) ON DELETE NO ACTION, CONSTRAINT `school_classes_academic_sessions_academic_session` FOREIGN KEY (`academic_session_id`) REFERENCES `academic_sessions` (`id`) ON DELETE SET NULL);
-- Create index "schoolclass_source_value_source_system" to table: "school_classes"
CREATE UNIQUE INDEX `schoolclass_source_value_source_system` ON `school_classes` (`source_value`, `source_system`);
-- Create index "schoolclass_school_id_grade_id" to table: "school_classes"
CREATE INDEX `schoolclass_school_id_grade_id` ON `school_classes` (`school_id`, `grade`, `id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
