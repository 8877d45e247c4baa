/** Column kinds used by every table. */
import { customType, timestamp } from "drizzle-orm/pg-core";

/** A moment in UTC with milliseconds, as JavaScript counts them. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });
