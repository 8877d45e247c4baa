/** Lists: a page at a time, or every item with `for await`. */
import type { Http, Query } from "./http.ts";

export interface Page<T> {
  readonly data: readonly T[];
  /** Give it back as `cursor` for the next page; null at the end. */
  readonly next: string | null;
}

export interface PageOptions {
  /** Items per page, at most 500. */
  readonly limit?: number;
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

export interface List<T> extends AsyncIterable<T> {
  /** One page; the first unless a `cursor` is given. */
  page(options?: PageOptions): Promise<Page<T>>;
  /** Every item, in memory. */
  all(): Promise<T[]>;
}

export function makeList<T>(http: Http, path: string, filter: Query, base: PageOptions = {}): List<T> {
  const page = (options: PageOptions = {}): Promise<Page<T>> => {
    const { limit, cursor, signal } = { ...base, ...options };
    return http.get<Page<T>>(path, { query: { ...filter, limit, cursor }, signal });
  };
  async function* items(): AsyncGenerator<T> {
    let cursor: string | null | undefined = base.cursor;
    do {
      const answer: Page<T> = await page(cursor ? { cursor } : {});
      yield* answer.data;
      cursor = answer.next;
    } while (cursor);
  }
  return {
    page,
    [Symbol.asyncIterator]: items,
    async all() {
      const found: T[] = [];
      for await (const item of items()) found.push(item);
      return found;
    },
  };
}
