-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_notifications" table
CREATE TABLE `new_notifications` (`id` text NOT NULL, `created_at` datetime NOT NULL, `person_id` text NOT NULL, `event_key` text NOT NULL, `seq` integer NOT NULL, `change_seq` integer NOT NULL DEFAULT (0), `topic` text NOT NULL, `priority` text NOT NULL DEFAULT ('NORMAL'), `title` json NOT NULL, `body` json NOT NULL, `template` text NOT NULL DEFAULT (''), `params` json NULL, `target` text NOT NULL, `read_at` datetime NULL, `snoozed_until` datetime NULL, `retracted_at` datetime NULL, `expires_at` datetime NULL, `subject_person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `notifications_people_subject_person` FOREIGN KEY (`subject_person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "notifications" to new temporary table "new_notifications"
INSERT INTO `new_notifications` (`id`, `created_at`, `person_id`, `event_key`, `seq`, `topic`, `title`, `body`, `target`, `read_at`, `subject_person_id`) SELECT `id`, `created_at`, `person_id`, `event_key`, `seq`, `topic`, `title`, `body`, `target`, `read_at`, `subject_person_id` FROM `notifications`;
-- Drop "notifications" table after copying rows
DROP TABLE `notifications`;
-- Rename temporary table "new_notifications" to "notifications"
ALTER TABLE `new_notifications` RENAME TO `notifications`;
-- Create index "notification_person_id_seq" to table: "notifications"
CREATE UNIQUE INDEX `notification_person_id_seq` ON `notifications` (`person_id`, `seq`);
-- Create index "notification_person_id_event_key" to table: "notifications"
CREATE UNIQUE INDEX `notification_person_id_event_key` ON `notifications` (`person_id`, `event_key`);
-- Create index "notification_person_id_read_at" to table: "notifications"
CREATE INDEX `notification_person_id_read_at` ON `notifications` (`person_id`, `read_at`);
-- Create index "notification_person_id_change_seq" to table: "notifications"
CREATE INDEX `notification_person_id_change_seq` ON `notifications` (`person_id`, `change_seq`);
-- Create index "notification_event_key" to table: "notifications"
CREATE INDEX `notification_event_key` ON `notifications` (`event_key`);
-- Create "new_people" table
CREATE TABLE `new_people` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL DEFAULT (''), `masked_id_number` text NOT NULL DEFAULT (''), `masked_phone` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT ('zh-CN'), `inbox_seq` integer NOT NULL DEFAULT (0), `deletion_due_at` datetime NULL, `deleted_at` datetime NULL, `inbox_change_seq` integer NOT NULL DEFAULT (0), `district_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `people_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE SET NULL);
-- Copy rows from old table "people" to new temporary table "new_people"
INSERT INTO `new_people` (`id`, `created_at`, `updated_at`, `name`, `masked_id_number`, `masked_phone`, `language`, `inbox_seq`, `deletion_due_at`, `deleted_at`, `district_id`) SELECT `id`, `created_at`, `updated_at`, `name`, `masked_id_number`, `masked_phone`, `language`, `inbox_seq`, `deletion_due_at`, `deleted_at`, `district_id` FROM `people`;
-- Drop "people" table after copying rows
DROP TABLE `people`;
-- Rename temporary table "new_people" to "people"
ALTER TABLE `new_people` RENAME TO `people`;
-- Create index "person_deletion_due_at" to table: "people"
CREATE INDEX `person_deletion_due_at` ON `people` (`deletion_due_at`) WHERE deletion_due_at IS NOT NULL;
-- Create index "person_deleted_at" to table: "people"
CREATE INDEX `person_deleted_at` ON `people` (`deleted_at`) WHERE deleted_at IS NOT NULL;
-- What was told so far counts as changed when it was told
UPDATE `notifications` SET `change_seq` = `seq`;
UPDATE `people` SET `inbox_change_seq` = `inbox_seq`;
-- Create "alerts" table
CREATE TABLE `alerts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `identifier` text NOT NULL, `sender` text NOT NULL, `sent` datetime NOT NULL, `status` text NOT NULL, `message_type` text NOT NULL, `category` text NOT NULL, `urgency` text NOT NULL, `severity` text NOT NULL, `certainty` text NOT NULL, `event` json NOT NULL, `headline` json NOT NULL, `description` json NOT NULL, `instruction` json NOT NULL, `effective` datetime NOT NULL, `expires` datetime NOT NULL, `ended` text NULL, `superseded_by_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `alerts_alerts_supersedes` FOREIGN KEY (`superseded_by_id`) REFERENCES `alerts` (`id`) ON DELETE SET NULL);
-- Create index "alert_sender_identifier" to table: "alerts"
CREATE UNIQUE INDEX `alert_sender_identifier` ON `alerts` (`sender`, `identifier`);
-- Create index "alert_expires" to table: "alerts"
CREATE INDEX `alert_expires` ON `alerts` (`expires`);
-- Create index "alert_superseded_by_id" to table: "alerts"
CREATE INDEX `alert_superseded_by_id` ON `alerts` (`superseded_by_id`);
-- Create "broadcasts" table
CREATE TABLE `broadcasts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `event_key` text NOT NULL, `district_ids` json NOT NULL, `topic` text NOT NULL, `priority` text NOT NULL, `title` json NOT NULL, `body` json NOT NULL, `template` text NOT NULL, `params` json NULL, `target` text NOT NULL, `expires_at` datetime NULL, `planned_at` datetime NULL, `cancelled_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "broadcasts_event_key_key" to table: "broadcasts"
CREATE UNIQUE INDEX `broadcasts_event_key_key` ON `broadcasts` (`event_key`);
-- Create "notification_preferences" table
CREATE TABLE `notification_preferences` (`id` text NOT NULL, `created_at` datetime NOT NULL, `person_id` text NOT NULL, `topic` text NOT NULL, `channels` json NOT NULL, `quiet_hours` json NULL, `pace` text NOT NULL, `digest_at` text NOT NULL, `zone` text NOT NULL, PRIMARY KEY (`id`));
-- Create index "notificationpreference_person_id_topic" to table: "notification_preferences"
CREATE UNIQUE INDEX `notificationpreference_person_id_topic` ON `notification_preferences` (`person_id`, `topic`);
-- Create "alert_districts" table
CREATE TABLE `alert_districts` (`alert_id` text NOT NULL, `district_id` text NOT NULL, PRIMARY KEY (`alert_id`, `district_id`), CONSTRAINT `alert_districts_alert_id` FOREIGN KEY (`alert_id`) REFERENCES `alerts` (`id`) ON DELETE CASCADE, CONSTRAINT `alert_districts_district_id` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE CASCADE);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
