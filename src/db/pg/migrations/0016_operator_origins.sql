CREATE TABLE "operator_origins" (
	"org_id" text PRIMARY KEY NOT NULL,
	"origins" text[] NOT NULL
);
