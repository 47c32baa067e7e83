-- Modify "people" table
ALTER TABLE "people" ADD COLUMN "deletion_due_at" timestamptz NULL, ADD COLUMN "deleted_at" timestamptz NULL;
-- Create index "person_deleted_at" to table: "people"
CREATE INDEX "person_deleted_at" ON "people" ("deleted_at") WHERE (deleted_at IS NOT NULL);
-- Create index "person_deletion_due_at" to table: "people"
CREATE INDEX "person_deletion_due_at" ON "people" ("deletion_due_at") WHERE (deletion_due_at IS NOT NULL);
-- Create "data_exports" table
CREATE TABLE "data_exports" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "status" character varying NOT NULL, "expires_at" timestamptz NULL, "size_bytes" bigint NULL, "data_key" bytea NULL, PRIMARY KEY ("id"));
-- Create index "dataexport_person_id_created_at" to table: "data_exports"
CREATE INDEX "dataexport_person_id_created_at" ON "data_exports" ("person_id", "created_at");
-- Create index "dataexport_status_created_at" to table: "data_exports"
CREATE INDEX "dataexport_status_created_at" ON "data_exports" ("status", "created_at");
