-- Modify "people" table
ALTER TABLE "people" DROP COLUMN "delivery_students";
-- Create "delivery_students" table
CREATE TABLE "delivery_students" ("delivery_id" character varying NOT NULL, "person_id" character varying NOT NULL, PRIMARY KEY ("delivery_id", "person_id"), CONSTRAINT "delivery_students_delivery_id" FOREIGN KEY ("delivery_id") REFERENCES "deliveries" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "delivery_students_person_id" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
