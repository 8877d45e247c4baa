CREATE TABLE "secret_uses" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"secret_id" text NOT NULL,
	"session_id" text NOT NULL,
	"user_id" text,
	"host" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "secret_uses_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
CREATE TABLE "session_secrets" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"scope" text NOT NULL,
	"scope_of" text NOT NULL,
	"readable_by_agent" boolean NOT NULL,
	"hosts" jsonb NOT NULL,
	"secret_name" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "session_secrets_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
CREATE INDEX "secret_uses_newest" ON "secret_uses" USING btree ("org_id","secret_id","at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "session_secrets_name" ON "session_secrets" USING btree ("org_id","scope","scope_of","name");