CREATE TABLE "policy_rules" (
	"org_id" text PRIMARY KEY NOT NULL,
	"on_mismatch" text NOT NULL
);
