const MAX_HOPS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Do as the platform's `fetch` does with redirects (WHATWG Fetch, 4.4): follow, stripping
 * `Authorization` across origins, but never send a body again; fail; or hand back the redirect itself when it is `manual`.
 */
export async function withRedirects(
  request: Request,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  let current = request;
  for (let hops = 0; hops <= MAX_HOPS; hops++) {
    const response = await send(current);
    const location = response.headers.get("location");
    if (request.redirect === "manual" || !REDIRECTS.has(response.status) || location === null) {
      return response;
    }
    if (request.redirect === "error") throw new TypeError("The answer is a redirect");
    await response.body?.cancel();
    current = nextRequest(current, response.status, new URL(location, current.url));
  }
  throw new TypeError("Too many redirects");
}

function nextRequest(request: Request, status: number, target: URL): Request {
  const headers = new Headers(request.headers);
  if (target.origin !== new URL(request.url).origin) headers.delete("authorization");
  const becomesGet = status === 303
    ? request.method !== "HEAD"
    : status < 303 && request.method === "POST";
  if (request.body !== null && !becomesGet) {
    throw new TypeError("A body cannot be sent again after a redirect");
  }
  const method = becomesGet ? "GET" : request.method;
  return new Request(target.href, { method, headers, signal: request.signal, redirect: "manual" });
}
