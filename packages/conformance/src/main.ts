#!/usr/bin/env node
/** The kit as a program. */
import { run } from "./command.ts";

process.exit(await run(process.argv.slice(2)));
