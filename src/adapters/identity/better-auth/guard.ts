/** What fails below comes up as an error of the identity port. */
import { toPortError } from "../../../db/pg/classify.ts";

/** @param repeatable may be sent again when it is not known whether it was applied */
export async function guard<T>(operation: string, work: () => Promise<T>, repeatable = false): Promise<T> {
  try {
    return await work();
  } catch (raw) {
    throw toPortError("identity", operation, raw, repeatable);
  }
}
