-- Keep the last word of each delivery; one that was to be tried again is planned anew by its job
DELETE FROM delivery_attempts WHERE outcome = 'RETRY' OR id NOT IN (SELECT max(id) FROM delivery_attempts GROUP BY notification_id, device_id);
-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_delivery_attempts" table
CREATE TABLE `new_delivery_attempts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `notification_id` text NOT NULL, `person_id` text NOT NULL, `device_id` text NOT NULL, `channel` text NOT NULL, `batch` text NOT NULL DEFAULT (''), `outcome` text NOT NULL, `tries` integer NOT NULL DEFAULT (0), `due_at` datetime NULL, `expires_at` datetime NULL, `settled_at` datetime NULL, `provider_message_id` text NOT NULL DEFAULT (''), `provider_code` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Copy rows from old table "delivery_attempts" to new temporary table "new_delivery_attempts"
INSERT INTO `new_delivery_attempts` (`id`, `created_at`, `notification_id`, `person_id`, `device_id`, `channel`, `outcome`, `provider_message_id`, `provider_code`) SELECT `id`, `created_at`, `notification_id`, `person_id`, `device_id`, `channel`, `outcome`, `provider_message_id`, `provider_code` FROM `delivery_attempts`;
-- Drop "delivery_attempts" table after copying rows
DROP TABLE `delivery_attempts`;
-- Rename temporary table "new_delivery_attempts" to "delivery_attempts"
ALTER TABLE `new_delivery_attempts` RENAME TO `delivery_attempts`;
-- Create index "deliveryattempt_notification_id_channel_device_id" to table: "delivery_attempts"
CREATE UNIQUE INDEX `deliveryattempt_notification_id_channel_device_id` ON `delivery_attempts` (`notification_id`, `channel`, `device_id`);
-- Create index "deliveryattempt_batch" to table: "delivery_attempts"
CREATE INDEX `deliveryattempt_batch` ON `delivery_attempts` (`batch`);
-- Create index "deliveryattempt_person_id" to table: "delivery_attempts"
CREATE INDEX `deliveryattempt_person_id` ON `delivery_attempts` (`person_id`);
-- Add column "push_after" to table: "devices"
ALTER TABLE `devices` ADD COLUMN `push_after` datetime NULL;
-- Add column "probed_at" to table: "devices"
ALTER TABLE `devices` ADD COLUMN `probed_at` datetime NULL;
-- Create index "device_last_seen_at" to table: "devices"
CREATE INDEX `device_last_seen_at` ON `devices` (`last_seen_at`);
-- Create "wechat_grants" table
CREATE TABLE `wechat_grants` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `template` text NOT NULL, `remaining` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- Create index "wechatgrant_person_id_template" to table: "wechat_grants"
CREATE UNIQUE INDEX `wechatgrant_person_id_template` ON `wechat_grants` (`person_id`, `template`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
