-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_people" table
CREATE TABLE `new_people` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL DEFAULT (''), `masked_id_number` text NOT NULL DEFAULT (''), `masked_phone` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT ('zh-CN'), `inbox_seq` integer NOT NULL DEFAULT (0), `district_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `people_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE SET NULL);
-- Copy rows from old table "people" to new temporary table "new_people"
INSERT INTO `new_people` (`id`, `created_at`, `updated_at`, `name`, `masked_id_number`, `masked_phone`, `language`, `inbox_seq`, `district_id`) SELECT `id`, `created_at`, `updated_at`, `name`, `masked_id_number`, `masked_phone`, `language`, `inbox_seq`, `district_id` FROM `people`;
-- Drop "people" table after copying rows
DROP TABLE `people`;
-- Rename temporary table "new_people" to "people"
ALTER TABLE `new_people` RENAME TO `people`;
-- Create "personal_data" table
CREATE TABLE `personal_data` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `data_key` blob NOT NULL, `sealed` blob NOT NULL, `id_number_index` text NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `personal_data_people_personal_data` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "personal_data_id_number_index_key" to table: "personal_data"
CREATE UNIQUE INDEX `personal_data_id_number_index_key` ON `personal_data` (`id_number_index`);
-- Create index "personal_data_person_id_key" to table: "personal_data"
CREATE UNIQUE INDEX `personal_data_person_id_key` ON `personal_data` (`person_id`);
-- Mask the names that stood in clear
UPDATE people SET name = CASE WHEN length(name) = 1 THEN '*' ELSE substr(name, 1, 1) || substr('**', 1, length(name) - 1) END WHERE name <> '';
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
