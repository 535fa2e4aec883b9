import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What a door answered, or that it did not. */
export interface RawAnswer {
  /** 0 where no answer came. */
  readonly status: number;
  /** The error document's first code. */
  readonly code: string | undefined;
  readonly location: string;
  readonly range: string | undefined;
}

/** A request as it goes over the wire: its path is not brought into any normal form. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Break the connection when so many bytes of the body have gone out. */
  readonly cutAt?: number | undefined;
  /** Break the connection when all has gone out, before the answer is read. */
  readonly deaf?: boolean | undefined;
  /** Milliseconds between pieces, which makes a body without a length. */
  readonly paceMs?: number | undefined;
}

const NOTHING = new Uint8Array(0);
const PIECES = 14;
const ACT_MS = 150; // for the door to act on a request whose answer nobody reads

/** Ask a door, by `HOST:PORT`. Never rejects. */
export function askRaw(address: string, asked: RawRequest): Promise<RawAnswer> {
  const { method, path, headers, body = NOTHING, cutAt, deaf = false, paceMs } = asked;
  const [host, port] = address.split(":");
  return new Promise((resolve) => {
    const none = { status: 0, code: undefined, location: "", range: undefined };
    const length = paceMs === undefined ? { "content-length": String(body.length) } : {};
    const outgoing = request({
      ...{ host, port: Number(port), method, path, agent: false },
      headers: { ...length, ...headers },
    }, (incoming) => {
      let text = "";
      incoming.on("data", (part) => text += part);
      incoming.on("error", () => resolve(none));
      incoming.on("end", () => {
        const { location = "", range } = incoming.headers;
        resolve({ status: incoming.statusCode ?? 0, code: firstCode(text), location, range });
      });
    });
    outgoing.on("error", () => resolve(none));
    send(body, { outgoing, cutAt, deaf, paceMs }).catch(() => resolve(none));
  });
}

async function send(
  body: Uint8Array,
  { outgoing, cutAt, deaf, paceMs }: Pick<RawRequest, "cutAt" | "deaf" | "paceMs"> & {
    readonly outgoing: ReturnType<typeof request>;
  },
): Promise<void> {
  if (paceMs !== undefined) {
    const piece = Math.ceil(body.length / PIECES);
    for (let at = 0; at < body.length; at += piece) {
      outgoing.write(body.subarray(at, at + piece));
      await sleep(paceMs);
    }
  } else if (cutAt !== undefined) {
    outgoing.flushHeaders();
    await new Promise((resolve) => outgoing.write(body.subarray(0, cutAt), resolve));
    await sleep(ACT_MS);
    outgoing.destroy();
    return;
  } else outgoing.write(body);
  outgoing.end();
  if (!deaf) return;
  await sleep(ACT_MS);
  outgoing.destroy();
}

function firstCode(text: string): string | undefined {
  try {
    const { errors } = JSON.parse(text) as { errors?: readonly { readonly code: string }[] };
    return errors?.[0]?.code;
  } catch {
    return undefined;
  }
}

/** The path and query of a `Location`, with a digest for the request that ends the upload. */
export function closing(location: string, digest: string): string {
  return `${pathOf(location)}${location.includes("?") ? "&" : "?"}digest=${digest}`;
}

/** The path and query of a `Location`. */
export function pathOf(location: string): string {
  return location.replace(/^https?:\/\/[^/]+/, "");
}
