-- Keep the last word of each delivery; one that was to be tried again is planned anew by its job
DELETE FROM delivery_attempts WHERE outcome = 'RETRY' OR id NOT IN (SELECT max(id) FROM delivery_attempts GROUP BY notification_id, device_id);
-- Drop index "deliveryattempt_notification_id_device_id" from table: "delivery_attempts"
DROP INDEX "deliveryattempt_notification_id_device_id";
-- Modify "delivery_attempts" table
ALTER TABLE "delivery_attempts" ADD COLUMN "batch" character varying NOT NULL DEFAULT '', ADD COLUMN "tries" bigint NOT NULL DEFAULT 0, ADD COLUMN "due_at" timestamptz NULL, ADD COLUMN "expires_at" timestamptz NULL, ADD COLUMN "settled_at" timestamptz NULL;
-- Create index "deliveryattempt_batch" to table: "delivery_attempts"
CREATE INDEX "deliveryattempt_batch" ON "delivery_attempts" ("batch");
-- Create index "deliveryattempt_notification_id_channel_device_id" to table: "delivery_attempts"
CREATE UNIQUE INDEX "deliveryattempt_notification_id_channel_device_id" ON "delivery_attempts" ("notification_id", "channel", "device_id");
-- Modify "devices" table
ALTER TABLE "devices" ADD COLUMN "push_after" timestamptz NULL, ADD COLUMN "probed_at" timestamptz NULL;
-- Create index "device_last_seen_at" to table: "devices"
CREATE INDEX "device_last_seen_at" ON "devices" ("last_seen_at");
-- Create "wechat_grants" table
CREATE TABLE "wechat_grants" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "template" character varying NOT NULL, "remaining" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- Create index "wechatgrant_person_id_template" to table: "wechat_grants"
CREATE UNIQUE INDEX "wechatgrant_person_id_template" ON "wechat_grants" ("person_id", "template");
