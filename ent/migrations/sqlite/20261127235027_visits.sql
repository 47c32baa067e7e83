-- Add column "on_duty_until" to table: "staff_roles"
ALTER TABLE `staff_roles` ADD COLUMN `on_duty_until` datetime NULL;
-- Create "appointments" table
CREATE TABLE `appointments` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `patient_name` text NOT NULL DEFAULT (''), `booked_by_id` text NOT NULL DEFAULT (''), `starts_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `channel` text NOT NULL, `held_until` datetime NULL, `cancel_reason` text NULL, `queue_day` text NOT NULL DEFAULT (''), `queue_number` integer NULL, `queue_priority` text NULL, `queue_rank` integer NOT NULL DEFAULT (0), `checked_in_at` datetime NULL, `called_at` datetime NULL, `ended_at` datetime NULL, `shared_at` datetime NULL, `reminded_day_at` datetime NULL, `reminded_hour_at` datetime NULL, `turn_told_at` datetime NULL, `patient_id` text NOT NULL, `slot_id` text NOT NULL, `schedule_id` text NOT NULL, `clinic_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `appointments_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `appointments_slots_slot` FOREIGN KEY (`slot_id`) REFERENCES `slots` (`id`) ON DELETE NO ACTION, CONSTRAINT `appointments_schedules_schedule` FOREIGN KEY (`schedule_id`) REFERENCES `schedules` (`id`) ON DELETE NO ACTION, CONSTRAINT `appointments_clinics_clinic` FOREIGN KEY (`clinic_id`) REFERENCES `clinics` (`id`) ON DELETE NO ACTION, CONSTRAINT `appointments_cancelled` CHECK (status <> 'CANCELLED' OR cancel_reason IS NOT NULL), CONSTRAINT `appointments_held` CHECK (status <> 'PENDING' OR held_until IS NOT NULL), CONSTRAINT `appointments_queued` CHECK (status <> 'CHECKED_IN' OR queue_number IS NOT NULL), CONSTRAINT `appointments_time` CHECK (ends_at > starts_at));
-- Create index "appointment_slot_id_patient_id" to table: "appointments"
CREATE UNIQUE INDEX `appointment_slot_id_patient_id` ON `appointments` (`slot_id`, `patient_id`) WHERE status <> 'CANCELLED';
-- Create index "appointment_schedule_id_queue_day_queue_number" to table: "appointments"
CREATE UNIQUE INDEX `appointment_schedule_id_queue_day_queue_number` ON `appointments` (`schedule_id`, `queue_day`, `queue_number`) WHERE queue_number IS NOT NULL;
-- Create index "appointment_patient_id_starts_at" to table: "appointments"
CREATE INDEX `appointment_patient_id_starts_at` ON `appointments` (`patient_id`, `starts_at`);
-- Create index "appointment_clinic_id_starts_at" to table: "appointments"
CREATE INDEX `appointment_clinic_id_starts_at` ON `appointments` (`clinic_id`, `starts_at`);
-- Create index "appointment_status_held_until" to table: "appointments"
CREATE INDEX `appointment_status_held_until` ON `appointments` (`status`, `held_until`);
-- Create index "appointment_status_starts_at" to table: "appointments"
CREATE INDEX `appointment_status_starts_at` ON `appointments` (`status`, `starts_at`);
-- Create index "appointment_schedule_id_starts_at" to table: "appointments"
CREATE INDEX `appointment_schedule_id_starts_at` ON `appointments` (`schedule_id`, `starts_at`);
-- Create "bills" table
CREATE TABLE `bills` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `issued_by_id` text NOT NULL, `status` text NOT NULL DEFAULT ('ISSUED'), `sealed` blob NOT NULL, `total` integer NOT NULL, `due_at` datetime NOT NULL, `insurance_share` integer NOT NULL DEFAULT (0), `credit_share` integer NOT NULL DEFAULT (0), `self_share` integer NOT NULL DEFAULT (0), `refunded` integer NOT NULL DEFAULT (0), `paid_at` datetime NULL, `payer_id` text NOT NULL DEFAULT (''), `ledger_transaction_id` text NULL, `reservation` text NOT NULL DEFAULT (''), `claim` text NOT NULL DEFAULT ('NONE'), `receipt_key` text NOT NULL DEFAULT (''), `reminded_at` datetime NULL, `patient_id` text NOT NULL, `clinic_id` text NOT NULL, `appointment_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `bills_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `bills_clinics_clinic` FOREIGN KEY (`clinic_id`) REFERENCES `clinics` (`id`) ON DELETE NO ACTION, CONSTRAINT `bills_appointments_appointment` FOREIGN KEY (`appointment_id`) REFERENCES `appointments` (`id`) ON DELETE NO ACTION, CONSTRAINT `bills_refunded` CHECK (refunded >= 0 AND refunded <= total), CONSTRAINT `bills_shares` CHECK (status NOT IN ('PAID', 'REFUNDED') OR insurance_share + credit_share + self_share = total));
-- Create index "bill_patient_id_id" to table: "bills"
CREATE INDEX `bill_patient_id_id` ON `bills` (`patient_id`, `id`);
-- Create index "bill_clinic_id_id" to table: "bills"
CREATE INDEX `bill_clinic_id_id` ON `bills` (`clinic_id`, `id`);
-- Create index "bill_appointment_id" to table: "bills"
CREATE INDEX `bill_appointment_id` ON `bills` (`appointment_id`);
-- Create index "bill_status_due_at" to table: "bills"
CREATE INDEX `bill_status_due_at` ON `bills` (`status`, `due_at`);
-- Create index "bill_claim_id" to table: "bills"
CREATE INDEX `bill_claim_id` ON `bills` (`claim`, `id`);
-- Create index "bill_payer_id" to table: "bills"
CREATE INDEX `bill_payer_id` ON `bills` (`payer_id`);
-- Create "booking_suspensions" table
CREATE TABLE `booking_suspensions` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `missed` integer NOT NULL, `appeal_reason` text NULL, `appealed_at` datetime NULL, `appeal_outcome` text NULL, `decided_at` datetime NULL, `decided_by_id` text NOT NULL DEFAULT (''), `patient_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `booking_suspensions_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `booking_suspensions_outcome` CHECK (appeal_outcome IS NULL OR appealed_at IS NOT NULL));
-- Create index "bookingsuspension_patient_id_ends_at" to table: "booking_suspensions"
CREATE INDEX `bookingsuspension_patient_id_ends_at` ON `booking_suspensions` (`patient_id`, `ends_at`);
-- Create index "bookingsuspension_appealed_at_id" to table: "booking_suspensions"
CREATE INDEX `bookingsuspension_appealed_at_id` ON `booking_suspensions` (`appealed_at`, `id`);
-- Create "care_contracts" table
CREATE TABLE `care_contracts` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `patient_name` text NOT NULL DEFAULT (''), `state` text NOT NULL DEFAULT ('PROPOSED'), `valid_from` datetime NOT NULL, `valid_to` datetime NOT NULL, `patient_id` text NOT NULL, `clinic_id` text NOT NULL, `practitioner_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `care_contracts_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `care_contracts_clinics_clinic` FOREIGN KEY (`clinic_id`) REFERENCES `clinics` (`id`) ON DELETE NO ACTION, CONSTRAINT `care_contracts_practitioners_practitioner` FOREIGN KEY (`practitioner_id`) REFERENCES `practitioners` (`id`) ON DELETE NO ACTION, CONSTRAINT `care_contracts_time` CHECK (valid_to > valid_from));
-- Create index "carecontract_patient_id_valid_to" to table: "care_contracts"
CREATE INDEX `carecontract_patient_id_valid_to` ON `care_contracts` (`patient_id`, `valid_to`);
-- Create index "carecontract_clinic_id_id" to table: "care_contracts"
CREATE INDEX `carecontract_clinic_id_id` ON `care_contracts` (`clinic_id`, `id`);
-- Create "care_visits" table
CREATE TABLE `care_visits` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `patient_name` text NOT NULL DEFAULT (''), `reason` text NOT NULL, `status` text NOT NULL DEFAULT ('REQUESTED'), `preferred_from` datetime NOT NULL, `preferred_to` datetime NOT NULL, `scheduled_at` datetime NULL, `patient_id` text NOT NULL, `clinic_id` text NOT NULL, `care_contract_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `care_visits_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `care_visits_clinics_clinic` FOREIGN KEY (`clinic_id`) REFERENCES `clinics` (`id`) ON DELETE NO ACTION, CONSTRAINT `care_visits_care_contracts_contract` FOREIGN KEY (`care_contract_id`) REFERENCES `care_contracts` (`id`) ON DELETE NO ACTION);
-- Create index "carevisit_patient_id_id" to table: "care_visits"
CREATE INDEX `carevisit_patient_id_id` ON `care_visits` (`patient_id`, `id`);
-- Create index "carevisit_clinic_id_status_id" to table: "care_visits"
CREATE INDEX `carevisit_clinic_id_status_id` ON `care_visits` (`clinic_id`, `status`, `id`);
-- Create "health_records" table
CREATE TABLE `health_records` (`id` text NOT NULL, `created_at` datetime NOT NULL, `patient_id` text NOT NULL, `clinic_id` text NOT NULL, `appointment_id` text NOT NULL, `author_id` text NOT NULL, `kind` text NOT NULL, `sealed` blob NOT NULL, `corrects_id` text NULL, PRIMARY KEY (`id`));
-- Create index "healthrecord_patient_id_id" to table: "health_records"
CREATE INDEX `healthrecord_patient_id_id` ON `health_records` (`patient_id`, `id`);
-- Create index "healthrecord_appointment_id_id" to table: "health_records"
CREATE INDEX `healthrecord_appointment_id_id` ON `health_records` (`appointment_id`, `id`);
-- Create "help_calls" table
CREATE TABLE `help_calls` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `patient_name` text NOT NULL DEFAULT (''), `clinic_id` text NOT NULL DEFAULT (''), `status` text NOT NULL DEFAULT ('OPEN'), `times` integer NOT NULL DEFAULT (1), `caller_lat` real NULL, `caller_lng` real NULL, `last_called_at` datetime NOT NULL, `level` integer NOT NULL DEFAULT (0), `escalate_at` datetime NULL, `acknowledged_by_id` text NOT NULL DEFAULT (''), `acknowledged_by_name` text NOT NULL DEFAULT (''), `acknowledged_at` datetime NULL, `resolved_at` datetime NULL, `patient_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `help_calls_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `help_calls_place` CHECK (CASE WHEN caller_lat IS NULL THEN caller_lng IS NULL ELSE caller_lng IS NOT NULL END));
-- Create index "helpcall_one_open" to table: "help_calls"
CREATE UNIQUE INDEX `helpcall_one_open` ON `help_calls` (`patient_id`) WHERE status = 'OPEN';
-- Create index "helpcall_patient_id_id" to table: "help_calls"
CREATE INDEX `helpcall_patient_id_id` ON `help_calls` (`patient_id`, `id`);
-- Create index "helpcall_clinic_id_status_id" to table: "help_calls"
CREATE INDEX `helpcall_clinic_id_status_id` ON `help_calls` (`clinic_id`, `status`, `id`);
-- Create index "helpcall_status_escalate_at" to table: "help_calls"
CREATE INDEX `helpcall_status_escalate_at` ON `help_calls` (`status`, `escalate_at`);
-- Create "waitlist_entries" table
CREATE TABLE `waitlist_entries` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `status` text NOT NULL DEFAULT ('WAITING'), `starts_at` datetime NOT NULL, `patient_id` text NOT NULL, `slot_id` text NOT NULL, `appointment_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `waitlist_entries_people_patient` FOREIGN KEY (`patient_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `waitlist_entries_slots_slot` FOREIGN KEY (`slot_id`) REFERENCES `slots` (`id`) ON DELETE NO ACTION, CONSTRAINT `waitlist_entries_appointments_appointment` FOREIGN KEY (`appointment_id`) REFERENCES `appointments` (`id`) ON DELETE SET NULL, CONSTRAINT `waitlist_entries_offer` CHECK (status NOT IN ('OFFERED', 'ACCEPTED') OR appointment_id IS NOT NULL));
-- Create index "waitlistentry_slot_id_patient_id" to table: "waitlist_entries"
CREATE UNIQUE INDEX `waitlistentry_slot_id_patient_id` ON `waitlist_entries` (`slot_id`, `patient_id`) WHERE status <> 'ACCEPTED' AND status <> 'EXPIRED' AND status <> 'LEFT';
-- Create index "waitlistentry_slot_id_status_id" to table: "waitlist_entries"
CREATE INDEX `waitlistentry_slot_id_status_id` ON `waitlist_entries` (`slot_id`, `status`, `id`);
-- Create index "waitlistentry_patient_id_id" to table: "waitlist_entries"
CREATE INDEX `waitlistentry_patient_id_id` ON `waitlist_entries` (`patient_id`, `id`);
-- Create index "waitlistentry_appointment_id" to table: "waitlist_entries"
CREATE UNIQUE INDEX `waitlistentry_appointment_id` ON `waitlist_entries` (`appointment_id`);
-- Create index "waitlistentry_status_starts_at" to table: "waitlist_entries"
CREATE INDEX `waitlistentry_status_starts_at` ON `waitlist_entries` (`status`, `starts_at`);
