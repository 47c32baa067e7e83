-- Modify "people" table
ALTER TABLE "people" DROP COLUMN "birth_date";
-- Create "personal_data" table
CREATE TABLE "personal_data" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "data_key" bytea NOT NULL, "sealed" bytea NOT NULL, "id_number_index" character varying NOT NULL, "person_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "personal_data_people_personal_data" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "personal_data_id_number_index_key" to table: "personal_data"
CREATE UNIQUE INDEX "personal_data_id_number_index_key" ON "personal_data" ("id_number_index");
-- Create index "personal_data_person_id_key" to table: "personal_data"
CREATE UNIQUE INDEX "personal_data_person_id_key" ON "personal_data" ("person_id");
-- Mask the names that stood in clear
UPDATE people SET name = CASE WHEN length(name) = 1 THEN '*' ELSE substr(name, 1, 1) || substr('**', 1, length(name) - 1) END WHERE name <> '';
