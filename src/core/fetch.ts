/**
 * The only way out to a network. A test, a proxy or a simulation replaces it.
 *
 * It must not follow redirects when `request.redirect` is `"manual"`.
 */
export type Fetch = (request: Request) => Promise<Response>;

/** The runtime's own `fetch`. Looked up at each call, so that it may be replaced after import. */
export const platformFetch: Fetch = (request) => globalThis.fetch(request);
