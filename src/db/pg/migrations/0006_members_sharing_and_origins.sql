CREATE TABLE "client_origins" (
	"org_id" text PRIMARY KEY NOT NULL,
	"origins" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "auth"."service_account" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "auth"."team" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "auth"."team_member" (
	"team_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "team_member_team_id_principal_id_pk" PRIMARY KEY("team_id","principal_id")
);
--> statement-breakpoint
ALTER TABLE "auth"."invitation" ALTER COLUMN "inviter_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "readers" text[];--> statement-breakpoint
ALTER TABLE "auth"."apikey" ADD COLUMN "service_account_id" text;--> statement-breakpoint
ALTER TABLE "auth"."invitation" ADD COLUMN "token_hash" text;--> statement-breakpoint
ALTER TABLE "auth"."service_account" ADD CONSTRAINT "service_account_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "auth"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "auth"."team" ADD CONSTRAINT "team_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "auth"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "auth"."team_member" ADD CONSTRAINT "team_member_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "auth"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "service_account_organization" ON "auth"."service_account" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "team_organization_name" ON "auth"."team" USING btree ("organization_id","name");--> statement-breakpoint
CREATE INDEX "team_member_principal" ON "auth"."team_member" USING btree ("principal_id");--> statement-breakpoint
ALTER TABLE "auth"."apikey" ADD CONSTRAINT "apikey_service_account_id_service_account_id_fk" FOREIGN KEY ("service_account_id") REFERENCES "auth"."service_account"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "invitation_token" ON "auth"."invitation" USING btree ("token_hash");