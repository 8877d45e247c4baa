CREATE TABLE "audit_entries" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"actor_id" text NOT NULL,
	"actor" jsonb NOT NULL,
	"api_key_id" text,
	"action" text NOT NULL,
	"target" jsonb NOT NULL,
	"outcome" text NOT NULL,
	"status" integer NOT NULL,
	"address" text,
	CONSTRAINT "audit_entries_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
CREATE INDEX "audit_entries_newest" ON "audit_entries" USING btree ("org_id","at","id");--> statement-breakpoint
CREATE INDEX "audit_entries_actor" ON "audit_entries" USING btree ("org_id","actor_id","at","id");