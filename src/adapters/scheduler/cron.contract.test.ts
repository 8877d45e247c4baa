/** The contract of recurring jobs. */
import { describeRecurringJobsContract } from "../../ports/scheduler/recurring-jobs.contract.ts";
import { createCronJobs } from "./cron.ts";

describeRecurringJobsContract({ name: "cron", create: createCronJobs });
