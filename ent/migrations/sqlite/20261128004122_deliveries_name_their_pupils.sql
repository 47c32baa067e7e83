-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_people" table
CREATE TABLE `new_people` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL DEFAULT (''), `masked_id_number` text NOT NULL DEFAULT (''), `masked_phone` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT ('zh-CN'), `inbox_seq` integer NOT NULL DEFAULT (0), `deletion_due_at` datetime NULL, `deleted_at` datetime NULL, `inbox_change_seq` integer NOT NULL DEFAULT (0), `district_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `people_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE SET NULL);
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
-- Create "delivery_students" table
CREATE TABLE `delivery_students` (`delivery_id` text NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`delivery_id`, `person_id`), CONSTRAINT `delivery_students_delivery_id` FOREIGN KEY (`delivery_id`) REFERENCES `deliveries` (`id`) ON DELETE CASCADE, CONSTRAINT `delivery_students_person_id` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE CASCADE);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
