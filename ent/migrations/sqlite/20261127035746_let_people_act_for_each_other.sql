-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_personal_data" table
CREATE TABLE `new_personal_data` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `data_key` blob NOT NULL, `sealed` blob NOT NULL, `id_number_index` text NOT NULL, `phone_index` text NOT NULL DEFAULT (''), `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `personal_data_people_personal_data` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "personal_data" to new temporary table "new_personal_data"
INSERT INTO `new_personal_data` (`id`, `created_at`, `updated_at`, `data_key`, `sealed`, `id_number_index`, `person_id`) SELECT `id`, `created_at`, `updated_at`, `data_key`, `sealed`, `id_number_index`, `person_id` FROM `personal_data`;
-- Drop "personal_data" table after copying rows
DROP TABLE `personal_data`;
-- Rename temporary table "new_personal_data" to "personal_data"
ALTER TABLE `new_personal_data` RENAME TO `personal_data`;
-- Create index "personal_data_id_number_index_key" to table: "personal_data"
CREATE UNIQUE INDEX `personal_data_id_number_index_key` ON `personal_data` (`id_number_index`);
-- Create index "personal_data_person_id_key" to table: "personal_data"
CREATE UNIQUE INDEX `personal_data_person_id_key` ON `personal_data` (`person_id`);
-- Create index "personaldata_phone_index" to table: "personal_data"
CREATE INDEX `personaldata_phone_index` ON `personal_data` (`phone_index`);
-- Create "delegations" table
CREATE TABLE `delegations` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `delegator_name` text NOT NULL, `delegate_name` text NOT NULL, `scope_set` integer NOT NULL, `state` text NOT NULL DEFAULT ('PROPOSED'), `consents` json NOT NULL, `accept_by` datetime NOT NULL, `valid_to` datetime NOT NULL, `delegator_id` text NOT NULL, `delegate_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `delegations_people_delegator` FOREIGN KEY (`delegator_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `delegations_people_delegate` FOREIGN KEY (`delegate_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "delegation_delegate_id_delegator_id" to table: "delegations"
CREATE INDEX `delegation_delegate_id_delegator_id` ON `delegations` (`delegate_id`, `delegator_id`);
-- Create index "delegation_delegator_id" to table: "delegations"
CREATE INDEX `delegation_delegator_id` ON `delegations` (`delegator_id`);
-- Create "guardianships" table
CREATE TABLE `guardianships` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `basis` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `scope_set` integer NOT NULL, `guardian_id` text NOT NULL, `child_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `guardianships_people_guardian` FOREIGN KEY (`guardian_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `guardianships_people_child` FOREIGN KEY (`child_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "guardianship_guardian_id_child_id" to table: "guardianships"
CREATE UNIQUE INDEX `guardianship_guardian_id_child_id` ON `guardianships` (`guardian_id`, `child_id`);
-- Create index "guardianship_child_id" to table: "guardianships"
CREATE INDEX `guardianship_child_id` ON `guardianships` (`child_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
