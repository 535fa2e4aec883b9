import type { Delivery, SimulatedHost, Simulation } from "../../src/simulation/mod.ts";
import type { ServeWorld } from "./serve_world.ts";

/** A request that came to the relay: its head. Its body follows as it arrives. */
export interface RelayedRequest {
  readonly id: number;
  /** Which host it came to, in the simulation's order. */
  readonly host: number;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A delivery without its body, which follows. */
export interface RelayedAnswer extends Omit<Delivery, "body"> {
  readonly hasBody: boolean;
}

/** Name of the header that has a {@linkcode RelayedRequest} or a {@linkcode RelayedAnswer}. */
export const HEAD = "x-relayed";

/** As the value of a header. */
export function writeHead(head: RelayedRequest | RelayedAnswer): string {
  return encodeURIComponent(JSON.stringify(head));
}

/** What {@linkcode writeHead} wrote. */
export function readHead<T extends RelayedRequest | RelayedAnswer>(text: string): T {
  return JSON.parse(decodeURIComponent(text)) as T;
}

/**
 * Serve a simulation from a runtime that cannot listen. The relay does, on Node: it takes requests
 * over HTTP, has the simulation here answer them, and writes the answer to the connection, broken as
 * the simulation wants it.
 *
 * @param relay Its origin.
 */
export function relayedBy(relay: string): ServeWorld {
  return async (simulation) => {
    const hosts = simulation.hosts();
    const { world, urls } = await (await post(`${relay}/open`, JSON.stringify(hosts.length)))
      .json() as { readonly world: number; readonly urls: readonly string[] };
    hosts.forEach((host, i) => host.address = urls[i] ?? host.origin);
    const answering = answerAll(relay, world, simulation);
    return {
      url: (name) => hosts.find(({ origin }) => origin === `https://${name}`)?.address ?? "",
      async close(): Promise<void> {
        await (await post(`${relay}/close/${world}`)).arrayBuffer();
        await answering;
        for (const host of hosts) host.address = host.origin;
      },
    };
  };
}

/** Take one request after the other; they are answered side by side. Ends when the world is closed. */
async function answerAll(relay: string, world: number, simulation: Simulation): Promise<void> {
  const answers: Promise<void>[] = [];
  for (;;) {
    const next = await fetch(`${relay}/next/${world}`);
    const head = next.headers.get(HEAD);
    if (head === null) break;
    answers.push(answer(relay, readHead(head), next, simulation));
  }
  await Promise.all(answers);
}

async function answer(
  relay: string,
  { id, host: index, method, target, headers }: RelayedRequest,
  { body }: Response,
  simulation: Simulation,
): Promise<void> {
  const host = simulation.hosts()[index] as SimulatedHost;
  try {
    const { delivery, entry } = await simulation.exchange(host, {
      ...{ method, target, url: new URL(host.address + target).href },
      headers: new Headers(headers.map(([name, value]): [string, string] => [name, value])),
      body: pieces(body),
    });
    const { body: content, ...rest } = delivery;
    const bytes = content?.read(0, content.size);
    const head = writeHead({ ...rest, hasBody: bytes !== undefined });
    const ended = await post(`${relay}/answer/${id}`, bytes, { [HEAD]: head });
    Object.assign(entry, await ended.json());
  } catch {
    await (await post(`${relay}/break/${id}`)).arrayBuffer(); // the sender broke it, or the world is closed
  }
}

/** Throws where the sender's connection broke. */
async function* pieces(body: Response["body"]): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const { done = true, value } = await reader?.read() ?? {};
    if (done || value === undefined) return;
    yield value;
  }
}

function post(
  url: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, { method: "POST", headers, ...(body !== undefined && { body }) });
}
