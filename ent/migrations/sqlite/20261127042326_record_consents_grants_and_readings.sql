-- Create "consents" table
CREATE TABLE `consents` (`id` text NOT NULL, `created_at` datetime NOT NULL, `person_id` text NOT NULL, `purpose` text NOT NULL, `version` text NOT NULL, `language` text NOT NULL, `given_by_id` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `withdrawn_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "consent_person_id_id" to table: "consents"
CREATE INDEX `consent_person_id_id` ON `consents` (`person_id`, `id`);
-- Create index "consent_person_id_purpose" to table: "consents"
CREATE UNIQUE INDEX `consent_person_id_purpose` ON `consents` (`person_id`, `purpose`) WHERE status = 'ACTIVE';
-- Create "entitlement_grants" table
CREATE TABLE `entitlement_grants` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `kind` text NOT NULL, `basis` text NOT NULL, `valid_from` datetime NOT NULL, `valid_to` datetime NULL, `withdrawn_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "entitlementgrant_person_id_id" to table: "entitlement_grants"
CREATE INDEX `entitlementgrant_person_id_id` ON `entitlement_grants` (`person_id`, `id`);
-- Create "record_accesses" table
CREATE TABLE `record_accesses` (`id` text NOT NULL, `created_at` datetime NOT NULL, `person_id` text NOT NULL, `target_id` text NOT NULL DEFAULT (''), `category` text NOT NULL, `purpose` text NOT NULL, `outcome` text NOT NULL, `accessor_id` text NOT NULL DEFAULT (''), `accessor_name` text NOT NULL DEFAULT (''), `accessor_role` text NOT NULL, `organisation` json NOT NULL, `on_behalf_of` text NOT NULL DEFAULT (''), `request_id` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Create index "recordaccess_person_id_id" to table: "record_accesses"
CREATE INDEX `recordaccess_person_id_id` ON `record_accesses` (`person_id`, `id`);
-- Create index "recordaccess_accessor_id_id" to table: "record_accesses"
CREATE INDEX `recordaccess_accessor_id_id` ON `record_accesses` (`accessor_id`, `id`);
