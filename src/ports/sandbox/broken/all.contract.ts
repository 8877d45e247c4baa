/** Every broken provider, by what is wrong with it. */
import { BROKEN_ANSWERS } from "./answers.contract.ts";
import type { Broken } from "./bend.contract.ts";
import { BROKEN_COMMANDS } from "./commands.contract.ts";
import { BROKEN_ENDINGS } from "./endings.contract.ts";
import { BROKEN_FILES } from "./files.contract.ts";
import { BROKEN_LIVES } from "./life.contract.ts";
import { BROKEN_WORK } from "./work.contract.ts";

export const BROKEN_PROVIDERS: Readonly<Record<string, Broken>> = { ...BROKEN_LIVES, ...BROKEN_ENDINGS, ...BROKEN_COMMANDS, ...BROKEN_FILES, ...BROKEN_ANSWERS, ...BROKEN_WORK };
