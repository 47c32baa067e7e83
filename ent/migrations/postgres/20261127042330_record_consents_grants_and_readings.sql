-- Create "consents" table
CREATE TABLE "consents" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "purpose" character varying NOT NULL, "version" character varying NOT NULL, "language" character varying NOT NULL, "given_by_id" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "withdrawn_at" timestamptz NULL, PRIMARY KEY ("id"));
-- Create index "consent_person_id_id" to table: "consents"
CREATE INDEX "consent_person_id_id" ON "consents" ("person_id", "id");
-- Create index "consent_person_id_purpose" to table: "consents"
CREATE UNIQUE INDEX "consent_person_id_purpose" ON "consents" ("person_id", "purpose") WHERE ((status)::text = 'ACTIVE'::text);
-- Create "entitlement_grants" table
CREATE TABLE "entitlement_grants" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "kind" character varying NOT NULL, "basis" character varying NOT NULL, "valid_from" timestamptz NOT NULL, "valid_to" timestamptz NULL, "withdrawn_at" timestamptz NULL, PRIMARY KEY ("id"));
-- Create index "entitlementgrant_person_id_id" to table: "entitlement_grants"
CREATE INDEX "entitlementgrant_person_id_id" ON "entitlement_grants" ("person_id", "id");
-- Create "record_accesses" table
CREATE TABLE "record_accesses" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "person_id" character varying NOT NULL, "target_id" character varying NOT NULL DEFAULT '', "category" character varying NOT NULL, "purpose" character varying NOT NULL, "outcome" character varying NOT NULL, "accessor_id" character varying NOT NULL DEFAULT '', "accessor_name" character varying NOT NULL DEFAULT '', "accessor_role" character varying NOT NULL, "organisation" jsonb NOT NULL, "on_behalf_of" character varying NOT NULL DEFAULT '', "request_id" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- Create index "recordaccess_accessor_id_id" to table: "record_accesses"
CREATE INDEX "recordaccess_accessor_id_id" ON "record_accesses" ("accessor_id", "id");
-- Create index "recordaccess_person_id_id" to table: "record_accesses"
CREATE INDEX "recordaccess_person_id_id" ON "record_accesses" ("person_id", "id");
