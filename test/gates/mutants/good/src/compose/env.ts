import { z } from "zod";

export const WorkerVars = z.object({ PUBLIC_URL: z.url(), OPERATOR_TOKEN: z.string().optional() });
