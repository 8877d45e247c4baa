/** `npm run db:generate` compares `src/db/pg/schema` with the committed migrations and writes the next one. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./src/db/pg/schema/*.ts",
  out: "./src/db/pg/migrations",
  schemaFilter: ["auth", "public"],
});
