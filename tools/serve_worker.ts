import { createServer } from "node:net";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundleWorker, workerCompatibility } from "./worker_bundle.ts";

/** What a local front door is started with. */
export interface ServeWorkerOptions {
  /** The configuration document, as JSON. */
  readonly config: string;
  /** Values of the secrets that it names. */
  readonly secrets: Readonly<Record<string, string>>;
  /** 0 for any free one. */
  readonly port: number;
  /** Folder that keeps Workers KV; absent for memory only. */
  readonly persist?: string;
  /** Whether checkpoints of uploads live in Durable Objects. Default is true. */
  readonly checkpoints?: boolean;
  /** Takes what the Worker logs, a line each. Default is this process's own output. */
  readonly log?: (line: string) => void;
}

/** A front door that runs until it is closed. */
export interface ServedWorker {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Run the front door in workerd on loopback, with no hop in between: what breaks off reaches the
 * client as broken off.
 *
 * @throws {Error} With code EADDRINUSE when the port is taken.
 */
export async function serveWorker(options: ServeWorkerOptions): Promise<ServedWorker> {
  const { config, secrets, port, persist, checkpoints = true, log } = options;
  await assertFree(port);
  const { date, flags } = workerCompatibility();
  const worker = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1",
    port,
    cf: false,
    modules: await bundleWorker(),
    compatibilityDate: date,
    compatibilityFlags: flags,
    bindings: { ...secrets, TIDEGATE_CONFIG: config },
    kvNamespaces: ["TOKENS"],
    ...checkpoints && {
      durableObjects: {
        UPLOADS: { className: "UploadCheckpoint", useSQLite: true },
        DELIVERIES: { className: "WebhookDeliveries", useSQLite: true },
      },
    },
    ...persist === undefined ? {} : { kvPersist: persist },
    ...log && { handleStructuredLogs: ({ message }: { message: string }) => log(message) },
  }));
  const url = await worker.ready;
  return { url: url.origin, close: () => worker.dispose() };
}

/** workerd's own message about a taken port is a stack trace. */
function assertFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
