/** Caps, the one stop, and what was used. */
import type { Budget, BudgetStop, SetBudget, UsageGroup, UsageSum } from "@berth/protocol";
import type { Http } from "./http.ts";
import { makeList, type List } from "./page.ts";

/** For those who administer the organization. */
export class Budgets {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  list(): List<Budget> {
    return makeList(this.#http, "/v1/budgets", {});
  }

  /** Or replaces it. Sessions that wait for room go on by themselves when there is some. */
  set(budget: SetBudget): Promise<Budget> {
    return this.#http.put("/v1/budgets", { body: budget });
  }

  lift(id: string): Promise<void> {
    return this.#http.delete(`/v1/budgets/${encodeURIComponent(id)}`);
  }

  /** Every session at work waits before its next model call, and no sandbox is started. */
  stop(): Promise<BudgetStop> {
    return this.#http.post("/v1/budgets/stop");
  }

  stopped(): Promise<BudgetStop> {
    return this.#http.get("/v1/budgets/stop");
  }

  /** Lifts the stop: what waits goes on by itself. */
  resume(): Promise<BudgetStop> {
    return this.#http.post("/v1/budgets/resume");
  }
}

export interface UsageFilter {
  /** Default `day`. */
  readonly by?: UsageGroup;
  /** First and last day, `2026-11-20`. Default: this month so far. */
  readonly from?: string;
  readonly to?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly model?: string;
  readonly limit?: number;
}

export class UsageReports {
  readonly #http: Http;
  constructor(http: Http) {
    this.#http = http;
  }

  /** Days in their order; sessions, users and models with the dearest first. */
  list({ limit, ...filter }: UsageFilter = {}): List<UsageSum> {
    return makeList(this.#http, "/v1/usage", filter, limit === undefined ? {} : { limit });
  }
}
