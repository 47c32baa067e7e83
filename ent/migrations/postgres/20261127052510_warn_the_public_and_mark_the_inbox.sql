-- Modify "notifications" table
ALTER TABLE "notifications" ADD COLUMN "change_seq" bigint NOT NULL DEFAULT 0, ADD COLUMN "priority" character varying NOT NULL DEFAULT 'NORMAL', ADD COLUMN "template" character varying NOT NULL DEFAULT '', ADD COLUMN "params" jsonb NULL, ADD COLUMN "snoozed_until" timestamptz NULL, ADD COLUMN "retracted_at" timestamptz NULL, ADD COLUMN "expires_at" timestamptz NULL;
-- Create index "notification_event_key" to table: "notifications"
CREATE INDEX "notification_event_key" ON "notifications" ("event_key");
-- Create index "notification_person_id_change_seq" to table: "notifications"
CREATE INDEX "notification_person_id_change_seq" ON "notifications" ("person_id", "change_seq");
-- Modify "people" table
ALTER TABLE "people" ADD COLUMN "inbox_change_seq" bigint NOT NULL DEFAULT 0;
-- What was told so far counts as changed when it was told
UPDATE "notifications" SET "change_seq" = "seq";
UPDATE "people" SET "inbox_change_seq" = "inbox_seq";
-- Create "alerts" table
CREATE TABLE "alerts" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "identifier" character varying NOT NULL, "sender" character varying NOT NULL, "sent" timestamptz NOT NULL, "status" character varying NOT NULL, "message_type" character varying NOT NULL, "category" character varying NOT NULL, "urgency" character varying NOT NULL, "severity" character varying NOT NULL, "certainty" character varying NOT NULL, "event" jsonb NOT NULL, "headline" jsonb NOT NULL, "description" jsonb NOT NULL, "instruction" jsonb NOT NULL, "effective" timestamptz NOT NULL, "expires" timestamptz NOT NULL, "ended" character varying NULL, "superseded_by_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "alerts_alerts_supersedes" FOREIGN KEY ("superseded_by_id") REFERENCES "alerts" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- Create index "alert_expires" to table: "alerts"
CREATE INDEX "alert_expires" ON "alerts" ("expires");
-- Create index "alert_sender_identifier" to table: "alerts"
CREATE UNIQUE INDEX "alert_sender_identifier" ON "alerts" ("sender", "identifier");
-- Create index "alert_superseded_by_id" to table: "alerts"
CREATE INDEX "alert_superseded_by_id" ON "alerts" ("superseded_by_id");
-- Create "broadcasts" table
CREATE TABLE "broadcasts" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "event_key" character varying NOT NULL, "district_ids" jsonb NOT NULL, "topic" character varying NOT NULL, "priority" character varying NOT NULL, "title" jsonb NOT NULL, "body" jsonb NOT NULL, "template" character varying NOT NULL, "params" jsonb NULL, "target" character varying NOT NULL, "expires_at" timestamptz NULL, "planned_at" timestamptz NULL, "cancelled_at" timestamptz NULL, PRIMARY KEY ("id"));
-- Create index "broadcasts_event_key_key" to table: "broadcasts"
CREATE UNIQUE INDEX "broadcasts_event_key_key" ON "broadcasts" ("event_key");
-- Create "notification_preferences" table
CREATE TABLE "notification_preferences" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "topic" character varying NOT NULL, "channels" jsonb NOT NULL, "quiet_hours" jsonb NULL, "pace" character varying NOT NULL, "digest_at" character varying NOT NULL, "zone" character varying NOT NULL, PRIMARY KEY ("id"));
-- Create index "notificationpreference_person_id_topic" to table: "notification_preferences"
CREATE UNIQUE INDEX "notificationpreference_person_id_topic" ON "notification_preferences" ("person_id", "topic");
-- Create "alert_districts" table
CREATE TABLE "alert_districts" ("alert_id" character varying NOT NULL, "district_id" character varying NOT NULL, PRIMARY KEY ("alert_id", "district_id"), CONSTRAINT "alert_districts_alert_id" FOREIGN KEY ("alert_id") REFERENCES "alerts" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "alert_districts_district_id" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
