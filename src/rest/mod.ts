/**
 * What the JSON APIs that vendors put beside their registries have in common.
 *
 * In: a URL, a query, an answer. Out: checked JSON, the entries of a listing page by page. Next: `hub`
 * and `ghcr`.
 * @module
 */
export { type ListedPage, readListing } from "./listing.ts";
export { assertPageSize, type Query, withQuery } from "./query.ts";
export { type AnswerLimits, readAnswer } from "./read_answer.ts";
