-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Add column "form" to table: "case_categories"
ALTER TABLE `case_categories` ADD COLUMN `form` json NULL;
-- Add column "action" to table: "case_events"
ALTER TABLE `case_events` ADD COLUMN `action` text NULL;
-- Create index "caseevent_created_at" to table: "case_events"
CREATE INDEX `caseevent_created_at` ON `case_events` (`created_at`);
-- Create "new_city_cases" table
CREATE TABLE `new_city_cases` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `number` text NOT NULL, `description` text NOT NULL, `address` text NOT NULL DEFAULT (''), `status` text NOT NULL, `last_seq` integer NOT NULL DEFAULT (1), `due_at` datetime NOT NULL, `kind` text NOT NULL, `attributes` json NULL, `cell` integer NOT NULL, `visibility` text NOT NULL DEFAULT ('PUBLIC'), `published` bool NOT NULL DEFAULT (false), `supporters` integer NOT NULL DEFAULT (0), `unit` text NULL, `assignee_id` text NULL, `resolver_id` text NULL, `rework_count` integer NOT NULL DEFAULT (0), `reopen_count` integer NOT NULL DEFAULT (0), `rating` integer NULL, `stopped_at` datetime NULL, `closed_at` datetime NULL, `open_seconds` integer NULL, `escalation` integer NOT NULL DEFAULT (0), `category_id` text NOT NULL, `district_id` text NOT NULL, `street_id` text NOT NULL, `reporter_id` text NULL, `duplicate_of_id` text NULL, `facility_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `city_cases_case_categories_category` FOREIGN KEY (`category_id`) REFERENCES `case_categories` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_cases_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_cases_streets_street` FOREIGN KEY (`street_id`) REFERENCES `streets` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_cases_people_reporter` FOREIGN KEY (`reporter_id`) REFERENCES `people` (`id`) ON DELETE SET NULL, CONSTRAINT `city_cases_city_cases_duplicates` FOREIGN KEY (`duplicate_of_id`) REFERENCES `city_cases` (`id`) ON DELETE SET NULL, CONSTRAINT `city_cases_city_facilities_cases` FOREIGN KEY (`facility_id`) REFERENCES `city_facilities` (`id`) ON DELETE SET NULL);
-- Copy rows from old table "city_cases" to new temporary table "new_city_cases", each with its cell in the grid of maps; what is overdue already is not told again
INSERT INTO `new_city_cases` (`id`, `created_at`, `updated_at`, `lat`, `lng`, `number`, `description`, `address`, `status`, `last_seq`, `due_at`, `category_id`, `district_id`, `street_id`, `reporter_id`, `kind`, `cell`, `published`, `escalation`) WITH s0 AS (SELECT id, CAST((lng + 180) * 46600 AS INTEGER) AS x, CAST((lat + 90) * 53950 AS INTEGER) AS y FROM city_cases), s1 AS (SELECT id, (x | (x << 16)) & 281470681808895 AS x, (y | (y << 16)) & 281470681808895 AS y FROM s0), s2 AS (SELECT id, (x | (x << 8)) & 71777214294589695 AS x, (y | (y << 8)) & 71777214294589695 AS y FROM s1), s3 AS (SELECT id, (x | (x << 4)) & 1085102592571150095 AS x, (y | (y << 4)) & 1085102592571150095 AS y FROM s2), s4 AS (SELECT id, (x | (x << 2)) & 3689348814741910323 AS x, (y | (y << 2)) & 3689348814741910323 AS y FROM s3), s5 AS (SELECT id, (x | (x << 1)) & 6148914691236517205 AS x, (y | (y << 1)) & 6148914691236517205 AS y FROM s4) SELECT c.`id`, c.`created_at`, c.`updated_at`, c.`lat`, c.`lng`, c.`number`, c.`description`, c.`address`, c.`status`, c.`last_seq`, c.`due_at`, c.`category_id`, c.`district_id`, c.`street_id`, c.`reporter_id`, k.kind, s5.x | (s5.y << 1), c.status = 'ACCEPTED', CASE WHEN c.due_at < CURRENT_TIMESTAMP THEN 2 ELSE 0 END FROM `city_cases` c JOIN `case_categories` k ON k.id = c.category_id JOIN s5 ON s5.id = c.id;
-- Drop "city_cases" table after copying rows
DROP TABLE `city_cases`;
-- Rename temporary table "new_city_cases" to "city_cases"
ALTER TABLE `new_city_cases` RENAME TO `city_cases`;
-- Create index "city_cases_number_key" to table: "city_cases"
CREATE UNIQUE INDEX `city_cases_number_key` ON `city_cases` (`number`);
-- Create index "citycase_reporter_id_id" to table: "city_cases"
CREATE INDEX `citycase_reporter_id_id` ON `city_cases` (`reporter_id`, `id`);
-- Create index "citycase_district_id_status_id" to table: "city_cases"
CREATE INDEX `citycase_district_id_status_id` ON `city_cases` (`district_id`, `status`, `id`);
-- Create index "citycase_assignee_id_id" to table: "city_cases"
CREATE INDEX `citycase_assignee_id_id` ON `city_cases` (`assignee_id`, `id`);
-- Create index "citycase_cell_published_lat_lng_id" to table: "city_cases"
CREATE INDEX `citycase_cell_published_lat_lng_id` ON `city_cases` (`cell`, `published`, `lat`, `lng`, `id`);
-- Create index "citycase_escalation_due_at" to table: "city_cases"
CREATE INDEX `citycase_escalation_due_at` ON `city_cases` (`escalation`, `due_at`);
-- Create index "citycase_facility_id_id" to table: "city_cases"
CREATE INDEX `citycase_facility_id_id` ON `city_cases` (`facility_id`, `id`);
-- Create index "citycase_closed_at" to table: "city_cases"
CREATE INDEX `citycase_closed_at` ON `city_cases` (`closed_at`);
-- Create "case_supporters" table
CREATE TABLE `case_supporters` (`id` text NOT NULL, `created_at` datetime NOT NULL, `city_case_id` text NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`id`));
-- Create index "casesupporter_city_case_id_person_id" to table: "case_supporters"
CREATE UNIQUE INDEX `casesupporter_city_case_id_person_id` ON `case_supporters` (`city_case_id`, `person_id`);
-- Create index "casesupporter_person_id" to table: "case_supporters"
CREATE INDEX `casesupporter_person_id` ON `case_supporters` (`person_id`);
-- Create "city_facilities" table
CREATE TABLE `city_facilities` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `code` text NOT NULL, `state` text NOT NULL DEFAULT ('IN_SERVICE'), `address` text NOT NULL DEFAULT (''), `category_id` text NOT NULL, `district_id` text NOT NULL, `street_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `city_facilities_case_categories_category` FOREIGN KEY (`category_id`) REFERENCES `case_categories` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_facilities_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_facilities_streets_street` FOREIGN KEY (`street_id`) REFERENCES `streets` (`id`) ON DELETE NO ACTION);
-- Create index "city_facilities_code_key" to table: "city_facilities"
CREATE UNIQUE INDEX `city_facilities_code_key` ON `city_facilities` (`code`);
-- Create "sensor_alarms" table
CREATE TABLE `sensor_alarms` (`id` text NOT NULL, `created_at` datetime NOT NULL, `alarm_key` text NOT NULL, `raised_at` datetime NOT NULL, `note` text NOT NULL DEFAULT (''), `district_id` text NOT NULL, `facility_id` text NOT NULL, `city_case_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `sensor_alarms_city_facilities_facility` FOREIGN KEY (`facility_id`) REFERENCES `city_facilities` (`id`) ON DELETE NO ACTION, CONSTRAINT `sensor_alarms_city_cases_city_case` FOREIGN KEY (`city_case_id`) REFERENCES `city_cases` (`id`) ON DELETE NO ACTION);
-- Create index "sensor_alarms_alarm_key_key" to table: "sensor_alarms"
CREATE UNIQUE INDEX `sensor_alarms_alarm_key_key` ON `sensor_alarms` (`alarm_key`);
-- Create index "sensoralarm_city_case_id_id" to table: "sensor_alarms"
CREATE INDEX `sensoralarm_city_case_id_id` ON `sensor_alarms` (`city_case_id`, `id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
