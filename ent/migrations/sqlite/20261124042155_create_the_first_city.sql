-- Create "audit_events" table
CREATE TABLE `audit_events` (`id` text NOT NULL, `created_at` datetime NOT NULL, `actor_id` text NOT NULL, `subject_id` text NOT NULL, `action` text NOT NULL, `target_id` text NOT NULL DEFAULT (''), `request_id` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Create index "auditevent_actor_id_id" to table: "audit_events"
CREATE INDEX `auditevent_actor_id_id` ON `audit_events` (`actor_id`, `id`);
-- Create index "auditevent_subject_id_id" to table: "audit_events"
CREATE INDEX `auditevent_subject_id_id` ON `audit_events` (`subject_id`, `id`);
-- Create "case_categories" table
CREATE TABLE `case_categories` (`id` text NOT NULL, `created_at` datetime NOT NULL, `code` text NOT NULL, `name` json NOT NULL, `group_name` json NOT NULL, `kind` text NOT NULL, `sla_hours` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "casecategory_kind_code" to table: "case_categories"
CREATE UNIQUE INDEX `casecategory_kind_code` ON `case_categories` (`kind`, `code`);
-- Create "case_events" table
CREATE TABLE `case_events` (`id` text NOT NULL, `created_at` datetime NOT NULL, `seq` integer NOT NULL, `from_status` text NULL, `to_status` text NOT NULL, `actor_kind` text NOT NULL, `note` text NOT NULL DEFAULT (''), `public` bool NOT NULL DEFAULT (true), `actor_id` text NOT NULL, `city_case_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `case_events_city_cases_events` FOREIGN KEY (`city_case_id`) REFERENCES `city_cases` (`id`) ON DELETE NO ACTION);
-- Create index "caseevent_city_case_id_seq" to table: "case_events"
CREATE UNIQUE INDEX `caseevent_city_case_id_seq` ON `case_events` (`city_case_id`, `seq`);
-- Create index "caseevent_city_case_id_id" to table: "case_events"
CREATE INDEX `caseevent_city_case_id_id` ON `case_events` (`city_case_id`, `id`);
-- Create "citizen_cards" table
CREATE TABLE `citizen_cards` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `masked_number` text NOT NULL, `kind` text NOT NULL, `status` text NOT NULL, `balance` integer NOT NULL, `available` integer NOT NULL, `cap` integer NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `citizen_cards_people_card` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "citizen_cards_person_id_key" to table: "citizen_cards"
CREATE UNIQUE INDEX `citizen_cards_person_id_key` ON `citizen_cards` (`person_id`);
-- Create "city_cases" table
CREATE TABLE `city_cases` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `number` text NOT NULL, `description` text NOT NULL, `address` text NOT NULL DEFAULT (''), `status` text NOT NULL, `last_seq` integer NOT NULL DEFAULT (1), `due_at` datetime NOT NULL, `category_id` text NOT NULL, `district_id` text NOT NULL, `street_id` text NOT NULL, `reporter_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `city_cases_case_categories_category` FOREIGN KEY (`category_id`) REFERENCES `case_categories` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_cases_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_cases_streets_street` FOREIGN KEY (`street_id`) REFERENCES `streets` (`id`) ON DELETE NO ACTION, CONSTRAINT `city_cases_people_reporter` FOREIGN KEY (`reporter_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "city_cases_number_key" to table: "city_cases"
CREATE UNIQUE INDEX `city_cases_number_key` ON `city_cases` (`number`);
-- Create index "citycase_reporter_id_id" to table: "city_cases"
CREATE INDEX `citycase_reporter_id_id` ON `city_cases` (`reporter_id`, `id`);
-- Create index "citycase_district_id_status_id" to table: "city_cases"
CREATE INDEX `citycase_district_id_status_id` ON `city_cases` (`district_id`, `status`, `id`);
-- Create "clinics" table
CREATE TABLE `clinics` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `search_keys` text NOT NULL DEFAULT (''), `name` json NOT NULL, `grade` json NOT NULL, `kind` text NOT NULL, `address` text NOT NULL DEFAULT (''), `district_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `clinics_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION);
-- Create index "clinic_district_id" to table: "clinics"
CREATE INDEX `clinic_district_id` ON `clinics` (`district_id`);
-- Create "delivery_attempts" table
CREATE TABLE `delivery_attempts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `notification_id` text NOT NULL, `person_id` text NOT NULL, `device_id` text NOT NULL, `channel` text NOT NULL, `outcome` text NOT NULL, `provider_message_id` text NOT NULL DEFAULT (''), `provider_code` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Create index "deliveryattempt_notification_id_device_id" to table: "delivery_attempts"
CREATE INDEX `deliveryattempt_notification_id_device_id` ON `delivery_attempts` (`notification_id`, `device_id`);
-- Create index "deliveryattempt_person_id" to table: "delivery_attempts"
CREATE INDEX `deliveryattempt_person_id` ON `delivery_attempts` (`person_id`);
-- Create "departments" table
CREATE TABLE `departments` (`id` text NOT NULL, `created_at` datetime NOT NULL, `code` text NOT NULL, `name` json NOT NULL, `clinic_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `departments_clinics_departments` FOREIGN KEY (`clinic_id`) REFERENCES `clinics` (`id`) ON DELETE NO ACTION);
-- Create index "department_clinic_id_code" to table: "departments"
CREATE UNIQUE INDEX `department_clinic_id_code` ON `departments` (`clinic_id`, `code`);
-- Create index "department_clinic_id_id" to table: "departments"
CREATE INDEX `department_clinic_id_id` ON `departments` (`clinic_id`, `id`);
-- Create index "department_code" to table: "departments"
CREATE INDEX `department_code` ON `departments` (`code`);
-- Create "devices" table
CREATE TABLE `devices` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `platform` text NOT NULL, `push_token` text NOT NULL, `push_token_hash` text NOT NULL, `app_version` text NOT NULL DEFAULT (''), `last_seen_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "devices_push_token_hash_key" to table: "devices"
CREATE UNIQUE INDEX `devices_push_token_hash_key` ON `devices` (`push_token_hash`);
-- Create index "device_person_id" to table: "devices"
CREATE INDEX `device_person_id` ON `devices` (`person_id`);
-- Create "districts" table
CREATE TABLE `districts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `code` text NOT NULL, `name` json NOT NULL, `kind` text NOT NULL, PRIMARY KEY (`id`));
-- Create index "districts_code_key" to table: "districts"
CREATE UNIQUE INDEX `districts_code_key` ON `districts` (`code`);
-- Create "idempotency_records" table
CREATE TABLE `idempotency_records` (`id` text NOT NULL, `created_at` datetime NOT NULL, `actor_id` text NOT NULL, `key` text NOT NULL, `operation` text NOT NULL, `input_hash` text NOT NULL, `result_id` text NOT NULL DEFAULT (''), `expires_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "idempotencyrecord_actor_id_key" to table: "idempotency_records"
CREATE UNIQUE INDEX `idempotencyrecord_actor_id_key` ON `idempotency_records` (`actor_id`, `key`);
-- Create index "idempotencyrecord_expires_at" to table: "idempotency_records"
CREATE INDEX `idempotencyrecord_expires_at` ON `idempotency_records` (`expires_at`);
-- Create "identities" table
CREATE TABLE `identities` (`id` text NOT NULL, `created_at` datetime NOT NULL, `provider` text NOT NULL, `subject` text NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `identities_people_identities` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "identity_provider_subject" to table: "identities"
CREATE UNIQUE INDEX `identity_provider_subject` ON `identities` (`provider`, `subject`);
-- Create index "identity_person_id" to table: "identities"
CREATE INDEX `identity_person_id` ON `identities` (`person_id`);
-- Create "notifications" table
CREATE TABLE `notifications` (`id` text NOT NULL, `created_at` datetime NOT NULL, `person_id` text NOT NULL, `event_key` text NOT NULL, `seq` integer NOT NULL, `topic` text NOT NULL, `title` json NOT NULL, `body` json NOT NULL, `target` text NOT NULL, `read_at` datetime NULL, `subject_person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `notifications_people_subject_person` FOREIGN KEY (`subject_person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "notification_person_id_seq" to table: "notifications"
CREATE UNIQUE INDEX `notification_person_id_seq` ON `notifications` (`person_id`, `seq`);
-- Create index "notification_person_id_event_key" to table: "notifications"
CREATE UNIQUE INDEX `notification_person_id_event_key` ON `notifications` (`person_id`, `event_key`);
-- Create index "notification_person_id_read_at" to table: "notifications"
CREATE INDEX `notification_person_id_read_at` ON `notifications` (`person_id`, `read_at`);
-- Create "people" table
CREATE TABLE `people` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL DEFAULT (''), `masked_id_number` text NOT NULL DEFAULT (''), `masked_phone` text NOT NULL DEFAULT (''), `birth_date` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT ('zh-CN'), `inbox_seq` integer NOT NULL DEFAULT (0), `district_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `people_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE SET NULL);
-- Create "scenic_spots" table
CREATE TABLE `scenic_spots` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `search_keys` text NOT NULL DEFAULT (''), `name` json NOT NULL, `description` json NOT NULL, `grade` text NOT NULL, `daily_capacity` integer NOT NULL, `instant_capacity` integer NOT NULL, `district_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `scenic_spots_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION);
-- Create index "scenicspot_district_id" to table: "scenic_spots"
CREATE INDEX `scenicspot_district_id` ON `scenic_spots` (`district_id`);
-- Create index "scenicspot_grade" to table: "scenic_spots"
CREATE INDEX `scenicspot_grade` ON `scenic_spots` (`grade`);
-- Create "schools" table
CREATE TABLE `schools` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `search_keys` text NOT NULL DEFAULT (''), `name` json NOT NULL, `stage` text NOT NULL, `district_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `schools_districts_district` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION);
-- Create index "school_district_id" to table: "schools"
CREATE INDEX `school_district_id` ON `schools` (`district_id`);
-- Create "sessions" table
CREATE TABLE `sessions` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `person_id` text NOT NULL, `client` text NOT NULL, `generation` integer NOT NULL DEFAULT (1), `expires_at` datetime NOT NULL, `ended_at` datetime NULL, `end_reason` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Create index "session_person_id" to table: "sessions"
CREATE INDEX `session_person_id` ON `sessions` (`person_id`);
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- Create "staff_roles" table
CREATE TABLE `staff_roles` (`id` text NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `organisation_id` text NOT NULL DEFAULT (''), `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `staff_roles_people_roles` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "staffrole_person_id_kind_organisation_id" to table: "staff_roles"
CREATE UNIQUE INDEX `staffrole_person_id_kind_organisation_id` ON `staff_roles` (`person_id`, `kind`, `organisation_id`);
-- Create index "staffrole_kind_organisation_id" to table: "staff_roles"
CREATE INDEX `staffrole_kind_organisation_id` ON `staff_roles` (`kind`, `organisation_id`);
-- Create "streets" table
CREATE TABLE `streets` (`id` text NOT NULL, `created_at` datetime NOT NULL, `lat` real NOT NULL, `lng` real NOT NULL, `code` text NOT NULL, `name` json NOT NULL, `kind` text NOT NULL, `district_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `streets_districts_streets` FOREIGN KEY (`district_id`) REFERENCES `districts` (`id`) ON DELETE NO ACTION);
-- Create index "streets_code_key" to table: "streets"
CREATE UNIQUE INDEX `streets_code_key` ON `streets` (`code`);
-- Create index "street_district_id" to table: "streets"
CREATE INDEX `street_district_id` ON `streets` (`district_id`);
