-- Modify "personal_data" table
ALTER TABLE "personal_data" ADD COLUMN "phone_index" character varying NOT NULL DEFAULT '';
-- Create index "personaldata_phone_index" to table: "personal_data"
CREATE INDEX "personaldata_phone_index" ON "personal_data" ("phone_index");
-- Create "delegations" table
CREATE TABLE "delegations" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "delegator_name" character varying NOT NULL, "delegate_name" character varying NOT NULL, "scope_set" bigint NOT NULL, "state" character varying NOT NULL DEFAULT 'PROPOSED', "consents" jsonb NOT NULL, "accept_by" timestamptz NOT NULL, "valid_to" timestamptz NOT NULL, "delegator_id" character varying NOT NULL, "delegate_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "delegations_people_delegate" FOREIGN KEY ("delegate_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "delegations_people_delegator" FOREIGN KEY ("delegator_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "delegation_delegate_id_delegator_id" to table: "delegations"
CREATE INDEX "delegation_delegate_id_delegator_id" ON "delegations" ("delegate_id", "delegator_id");
-- Create index "delegation_delegator_id" to table: "delegations"
CREATE INDEX "delegation_delegator_id" ON "delegations" ("delegator_id");
-- Create "guardianships" table
CREATE TABLE "guardianships" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "basis" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "scope_set" bigint NOT NULL, "guardian_id" character varying NOT NULL, "child_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "guardianships_people_child" FOREIGN KEY ("child_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "guardianships_people_guardian" FOREIGN KEY ("guardian_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "guardianship_child_id" to table: "guardianships"
CREATE INDEX "guardianship_child_id" ON "guardianships" ("child_id");
-- Create index "guardianship_guardian_id_child_id" to table: "guardianships"
CREATE UNIQUE INDEX "guardianship_guardian_id_child_id" ON "guardianships" ("guardian_id", "child_id");
