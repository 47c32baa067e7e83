-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_audit_events" table
CREATE TABLE `new_audit_events` (`id` text NOT NULL, `created_at` datetime NOT NULL, `actor_id` text NOT NULL, `subject_id` text NOT NULL, `action` text NOT NULL, `target_id` text NOT NULL DEFAULT (''), `request_id` text NOT NULL DEFAULT (''), `reason` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Copy rows from old table "audit_events" to new temporary table "new_audit_events"
INSERT INTO `new_audit_events` (`id`, `created_at`, `actor_id`, `subject_id`, `action`, `target_id`, `request_id`) SELECT `id`, `created_at`, `actor_id`, `subject_id`, `action`, `target_id`, `request_id` FROM `audit_events`;
-- Drop "audit_events" table after copying rows
DROP TABLE `audit_events`;
-- Rename temporary table "new_audit_events" to "audit_events"
ALTER TABLE `new_audit_events` RENAME TO `audit_events`;
-- Create index "auditevent_actor_id_id" to table: "audit_events"
CREATE INDEX `auditevent_actor_id_id` ON `audit_events` (`actor_id`, `id`);
-- Create index "auditevent_subject_id_id" to table: "audit_events"
CREATE INDEX `auditevent_subject_id_id` ON `audit_events` (`subject_id`, `id`);
-- Create "new_citizen_cards" table
CREATE TABLE `new_citizen_cards` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `masked_number` text NOT NULL, `kind` text NOT NULL, `status` text NOT NULL, `account_id` text NOT NULL, `holder_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `citizen_cards_ledger_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `ledger_accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `citizen_cards_people_card` FOREIGN KEY (`holder_id`) REFERENCES `people` (`id`) ON DELETE SET NULL, CONSTRAINT `citizen_cards_holder` CHECK (status IN ('REPLACED', 'CLOSED') AND holder_id IS NULL OR status NOT IN ('REPLACED', 'CLOSED') AND holder_id IS NOT NULL AND holder_id = person_id));
-- Copy rows from old table "citizen_cards" to new temporary table "new_citizen_cards": a card that has not ended is still its person's
INSERT INTO `new_citizen_cards` (`id`, `created_at`, `updated_at`, `person_id`, `masked_number`, `kind`, `status`, `account_id`, `holder_id`) SELECT `id`, `created_at`, `updated_at`, `person_id`, `masked_number`, `kind`, `status`, `account_id`, CASE WHEN `status` NOT IN ('REPLACED', 'CLOSED') THEN `person_id` END FROM `citizen_cards`;
-- Drop "citizen_cards" table after copying rows
DROP TABLE `citizen_cards`;
-- Rename temporary table "new_citizen_cards" to "citizen_cards"
ALTER TABLE `new_citizen_cards` RENAME TO `citizen_cards`;
-- Create index "citizen_cards_holder_id_key" to table: "citizen_cards"
CREATE UNIQUE INDEX `citizen_cards_holder_id_key` ON `citizen_cards` (`holder_id`);
-- Create index "citizencard_person_id" to table: "citizen_cards"
CREATE INDEX `citizencard_person_id` ON `citizen_cards` (`person_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
