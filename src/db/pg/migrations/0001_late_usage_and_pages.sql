ALTER TABLE "agent_runs" ADD COLUMN "revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "agent_runs" ADD COLUMN "events_complete" boolean DEFAULT true NOT NULL;