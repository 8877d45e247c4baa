/** Addresses that users give and Berth calls: public ones over https, and exactly the origins that the operator allowed. */
import { refuseField } from "./http/problem-error.ts";
import { leadsInside } from "../core/egress/inside-address.ts";

export interface AddressWords {
  /** Of the field that holds the address. */
  readonly pointer: string;
  /** What belongs into another field, and where: "the key in `key`". */
  readonly credentials: string;
  /** What plain http would show: "the key". */
  readonly shown: string;
}

/**
 * The address without slashes at its end.
 * @param operatorOrigins origins the operator runs or allows: these may be inside, and plain http
 * @throws ProblemError naming the field
 */
export function checkedAddress(given: string, operatorOrigins: readonly string[], { pointer, credentials, shown }: AddressWords): string {
  const url = new URL(given);
  if (url.username !== "" || url.password !== "") refuseField(pointer, `The address holds a user name or password; give ${credentials}.`);
  if (url.search !== "" || url.hash !== "") refuseField(pointer, "The address may not have a query or a fragment.");
  if (!operatorOrigins.includes(url.origin)) {
    if (leadsInside(url.hostname)) {
      refuseField(pointer, "That address leads inside this machine or a private network, where Berth calls nobody on its own.", `The operator can allow exactly this origin: \`npm start -- --allow-origin ${url.origin}\`, or OPERATOR_ORIGINS.`);
    }
    if (url.protocol !== "https:") refuseField(pointer, `Plain http would show ${shown} to the network; it is taken only for origins that the operator allowed.`, "Use https.");
  }
  return url.href.replace(/\/+$/, "");
}
