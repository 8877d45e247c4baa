ALTER TABLE "auth"."apikey" ADD COLUMN "scopes" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
UPDATE "auth"."apikey" SET "scopes" = '{sessions:read,sessions:write,runs:read,secrets:write,keys:write,admin}';
