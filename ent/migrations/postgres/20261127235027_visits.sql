-- Modify "staff_roles" table
ALTER TABLE "staff_roles" ADD COLUMN "on_duty_until" timestamptz NULL;
-- Create "health_records" table
CREATE TABLE "health_records" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "patient_id" character varying NOT NULL, "clinic_id" character varying NOT NULL, "appointment_id" character varying NOT NULL, "author_id" character varying NOT NULL, "kind" character varying NOT NULL, "sealed" bytea NOT NULL, "corrects_id" character varying NULL, PRIMARY KEY ("id"));
-- Create index "healthrecord_appointment_id_id" to table: "health_records"
CREATE INDEX "healthrecord_appointment_id_id" ON "health_records" ("appointment_id", "id");
-- Create index "healthrecord_patient_id_id" to table: "health_records"
CREATE INDEX "healthrecord_patient_id_id" ON "health_records" ("patient_id", "id");
-- Create "appointments" table
CREATE TABLE "appointments" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "patient_name" character varying NOT NULL DEFAULT '', "booked_by_id" character varying NOT NULL DEFAULT '', "starts_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "channel" character varying NOT NULL, "held_until" timestamptz NULL, "cancel_reason" character varying NULL, "queue_day" character varying NOT NULL DEFAULT '', "queue_number" bigint NULL, "queue_priority" character varying NULL, "queue_rank" bigint NOT NULL DEFAULT 0, "checked_in_at" timestamptz NULL, "called_at" timestamptz NULL, "ended_at" timestamptz NULL, "shared_at" timestamptz NULL, "reminded_day_at" timestamptz NULL, "reminded_hour_at" timestamptz NULL, "turn_told_at" timestamptz NULL, "patient_id" character varying NOT NULL, "slot_id" character varying NOT NULL, "schedule_id" character varying NOT NULL, "clinic_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "appointments_clinics_clinic" FOREIGN KEY ("clinic_id") REFERENCES "clinics" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_schedules_schedule" FOREIGN KEY ("schedule_id") REFERENCES "schedules" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_slots_slot" FOREIGN KEY ("slot_id") REFERENCES "slots" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_cancelled" CHECK (((status)::text <> 'CANCELLED'::text) OR (cancel_reason IS NOT NULL)), CONSTRAINT "appointments_held" CHECK (((status)::text <> 'PENDING'::text) OR (held_until IS NOT NULL)), CONSTRAINT "appointments_queued" CHECK (((status)::text <> 'CHECKED_IN'::text) OR (queue_number IS NOT NULL)), CONSTRAINT "appointments_time" CHECK (ends_at > starts_at));
-- Create index "appointment_clinic_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_clinic_id_starts_at" ON "appointments" ("clinic_id", "starts_at");
-- Create index "appointment_patient_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_patient_id_starts_at" ON "appointments" ("patient_id", "starts_at");
-- Create index "appointment_schedule_id_queue_day_queue_number" to table: "appointments"
CREATE UNIQUE INDEX "appointment_schedule_id_queue_day_queue_number" ON "appointments" ("schedule_id", "queue_day", "queue_number") WHERE (queue_number IS NOT NULL);
-- Create index "appointment_schedule_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_schedule_id_starts_at" ON "appointments" ("schedule_id", "starts_at");
-- Create index "appointment_slot_id_patient_id" to table: "appointments"
CREATE UNIQUE INDEX "appointment_slot_id_patient_id" ON "appointments" ("slot_id", "patient_id") WHERE ((status)::text <> 'CANCELLED'::text);
-- Create index "appointment_status_held_until" to table: "appointments"
CREATE INDEX "appointment_status_held_until" ON "appointments" ("status", "held_until");
-- Create index "appointment_status_starts_at" to table: "appointments"
CREATE INDEX "appointment_status_starts_at" ON "appointments" ("status", "starts_at");
-- Create "bills" table
CREATE TABLE "bills" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "issued_by_id" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'ISSUED', "sealed" bytea NOT NULL, "total" bigint NOT NULL, "due_at" timestamptz NOT NULL, "insurance_share" bigint NOT NULL DEFAULT 0, "credit_share" bigint NOT NULL DEFAULT 0, "self_share" bigint NOT NULL DEFAULT 0, "refunded" bigint NOT NULL DEFAULT 0, "paid_at" timestamptz NULL, "payer_id" character varying NOT NULL DEFAULT '', "ledger_transaction_id" character varying NULL, "reservation" character varying NOT NULL DEFAULT '', "claim" character varying NOT NULL DEFAULT 'NONE', "receipt_key" character varying NOT NULL DEFAULT '', "reminded_at" timestamptz NULL, "patient_id" character varying NOT NULL, "clinic_id" character varying NOT NULL, "appointment_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "bills_appointments_appointment" FOREIGN KEY ("appointment_id") REFERENCES "appointments" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bills_clinics_clinic" FOREIGN KEY ("clinic_id") REFERENCES "clinics" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bills_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bills_refunded" CHECK ((refunded >= 0) AND (refunded <= total)), CONSTRAINT "bills_shares" CHECK (((status)::text <> ALL ((ARRAY['PAID'::character varying, 'REFUNDED'::character varying])::text[])) OR (((insurance_share + credit_share) + self_share) = total)));
-- Create index "bill_appointment_id" to table: "bills"
CREATE INDEX "bill_appointment_id" ON "bills" ("appointment_id");
-- Create index "bill_claim_id" to table: "bills"
CREATE INDEX "bill_claim_id" ON "bills" ("claim", "id");
-- Create index "bill_clinic_id_id" to table: "bills"
CREATE INDEX "bill_clinic_id_id" ON "bills" ("clinic_id", "id");
-- Create index "bill_patient_id_id" to table: "bills"
CREATE INDEX "bill_patient_id_id" ON "bills" ("patient_id", "id");
-- Create index "bill_payer_id" to table: "bills"
CREATE INDEX "bill_payer_id" ON "bills" ("payer_id");
-- Create index "bill_status_due_at" to table: "bills"
CREATE INDEX "bill_status_due_at" ON "bills" ("status", "due_at");
-- Create "booking_suspensions" table
CREATE TABLE "booking_suspensions" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "missed" bigint NOT NULL, "appeal_reason" character varying NULL, "appealed_at" timestamptz NULL, "appeal_outcome" character varying NULL, "decided_at" timestamptz NULL, "decided_by_id" character varying NOT NULL DEFAULT '', "patient_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "booking_suspensions_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "booking_suspensions_outcome" CHECK ((appeal_outcome IS NULL) OR (appealed_at IS NOT NULL)));
-- Create index "bookingsuspension_appealed_at_id" to table: "booking_suspensions"
CREATE INDEX "bookingsuspension_appealed_at_id" ON "booking_suspensions" ("appealed_at", "id");
-- Create index "bookingsuspension_patient_id_ends_at" to table: "booking_suspensions"
CREATE INDEX "bookingsuspension_patient_id_ends_at" ON "booking_suspensions" ("patient_id", "ends_at");
-- Create "care_contracts" table
CREATE TABLE "care_contracts" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "patient_name" character varying NOT NULL DEFAULT '', "state" character varying NOT NULL DEFAULT 'PROPOSED', "valid_from" timestamptz NOT NULL, "valid_to" timestamptz NOT NULL, "patient_id" character varying NOT NULL, "clinic_id" character varying NOT NULL, "practitioner_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "care_contracts_clinics_clinic" FOREIGN KEY ("clinic_id") REFERENCES "clinics" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "care_contracts_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "care_contracts_practitioners_practitioner" FOREIGN KEY ("practitioner_id") REFERENCES "practitioners" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "care_contracts_time" CHECK (valid_to > valid_from));
-- Create index "carecontract_clinic_id_id" to table: "care_contracts"
CREATE INDEX "carecontract_clinic_id_id" ON "care_contracts" ("clinic_id", "id");
-- Create index "carecontract_patient_id_valid_to" to table: "care_contracts"
CREATE INDEX "carecontract_patient_id_valid_to" ON "care_contracts" ("patient_id", "valid_to");
-- Create "care_visits" table
CREATE TABLE "care_visits" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "patient_name" character varying NOT NULL DEFAULT '', "reason" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'REQUESTED', "preferred_from" timestamptz NOT NULL, "preferred_to" timestamptz NOT NULL, "scheduled_at" timestamptz NULL, "patient_id" character varying NOT NULL, "clinic_id" character varying NOT NULL, "care_contract_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "care_visits_care_contracts_contract" FOREIGN KEY ("care_contract_id") REFERENCES "care_contracts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "care_visits_clinics_clinic" FOREIGN KEY ("clinic_id") REFERENCES "clinics" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "care_visits_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "carevisit_clinic_id_status_id" to table: "care_visits"
CREATE INDEX "carevisit_clinic_id_status_id" ON "care_visits" ("clinic_id", "status", "id");
-- Create index "carevisit_patient_id_id" to table: "care_visits"
CREATE INDEX "carevisit_patient_id_id" ON "care_visits" ("patient_id", "id");
-- Create "help_calls" table
CREATE TABLE "help_calls" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "patient_name" character varying NOT NULL DEFAULT '', "clinic_id" character varying NOT NULL DEFAULT '', "status" character varying NOT NULL DEFAULT 'OPEN', "times" bigint NOT NULL DEFAULT 1, "caller_lat" double precision NULL, "caller_lng" double precision NULL, "last_called_at" timestamptz NOT NULL, "level" bigint NOT NULL DEFAULT 0, "escalate_at" timestamptz NULL, "acknowledged_by_id" character varying NOT NULL DEFAULT '', "acknowledged_by_name" character varying NOT NULL DEFAULT '', "acknowledged_at" timestamptz NULL, "resolved_at" timestamptz NULL, "patient_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "help_calls_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "help_calls_place" CHECK (
CASE
    WHEN (caller_lat IS NULL) THEN (caller_lng IS NULL)
    ELSE (caller_lng IS NOT NULL)
END));
-- Create index "helpcall_clinic_id_status_id" to table: "help_calls"
CREATE INDEX "helpcall_clinic_id_status_id" ON "help_calls" ("clinic_id", "status", "id");
-- Create index "helpcall_one_open" to table: "help_calls"
CREATE UNIQUE INDEX "helpcall_one_open" ON "help_calls" ("patient_id") WHERE ((status)::text = 'OPEN'::text);
-- Create index "helpcall_patient_id_id" to table: "help_calls"
CREATE INDEX "helpcall_patient_id_id" ON "help_calls" ("patient_id", "id");
-- Create index "helpcall_status_escalate_at" to table: "help_calls"
CREATE INDEX "helpcall_status_escalate_at" ON "help_calls" ("status", "escalate_at");
-- Create "waitlist_entries" table
CREATE TABLE "waitlist_entries" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "status" character varying NOT NULL DEFAULT 'WAITING', "starts_at" timestamptz NOT NULL, "patient_id" character varying NOT NULL, "slot_id" character varying NOT NULL, "appointment_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "waitlist_entries_appointments_appointment" FOREIGN KEY ("appointment_id") REFERENCES "appointments" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "waitlist_entries_people_patient" FOREIGN KEY ("patient_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "waitlist_entries_slots_slot" FOREIGN KEY ("slot_id") REFERENCES "slots" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "waitlist_entries_offer" CHECK (((status)::text <> ALL ((ARRAY['OFFERED'::character varying, 'ACCEPTED'::character varying])::text[])) OR (appointment_id IS NOT NULL)));
-- Create index "waitlistentry_appointment_id" to table: "waitlist_entries"
CREATE UNIQUE INDEX "waitlistentry_appointment_id" ON "waitlist_entries" ("appointment_id");
-- Create index "waitlistentry_patient_id_id" to table: "waitlist_entries"
CREATE INDEX "waitlistentry_patient_id_id" ON "waitlist_entries" ("patient_id", "id");
-- Create index "waitlistentry_slot_id_patient_id" to table: "waitlist_entries"
CREATE UNIQUE INDEX "waitlistentry_slot_id_patient_id" ON "waitlist_entries" ("slot_id", "patient_id") WHERE (((status)::text <> 'ACCEPTED'::text) AND ((status)::text <> 'EXPIRED'::text) AND ((status)::text <> 'LEFT'::text));
-- Create index "waitlistentry_slot_id_status_id" to table: "waitlist_entries"
CREATE INDEX "waitlistentry_slot_id_status_id" ON "waitlist_entries" ("slot_id", "status", "id");
-- Create index "waitlistentry_status_starts_at" to table: "waitlist_entries"
CREATE INDEX "waitlistentry_status_starts_at" ON "waitlist_entries" ("status", "starts_at");
