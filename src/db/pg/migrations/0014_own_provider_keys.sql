DROP INDEX "provider_connections_provider";--> statement-breakpoint
ALTER TABLE "provider_connections" ADD COLUMN "user_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "repositories" ADD COLUMN "rights" text DEFAULT 'organization' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "provider_connections_provider" ON "provider_connections" USING btree ("org_id","user_id","provider");